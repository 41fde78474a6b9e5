-- Resolver queries that a GuardDuty finding points at
--
-- Queries for the finding's name by its instance or its address, from a minute before its first event to eleven minutes after its
-- last. None: the Resolver log does not cover it, or the name was answered from a cache.
--
-- cannot: Queries of a finding that names no domain; those through another resolver.
--
-- needs:  finding, dns
-- param:  finding  finding  required  finding_id
-- param:  capture  capture            only this capture; empty for all
-- column: name name
-- pivot:  Resolver queries that this finding points at
WITH pointed AS (
  SELECT capture, lower(rtrim(domain_name, '.')) AS name, instance_id, private_ip_n,
    event_first_seen - INTERVAL 1 MINUTE AS since, event_last_seen + INTERVAL 11 MINUTE AS until
  FROM finding
  WHERE finding_id = $finding AND last_version AND domain_name IS NOT NULL AND of(capture, $capture)
)
SELECT d.query_timestamp, d.srcaddr, d.src_instance, d.name, d.query_type, d.rcode, d.capture, d.object_id, d.row_no
FROM dns d
  JOIN pointed p ON p.capture = d.capture
    AND (d.name = p.name OR ends_with(d.name, '.' || p.name))
    AND d.query_timestamp >= p.since
    AND d.query_timestamp < p.until
    AND coalesce(d.src_instance = p.instance_id OR d.srcaddr_n = p.private_ip_n, true)
ORDER BY d.query_timestamp, d.object_id, d.row_no
