-- Who guesses names in our public zone
--
-- Per resolver, client subnet where it is passed on, and zone: hours with many different names most
-- of which do not exist. What exists among the names asked for is named: that is what they found.
--
-- cannot: Who asked: the address is that of the recursive resolver. Resolvers cache, so one line may
-- stand for thousands of questions.
--
-- method: At least 30 different names in an hour, at least half of the queries NXDOMAIN, counted in
-- hours that begin on the hour and on the half hour. Route 53's own documentation names
-- floods of NXDOMAIN as an attack or reconnaissance. Score: 0.3 for passing, up to 0.4 for
-- the names in the fullest hour (full at 1,000), up to 0.3 for the share of NXDOMAIN above
-- half.
--
-- false-positives: Big public resolvers mix many clients, monitoring, crawlers that follow old
-- links. A wildcard record answers every guess: set percent to 0 then.
--
-- not-proof: Who is behind the resolver, and that what was found was used: look for traffic to it
-- afterwards.
--
-- attack: T1590.002, T1595.003
-- needs:  zone
-- param:  names    int      = 30  at least so many different names in an hour
-- param:  percent  number   = 50  at least so many percent NXDOMAIN
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   zone_query  queries
-- step:   guessing_hour  hours of a resolver with enough names
-- step:   guesser  resolvers and subnets with such hours
-- column: resolver_ip ip
-- column: queries count
-- column: names count
-- column: most_in_an_hour count
-- column: nonexistent number
-- column: found text
WITH zone_query AS (
  SELECT capture, resolver_ip_n, coalesce(edns_client_subnet, '') AS subnet,
    hosted_zone_id, registered_domain, name, response_code, query_timestamp
  FROM zone
  WHERE name IS NOT NULL AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), guessing_hour AS (
  SELECT capture, resolver_ip_n, subnet, hosted_zone_id, hour, count(DISTINCT name) AS n
  FROM (SELECT *, unnest(hours_of(query_timestamp)) AS hour FROM zone_query)
  GROUP BY ALL
  HAVING count(DISTINCT name) >= $names::BIGINT
    AND 100 * avg((response_code = 'NXDOMAIN')::INTEGER) >= $percent::DOUBLE
), guesser AS (
  SELECT l.capture, l.resolver_ip_n, l.subnet, l.hosted_zone_id,
    min(l.registered_domain) AS registered_domain, max(w.most) AS most,
    count(*) AS queries, count(DISTINCT l.name) AS names,
    avg((l.response_code = 'NXDOMAIN')::INTEGER) AS nonexistent,
    min(l.query_timestamp) AS first_query, max(l.query_timestamp) AS last_query,
    array_to_string(list_slice(list_sort(list(DISTINCT l.name) FILTER (l.response_code = 'NOERROR')), 1, 10), ' ') AS found
  FROM zone_query l
    JOIN (
      SELECT capture, resolver_ip_n, subnet, hosted_zone_id,
        max(n) AS most, min(hour) AS since, max(hour) + INTERVAL 1 HOUR AS until
      FROM guessing_hour
      GROUP BY ALL
    ) w ON w.capture = l.capture
      AND w.resolver_ip_n IS NOT DISTINCT FROM l.resolver_ip_n
      AND w.subnet = l.subnet
      AND w.hosted_zone_id IS NOT DISTINCT FROM l.hosted_zone_id
  WHERE l.query_timestamp >= w.since AND l.query_timestamp < w.until
  GROUP BY ALL
), scored AS (
  SELECT *,
    0.3
      + 0.4 * least(1, ln(most / $names::BIGINT) / ln(33))
      + 0.3 * greatest(0, 2 * nonexistent - 1) AS score
  FROM guesser
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.7 THEN 'high'
    WHEN score >= 0.5 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} different names in {} queries, {} in the fullest hour, {:.0f}% of the queries NXDOMAIN; '
      || 'through {}{}; exist: {}',
    names, queries, most, 100 * nonexistent, number_text(resolver_ip_n),
    CASE WHEN subnet = '' THEN '' ELSE ' for ' || subnet END,
    coalesce(nullif(found, ''), 'none')
  ) AS reason,
  number_text(resolver_ip_n) AS src, registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  number_text(resolver_ip_n) AS resolver_ip, nullif(subnet, '') AS edns_client_subnet,
  queries, names, most AS most_in_an_hour, round(nonexistent, 3) AS nonexistent,
  found, hosted_zone_id, capture
FROM scored
ORDER BY scored.score DESC, names DESC, resolver_ip_n, subnet, hosted_zone_id, capture
