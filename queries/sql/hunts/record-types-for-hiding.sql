-- Who asks for record types that carry data
--
-- Per client and registered domain: queries of types that hold much and that programs seldom need
-- (TXT, NULL, CNAME, MX, SRV, KEY, ANY, private and experimental ones), as number and as share.
-- Where the name says what the type is for, it does not count: _dmarc, _domainkey, _spf and
-- _acme-challenge for TXT, _service._proto for SRV, and the registered domain itself for MX and TXT.
--
-- cannot: What the answers held beyond what is in dns_answer. Types are those of the question: a
-- tunnel that asks for A and AAAA only is not here but in dns-tunnel.
--
-- method: At least 50 such queries that are at least 20% of the client's queries for the domain;
-- of NULL, KEY, private and unassigned types 10 are enough; of ANY 200 (the number of
-- Splunk's ESCU). HTTPS and SVCB (TYPE65, TYPE64) are what browsers ask for and do not
-- count, nor do DS, DNSKEY, SOA, NS and PTR. Score: 0.3 for passing, up to 0.2 for the
-- share, up to 0.2 for the number (full at 5,000), up to 0.2 for different names per query,
-- 0.1 where a type is among them that no ordinary program asks for. Times 0.75 for each sign of a list that is
-- looked up: names that are addresses, answers of 127.0.0.0/8 only, three clients, and beside one of these names
-- that are hashes.
--
-- false-positives: Mail servers and spam filters, tools that issue certificates, checks of domain
-- ownership, service discovery, monitoring that asks for ANY.
--
-- not-proof: That anything was hidden: TXT is also how many products publish settings.
--
-- measured: false findings in benign days, high and medium: a generated day 0 and 0. False findings per million benign
-- records, high and medium: benign-dns 0 and 0, wrccdc 0 and 0, ordinary day 0 and 0. 2026-11-22, the 14 tunnels and
-- the benign queries of dns-tunnel: example.attack is first in 14 of 14 and the only finding in all; score 0.76 to 1.00
-- (high) in 12, 0.74 (medium) in 2. All 14 ask for types of this kind; a tunnel that asks for A is not found here.
--
-- attack: T1071.004, T1572
-- phase:  tunnel
-- kind:   types
-- log:    dns
-- weight: own
-- needs:  dns, dns_answer
-- steps:  look-ups
-- param:  queries  int      = 50   at least so many queries of these types
-- param:  percent  number   = 20   at least so many percent of the client's queries for the domain
-- param:  odd      int      = 10   at least so many where the type is one that no ordinary program asks for
-- param:  any      int      = 200  at least so many where the type is ANY and nothing else
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   query  queries with a registered domain
-- step:   client_domain  clients and domains with a query of such a type
-- step:   suspect_domain  of them with enough of such queries
-- column: queries count
-- column: hiding count
-- column: names count
-- column: share number
-- column: types text
WITH query AS (
  SELECT capture, srcaddr_n, vpc_id, registered_domain, name, query_timestamp,
    CASE upper(query_type)
      WHEN 'TYPE16' THEN 'TXT'
      WHEN 'TYPE10' THEN 'NULL'
      WHEN 'TYPE255' THEN 'ANY'
      WHEN '255' THEN 'ANY'
      WHEN '*' THEN 'ANY'
      WHEN 'TYPE25' THEN 'KEY'
      WHEN 'TYPE33' THEN 'SRV'
      ELSE upper(query_type)
    END AS type
  FROM dns
  WHERE registered_domain IS NOT NULL
    AND query_type IS NOT NULL
    AND NOT regexp_matches(name, '\.(in-addr|ip6)\.arpa$')
    AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), judged_query AS (
  SELECT *,
    CASE
      WHEN type IN (
          'NULL', 'KEY', 'SIG', 'WKS', 'HINFO', 'MINFO', 'X25', 'ISDN', 'RP', 'UINFO', 'UID', 'GID', 'UNSPEC', 'A6',
          'NIMLOC', 'EID', 'ATMA', 'APL', 'SINK', 'NINFO', 'RKEY'
        )
        THEN 2
      WHEN regexp_matches(type, '^(TYPE)?[0-9]+$') AND type NOT IN ('TYPE64', 'TYPE65', '64', '65') THEN 2
      WHEN type IN ('TXT', 'SPF')
        THEN (name <> registered_domain
          AND NOT regexp_matches(
            name,
            '(^|\.)_(dmarc|spf|acme-challenge|domainkey|mta-sts|smtp|github|amazonses)'
          ))::INTEGER
      WHEN type = 'SRV' THEN (NOT regexp_matches(name, '(^|\.)_[a-z0-9-]+\._(tcp|udp|tls|sctp)\.'))::INTEGER
      WHEN type = 'MX' THEN (name <> registered_domain)::INTEGER
      WHEN type IN ('CNAME', 'ANY') THEN 1
      ELSE 0
    END AS hides
  FROM query
), client_domain AS (
  SELECT capture, srcaddr_n, registered_domain,
    min(vpc_id) AS vpc_id, count(*) AS queries, count(*) FILTER (hides > 0) AS hiding,
    count(*) FILTER (hides = 2) AS odd, count(*) FILTER (type = 'ANY') AS anys,
    min(query_timestamp) FILTER (hides > 0) AS first_query, max(query_timestamp) FILTER (hides > 0) AS last_query
  FROM judged_query
  GROUP BY ALL
  HAVING count(*) FILTER (hides > 0) > 0
), suspect_domain AS (
  SELECT *
  FROM client_domain
  WHERE hiding - anys >= $queries::BIGINT AND 100 * hiding >= $percent::DOUBLE * queries
    OR odd >= $odd::BIGINT
    OR anys >= $any::BIGINT
), domain_detail AS (
  SELECT capture, srcaddr_n, registered_domain, sum(names)::BIGINT AS names,
    array_to_string(
      list_transform(list_slice(list_reverse_sort(list({'n': n, 'type': type})), 1, 8), lambda x: x.type || ' ' || x.n),
      ', '
    ) AS types
  FROM (
    SELECT j.capture, j.srcaddr_n, j.registered_domain, j.type, count(*) AS n, count(DISTINCT j.name) AS names
    FROM judged_query j
      SEMI JOIN suspect_domain e ON e.capture = j.capture
        AND e.srcaddr_n IS NOT DISTINCT FROM j.srcaddr_n
        AND e.registered_domain = j.registered_domain
    WHERE j.hides > 0
    GROUP BY ALL
  )
  GROUP BY ALL
), scored AS (
  SELECT e.*, d.names, d.types, coalesce(l.words, '') AS words,
    (
      0.3
        + 0.2 * hiding / queries
        + 0.2 * greatest(0, least(1, ln(hiding / 50) / ln(100)))
        + 0.2 * least(1, d.names / hiding)
        + 0.1 * (odd >= $odd::BIGINT)::INTEGER
    )
      * 0.75 ** coalesce(l.signs, 0) AS score
  FROM suspect_domain e
    JOIN domain_detail d ON d.capture = e.capture
      AND d.srcaddr_n IS NOT DISTINCT FROM e.srcaddr_n
      AND d.registered_domain = e.registered_domain
    LEFT JOIN listed_domain l ON l.capture = e.capture AND l.registered_domain = e.registered_domain
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.75 AND names >= 100 THEN 'high'
    WHEN score >= 0.6 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} of {} queries ({:.0f}%) of types that carry data: {}; {} different names{}{}',
    hiding, queries, 100 * hiding / queries, types, names,
    CASE
      WHEN odd > 0 THEN format('; {} of types that no ordinary program asks for', odd)
      ELSE ''
    END,
    words
  ) AS reason,
  number_text(srcaddr_n) AS client, registered_domain,
  hiding AS "rows", first_query AS from_time, last_query AS to_time,
  queries, hiding, names, round(hiding / queries, 3) AS share, types, vpc_id, capture
FROM scored
ORDER BY scored.score DESC, hiding DESC, srcaddr_n, registered_domain, capture
