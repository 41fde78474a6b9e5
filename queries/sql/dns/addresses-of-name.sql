-- What a name resolved to
--
-- Every answer ever given to queries for the name, CNAMEs included, with who got it and when.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. The log has no TTL: how long an answer held is unknown.
--
-- needs:  dns_answer
-- param:  name     name     required  the name
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: rdata       rdata
-- column: answers     count
-- column: clients     count
-- column: first_seen  time
-- column: last_seen   time
-- pivot:  What this name resolved to
-- page:   addresses What it resolved to
SELECT rdata, type, count(*) AS answers, count(DISTINCT srcaddr_n) AS clients,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM dns_answer
WHERE name = $name AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY ALL
ORDER BY first_seen, type, rdata, capture
