-- Which quiet names the guessing found
--
-- Names that were answered NOERROR in an hour in which the asker guessed, and that hardly anybody asks
-- for otherwise: what was forgotten, internal or under test, and is known now.
--
-- cannot: What the answer was, and who is behind the resolver. NOERROR is also the answer for a
-- name without a record of the type asked for, and for every name under a wildcard.
--
-- method: Hours as in zone-guessing: 30 different names of one resolver and client subnet, half of
-- the queries NXDOMAIN. Names found in them with fewer than 5 queries of anybody else or at
-- another time; the registered domain itself does not count. Score: 0.4 for being found, up
-- to 0.3 for being quiet, 0.3 where the same asker came back for it after the guessing.
--
-- false-positives: New services, names with a long TTL that resolvers keep, crawlers, monitoring
-- that asks rarely.
--
-- not-proof: That anybody went there: looked-then-knocked follows the names to their hosts.
--
-- attack: T1590.002, T1595.003
-- needs:  zone
-- steps:  guessing
-- param:  names    int      = 30  an hour of guessing has at least so many different names
-- param:  percent  number   = 50  and at least so many percent NXDOMAIN
-- param:  quiet    int      = 5   a name is quiet with fewer queries than that outside the guessing
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   zone_query  queries
-- step:   guessing_hour  hours of guessing
-- step:   found_name  names that answered in them
-- step:   quiet_name  of them that are quiet otherwise
-- column: asked_by_guesser count
-- column: asked_otherwise count
-- column: came_back count
-- column: types text
WITH found_name AS (
  SELECT l.capture, l.hosted_zone_id, l.name,
    any_value(l.registered_domain) AS registered_domain,
    arg_min(l.resolver_ip_n, (l.query_timestamp, l.resolver_ip_n, l.subnet)) AS resolver_ip_n,
    arg_min(l.subnet, (l.query_timestamp, l.resolver_ip_n, l.subnet)) AS subnet,
    min(l.query_timestamp) AS first_query, max(b.until) AS until
  FROM zone_query l
    JOIN burst b ON b.capture = l.capture
      AND b.resolver_ip_n IS NOT DISTINCT FROM l.resolver_ip_n
      AND b.subnet = l.subnet
      AND b.hosted_zone_id IS NOT DISTINCT FROM l.hosted_zone_id
  WHERE l.query_timestamp >= b.since
    AND l.query_timestamp < b.until
    AND l.response_code = 'NOERROR'
    AND l.name <> coalesce(l.registered_domain, '')
  GROUP BY l.capture, l.hosted_zone_id, l.name
), asked_name AS (
  SELECT f.capture, f.hosted_zone_id, f.name,
    any_value(f.registered_domain) AS registered_domain,
    any_value(f.resolver_ip_n) AS resolver_ip_n,
    any_value(f.subnet) AS subnet, any_value(f.first_query) AS first_query,
    count(*) FILTER (b.capture IS NOT NULL) AS by_guesser,
    count(*) FILTER (b.capture IS NOT NULL AND l.query_timestamp >= b.until) AS came_back,
    count(*) FILTER (b.capture IS NULL OR l.query_timestamp < b.since) AS otherwise,
    max(l.query_timestamp) AS last_query, count(*) AS queries,
    array_to_string(list_sort(list(DISTINCT l.query_type)), ' ') AS types
  FROM found_name f
    JOIN zone_query l ON l.capture = f.capture
      AND l.hosted_zone_id IS NOT DISTINCT FROM f.hosted_zone_id
      AND l.name = f.name
    LEFT JOIN burst b ON b.capture = l.capture
      AND b.resolver_ip_n IS NOT DISTINCT FROM l.resolver_ip_n
      AND b.subnet = l.subnet
      AND b.hosted_zone_id IS NOT DISTINCT FROM l.hosted_zone_id
  GROUP BY f.capture, f.hosted_zone_id, f.name
), quiet_name AS (
  SELECT *, 0.4 + 0.3 * (1 - otherwise / greatest(1, $quiet::BIGINT)) + 0.3 * (came_back > 0)::INTEGER AS score
  FROM asked_name
  WHERE otherwise < $quiet::BIGINT
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN came_back > 0 AND score >= 0.8 THEN 'high'
    WHEN score >= 0.5 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    'found by guessing; asked for {} times by the guesser, {} of them after the guessing, '
      || 'and {} times otherwise; types {}; through {}{}',
    by_guesser, came_back, otherwise, coalesce(nullif(types, ''), '-'), number_text(resolver_ip_n),
    CASE WHEN subnet = '' THEN '' ELSE ' for ' || subnet END
  ) AS reason,
  number_text(resolver_ip_n) AS src, name, registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  nullif(subnet, '') AS edns_client_subnet, by_guesser AS asked_by_guesser,
  otherwise AS asked_otherwise, came_back, types, hosted_zone_id, capture
FROM quiet_name
ORDER BY quiet_name.score DESC, otherwise, first_query, name, hosted_zone_id, capture
