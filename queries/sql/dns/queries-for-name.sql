-- Who asked for exactly this name, with the answers
--
-- One row per query logged, oldest first.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. A name hidden behind a CNAME of another is found with names-pointing-to.
--
-- needs:  dns, dns_answer
-- param:  name     name     required  the name
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: answers  rdata
-- pivot:  Who asked for this name
WITH answered_query AS (
  SELECT object_id, row_no, string_agg(rdata, ' ' ORDER BY answer_no) AS answers
  FROM dns_answer
  WHERE name = $name
  GROUP BY ALL
)
SELECT query_timestamp, srcaddr, src_instance, query_type, rcode, answers, firewall_rule_action, transport, vpc_id,
  capture, object_id, row_no
FROM dns
  LEFT JOIN answered_query USING (object_id, row_no)
WHERE name = $name AND of(capture, $capture) AND within(query_timestamp, $from, $to)
ORDER BY query_timestamp, object_id, row_no
