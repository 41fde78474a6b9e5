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
-- Domains named as own, names that a hosted zone of this case logs, and AWS's own names do
-- not count, nor do answers that DNS Firewall wrote. Score: metadata 0.95; a private or
-- link-local address 0.4, loopback 0.3, 0.0.0.0 0.1; plus 0.35 where the same name gave the
-- same client a public address of the same family within a day, which is what rebinding does
-- (of 0.0.0.0 it only says that one of two resolvers filters); plus 0.1 where
-- one client only asks; minus 0.2 where the name spells the address (10-0-0-5.nip.io). Where
-- more than ten names point to this host or to 0.0.0.0, that is a block list: one finding.
--
-- false-positives: Split DNS, private hosted zones, PrivateLink, development names, block lists that
-- answer 127.0.0.2, ad blockers that answer 0.0.0.0, mistakes of others in their public
-- zones.
--
-- not-proof: That the address was called or that credentials were read.
--
-- attack: T1552.005, T1557
-- needs:  dns_answer
-- param:  own      text     = internal,local,localdomain,lan,home,corp,arpa,amazonaws.com,amazonaws.com.cn,api.aws  domains that may
--                                        point inside, with commas
-- param:  further  text            further domains of your own, with commas
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   answer  answers with an address
-- step:   inside_name  names and inside addresses
-- step:   strange_name  of them not under a domain of one's own
-- column: meaning text
-- column: answers count
-- column: clients count
-- column: changes flag
-- column: spelled flag
WITH answer AS (
  SELECT capture, name, srcaddr_n, rdata_n, query_timestamp
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
), inside_name AS (
  SELECT l.capture, l.name, l.rdata_n,
    any_value(a.text) AS text, any_value(a.meaning) AS meaning,
    count(*) AS answers, count(DISTINCT l.srcaddr_n) AS clients,
    arg_min(l.srcaddr_n, (l.query_timestamp, l.srcaddr_n)) AS client,
    min(l.query_timestamp) AS first_answer, max(l.query_timestamp) AS last_answer
  FROM answer l
    JOIN inside_address a ON a.rdata_n = l.rdata_n
  WHERE a.meaning IS NOT NULL
  GROUP BY l.capture, l.name, l.rdata_n
), strange_name AS (
  SELECT *
  FROM inside_name i
  WHERE contains(name, '.')
    AND NOT EXISTS (FROM own_domain o WHERE i.name = o.domain OR ends_with(i.name, '.' || o.domain))
    AND name NOT IN (SELECT name FROM zone_name)
), changed_name AS (
  SELECT DISTINCT s.capture, s.name, s.rdata_n
  FROM answer p
    JOIN strange_name s ON s.capture = p.capture AND s.name = p.name
    JOIN answer q ON q.capture = s.capture AND q.name = s.name AND q.rdata_n = s.rdata_n AND q.srcaddr_n = p.srcaddr_n
  WHERE s.meaning <> 'unspecified'
    AND NOT private_number(p.rdata_n)
    AND (p.rdata_n < 281474976710656) = (q.rdata_n < 281474976710656)
    AND abs(epoch(p.query_timestamp) - epoch(q.query_timestamp)) < 86400
), described_name AS (
  SELECT s.*, c.name IS NOT NULL AS changes,
    contains(replace(s.name, '-', '.'), s.text) AS spelled,
    count(*) OVER (PARTITION BY s.capture, s.rdata_n) AS names
  FROM strange_name s
    LEFT JOIN changed_name c ON c.capture = s.capture AND c.name = s.name AND c.rdata_n = s.rdata_n
), candidate AS (
  SELECT *
  FROM described_name
  WHERE NOT (meaning IN ('loopback', 'unspecified') AND names > 10)
  UNION ALL
  SELECT capture, arg_max(name, (answers, name)), rdata_n, text, meaning, sum(answers)::BIGINT, max(clients),
    arg_max(client, (answers, name)), min(first_answer), max(last_answer), false, false, any_value(names)
  FROM described_name
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
          + 0.35 * changes::INTEGER
          + 0.1 * (clients = 1)::INTEGER
          - 0.2 * spelled::INTEGER
      )
    END AS score
  FROM candidate
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN meaning = 'instance metadata' OR changes AND score >= 0.7 THEN 'high'
    WHEN score >= 0.55 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} answer{} to {} client{} with {}: {}{}{}',
    answers, plural(answers), clients, plural(clients), text, meaning,
    CASE
      WHEN changes THEN '; the same client was given a public address within a day'
      ELSE ''
    END,
    CASE
      WHEN spelled THEN '; the name spells the address'
      WHEN names > 10 AND meaning IN ('loopback', 'unspecified') THEN format('; {} names do, as with a block list', names)
      ELSE ''
    END
  ) AS reason,
  number_text(client) AS client, text AS dst, name, answers AS "rows",
  first_answer AS from_time, last_answer AS to_time,
  meaning, answers, clients, changes, spelled, capture
FROM scored
ORDER BY scored.score DESC, answers DESC, name, rdata_n, capture
