-- Who asks for many domains that do not exist
--
-- Per client and hour: registered domains under which nothing that it asked for exists. Software that makes up
-- its meeting places asks for many until one answers, whether the names look like chance (dga-names) or are
-- put together from words; a list of names that is tried out looks so too.
--
-- cannot: What made the names, and whether they were ever registered: the log has the answer of that day.
-- Names that somebody else's resolver answered for (a sinkhole, a search page for mistyped names) exist here.
--
-- method: At least 30 such domains that the client had not asked for before in one hour, counted in hours that
-- begin on the hour and on the half hour, and at least 30% of the domains new to it in that hour (the
-- idea of Antonakakis et al., USENIX Security 2012; Splunk's ESCU counts 50 answers). Names of
-- search suffixes and of reverse zones, and those with a label that begins with an underscore, do not count: they ask about a
-- domain that exists. Score: 0.4 for passing, up to 0.3 for the number (full at 300), up to 0.3 for the share.
-- High with 100 and half, medium with 50 or half.
--
-- false-positives: Crawlers and link checkers, mail servers that get much spam, lists of blocked domains that are
-- tested, a resolver that asks for many clients and is logged as one.
--
-- measured: found: planted acts 1 of 1, families of 170 names 12 of 13, families of 40 names 12 of 13. False findings
-- in benign days, high and medium: a generated day 0 and 0. False findings per million benign records, high and medium:
-- benign-dns 0 and 0, wrccdc 0 and 0, ordinary day 0 and 0.
--
-- not-proof: That the client is infected: look at what asks, whether one of the names answered, and
-- what was called then.
--
-- attack: T1568.002, T1018
-- phase:  home
-- kind:   nonexistence
-- log:    dns
-- weight: own channel
-- needs:  dns
-- param:  names    int      = 30  at least so many domains of which nothing exists, in an hour
-- param:  percent  number   = 30  and at least so many percent of the domains that are new in that hour
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   query  queries with a registered domain
-- step:   asked_domain  clients and the domains that they asked for
-- step:   hollow_hour  hours of clients with enough domains of which nothing exists
-- column: nonexistent_domains count
-- column: most_in_an_hour count
-- column: share number
-- column: domains count
-- column: examples text
WITH query AS (
  SELECT capture, srcaddr_n, vpc_id, registered_domain, rcode, query_timestamp
  FROM dns
  WHERE registered_domain IS NOT NULL
    AND NOT registered_domain SIMILAR TO '(.*\.)?(arpa|internal|local|localdomain|lan|home|corp)'
    AND NOT regexp_matches(name, '(^|\.)_')
    AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), asked_domain AS MATERIALIZED (
  SELECT capture, srcaddr_n, registered_domain, min(vpc_id) AS vpc_id, count(*) AS queries,
    min(query_timestamp) AS first_query, max(query_timestamp) AS last_query,
    coalesce(bool_and(rcode = 'NXDOMAIN'), false) AS gone
  FROM query
  GROUP BY capture, srcaddr_n, registered_domain
), hollow_hour AS (
  SELECT capture, srcaddr_n, hour, count(*) FILTER (gone) AS gone, count(*) AS new
  FROM (
    SELECT capture, srcaddr_n, gone, unnest(hours_of(first_query)) AS hour
    FROM asked_domain
      SEMI JOIN (
        SELECT srcaddr_n FROM asked_domain GROUP BY srcaddr_n HAVING count(*) FILTER (gone) >= $names::BIGINT
      ) s ON s.srcaddr_n IS NOT DISTINCT FROM asked_domain.srcaddr_n
  )
  GROUP BY ALL
  HAVING count(*) FILTER (gone) >= $names::BIGINT AND 100 * count(*) FILTER (gone) >= $percent::DOUBLE * count(*)
), client AS (
  SELECT capture, srcaddr_n, max(gone) AS most, arg_max(gone / new, (gone, gone / new)) AS share,
    arg_max(hour, (gone, gone / new)) AS hour
  FROM hollow_hour
  GROUP BY ALL
), finding AS (
  SELECT c.capture, c.srcaddr_n, c.most, c.share, c.hour, min(a.vpc_id) AS vpc_id, count(*) AS domains,
    count(*) FILTER (a.gone) AS gone, (sum(a.queries) FILTER (a.gone))::BIGINT AS queries,
    min(a.first_query) FILTER (a.gone) AS first_query, max(a.last_query) FILTER (a.gone) AS last_query,
    array_to_string(
      list_slice(
        list(a.registered_domain ORDER BY a.first_query, a.registered_domain)
          FILTER (a.gone AND a.first_query >= c.hour),
        1, 5
      ),
      ' '
    ) AS examples
  FROM client c
    JOIN asked_domain a ON a.capture = c.capture AND a.srcaddr_n IS NOT DISTINCT FROM c.srcaddr_n
  GROUP BY ALL
), scored AS (
  SELECT *,
    0.4
      + 0.3 * greatest(0, least(1, ln(most / 30) / ln(10)))
      + 0.3 * share AS score
  FROM finding
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN most >= 100 AND share >= 0.5 THEN 'high'
    WHEN most >= 50 OR share >= 0.5 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    'of {} domains nothing that it asked for exists, of {} of them in the hour from {} ({:.0f}% of what was new to it then): {}',
    gone, most, strftime(hour, '%m-%d %H:%M'), 100 * share, examples
  ) AS reason,
  number_text(srcaddr_n) AS client, queries AS "rows", first_query AS from_time, last_query AS to_time,
  gone AS nonexistent_domains, most AS most_in_an_hour, round(share, 3) AS share, domains, examples, vpc_id, capture
FROM scored
ORDER BY scored.score DESC, gone DESC, srcaddr_n, capture
