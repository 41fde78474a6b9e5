-- What was asked for only after the break-in
--
-- Registered domains that nobody had asked for before t0, the rare ones and those that data went to
-- first. What captures with the role baseline asked for is not new. Flow records, where the case has
-- any, say what was sent to the names afterwards.
--
-- cannot: Tell the intruder's names from those of a deployment or an update of the same hours. A
-- short time before t0 knows few names: look at coverage-of-sources. Names that were cached or
-- asked of another resolver before t0 look new.
--
-- method: Registered domains after t0 minus those before. With t0 given, before is every capture's;
-- without, each capture is cut in the middle between its first and last query, and before is
-- its own first half. Score: 0.2 for being new, up to 0.3 for rarity (one client of many 1,
-- half of the clients 0; with fewer than four clients 0.5, as rarity means little then), up
-- to 0.4 for bytes sent to the domain's names afterwards (from 10 kB, full at 100 MB), 0.1
-- where it was asked for on a tenth or more of the hours that are left.
--
-- false-positives: Updates, deployments, new hosts, one-off visits, advertising; everything in a
-- capture that is cut in the middle because no t0 was given.
--
-- not-proof: That the name has to do with the break-in: only that it was not asked for before.
--
-- attack: T1071.004, T1071.001, T1568, T1583.001
-- needs:  dns, capture
-- param:  t0       time             when it began; left out: the middle of each capture's Resolver log
-- param:  least    number   = 0.35  show from this score on
-- param:  top      int      = 50    only so many, the highest scores first
-- param:  from     time             only what begins at or after this moment
-- param:  to       time             only what begins before this moment
-- param:  capture  capture          only this capture; empty for all
-- step:   query  queries
-- step:   domain  registered domains by capture
-- step:   fresh_domain  of them not asked for before
-- column: queries count
-- column: names count
-- column: clients count
-- column: bytes_out bytes
-- column: connections count
-- column: example name
-- column: began time
WITH query AS (
  SELECT capture, coalesce(registered_domain, name) AS domain, srcaddr_n, name, query_timestamp, rcode
  FROM dns
  WHERE name IS NOT NULL
    AND NOT regexp_matches(name, '(^|\.)(arpa|internal|local|localdomain)$')
    AND within(query_timestamp, $from, $to)
), capture_cut AS (
  SELECT l.capture, any_value(k.role) AS role,
    coalesce(
      $t0::TIMESTAMP,
      make_timestamp(((epoch_us(min(l.query_timestamp)) + epoch_us(max(l.query_timestamp))) // 2)::BIGINT)
    ) AS began,
    max(l.query_timestamp) AS last_query
  FROM query l
    JOIN capture k ON k.name = l.capture
  GROUP BY l.capture
), domain AS (
  SELECT l.capture, l.domain,
    any_value(c.role) AS role, any_value(c.began) AS began, min(l.query_timestamp) AS first_query,
    max(l.query_timestamp) AS last_query, count(*) AS queries,
    approx_count_distinct(l.name) AS names, approx_count_distinct(l.srcaddr_n) AS clients,
    arg_min(l.srcaddr_n, (l.query_timestamp, l.srcaddr_n)) AS client,
    min(l.name) AS example,
    bool_and(coalesce(l.rcode, '') = 'NXDOMAIN') AS nonexistent,
    count(DISTINCT time_bucket(INTERVAL 1 HOUR, l.query_timestamp)) AS hours,
    greatest(1, epoch(any_value(c.last_query) - any_value(c.began)) / 3600) AS hours_left
  FROM query l
    JOIN capture_cut c USING (capture)
  GROUP BY ALL
), known_domain AS (
  SELECT DISTINCT domain,
    CASE WHEN role = 'baseline' OR $t0::TIMESTAMP IS NOT NULL THEN NULL ELSE capture END AS capture
  FROM domain
  WHERE role = 'baseline' OR first_query < began
), fresh_domain AS (
  SELECT *
  FROM domain d
  WHERE role <> 'baseline'
    AND first_query >= began
    AND of(capture, $capture)
    AND domain NOT IN (SELECT domain FROM known_domain WHERE capture IS NULL)
    AND NOT EXISTS (FROM known_domain n WHERE n.capture = d.capture AND n.domain = d.domain)
), client_count AS (
  SELECT capture, approx_count_distinct(srcaddr_n) AS clients FROM query GROUP BY capture
), fresh_name AS (
  SELECT DISTINCT l.capture, l.domain, l.name
  FROM query l
    SEMI JOIN fresh_domain f ON f.capture = l.capture AND f.domain = l.domain
), called_domain AS ( -- flow records are optional, so session is not among what the hunt needs
  SELECT u.capture, u.domain, count(*) AS connections, sum(s.bytes_out)::BIGINT AS bytes_out
  FROM (
    SELECT capture, name, bytes_out
    FROM main.session
    WHERE name IS NOT NULL
      AND direction = 'out'
      AND NOT translated
      AND ($to::TIMESTAMP IS NULL OR start < $to::TIMESTAMP)
  ) s
    JOIN fresh_name u ON u.capture = s.capture AND u.name = s.name
  GROUP BY ALL
), candidate AS (
  SELECT f.*, coalesce(c.connections, 0) AS connections, coalesce(c.bytes_out, 0) AS bytes_out, p.clients AS population,
    CASE
      WHEN p.clients < 4 THEN 0.5
      ELSE greatest(0, 1 - 2 * (f.clients - 1) / (p.clients - 1))
    END AS s_rare,
    greatest(0, least(1, ln(greatest(1, coalesce(c.bytes_out, 0)) / 1e4) / ln(1e4))) AS s_bytes,
    (f.hours >= 0.1 * f.hours_left AND f.hours > 1)::INTEGER AS s_steady
  FROM fresh_domain f
    JOIN client_count p ON p.capture = f.capture
    LEFT JOIN called_domain c ON c.capture = f.capture AND c.domain = f.domain
), scored AS (
  SELECT *, 0.2 + 0.3 * s_rare + 0.4 * s_bytes + 0.1 * s_steady AS score FROM candidate
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.75 AND $t0::TIMESTAMP IS NOT NULL THEN 'high'
    WHEN score >= 0.55 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    'not asked for before {}{}; about {} of {} clients ({:.2f}), {} queries, '
      || '{} connections with {:.2f} MB sent ({:.2f}){}{}',
    strftime(began, '%Y-%m-%d %H:%M'),
    CASE WHEN $t0::TIMESTAMP IS NULL THEN ' (the middle: no t0 was given)' ELSE '' END,
    clients, population, s_rare, queries, connections, bytes_out / 1e6, s_bytes,
    CASE
      WHEN s_steady = 1 THEN format('; in {} of {:.0f} hours', hours, hours_left)
      ELSE ''
    END,
    CASE WHEN nonexistent THEN '; it does not exist' ELSE '' END
  ) AS reason,
  number_text(client) AS client, domain AS registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  queries, names, clients, connections, bytes_out, example, began, capture
FROM scored
WHERE score >= $least::DOUBLE
ORDER BY scored.score DESC, bytes_out DESC, queries DESC, domain, capture
LIMIT $top::BIGINT
