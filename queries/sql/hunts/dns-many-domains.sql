-- Who spreads one channel over several domains
--
-- A program that moves data inside names may own several domains and take them in turn, so that none of them
-- has many names. What they have in common is the program: as many names under each, as long, and all begun
-- within minutes.
--
-- cannot: What was carried: the log has names, and the answers only as far as they were resolved. Queries
-- answered from the Resolver's cache and those to any other resolver are not in the log.
--
-- method: Of each client, registered domains that at most two clients ask for and under which it asked for at least
-- five different names, or three with 20 bytes before the domain. Those that begin within five minutes of each other
-- are a group; its middle domain is the measure: a domain is alike whose number of names lies within 30% of it or
-- twice its root, by which the counts of a choice at random differ, and whose mean length of what stands before
-- the domain lies within 30% or 2. At least three alike, at least two thirds of the group, with at least 25 names together. Ours,
-- seen in RogueRobin and Saitama (dreamingdust/domainator-dataset). Score: 0.4 for passing, up to 0.2 for the domains (full at
-- eight), up to 0.2 for the names (full at 500), up to 0.2 for the share of queries that
-- ask for a new name (from half to 90%). High with four domains and 60 names.
--
-- false-positives: Advertising and measuring services that share a page, each with an id of their own per view;
-- sites that deliver pictures from several domains.
--
-- measured: found: planted acts 1 of 1. False findings in benign days, high and medium: a generated day 0 and 0. False
-- findings per million benign records, high and medium: benign-dns 0 and 0, wrccdc 0 and 0, ordinary day 0 and 0.
--
-- not-proof: That data went out: the names may be ids of views.
--
-- attack: T1071.004, T1568, T1048.003
-- phase:  tunnel
-- kind:   form
-- log:    dns
-- weight: own
-- needs:  dns
-- param:  domains  int      = 3   at least so many domains
-- param:  names    int      = 25  with at least so many different names together
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   query  queries for names under a registered domain
-- step:   wide_domain  clients and domains with five names that hardly anybody else asks for
-- step:   alike_domain  of them alike, and begun together
-- column: domains count
-- column: names count
-- column: queries count
-- column: names_each text
-- column: length number
-- column: unique_share number
-- column: registered_domains text
WITH query AS (
  SELECT capture, srcaddr_n, vpc_id, registered_domain, name, query_timestamp,
    length(name) - length(registered_domain) - 1 AS prefix
  FROM dns
  WHERE registered_domain IS NOT NULL
    AND length(name) > length(registered_domain)
    AND NOT regexp_matches(name, '\.(in-addr|ip6)\.arpa$')
    AND NOT registered_domain SIMILAR TO '(.*\.)?(internal|local|localdomain|lan|home|corp)'
    AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), rare_domain AS (
  SELECT capture, registered_domain
  FROM query
  GROUP BY ALL
  HAVING count(DISTINCT srcaddr_n) <= 2 AND count(*) >= 3
), wide_domain AS (
  SELECT capture, srcaddr_n, registered_domain,
    min(vpc_id) AS vpc_id, count(*) AS queries, count(DISTINCT name) AS names, avg(prefix) AS length,
    min(query_timestamp) AS first_query, max(query_timestamp) AS last_query
  FROM query
    SEMI JOIN rare_domain USING (capture, registered_domain)
  GROUP BY ALL
  HAVING count(DISTINCT name) >= 5 OR count(DISTINCT name) >= 3 AND avg(prefix) >= 20
), numbered_domain AS (
  SELECT *,
    count(*) FILTER (pause > INTERVAL 5 MINUTE) OVER (
      PARTITION BY capture, srcaddr_n
      ORDER BY first_query, registered_domain
      ROWS UNBOUNDED PRECEDING
    ) AS part
  FROM (
    SELECT *,
      first_query - lag(first_query) OVER (PARTITION BY capture, srcaddr_n ORDER BY first_query, registered_domain) AS pause
    FROM wide_domain
  )
), middle_domain AS (
  SELECT capture, srcaddr_n, part, count(*) AS domains, median(names) AS names, median(length) AS length
  FROM numbered_domain
  GROUP BY ALL
  HAVING count(*) >= $domains::BIGINT
), alike_domain AS (
  SELECT n.*, m.domains AS all_domains
  FROM numbered_domain n
    JOIN middle_domain m ON m.capture = n.capture
      AND m.srcaddr_n IS NOT DISTINCT FROM n.srcaddr_n
      AND m.part = n.part
  WHERE abs(n.names - m.names) <= greatest(2 * sqrt(m.names), 0.3 * m.names)
    AND abs(n.length - m.length) <= greatest(2, 0.3 * m.length)
), channel AS (
  SELECT capture, srcaddr_n, part, min(vpc_id) AS vpc_id, count(*) AS domains, sum(names)::BIGINT AS names,
    sum(queries)::BIGINT AS queries, min(names) AS fewest, max(names) AS most,
    sum(length * names) / sum(names) AS length, min(first_query) AS first_query, max(last_query) AS last_query,
    max(first_query) - min(first_query) AS begun_in,
    string_agg(registered_domain, ' ' ORDER BY registered_domain) AS registered_domains,
    string_agg(registered_domain, ' ' ORDER BY registered_domain) FILTER (place <= 5) AS first_five,
    arg_max(registered_domain, (names, registered_domain)) AS widest
  FROM (
    SELECT *, row_number() OVER (PARTITION BY capture, srcaddr_n, part ORDER BY registered_domain) AS place
    FROM alike_domain
  )
  GROUP BY ALL
  HAVING count(*) >= $domains::BIGINT
    AND count(*) * 3 >= any_value(all_domains) * 2
    AND sum(names) >= $names::BIGINT
), scored AS (
  SELECT *,
    0.4
      + 0.2 * greatest(0, least(1, ln(domains / 3) / ln(8 / 3)))
      + 0.2 * greatest(0, least(1, ln(names / 25) / ln(20)))
      + 0.2 * least(1, greatest(0, (names / queries - 0.5) / 0.4)) AS score
  FROM channel
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN domains >= 4 AND names >= 60 THEN 'high'
    ELSE 'medium'
  END AS severity,
  format(
    '{} different names under {} domains that hardly anybody else asks for, {} under each, '
      || '{:.0f} bytes before the domain, begun within {:.0f} s; {:.0f}% of the queries for a new name: {}{}',
    names, domains, CASE WHEN fewest = most THEN fewest::VARCHAR ELSE fewest || ' to ' || most END, length,
    epoch(begun_in), 100 * names / queries, first_five, shown_of(5, domains, 'domains')
  ) AS reason,
  number_text(srcaddr_n) AS client, widest AS registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  domains, names, queries, CASE WHEN fewest = most THEN fewest::VARCHAR ELSE fewest || ' to ' || most END AS names_each,
  round(length, 1) AS length, round(names / queries, 3) AS unique_share, registered_domains, vpc_id, capture
FROM scored
ORDER BY scored.score DESC, names DESC, srcaddr_n, first_query, capture
