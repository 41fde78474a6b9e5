-- GuardDuty findings about an address, of either side
--
-- The last version of each, most severe first.
--
-- cannot: Findings about another address of the same host, and what GuardDuty did not see.
--
-- needs:  finding
-- param:  ip       ip       required  the address
-- param:  from     time               only seen last at or after this moment
-- param:  to       time               only seen first before this moment
-- param:  capture  capture            only this capture; empty for all
-- pivot:  GuardDuty findings about this address
SELECT severity, type, event_first_seen, event_last_seen, count, instance_id, private_ip, local_port, remote_ip, remote_port, domain_name,
  title, finding_id, capture, object_id, row_no
FROM finding
WHERE last_version AND (private_ip_n = ip($ip) OR remote_ip_n = ip($ip)) AND of(capture, $capture)
  AND touches(event_first_seen, event_last_seen, $from, $to)
ORDER BY severity DESC, event_first_seen, object_id, row_no
