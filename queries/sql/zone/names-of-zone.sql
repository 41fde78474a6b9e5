-- Which names of a hosted zone were asked for
--
-- One row per name and response, those asked for most often first.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
--
-- needs:  zone
-- param:  zone     hosted_zone  required  the hosted zone
-- param:  from     time                   only at or after this moment
-- param:  to       time                   only before this moment
-- param:  capture  capture                only this capture; empty for all
-- column: queries     count
-- column: resolvers   count
-- column: first_seen  time
-- column: last_seen   time
-- page:   names Names that it was asked for
SELECT name, response_code, count(*) AS queries, count(DISTINCT resolver_ip_n) AS resolvers,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM zone
WHERE hosted_zone_id = $zone AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY name, response_code, capture
ORDER BY queries DESC, name, response_code, capture
