-- Who guessed names of a public zone, and when
--
-- zone_query has the queries; burst has each asker (a resolver, and the client subnet that it passed on) of a zone with the
-- time from its first to its last guess. Two things are guessing. kind asker: hours (they begin at :00 or :30) in which one
-- asker asked for $names different names, $percent percent of its queries NXDOMAIN. kind spread: ten minutes (they begin on
-- the tens or the fives) in which $names names were asked for that do not exist and nobody had asked for before, ten times
-- as many as usual in the zone, by askers that are none of the former; every one of them has a burst then. Takes $capture,
-- $from and $to as well, and reads zone.
WITH zone_query AS (
  SELECT capture, resolver_ip_n, coalesce(CASE WHEN edns_first_n IS NOT NULL THEN edns_client_subnet END, '') AS subnet,
    edns_first_n, edns_last_n, hosted_zone_id, registered_domain, name, query_type, response_code, query_timestamp
  FROM zone
  WHERE name IS NOT NULL AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), half_hour AS (
  SELECT capture, resolver_ip_n, subnet, hosted_zone_id,
    time_bucket(INTERVAL 30 MINUTE, query_timestamp) AS half,
    count(*) AS queries,
    count(*) FILTER (response_code = 'NXDOMAIN') AS denied
  FROM zone_query
  GROUP BY ALL
), busy_hour AS ( -- names are counted only where there are queries enough
  SELECT capture, resolver_ip_n, subnet, hosted_zone_id, hour
  FROM (SELECT *, unnest([half, half - INTERVAL 30 MINUTE]) AS hour FROM half_hour)
  GROUP BY ALL
  HAVING sum(queries) >= $names::BIGINT AND 100 * (sum(denied) / sum(queries)) >= $percent::DOUBLE
), guessing_hour AS (
  SELECT b.capture, b.resolver_ip_n, b.subnet, b.hosted_zone_id, b.hour, count(DISTINCT l.name) AS n
  FROM busy_hour b
    JOIN zone_query l ON l.capture = b.capture
      AND l.resolver_ip_n IS NOT DISTINCT FROM b.resolver_ip_n
      AND l.subnet = b.subnet
      AND l.hosted_zone_id IS NOT DISTINCT FROM b.hosted_zone_id
      AND l.query_timestamp >= b.hour
      AND l.query_timestamp < b.hour + INTERVAL 1 HOUR
  GROUP BY ALL
  HAVING count(DISTINCT l.name) >= $names::BIGINT
), asker_burst AS (
  SELECT capture, resolver_ip_n, subnet, hosted_zone_id, max(n) AS most, min(hour) AS since, max(hour) + INTERVAL 1 HOUR AS until
  FROM guessing_hour
  GROUP BY ALL
), new_name AS ( -- names that do not exist, and who asked for them first
  SELECT capture, hosted_zone_id, name, min(query_timestamp) AS first_query,
    arg_min(resolver_ip_n, (query_timestamp, resolver_ip_n, subnet)) AS resolver_ip_n,
    arg_min(subnet, (query_timestamp, resolver_ip_n, subnet)) AS subnet
  FROM zone_query
  GROUP BY ALL
  HAVING bool_and(response_code = 'NXDOMAIN')
), new_window AS (
  SELECT n.capture, n.hosted_zone_id, n.resolver_ip_n, n.subnet, n.first_query, b.capture IS NULL AS spread,
    unnest([
      time_bucket(INTERVAL 10 MINUTE, n.first_query),
      time_bucket(INTERVAL 10 MINUTE, n.first_query - INTERVAL 5 MINUTE) + INTERVAL 5 MINUTE
    ]) AS begin
  FROM new_name n
    LEFT JOIN asker_burst b ON b.capture = n.capture
      AND b.resolver_ip_n IS NOT DISTINCT FROM n.resolver_ip_n
      AND b.subnet = n.subnet
      AND b.hosted_zone_id IS NOT DISTINCT FROM n.hosted_zone_id
      AND n.first_query >= b.since
      AND n.first_query < b.until
), zone_span AS (
  SELECT capture, hosted_zone_id, epoch(max(query_timestamp) - min(query_timestamp)) / 600 + 1 AS windows
  FROM zone_query
  GROUP BY ALL
), spread_window AS (
  SELECT w.capture, w.hosted_zone_id, w.begin, w.n
  FROM (
    SELECT capture, hosted_zone_id, begin, count(*) AS n, sum(count(*)) OVER (PARTITION BY capture, hosted_zone_id) / 2 AS total
    FROM new_window
    WHERE spread
    GROUP BY capture, hosted_zone_id, begin
  ) w
    JOIN zone_span s ON s.capture = w.capture AND s.hosted_zone_id IS NOT DISTINCT FROM w.hosted_zone_id
  WHERE w.n >= $names::BIGINT AND w.n >= 10 * greatest(0, w.total - w.n) / greatest(1, s.windows - 1)
), spread_part AS ( -- windows an hour apart are two
  SELECT *,
    count(*) FILTER (pause > INTERVAL 70 MINUTE) OVER (
      PARTITION BY capture, hosted_zone_id
      ORDER BY begin
      ROWS UNBOUNDED PRECEDING
    ) AS part
  FROM (
    SELECT *, begin - lag(begin) OVER (PARTITION BY capture, hosted_zone_id ORDER BY begin) AS pause FROM spread_window
  )
), spread AS (
  SELECT capture, hosted_zone_id, part, max(n) AS most, min(begin) AS since, max(begin) + INTERVAL 10 MINUTE AS until
  FROM spread_part
  GROUP BY ALL
), burst AS (
  SELECT 'asker' AS kind, 0 AS part, capture, resolver_ip_n, subnet, hosted_zone_id, since, until FROM asker_burst
  UNION ALL
  SELECT DISTINCT 'spread', s.part, s.capture, w.resolver_ip_n, w.subnet, s.hosted_zone_id, s.since, s.until
  FROM spread s
    JOIN new_window w ON w.capture = s.capture
      AND w.hosted_zone_id IS NOT DISTINCT FROM s.hosted_zone_id
      AND w.first_query >= s.since
      AND w.first_query < s.until
  WHERE w.spread
)
