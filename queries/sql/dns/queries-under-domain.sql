-- Who asked for a domain or any name below it
--
-- The domain may be a registered domain or any other suffix on a label's border: example.com finds
-- www.example.com, not badexample.com.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns, dns_answer
-- param:  domain   domain   required  the domain
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: answers  rdata
-- pivot:  Queries under this domain
WITH answered_query AS (
  SELECT object_id, row_no, string_agg(rdata, ' ' ORDER BY answer_no) AS answers
  FROM dns_answer
  WHERE name = $domain OR ends_with(name, '.' || $domain)
  GROUP BY ALL
)
SELECT query_timestamp, srcaddr, src_instance, name, query_type, rcode, answers, firewall_rule_action, vpc_id,
  capture, object_id, row_no
FROM dns
  LEFT JOIN answered_query USING (object_id, row_no)
WHERE (name = $domain OR ends_with(name, '.' || $domain))
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
ORDER BY query_timestamp, object_id, row_no
