-- What was asked for only after the break-in, or for the first time
--
-- Registered domains that nobody had asked for before t0, the rare ones and those that data went to
-- first. Without t0, every domain counts as new at its first query, for as much as there is of the log before it.
-- What captures with the role baseline asked for is not new. Flow records, where the case has
-- any, say what was sent to the names.
--
-- cannot: Tell the intruder's names from those of a deployment or an update of the same hours. A
-- short time before knows few names: how much there is is said. Names that were cached or
-- asked of another resolver before look new.
--
-- method: Registered domains after t0 minus those before, of every capture; without t0, all of a capture that are
-- first asked for an hour or more after its first query. Score: up to 0.2 for being new, by the hours of the capture's log
-- before t0 or the first query (full at 12), up to 0.3 for rarity (one client of many 1,
-- half of the clients 0; with fewer than four clients 0.5, as rarity means little then), up
-- to 0.4 for bytes sent to the domain's names (from 10 kB, full at 100 MB), 0.1
-- where it was asked for on a tenth or more of the hours that are left. High from 0.75 with t0 given; medium from 0.65 where
-- that was so or 1 MB were sent, and one client asks or 2% of them.
--
-- false-positives: Updates, deployments, new hosts, one-off visits, advertising.
--
-- measured: found: planted acts 2 of 2. False findings in benign days, high and medium: a generated day 0 and 1. False
-- findings per million benign records, high and medium: benign-dns 0 and 0, wrccdc 0 and 0, ordinary day 0 and 2.
--
-- not-proof: That the name has to do with the break-in: only that it was not asked for before.
--
-- attack: T1071.004, T1071.001, T1568, T1583.001
-- phase:  home
-- kind:   novelty
-- log:    dns
-- weight: support
-- needs:  dns, capture
-- needs-all: dns
-- param:  t0       time             when it began; without it each domain is held against what lies before its first query
-- param:  least    number   = 0.35  show from this score on
-- param:  top      int      = 50    only so many, the highest scores first; the reason says of how many
-- param:  from     time             only what begins at or after this moment
-- param:  to       time             only what begins before this moment
-- param:  capture  capture          only this capture; empty for all
-- step:   query  queries
-- step:   domain  registered domains by capture
-- step:   fresh_domain  of them not asked for before
-- column: queries count
-- column: names count
-- column: clients count
-- column: bytes_to_peer bytes
-- column: connections count
-- column: example name
-- column: hours_before number
WITH query AS (
  SELECT capture, coalesce(registered_domain, name) AS domain, srcaddr_n, name, query_timestamp, rcode
  FROM dns
  WHERE name IS NOT NULL
    AND NOT regexp_matches(name, '(^|\.)(arpa|internal|local|localdomain)$')
    AND within(query_timestamp, $from, $to)
), capture_cut AS (
  SELECT l.capture, any_value(k.role) AS role, min(l.query_timestamp) AS begun, max(l.query_timestamp) AS last_query
  FROM query l
    JOIN capture k ON k.name = l.capture
  GROUP BY l.capture
), domain AS (
  SELECT l.capture, l.domain,
    any_value(c.role) AS role, any_value(c.begun) AS begun, min(l.query_timestamp) AS first_query,
    max(l.query_timestamp) AS last_query, count(*) AS queries,
    approx_count_distinct(l.name) AS names, approx_count_distinct(l.srcaddr_n) AS clients,
    arg_min(l.srcaddr_n, (l.query_timestamp, l.srcaddr_n)) AS client,
    min(l.name) AS example,
    bool_and(coalesce(l.rcode, '') = 'NXDOMAIN') AS nonexistent,
    count(DISTINCT time_bucket(INTERVAL 1 HOUR, l.query_timestamp)) AS hours,
    greatest(1, epoch(any_value(c.last_query) - coalesce($t0::TIMESTAMP, min(l.query_timestamp))) / 3600) AS hours_left
  FROM query l
    JOIN capture_cut c USING (capture)
  GROUP BY ALL
), known_domain AS (
  SELECT DISTINCT domain FROM domain WHERE role = 'baseline' OR first_query < $t0::TIMESTAMP
), fresh_domain AS (
  SELECT *, greatest(0, epoch(coalesce($t0::TIMESTAMP, first_query) - begun) / 3600) AS hours_before
  FROM domain d
  WHERE role <> 'baseline'
    AND CASE
      WHEN $t0::TIMESTAMP IS NULL THEN first_query >= begun + INTERVAL 1 HOUR
      ELSE first_query >= $t0::TIMESTAMP
    END
    AND of(capture, $capture)
    AND domain NOT IN (SELECT domain FROM known_domain)
), client_count AS (
  SELECT capture, approx_count_distinct(srcaddr_n) AS clients FROM query GROUP BY capture
), fresh_name AS (
  SELECT DISTINCT l.capture, l.domain, l.name
  FROM query l
    SEMI JOIN fresh_domain f ON f.capture = l.capture AND f.domain = l.domain
), called_domain AS ( -- flow records are optional, so connection is not among what the hunt needs
  SELECT u.capture, u.domain, count(*) AS connections, bounded(sum(s.bytes_out)) AS bytes_out
  FROM (
    SELECT capture, name, bytes_out
    FROM main.connection
    WHERE name IS NOT NULL
      AND direction = 'out'
      AND of(capture, $capture) AND within(start, $from, $to)
  ) s
    JOIN fresh_name u ON u.capture = s.capture AND u.name = s.name
  GROUP BY u.capture, u.domain
), candidate AS (
  SELECT f.*, coalesce(c.connections, 0) AS connections, coalesce(c.bytes_out, 0) AS bytes_out, p.clients AS population,
    CASE
      WHEN p.clients < 4 THEN 0.5
      ELSE greatest(0, 1 - 2 * (f.clients - 1) / (p.clients - 1))
    END AS s_rare,
    greatest(0, least(1, ln(greatest(1, coalesce(c.bytes_out, 0)) / 1e4) / ln(1e4))) AS s_bytes,
    (f.hours >= 0.1 * f.hours_left AND f.hours > 1)::INTEGER AS s_steady, least(1, f.hours_before / 12) AS s_new
  FROM fresh_domain f
    JOIN client_count p ON p.capture = f.capture
    LEFT JOIN called_domain c ON c.capture = f.capture AND c.domain = f.domain
), scored AS (
  SELECT *, 0.2 * s_new + 0.3 * s_rare + 0.4 * s_bytes + 0.1 * s_steady AS score FROM candidate
), shown AS (
  SELECT *, count(*) OVER () AS all_domains FROM scored WHERE score >= $least::DOUBLE
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.75 AND $t0::TIMESTAMP IS NOT NULL THEN 'high'
    WHEN score >= 0.65 AND (s_steady = 1 OR bytes_out >= 1000000) AND clients <= greatest(1, 0.02 * population) THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    'asked for from {} on, not in the {:.1f} h of the log before {} ({:.2f}); about {} of {} clients ({:.2f}), {} queries, '
      || '{} connections with {:.2f} MB to its names ({:.2f}){}{}{}',
    strftime(first_query, '%Y-%m-%d %H:%M'), hours_before,
    CASE WHEN $t0::TIMESTAMP IS NULL THEN 'that, as no t0 was given' ELSE 't0' END,
    s_new, clients, population, s_rare, queries, connections, bytes_out / 1e6, s_bytes,
    CASE
      WHEN s_steady = 1 THEN format('; in {} of {:.0f} hours', hours, greatest(hours, ceil(hours_left)))
      ELSE ''
    END,
    CASE WHEN nonexistent THEN '; nothing that was asked for under it exists' ELSE '' END,
    shown_of($top, all_domains, 'domains')
  ) AS reason,
  number_text(client) AS client, domain AS registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  queries, names, clients, connections, bytes_out AS bytes_to_peer, example, round(hours_before, 1) AS hours_before, capture
FROM shown
ORDER BY shown.score DESC, bytes_out DESC, queries DESC, domain, capture
LIMIT $top::BIGINT
