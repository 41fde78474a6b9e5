-- Which DNS types were asked for, and what came back
--
-- TXT, NULL, ANY and unassigned types can carry data; type 65 (HTTPS) is what browsers ask for.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: queries     count
-- column: percent     number
-- column: clients     count
-- column: names       count
-- column: no_answer   count
-- column: first_seen  time
-- column: last_seen   time
SELECT query_type, rcode, count(*) AS queries, round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS percent,
  count(DISTINCT srcaddr_n) AS clients, count(DISTINCT name) AS names,
  count(*) FILTER (answers_n = 0 OR answers_n IS NULL) AS no_answer,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM dns
WHERE of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY query_type, rcode, capture
ORDER BY queries DESC, query_type, rcode, capture
