-- GuardDuty findings, most severe first
--
-- The last version of each. A finding points at records: flows-of-finding shows them.
--
-- cannot: What GuardDuty does not look for. No finding says nothing.
--
-- needs:  finding
-- param:  from     time     only seen last at or after this moment
-- param:  to       time     only seen first before this moment
-- param:  capture  capture  only this capture; empty for all
SELECT severity, type, event_first_seen, event_last_seen, count, resource_type, instance_id, private_ip, remote_ip, remote_port,
  domain_name, api, title, archived, finding_id, account_id, region, capture, object_id, row_no
FROM finding
WHERE last_version AND of(capture, $capture) AND touches(event_first_seen, event_last_seen, $from, $to)
ORDER BY severity DESC, event_first_seen, object_id, row_no
