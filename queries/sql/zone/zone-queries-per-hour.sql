-- Queries per hour and hosted zone
--
-- With names, resolvers and the share that does not exist: a rise in nonexistent names is guessing
-- or a flood.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
--
-- needs:  zone
-- param:  zone     hosted_zone only this hosted zone
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: hour         time
-- column: queries      count
-- column: nonexistent  count
-- column: names        count
-- column: resolvers    count
SELECT date_trunc('hour', query_timestamp) AS hour, hosted_zone_id, count(*) AS queries,
  count(*) FILTER (response_code = 'NXDOMAIN') AS nonexistent,
  count(DISTINCT name) AS names, count(DISTINCT resolver_ip_n) AS resolvers, capture
FROM zone
WHERE ($zone = '' OR hosted_zone_id = $zone)
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY ALL
ORDER BY hour, hosted_zone_id, capture
