-- Calls that changed a log, a host or a way in, made from one address
--
-- One row per call, oldest first. Behind a NAT gateway or a proxy many callers have one address.
--
-- cannot: Calls that a service made for somebody: they have the service's name in the place of an address.
--
-- needs:  change
-- param:  ip       ip       required  the address
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- pivot:  Changes that this address made
SELECT event_time, event_name, effect, resource, user_identity_arn, user_identity_access_key_id, error_code, user_agent,
  aws_region, capture, object_id, row_no
FROM change
WHERE source_ip_n = ip($ip) AND of(capture, $capture) AND within(event_time, $from, $to)
ORDER BY event_time, object_id, row_no
