-- Hours in which somebody guessed names of a public zone
--
-- zone_query has the queries; burst has each asker (a resolver, and the client subnet that it passed on) of a zone with the
-- time from its first hour of guessing to the last. An hour begins at :00 or :30; it is one of guessing with $names different
-- names, and $percent percent NXDOMAIN. Takes $capture, $from and $to as well, and reads zone.
WITH zone_query AS (
  SELECT capture, resolver_ip_n, coalesce(edns_client_subnet, '') AS subnet,
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
  SELECT b.capture, b.resolver_ip_n, b.subnet, b.hosted_zone_id, b.hour
  FROM busy_hour b
    JOIN zone_query l ON l.capture = b.capture
      AND l.resolver_ip_n IS NOT DISTINCT FROM b.resolver_ip_n
      AND l.subnet = b.subnet
      AND l.hosted_zone_id IS NOT DISTINCT FROM b.hosted_zone_id
      AND l.query_timestamp >= b.hour
      AND l.query_timestamp < b.hour + INTERVAL 1 HOUR
  GROUP BY ALL
  HAVING count(DISTINCT l.name) >= $names::BIGINT
), burst AS (
  SELECT capture, resolver_ip_n, subnet, hosted_zone_id, min(hour) AS since, max(hour) + INTERVAL 1 HOUR AS until
  FROM guessing_hour
  GROUP BY ALL
)
