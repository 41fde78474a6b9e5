-- Who got an address as an answer, and when
--
-- One row per answer, oldest first.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns_answer
-- param:  ip       ip       required  the address in the answers
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- pivot:  Who resolved a name to this address
SELECT query_timestamp, srcaddr, src_instance, name, query_type, rcode, type, answer_no, firewall_rule_action, vpc_id,
  capture, object_id, row_no
FROM dns_answer
WHERE rdata_n = ip($ip) AND of(capture, $capture) AND within(query_timestamp, $from, $to)
ORDER BY query_timestamp, object_id, row_no, answer_no
