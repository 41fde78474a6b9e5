-- Which resolvers asked our zones, and how much of it exists
--
-- One row per resolver: queries, names, share answered NXDOMAIN, and how many client subnets it
-- passed on.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
--
-- needs:  zone
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: queries         count
-- column: names           count
-- column: nonexistent     count
-- column: percent         number
-- column: client_subnets  count
-- column: first_seen      time
-- column: last_seen       time
SELECT resolver_ip, count(*) AS queries, count(DISTINCT name) AS names,
  count(*) FILTER (response_code = 'NXDOMAIN') AS nonexistent,
  round(100.0 * count(*) FILTER (response_code = 'NXDOMAIN') / count(*), 1) AS percent,
  count(DISTINCT edns_client_subnet) FILTER (edns_first_n IS NOT NULL) AS client_subnets,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM zone
WHERE of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY resolver_ip, resolver_ip_n, capture
ORDER BY queries DESC, resolver_ip_n, capture
