-- Who moves data inside names
--
-- Per client and registered domain: many names that are asked for once, long, of high entropy, many
-- in a short time, often for TXT, NULL or CNAME. Each part is shown, as no single one is enough.
--
-- cannot: What was carried: the log has the names, and the answers only as far as they were
-- resolved. Queries answered from the Resolver's cache and those to any other resolver are
-- not in the log. A channel that is spread over several domains is in dns-many-domains.
--
-- method: At least 20 different names: a small file needs no more. Score: 0.25 for the rate, the
-- different names of the fullest ten minutes (from 10, full at 100), as a program sends faster than
-- anybody looks up; 0.15 for different names in all (from 20, full at 1,000: the last level of
-- activecm/rita), 0.2 for mean entropy (from 2.5 to 4 bits per byte: hexadecimal tunnels
-- stay below 4), 0.2 for the mean length of what stands before the registered domain (from
-- 15 to 60 bytes), 0.1 for the share of TXT, NULL, CNAME, MX, SRV, KEY, ANY and private types,
-- 0.1 for the share of queries that ask for a new name (from half to 90%). Features after Nadler,
-- Aminov, Shabtai, arXiv 1709.08395. Times 0.75 for each sign of a list that is looked up: names that are addresses, answers
-- of 127.0.0.0/8 only, three clients, and beside one of these names that are hashes. Names with a label that a standard begins
-- with an underscore (_acme-challenge, _dmarc, _domainkey, _service._proto) do not count.
--
-- false-positives: Content delivery networks, virus scanners that ask for hashes, DNS block lists,
-- telemetry ids, reverse zones, names of load balancers.
--
-- measured: found: planted acts 2 of 2, captures of channels in names 47 of 50. False findings in benign days,
-- high and medium: a generated day 0 and 0. False findings per million benign records, high and medium: benign-dns 0
-- and 0, wrccdc 0 and 0, ordinary day 0 and 0.
--
-- not-proof: That the answers reached anybody, or what was sent. Virus scanners use names as a
-- channel with good reason.
--
-- attack: T1071.004, T1572, T1048.003
-- phase:  tunnel
-- kind:   form
-- log:    dns
-- weight: own
-- needs:  dns, dns_answer
-- steps:  look-ups
-- param:  names    int      = 20   at least so many different names
-- param:  least    number   = 0.5  show from this score on
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   query  queries with a registered domain
-- step:   client_domain  clients and domains
-- step:   busy_domain  clients and domains with enough names
-- column: queries count
-- column: names count
-- column: most_in_ten_minutes count
-- column: information_bytes bytes
-- column: entropy number
-- column: length number
-- column: odd_types number
-- column: unique_share number
-- column: clients count
WITH query AS (
  SELECT capture, srcaddr_n, vpc_id, registered_domain, name, entropy, query_type, query_timestamp,
    greatest(0, length(name) - length(registered_domain) - 1) AS prefix
  FROM dns
  WHERE registered_domain IS NOT NULL
    AND name IS NOT NULL
    AND NOT regexp_matches(name, '\.(in-addr|ip6)\.arpa$')
    AND NOT regexp_matches(name, '(^|\.)_(acme-challenge|dmarc|domainkey|spf|mta-sts|tcp|udp|tls|sctp)\.')
    AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), client_domain AS (
  SELECT capture, srcaddr_n, registered_domain, count(*) AS queries, approx_count_distinct(name) AS about
  FROM query
  GROUP BY ALL
), busy_domain AS (
  SELECT l.capture, l.srcaddr_n, l.registered_domain,
    min(l.vpc_id) AS vpc_id, count(*) AS queries, count(DISTINCT l.name) AS names,
    avg(l.entropy) FILTER (l.prefix > 0) AS entropy, avg(l.prefix) AS length,
    avg(
      (l.query_type IN ('TXT', 'NULL', 'CNAME', 'MX', 'SRV', 'KEY', 'SIG', 'HINFO', 'RP', 'ANY')
        OR l.query_type SIMILAR TO '(TYPE)?[0-9]+' AND l.query_type NOT IN ('TYPE64', 'TYPE65'))::INTEGER
    ) AS odd_types,
    min(l.query_timestamp) AS first_query, max(l.query_timestamp) AS last_query
  FROM query l
    SEMI JOIN (
      FROM client_domain WHERE queries >= $names::BIGINT AND about >= $names::BIGINT * 0.8
    ) g ON g.capture = l.capture
      AND g.srcaddr_n IS NOT DISTINCT FROM l.srcaddr_n
      AND g.registered_domain = l.registered_domain
  GROUP BY ALL
  HAVING count(DISTINCT l.name) >= $names::BIGINT
), new_name AS ( -- a name when it was first asked for
  SELECT l.capture, l.srcaddr_n, l.registered_domain, l.name, any_value(l.prefix) AS prefix, min(l.query_timestamp) AS first_query
  FROM query l
    SEMI JOIN busy_domain m ON m.capture = l.capture
      AND m.srcaddr_n IS NOT DISTINCT FROM l.srcaddr_n
      AND m.registered_domain = l.registered_domain
  GROUP BY ALL
), fullest_window AS (
  SELECT capture, srcaddr_n, registered_domain, max(n) AS most
  FROM (
    SELECT capture, srcaddr_n, registered_domain, begin, count(*) AS n
    FROM (
      SELECT *,
        unnest([
          time_bucket(INTERVAL 10 MINUTE, first_query),
          time_bucket(INTERVAL 10 MINUTE, first_query - INTERVAL 5 MINUTE) + INTERVAL 5 MINUTE
        ]) AS begin
      FROM new_name
    )
    GROUP BY ALL
  )
  GROUP BY ALL
), carried_bytes AS (
  SELECT capture, srcaddr_n, registered_domain, sum(prefix)::BIGINT AS bytes FROM new_name GROUP BY ALL
), measured_domain AS (
  SELECT m.*, c.bytes, w.most, coalesce(d.clients, 1) AS clients, coalesce(d.signs, 0) AS signs, coalesce(d.words, '') AS words,
    greatest(0, least(1, ln(w.most / 10) / ln(10))) AS s_rate,
    greatest(0, least(1, ln(names / 20) / ln(50))) AS s_names,
    least(1, greatest(0, (entropy - 2.5) / 1.5)) AS s_entropy,
    least(1, greatest(0, (length - 15) / 45)) AS s_length,
    odd_types AS s_types, least(1, greatest(0, (names / queries - 0.5) / 0.4)) AS s_unique
  FROM busy_domain m
    JOIN carried_bytes c ON c.capture = m.capture
      AND c.srcaddr_n IS NOT DISTINCT FROM m.srcaddr_n
      AND c.registered_domain = m.registered_domain
    JOIN fullest_window w ON w.capture = m.capture
      AND w.srcaddr_n IS NOT DISTINCT FROM m.srcaddr_n
      AND w.registered_domain = m.registered_domain
    LEFT JOIN listed_domain d ON d.capture = m.capture AND d.registered_domain = m.registered_domain
), scored AS (
  SELECT *,
    (
      0.25 * s_rate
        + 0.15 * s_names
        + 0.2 * coalesce(s_entropy, 0)
        + 0.2 * s_length
        + 0.1 * s_types
        + 0.1 * s_unique
    )
      * 0.75 ** signs AS score
  FROM measured_domain
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.7 THEN 'high'
    WHEN score >= 0.6 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} different names in {} queries ({:.2f}), {} of them in the fullest ten minutes ({:.2f}), {:.2f} bits per byte ({:.2f}), '
      || '{:.0f} bytes before the domain ({:.2f}), {:.0f}% odd types ({:.2f}), {:.0f}% of the queries for a new name ({:.2f}); '
      || '{} bytes in all{}',
    names, queries, s_names, most, s_rate, entropy, s_entropy, length, s_length, 100 * odd_types, s_types,
    100 * names / queries, s_unique, bytes, words
  ) AS reason,
  number_text(srcaddr_n) AS client, registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  queries, names, most AS most_in_ten_minutes, bytes AS information_bytes,
  round(entropy, 2) AS entropy, round(length, 1) AS length,
  round(odd_types, 3) AS odd_types, round(names / queries, 3) AS unique_share, clients,
  vpc_id, capture
FROM scored
WHERE score >= $least::DOUBLE
ORDER BY scored.score DESC, names DESC, srcaddr_n, registered_domain, capture
