-- Which resolvers asked our zone for a name
--
-- One row per resolver, those that asked most often first.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
--
-- needs:  zone
-- param:  name     name     required  the name
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: queries         count
-- column: client_subnets  count
-- column: first_seen      time
-- column: last_seen       time
-- page:   asked Who asked our zone for it
SELECT resolver_ip, count(*) AS queries, count(DISTINCT edns_client_subnet) FILTER (edns_first_n IS NOT NULL) AS client_subnets,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM zone
WHERE name = $name AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY resolver_ip, resolver_ip_n, capture
ORDER BY queries DESC, resolver_ip_n, capture
