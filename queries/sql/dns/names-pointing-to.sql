-- Which names led to this name by CNAME, MX or NS
--
-- Names asked for whose answers held this name as a target.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. The owner of each answer is not logged: a chain of CNAMEs is known only by its
-- order.
--
-- needs:  dns_answer
-- param:  name     name     required  the target
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: answers     count
-- column: clients     count
-- column: first_seen  time
-- column: last_seen   time
-- pivot:  Names that point to this name
-- page:   names Names that led to it
SELECT name, type, count(*) AS answers, count(DISTINCT srcaddr_n) AS clients,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM dns_answer
WHERE rdata_n IS NULL
  AND (lower(rtrim(rdata, '.')) = $name OR ends_with(lower(rtrim(rdata, '.')), ' ' || $name))
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY name, type, capture
ORDER BY first_seen, name, type, capture
