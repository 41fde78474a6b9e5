-- Names of the internet that point to an inside address
--
-- Answers for public names with the address of instance metadata, of this host, of the link or of a
-- private network. That is how a browser or server is led to call inside (DNS rebinding), and how
-- credentials are read from instance metadata.
--
-- cannot: Whether anybody called the address: flow logs never record instance metadata or the host
-- itself. Private hosted zones and split DNS answer so by design; the log does not say which
-- zone an answer came from.
--
-- method: Addresses by their block; MetadataDNSRebind is the finding of GuardDuty for metadata.
-- Domains named as own, names that a hosted zone of this case logs, and names of AWS, which point inside in a VPC by design, do
-- not count, nor do answers that DNS Firewall wrote. Score: metadata 0.95; a private or
-- link-local address 0.4, loopback 0.3, 0.0.0.0 0.1. Plus 0.35 where the name changed between answers: one gave
-- the client public addresses of the same family and no inside one, another within a day the inside one alone,
-- which is what rebinding does (of 0.0.0.0 it only says that one of two resolvers filters). Plus 0.1
-- where public and inside addresses stand in one answer: some rebinding does that, and more often a public zone that
-- somebody keeps badly. Plus 0.1 where one client only asks; minus 0.2 where the name spells the address
-- (10-0-0-5.nip.io). High are metadata and names that changed; medium, from 0.45 on, names that point to an address of
-- this case; the rest is low. Where more than ten names point to this host or to 0.0.0.0, that is a block list: one finding.
--
-- false-positives: Split DNS, private hosted zones, PrivateLink, development names, block lists that
-- answer 127.0.0.2, ad blockers that answer 0.0.0.0, mistakes of others in their public
-- zones.
--
-- measured: found: planted acts 2 of 2. False findings in benign days, high and medium: a generated day 0 and 0. False
-- findings per million benign records, high and medium: benign-dns 0 and 0, wrccdc 0 and 0, ordinary day 0 and 0.
--
-- not-proof: That the address was called or that credentials were read.
--
-- attack: T1552.005, T1557
-- phase:  context
-- kind:   form
-- log:    dns
-- weight: context
-- needs:  dns_answer, asset
-- param:  own      text     = internal,local,localdomain,lan,home,corp,arpa,amazonaws.com,amazonaws.com.cn,api.aws  domains that may
--                                        point inside, with commas
-- param:  further  text            further domains of your own, with commas
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   answer  answers with an address
-- step:   inside_answer  answers with an inside address, for names not under a domain of one's own
-- step:   strange_name  names that gave them
-- column: meaning text
-- column: answers count
-- column: clients count
-- column: changes flag
-- column: in_one_answer flag
-- column: own_address flag
-- column: addresses text
-- column: spelled flag
WITH answer AS (
  SELECT capture, name, srcaddr_n, rdata_n, query_timestamp, object_id, row_no
  FROM dns_answer
  WHERE rdata_n IS NOT NULL
    AND name IS NOT NULL
    AND firewall_rule_action IS NULL
    AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), inside_address AS (
  SELECT rdata_n, number_text(rdata_n) AS text,
    CASE
      WHEN rdata_n IN (
          ip('169.254.169.254'), ip('169.254.170.2'), ip('169.254.170.23'), ip('fd00:ec2::254'), ip('fd00:ec2::23')
        )
        THEN 'instance metadata'
      WHEN rdata_n BETWEEN cidr_first('127.0.0.0/8') AND cidr_last('127.0.0.0/8') OR rdata_n = ip('::1') THEN 'loopback'
      WHEN rdata_n BETWEEN cidr_first('0.0.0.0/8') AND cidr_last('0.0.0.0/8') OR rdata_n = ip('::') THEN 'unspecified'
      WHEN rdata_n BETWEEN cidr_first('169.254.0.0/16') AND cidr_last('169.254.0.0/16')
          OR rdata_n BETWEEN cidr_first('fe80::/10') AND cidr_last('fe80::/10')
        THEN 'link-local'
      WHEN rdata_n BETWEEN cidr_first('224.0.0.0/4') AND cidr_last('224.0.0.0/4')
          OR rdata_n >= cidr_first('ff00::/8')
        THEN NULL
      ELSE 'private'
    END AS meaning
  FROM (SELECT DISTINCT rdata_n FROM answer)
  WHERE private_number(rdata_n)
), own_domain AS (
  SELECT DISTINCT lower(trim(d, ' .*')) AS domain
  FROM (SELECT unnest(string_split($own || ',' || $further, ',')) AS d)
  WHERE trim(d, ' .*') <> ''
), zone_name AS ( -- zone records are optional, so zone is not among what the hunt needs
  SELECT DISTINCT name FROM main.zone WHERE name IS NOT NULL
), inside_answer AS (
  SELECT l.capture, l.name, l.rdata_n, l.srcaddr_n, l.query_timestamp, l.object_id, l.row_no, a.text, a.meaning
  FROM answer l
    JOIN inside_address a USING (rdata_n)
  WHERE a.meaning IS NOT NULL
    AND contains(l.name, '.')
    AND NOT EXISTS (FROM own_domain o WHERE l.name = o.domain OR ends_with(l.name, '.' || o.domain))
    AND l.name NOT IN (SELECT name FROM zone_name)
), strange_name AS (
  SELECT i.capture, i.name, i.meaning, arg_min(i.rdata_n, (i.query_timestamp, i.rdata_n)) AS rdata_n,
    arg_min(i.text, (i.query_timestamp, i.rdata_n)) AS text, count(DISTINCT i.rdata_n) AS addresses,
    array_to_string(list_slice(list_sort(list(DISTINCT i.text)), 1, 5), ' ') AS some_addresses,
    count(DISTINCT (i.object_id, i.row_no)) AS answers, count(DISTINCT i.srcaddr_n) AS clients,
    arg_min(i.srcaddr_n, (i.query_timestamp, i.srcaddr_n)) AS client, bool_or(o.address_n IS NOT NULL) AS own_address,
    bool_or(contains(replace(i.name, '-', '.'), i.text)) AS spelled,
    min(i.query_timestamp) AS first_answer, max(i.query_timestamp) AS last_answer
  FROM inside_answer i
    LEFT JOIN (SELECT DISTINCT capture, address_n FROM asset) o ON o.capture = i.capture AND o.address_n = i.rdata_n
  GROUP BY i.capture, i.name, i.meaning
), record AS ( -- one answer, as it came: what of it is inside, and what is not
  SELECT l.capture, l.name, l.srcaddr_n, l.object_id, l.row_no, l.rdata_n < 281474976710656 AS v4,
    any_value(l.query_timestamp) AS at, bool_or(private_number(l.rdata_n)) AS inside, bool_or(NOT private_number(l.rdata_n)) AS outside
  FROM answer l
    SEMI JOIN strange_name s ON s.capture = l.capture AND s.name = l.name
  GROUP BY ALL
), mixed_name AS (
  SELECT DISTINCT capture, name FROM record WHERE inside AND outside
), changed_name AS (
  SELECT DISTINCT i.capture, i.name
  FROM (FROM record WHERE inside AND NOT outside) i
    JOIN (FROM record WHERE outside AND NOT inside) o ON o.capture = i.capture
      AND o.name = i.name
      AND o.srcaddr_n = i.srcaddr_n
      AND o.v4 = i.v4
      AND o.at BETWEEN i.at - INTERVAL 24 HOUR AND i.at + INTERVAL 24 HOUR
), described_name AS (
  SELECT s.*, c.name IS NOT NULL AND s.meaning <> 'unspecified' AS changes, m.name IS NOT NULL AS mixed,
    count(*) OVER (PARTITION BY s.capture, s.rdata_n) AS names
  FROM strange_name s
    LEFT JOIN changed_name c ON c.capture = s.capture AND c.name = s.name
    LEFT JOIN mixed_name m ON m.capture = s.capture AND m.name = s.name
), candidate AS (
  SELECT capture, name, rdata_n, text, meaning, addresses, some_addresses, answers, clients, client, first_answer, last_answer,
    changes, mixed, spelled, own_address, names
  FROM described_name
  WHERE NOT (meaning IN ('loopback', 'unspecified') AND names > 10)
  UNION ALL
  SELECT capture, arg_max(name, (d.answers, name)), rdata_n, text, meaning, 1, text, sum(d.answers)::BIGINT, any_value(c.clients),
    arg_max(client, (d.answers, name)), min(first_answer), max(last_answer), false, false, false, false, any_value(names)
  FROM described_name d
    JOIN (SELECT capture, rdata_n, count(DISTINCT srcaddr_n) AS clients FROM inside_answer GROUP BY ALL) c USING (capture, rdata_n)
  WHERE meaning IN ('loopback', 'unspecified') AND names > 10
  GROUP BY capture, rdata_n, text, meaning
), scored AS (
  SELECT *,
    CASE
      WHEN meaning = 'instance metadata' THEN 0.95
      ELSE greatest(
        0.05,
        CASE meaning
          WHEN 'private' THEN 0.4
          WHEN 'link-local' THEN 0.4
          WHEN 'loopback' THEN 0.3
          ELSE 0.1
        END
          + CASE WHEN changes THEN 0.35 WHEN mixed THEN 0.1 ELSE 0 END
          + 0.1 * (clients = 1)::INTEGER
          - 0.2 * spelled::INTEGER
      )
    END AS score
  FROM candidate
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN meaning = 'instance metadata' OR changes AND score >= 0.7 THEN 'high'
    WHEN own_address AND score >= 0.45 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} answer{} to {} client{} with {}{}: {}{}{}{}',
    answers, plural(answers), clients, plural(clients), some_addresses, shown_of(5, addresses, 'addresses'), meaning,
    CASE
      WHEN changes THEN '; within a day another answer gave the same client public addresses alone'
      WHEN mixed THEN '; public addresses stand in the same answer'
      ELSE ''
    END,
    CASE WHEN own_address THEN '; an address of this case' ELSE '' END,
    CASE
      WHEN spelled THEN '; the name spells the address'
      WHEN names > 10 AND meaning IN ('loopback', 'unspecified') THEN format('; {} names do, as with a block list', names)
      ELSE ''
    END
  ) AS reason,
  number_text(client) AS client, text AS dst, name, answers AS "rows",
  first_answer AS from_time, last_answer AS to_time,
  meaning, some_addresses AS addresses, answers, clients, changes, mixed AS in_one_answer, own_address, spelled, capture
FROM scored
ORDER BY scored.score DESC, answers DESC, name, rdata_n, capture
