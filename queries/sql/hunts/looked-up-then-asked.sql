-- Who asked for a name of ours after somebody had guessed it
--
-- Names that a guesser found in our public zone, and the clients whose requests asked for that host for the first time in the
-- day after.
--
-- cannot: Identify: the resolver that looked is not the client that asks. A log that does not say which host was asked for (an
-- Apache log without virtual hosts) has no part in it.
--
-- method: Names answered NOERROR while they were guessed (as in zone-guessing), then clients that had asked for no such host in
-- any log before the look-up, and do so within so many hours; a name that was asked for before needed no guess, and says
-- little. Score: 0.2 for the order; 0.3 where the client is in the client subnet that the resolver passed on, or
-- else 0.15 where it is in the /24 (IPv6 /48) of the resolver; 0.1 within the first hour; 0.2 where nobody had asked for the
-- host before; 0.2 where a request has the text of an attack. High where the client is near and nobody had asked before, or it is
-- in the client subnet and attacks; medium where it is near, or attacks a host that nobody had asked for before; low else.
--
-- false-positives: New customers and search engines at a name that is public anyway; one's own scan.
--
-- measured: found: planted guests 1 of 1. False findings per million benign records, high and medium:
-- a web tier 0 and 0.
--
-- not-proof: That both are the same: it shows an order in time, and nearness of addresses at best.
--
-- attack: T1595.003, T1590.002, T1190
-- phase:  knock
-- kind:   sequence-of-requests
-- log:    zone, alb, httpd, cloudfront, waf
-- weight: support
-- needs:  zone, http, asset
-- uses:   alb
-- steps:  guessing, requests
-- param:  names    int      = 30  an hour of guessing has at least so many different names
-- param:  percent  number   = 50  and at least so many percent NXDOMAIN
-- param:  hours    int      = 24  the request comes at most so many hours after the look-up
-- param:  least    number   = 0.35  show from this score on
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   zone_query  queries of the zone
-- step:   found_name  names that answered in an hour of guessing
-- step:   asked_request  requests of all logs
-- step:   newcomer  clients that asked for such a host first after the look-up
-- column: requests count
-- column: answered count
-- column: attacks count
-- column: asked_before count
-- column: minutes_after number
-- column: near text
-- column: looked_at time
-- column: resolver ip
-- column: url text
WITH found_name AS MATERIALIZED (
  SELECT l.capture, l.name, any_value(l.registered_domain) AS registered_domain, l.resolver_ip_n, l.subnet,
    any_value(l.edns_first_n) AS edns_first_n, any_value(l.edns_last_n) AS edns_last_n, min(l.query_timestamp) AS looked_at,
    count(*) AS queries
  FROM zone_query l
    JOIN burst b ON b.capture = l.capture
      AND b.resolver_ip_n IS NOT DISTINCT FROM l.resolver_ip_n
      AND b.subnet = l.subnet
      AND b.hosted_zone_id IS NOT DISTINCT FROM l.hosted_zone_id
  WHERE l.query_timestamp >= b.since AND l.query_timestamp < b.until AND l.response_code = 'NOERROR'
  GROUP BY l.capture, l.name, l.resolver_ip_n, l.subnet
), first_request AS MATERIALIZED (
  SELECT a.capture, a.host AS name, a.client_n, min(a.time) AS first_time
  FROM asked_request a
    SEMI JOIN found_name f ON f.capture = a.capture AND f.name = a.host
  WHERE a.client_n IS NOT NULL
  GROUP BY ALL
), newcomer AS (
  SELECT r.client_n, r.first_time, f.*,
    CASE
      WHEN r.client_n BETWEEN f.edns_first_n AND f.edns_last_n THEN 'client subnet'
      WHEN r.client_n >> 8 = f.resolver_ip_n >> 8 AND r.client_n < 281474976710656
          OR r.client_n >> 80 = f.resolver_ip_n >> 80 AND r.client_n >= 281474976710656
        THEN 'resolver'
    END AS near
  FROM found_name f
    JOIN first_request r USING (capture, name)
  WHERE r.first_time >= f.looked_at - INTERVAL 60 SECOND AND r.first_time < f.looked_at + to_hours($hours::BIGINT)
), best_newcomer AS (
  SELECT *
  FROM newcomer
  QUALIFY row_number() OVER (
    PARTITION BY capture, client_n, name
    ORDER BY (near = 'client subnet') DESC NULLS LAST, near NULLS LAST, looked_at DESC, resolver_ip_n, subnet
  ) = 1
), known_name AS (
  SELECT b.capture, b.name, b.client_n, count(*) AS asked_before
  FROM best_newcomer b
    JOIN first_request r ON r.capture = b.capture AND r.name = b.name AND r.first_time < b.looked_at - INTERVAL 60 SECOND
  GROUP BY ALL
), asked AS (
  SELECT b.capture, b.name, b.client_n, a.log, count(*) AS requests, count(*) FILTER (a.answered) AS answered,
    count(*) FILTER (a.attack IS NOT NULL) AS attacks, max(a.time) AS last_time, count(DISTINCT a.target_n) AS targets,
    min(a.target_n) AS target_n, arg_max(a.url, (a.attack IS NOT NULL, a.answered, a.time, a.object_id, a.row_no)) AS url
  FROM best_newcomer b
    JOIN asked_request a ON a.capture = b.capture AND a.host = b.name AND a.client_n = b.client_n
  WHERE a.time < b.looked_at + to_hours($hours::BIGINT)
  GROUP BY b.capture, b.name, b.client_n, a.log
  QUALIFY row_number() OVER (PARTITION BY b.capture, b.name, b.client_n ORDER BY count(*) DESC, a.log) = 1
), scored AS (
  SELECT b.*, a.* EXCLUDE (capture, name, client_n), coalesce(k.asked_before, 0) AS asked_before,
    epoch(b.first_time - b.looked_at) / 60 AS minutes_after,
    0.2
      + CASE b.near WHEN 'client subnet' THEN 0.3 WHEN 'resolver' THEN 0.15 ELSE 0 END
      + 0.1 * (b.first_time < b.looked_at + INTERVAL 1 HOUR)::INTEGER
      + 0.2 * (k.asked_before IS NULL)::INTEGER
      + 0.2 * (a.attacks > 0)::INTEGER AS score
  FROM best_newcomer b
    JOIN asked a USING (capture, name, client_n)
    LEFT JOIN known_name k USING (capture, name, client_n)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN near IS NOT NULL AND asked_before = 0 OR near = 'client subnet' AND attacks > 0 THEN 'high'
    WHEN near IS NOT NULL OR attacks > 0 AND asked_before = 0 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} was looked up at {} through {}{}; {:.0f} minutes later {} asked for it for the first time: {} request{}, {} answered '
      || 'with success{}; {}{}',
    name, strftime(looked_at, '%Y-%m-%d %H:%M:%S'), number_text(resolver_ip_n),
    CASE WHEN subnet = '' THEN '' ELSE ' for ' || subnet END,
    minutes_after, number_text(client_n), requests, plural(requests), answered,
    CASE WHEN attacks > 0 THEN format(', {} with the text of an attack', attacks) ELSE '' END,
    CASE
      WHEN asked_before = 0 THEN 'nobody had asked for it before'
      ELSE format('{} client{} had asked for it before', asked_before, plural(asked_before))
    END,
    CASE near
      WHEN 'client subnet' THEN '; it is in that client subnet'
      WHEN 'resolver' THEN '; it is near the resolver'
      ELSE ''
    END
  ) AS reason,
  number_text(client_n) AS src, CASE WHEN targets = 1 THEN number_text(target_n) END AS dst, name, registered_domain,
  requests + queries AS "rows", looked_at AS from_time, greatest(last_time, looked_at) AS to_time,
  requests, answered, attacks, asked_before, round(minutes_after, 1) AS minutes_after, near, looked_at,
  number_text(resolver_ip_n) AS resolver, nullif(subnet, '') AS edns_client_subnet, url, capture
FROM scored
WHERE score >= $least::DOUBLE
ORDER BY scored.score DESC, requests DESC, client_n, name, capture
