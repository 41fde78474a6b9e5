-- Names of our zones that were answered NOERROR
--
-- One row per name: what an onlooker has learnt to exist. Few queries from one resolver are a
-- find; many from many, ordinary use.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
-- NOERROR is also the answer for a name without a record of the type asked for, and for every name
-- under a wildcard.
--
-- needs:  zone
-- param:  most     int      only names with at most so many queries
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: types           text
-- column: queries         count
-- column: resolvers       count
-- column: first_seen      time
-- column: last_seen       time
-- column: first_resolver  ip
SELECT name, hosted_zone_id, string_agg(DISTINCT query_type, ' ' ORDER BY query_type) AS types, count(*) AS queries,
  count(DISTINCT resolver_ip_n) AS resolvers,
  arg_min(resolver_ip, (query_timestamp, object_id, row_no)) AS first_resolver,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM zone
WHERE response_code = 'NOERROR' AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY name, hosted_zone_id, capture
HAVING $most::BIGINT IS NULL OR count(*) <= $most::BIGINT
ORDER BY queries, first_seen, name, hosted_zone_id, capture
