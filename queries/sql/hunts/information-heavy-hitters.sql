-- How many bytes went out in names
--
-- Per client and registered domain: the bytes of what stands before the domain, over names that the
-- client had not asked for before, hour by hour. A name that is asked again carries nothing new, so
-- only its first time counts; dots do not count.
--
-- cannot: What was carried, and whether it arrived: the log has names, not what they mean. Queries
-- answered from the Resolver's cache are repeats and would not count; those to any other
-- resolver are not in the log.
--
-- method: Ozery, Nadler, Shabtai, arXiv 2307.02614 (information-based heavy hitters), exactly
-- instead of by sketches: sum of the lengths of unique subdomains. At least 5,000 bytes in
-- one hour, counted in hours that begin on the hour and on the half hour, the fuller one.
-- Score: 0.2 for passing, up to 0.5 for the bytes of the fullest hour (full at a hundred
-- times the least), up to 0.3 for the mean length per name (from 15 to 60 bytes): many
-- short names are how content delivery networks look, few long ones how data does. Times 0.75 for each sign of
-- a list that is looked up: names that are addresses, answers of 127.0.0.0/8 only, three clients,
-- and beside one of these names that are hashes.
--
-- false-positives: Content delivery networks, virus scanners that ask for hashes, DNS block lists,
-- telemetry ids, names of buckets and load balancers.
--
-- not-proof: That data was stolen: ids of sessions and hashes of files are information too.
--
-- measured: false findings in benign days, high and medium: a generated day 0 and 0. False findings per million benign
-- records, high and medium: benign-dns 0 and 0, wrccdc 0 and 0, ordinary day 0 and 0. 2026-11-22, the 14 tunnels and
-- the benign queries of dns-tunnel: example.attack is first in 14 of 14 and the only finding in all; score 0.77 to 0.94
-- (high) in 6, 0.62 and 0.63 (medium) in 2, 0.43 to 0.50 (low) in 6, whose names are short or few.
--
-- attack: T1048.003, T1071.004, T1030
-- phase:  tunnel
-- kind:   volume
-- log:    dns
-- weight: own
-- needs:  dns, dns_answer
-- steps:  look-ups
-- param:  bytes    int      = 5000  at least so many new bytes in an hour; 0.7 bytes per second, which the paper finds, is 2,520
-- param:  top      int      = 20    only so many, the most first
-- param:  from     time             only what begins at or after this moment
-- param:  to       time             only what begins before this moment
-- param:  capture  capture          only this capture; empty for all
-- step:   query  queries with a registered domain
-- step:   heavy_domain  clients and domains whose names have enough bytes in all
-- step:   hitter  clients and domains with enough new bytes in an hour
-- column: queries count
-- column: names count
-- column: information_bytes bytes
-- column: most_in_an_hour bytes
-- column: bytes_per_second number
-- column: length number
-- column: busy_hours count
WITH query AS (
  SELECT capture, srcaddr_n, vpc_id, registered_domain, name, query_timestamp,
    greatest(0, length(replace(name, '.', '')) - length(replace(registered_domain, '.', ''))) AS prefix
  FROM dns
  WHERE registered_domain IS NOT NULL
    AND length(name) > length(registered_domain)
    AND NOT regexp_matches(name, '\.(in-addr|ip6)\.arpa$')
    AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), heavy_domain AS (
  SELECT capture, srcaddr_n, registered_domain
  FROM query
  GROUP BY ALL
  HAVING sum(prefix) >= $bytes::BIGINT
), carried_name AS (
  SELECT l.capture, l.srcaddr_n, l.registered_domain, l.name,
    min(l.vpc_id) AS vpc_id, any_value(l.prefix) AS prefix, count(*) AS queries,
    min(l.query_timestamp) AS first_query, max(l.query_timestamp) AS last_query
  FROM query l
    SEMI JOIN heavy_domain h ON h.capture = l.capture
      AND h.srcaddr_n IS NOT DISTINCT FROM l.srcaddr_n
      AND h.registered_domain = l.registered_domain
  GROUP BY ALL
), domain_hour AS (
  SELECT capture, srcaddr_n, registered_domain, hour, sum(prefix)::BIGINT AS bytes
  FROM (SELECT *, unnest(hours_of(first_query)) AS hour FROM carried_name)
  GROUP BY ALL
  HAVING sum(prefix) >= $bytes::BIGINT
), hitter AS (
  SELECT capture, srcaddr_n, registered_domain, max(bytes) AS most, count(*) FILTER (minute(hour) = 0) AS busy_hours
  FROM domain_hour
  GROUP BY ALL
), scored AS (
  SELECT c.capture, c.srcaddr_n, c.registered_domain,
    min(c.vpc_id) AS vpc_id, any_value(h.most) AS most, any_value(h.busy_hours) AS busy_hours,
    sum(c.queries)::BIGINT AS queries, count(*) AS names,
    sum(c.prefix)::BIGINT AS bytes, avg(c.prefix) AS length,
    min(c.first_query) AS first_query, max(c.last_query) AS last_query,
    count(*) OVER () AS all_hitters,
    sum(c.prefix) / greatest(1, epoch(max(c.first_query) - min(c.first_query))) AS pace,
    coalesce(any_value(l.words), '') AS words,
    (
      0.2
        + 0.5 * least(1, ln(any_value(h.most) / greatest(1, $bytes::BIGINT)) / ln(100))
        + 0.3 * least(1, greatest(0, (avg(c.prefix) - 15) / 45))
    )
      * 0.75 ** coalesce(any_value(l.signs), 0) AS score
  FROM carried_name c
    JOIN hitter h ON h.capture = c.capture
      AND h.srcaddr_n IS NOT DISTINCT FROM c.srcaddr_n
      AND h.registered_domain = c.registered_domain
    LEFT JOIN listed_domain l ON l.capture = c.capture AND l.registered_domain = c.registered_domain
  GROUP BY c.capture, c.srcaddr_n, c.registered_domain
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.65 THEN 'high'
    WHEN score >= 0.5 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{:.1f} kB in {} names not asked before, {:.1f} kB of them in the fullest hour, '
      || '{:.0f} bytes a name, {:.2f} bytes per second from first to last name{}',
    bytes / 1e3, names, most / 1e3, length, pace, words
  ) AS reason,
  number_text(srcaddr_n) AS client, registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  queries, names, bytes AS information_bytes, most AS most_in_an_hour,
  round(pace, 2) AS bytes_per_second, round(length, 1) AS length,
  busy_hours, vpc_id, capture
FROM scored
ORDER BY scored.score DESC, bytes DESC, srcaddr_n, registered_domain, capture
LIMIT $top::BIGINT
