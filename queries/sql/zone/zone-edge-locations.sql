-- Which edge locations answered for our zones
--
-- The letters are the nearest airport: roughly where in the world the resolver stands.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
-- Anycast and peering decide which edge answers; it is no location of a person.
--
-- needs:  zone
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: queries      count
-- column: resolvers    count
-- column: names        count
-- column: nonexistent  count
-- column: first_seen   time
-- column: last_seen    time
SELECT edge_location, count(*) AS queries, count(DISTINCT resolver_ip_n) AS resolvers, count(DISTINCT name) AS names,
  count(*) FILTER (response_code = 'NXDOMAIN') AS nonexistent,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM zone
WHERE of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY edge_location, capture
ORDER BY queries DESC, edge_location, capture
