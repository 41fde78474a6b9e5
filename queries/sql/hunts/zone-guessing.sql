-- Who guesses names in our public zone
--
-- Per resolver, client subnet where it is passed on, and zone: hours with many different names most
-- of which do not exist. And over all resolvers: ten minutes with many names that do not exist and that nobody had asked for
-- before, each resolver with a few of them. What exists among the names asked for is named: that is what they found.
--
-- cannot: Who asked: the address is that of the recursive resolver. Resolvers cache, so one line may
-- stand for thousands of questions. A name asked for before the log begins looks new.
--
-- method: At least 30 different names in an hour, at least half of the queries NXDOMAIN, counted in
-- hours that begin on the hour and on the half hour; or 30 new names that do not exist in ten minutes, ten times as many as is
-- usual in the zone, from askers that are none of the former. Route 53's own documentation names
-- floods of NXDOMAIN as an attack or reconnaissance. Score: 0.3 for passing, up to 0.4 for
-- the new names that do not exist of the fullest ten minutes (from 10, full at 300: a program with a list of words is fast, a
-- crawler that follows old links is not), up to 0.3 for the share of NXDOMAIN above half. High from 100 such names in ten
-- minutes, medium from 30.
--
-- false-positives: Big public resolvers mix many clients, monitoring, crawlers that follow old
-- links. A wildcard record answers every guess: set percent to 0 then. Names made up at random over many resolvers may
-- be a flood that is meant to cost, and not to find.
--
-- measured: found: planted acts 2 of 2. False findings in benign days, high and medium: a generated day 0 and 0. False
-- findings per million benign records, high and medium: ordinary day 0 and 0.
--
-- not-proof: Who is behind the resolver, and that what was found was used: look for traffic to it
-- afterwards.
--
-- attack: T1590.002, T1595.003
-- phase:  recon
-- kind:   guess
-- log:    zone
-- weight: own
-- needs:  zone
-- steps:  guessing
-- param:  names    int      = 30  at least so many different names in an hour
-- param:  percent  number   = 50  at least so many percent NXDOMAIN
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   zone_query  queries
-- step:   guessing_hour  hours of a resolver with enough names
-- step:   spread_window  spells of ten minutes with enough new names over many resolvers
-- column: kind text
-- column: resolver_ip ip
-- column: resolvers count
-- column: queries count
-- column: names count
-- column: most_in_ten_minutes count
-- column: nonexistent number
-- column: found text
WITH guess AS ( -- as if all askers of a spread guess were one
  SELECT b.kind, b.part, b.since, b.until, l.capture, l.hosted_zone_id,
    CASE WHEN b.kind = 'asker' THEN l.resolver_ip_n END AS resolver_ip_n,
    CASE WHEN b.kind = 'asker' THEN l.subnet ELSE '' END AS subnet,
    l.resolver_ip_n AS asked_by, l.registered_domain, l.name, l.response_code, l.query_timestamp
  FROM burst b
    JOIN zone_query l ON l.capture = b.capture
      AND l.resolver_ip_n IS NOT DISTINCT FROM b.resolver_ip_n
      AND l.subnet = b.subnet
      AND l.hosted_zone_id IS NOT DISTINCT FROM b.hosted_zone_id
      AND l.query_timestamp >= b.since
      AND l.query_timestamp < b.until
), new_guess AS (
  SELECT kind, part, capture, hosted_zone_id, resolver_ip_n, subnet, max(n) AS most
  FROM (
    SELECT b.kind, b.part, b.capture, b.hosted_zone_id,
      CASE WHEN b.kind = 'asker' THEN b.resolver_ip_n END AS resolver_ip_n,
      CASE WHEN b.kind = 'asker' THEN b.subnet ELSE '' END AS subnet, w.begin, count(*) AS n
    FROM burst b
      JOIN new_window w ON w.capture = b.capture
        AND w.resolver_ip_n IS NOT DISTINCT FROM b.resolver_ip_n
        AND w.subnet = b.subnet
        AND w.hosted_zone_id IS NOT DISTINCT FROM b.hosted_zone_id
        AND w.first_query >= b.since
        AND w.first_query < b.until
    GROUP BY ALL
  )
  GROUP BY ALL
), guesser AS (
  SELECT kind, part, capture, hosted_zone_id, resolver_ip_n, subnet, min(registered_domain) AS registered_domain,
    count(DISTINCT asked_by) AS resolvers, count(*) AS queries, count(DISTINCT name) AS names,
    avg((response_code = 'NXDOMAIN')::INTEGER) AS nonexistent,
    min(query_timestamp) AS first_query, max(query_timestamp) AS last_query,
    list_sort(list(DISTINCT name) FILTER (response_code = 'NOERROR')) AS found
  FROM guess
  GROUP BY ALL
), scored AS (
  SELECT g.*, coalesce(n.most, 0) AS most,
    0.3
      + 0.4 * greatest(0, least(1, ln(greatest(1, coalesce(n.most, 0)) / 10) / ln(30)))
      + 0.3 * greatest(0, 2 * g.nonexistent - 1) AS score
  FROM guesser g
    LEFT JOIN new_guess n ON n.kind = g.kind
      AND n.part = g.part
      AND n.capture = g.capture
      AND n.hosted_zone_id IS NOT DISTINCT FROM g.hosted_zone_id
      AND n.resolver_ip_n IS NOT DISTINCT FROM g.resolver_ip_n
      AND n.subnet = g.subnet
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.7 AND most >= 100 THEN 'high'
    WHEN score >= 0.5 AND most >= 30 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} different names in {} queries, {:.0f}% of the queries NXDOMAIN; {} names that do not exist and that nobody had '
      || 'asked for before in this log in the fullest ten minutes; through {}; exist: {}{}',
    names, queries, 100 * nonexistent, most,
    CASE
      WHEN kind = 'spread' THEN format('{} resolver{}, none of which asked for many', resolvers, plural(resolvers))
      ELSE number_text(resolver_ip_n) || CASE WHEN subnet = '' THEN '' ELSE ' for ' || subnet END
    END,
    coalesce(array_to_string(list_slice(found, 1, 10), ' '), 'none'), shown_of(10, coalesce(len(found), 0), 'names')
  ) AS reason,
  number_text(resolver_ip_n) AS src, registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  CASE WHEN kind = 'asker' THEN 'one resolver' ELSE 'many resolvers' END AS kind,
  number_text(resolver_ip_n) AS resolver_ip, resolvers, nullif(subnet, '') AS edns_client_subnet,
  queries, names, most AS most_in_ten_minutes, round(nonexistent, 3) AS nonexistent,
  array_to_string(list_slice(found, 1, 10), ' ') AS found, hosted_zone_id, capture
FROM scored
ORDER BY scored.score DESC, names DESC, first_query, resolver_ip_n, subnet, hosted_zone_id, capture
