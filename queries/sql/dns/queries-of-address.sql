-- What a host asked the Resolver, with the answers, oldest first
--
-- One row per query logged. answers holds every answer in order, CNAMEs first; the last are
-- usually the addresses.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. A query that came through a Resolver endpoint shows the address of whoever asked
-- the endpoint.
--
-- needs:  dns, dns_answer
-- param:  ip       ip       required  the address that asked
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: answers  rdata
-- pivot:  What this address asked for
WITH answered_query AS (
  SELECT object_id, row_no, string_agg(rdata, ' ' ORDER BY answer_no) AS answers
  FROM dns_answer
  WHERE srcaddr_n = ip($ip)
  GROUP BY ALL
)
SELECT query_timestamp, name, query_type, rcode, answers, firewall_rule_action, src_instance, src_resolver_endpoint,
  srcport, transport, vpc_id, capture, object_id, row_no
FROM dns
  LEFT JOIN answered_query USING (object_id, row_no)
WHERE srcaddr_n = ip($ip) AND of(capture, $capture) AND within(query_timestamp, $from, $to)
ORDER BY query_timestamp, object_id, row_no
