-- Which quiet names the guessing found
--
-- Names that were answered NOERROR in an hour in which the asker guessed, and that hardly anybody asks
-- for otherwise: what was forgotten, internal or under test, and is known now.
--
-- cannot: What the answer was, and who is behind the resolver. NOERROR is also the answer for a
-- name without a record of the type asked for, and for every name under a wildcard.
--
-- method: Guessing as in zone-guessing: hours of one resolver and client subnet, and ten minutes of many. Names found in
-- it with fewer than 5 queries of anybody else or at another time; the registered domain itself does not count. Score: 0.4
-- for being found, up to 0.3 for being quiet, 0.3 where the asker that found it came back for it after the
-- guessing.
--
-- false-positives: New services, names with a long TTL that resolvers keep, crawlers, monitoring
-- that asks rarely.
--
-- measured: false findings in benign days, high and medium: a generated day 0 and 0. False findings per million benign
-- records, high and medium: ordinary day 0 and 0.
--
-- not-proof: That anybody went there: looked-then-knocked follows the names to their hosts.
--
-- attack: T1590.002, T1595.003
-- phase:  recon
-- kind:   guess
-- log:    zone
-- weight: own
-- needs:  zone
-- needs-all: zone
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
-- column: asked_by_other_guessers count
-- column: asked_otherwise count
-- column: came_back count
-- column: types text
WITH found_name AS (
  SELECT l.capture, l.hosted_zone_id, l.name,
    any_value(l.registered_domain) AS registered_domain,
    arg_min(l.resolver_ip_n, (l.query_timestamp, l.resolver_ip_n, l.subnet)) AS resolver_ip_n,
    arg_min(l.subnet, (l.query_timestamp, l.resolver_ip_n, l.subnet)) AS subnet,
    arg_min(b.since, (l.query_timestamp, l.resolver_ip_n, l.subnet)) AS since,
    arg_min(b.until, (l.query_timestamp, l.resolver_ip_n, l.subnet)) AS until, min(l.query_timestamp) AS first_query
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
), asked_name AS ( -- own: by the asker that found the name first
  SELECT f.*, l.query_timestamp, l.query_type,
    l.resolver_ip_n IS NOT DISTINCT FROM f.resolver_ip_n AND l.subnet = f.subnet AS own,
    EXISTS (
      FROM burst b
      WHERE b.capture = l.capture
        AND b.resolver_ip_n IS NOT DISTINCT FROM l.resolver_ip_n
        AND b.subnet = l.subnet
        AND b.hosted_zone_id IS NOT DISTINCT FROM l.hosted_zone_id
        AND l.query_timestamp >= b.since
        AND l.query_timestamp < b.until
    ) AS guessed
  FROM found_name f
    JOIN zone_query l ON l.capture = f.capture
      AND l.hosted_zone_id IS NOT DISTINCT FROM f.hosted_zone_id
      AND l.name = f.name
), counted_name AS (
  SELECT capture, hosted_zone_id, name, registered_domain, resolver_ip_n, subnet, first_query,
    count(*) FILTER (own AND query_timestamp >= since) AS by_guesser,
    count(*) FILTER (own AND query_timestamp >= until) AS came_back,
    count(*) FILTER (NOT own AND guessed) AS by_others,
    count(*) FILTER (CASE WHEN own THEN query_timestamp < since ELSE NOT guessed END) AS otherwise,
    max(query_timestamp) AS last_query, count(*) AS queries,
    array_to_string(list_sort(list(DISTINCT query_type)), ' ') AS types
  FROM asked_name
  GROUP BY ALL
), quiet_name AS (
  SELECT *, 0.4 + 0.3 * (1 - otherwise / greatest(1, $quiet::BIGINT)) + 0.3 * (came_back > 0)::INTEGER AS score
  FROM counted_name
  WHERE otherwise < $quiet::BIGINT
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN came_back > 0 AND score >= 0.8 THEN 'high'
    WHEN score >= 0.5 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    'found by guessing; asked for {} time{} by the asker that found it first, {} of them after the guessing, '
      || '{} time{} by others who guessed, and {} time{} otherwise; types {}; through {}{}',
    by_guesser, plural(by_guesser), came_back, by_others, plural(by_others), otherwise, plural(otherwise),
    coalesce(nullif(types, ''), '-'), number_text(resolver_ip_n),
    CASE WHEN subnet = '' THEN '' ELSE ' for ' || subnet END
  ) AS reason,
  number_text(resolver_ip_n) AS src, name, registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  nullif(subnet, '') AS edns_client_subnet, by_guesser AS asked_by_guesser, by_others AS asked_by_other_guessers,
  otherwise AS asked_otherwise, came_back, types, hosted_zone_id, capture
FROM quiet_name
ORDER BY quiet_name.score DESC, otherwise, first_query, name, hosted_zone_id, capture
