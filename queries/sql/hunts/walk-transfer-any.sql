-- Who tries to read a whole zone
--
-- Per resolver, client subnet where it is passed on, and zone: zone transfers, ANY, walks along NSEC, and
-- TXT at many names that are not made for it.
--
-- cannot: Who asked: the address is that of the recursive resolver, except for transfers, which
-- resolvers do not pass on. What Route 53 logs for AXFR is not documented, so none here does not
-- prove that none was tried. The log has no answers.
--
-- method: AXFR and IXFR from the first; ANY, NSEC, NSEC3, NSEC3PARAM and the mail types of old from
-- 20, TXT at so many different names without an underscore label. DS, DNSKEY and CAA are what
-- validators and certificate authorities ask for and do not count. Score: 0.5 for a
-- transfer (0.9 where it was answered NOERROR), else 0.3; up to 0.2 for the number (from 20,
-- full at 1,000), 0.15 for each further kind of probe, and 0.15 where the same asker guessed at 30 or
-- more names that do not exist.
--
-- false-positives: Scanners of the whole internet, research, monitoring of DNS, mail servers that
-- ask for TXT, resolvers that mix many clients.
--
-- measured: false findings in benign days, high and medium: a generated day 0 and 0. False findings per million benign
-- records, high and medium: ordinary day 0 and 0.
--
-- not-proof: That anything was handed out: Route 53 refuses transfers and answers ANY briefly.
--
-- attack: T1590.002, T1595.002
-- phase:  recon
-- kind:   walk
-- log:    zone
-- weight: own
-- needs:  zone
-- param:  transfers  int      = 1   at least so many transfers, or
-- param:  least      int      = 20  at least so many of another kind
-- param:  from       time           only what begins at or after this moment
-- param:  to         time           only what begins before this moment
-- param:  capture    capture        only this capture; empty for all
-- step:   zone_query  queries
-- step:   asker  resolvers, subnets and zones
-- step:   prober  of them that probed
-- column: queries count
-- column: transfers count
-- column: anys count
-- column: walks count
-- column: odd_texts count
-- column: guesses count
-- column: codes text
WITH zone_query AS (
  SELECT capture, resolver_ip_n, coalesce(CASE WHEN edns_first_n IS NOT NULL THEN edns_client_subnet END, '') AS subnet,
    hosted_zone_id, registered_domain, name, response_code, query_timestamp,
    CASE
      WHEN upper(query_type) IN ('AXFR', 'IXFR', 'TYPE252', 'TYPE251', '252', '251') THEN 'transfer'
      WHEN upper(query_type) IN ('ANY', 'TYPE255', '255', '*', 'MAILA', 'MAILB') THEN 'any'
      WHEN upper(query_type) IN ('NSEC', 'NSEC3', 'NSEC3PARAM', 'NXT', 'TYPE47', 'TYPE50', 'TYPE51', 'TYPE30') THEN 'walk'
      WHEN upper(query_type) = 'TXT'
          AND name <> coalesce(registered_domain, '')
          AND NOT regexp_matches(name, '(^|\.)_')
        THEN 'text'
    END AS kind
  FROM zone
  WHERE name IS NOT NULL AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), asker AS (
  SELECT capture, resolver_ip_n, subnet, hosted_zone_id,
    min(registered_domain) AS registered_domain, count(kind) AS queries,
    count(*) FILTER (kind = 'transfer') AS transfers,
    count(*) FILTER (kind = 'transfer' AND response_code = 'NOERROR') AS handed,
    count(*) FILTER (kind = 'any') AS anys, count(*) FILTER (kind = 'walk') AS walks,
    count(DISTINCT name) FILTER (kind = 'text') AS texts,
    count(DISTINCT name) FILTER (response_code = 'NXDOMAIN') AS guesses,
    min(query_timestamp) FILTER (kind IS NOT NULL) AS first_query,
    max(query_timestamp) FILTER (kind IS NOT NULL) AS last_query,
    array_to_string(list_sort(list(DISTINCT response_code) FILTER (kind IS NOT NULL)), ' ') AS codes
  FROM zone_query
  GROUP BY ALL
  HAVING count(kind) > 0
), prober AS (
  SELECT *,
    (transfers >= $transfers::BIGINT)::INTEGER
      + (anys >= $least::BIGINT)::INTEGER
      + (walks >= $least::BIGINT)::INTEGER
      + (texts >= $least::BIGINT)::INTEGER AS kinds
  FROM asker
  WHERE transfers >= $transfers::BIGINT
    OR anys >= $least::BIGINT
    OR walks >= $least::BIGINT
    OR texts >= $least::BIGINT
), scored AS (
  SELECT *,
    least(
      1,
      CASE
        WHEN handed > 0 AND transfers >= $transfers::BIGINT THEN 0.9
        WHEN transfers >= $transfers::BIGINT THEN 0.5
        ELSE 0.3
      END
        + 0.2 * greatest(0, least(1, ln(queries / 20) / ln(50)))
        + 0.15 * (kinds - 1)
        + 0.15 * (guesses >= 30)::INTEGER
    ) AS score
  FROM prober
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.75 THEN 'high'
    WHEN score >= 0.5 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} zone transfers{}, {} ANY, {} along NSEC, TXT at {} odd names; answered {}; '
      || '{} different names of the same asker do not exist; through {}{}',
    transfers,
    CASE WHEN handed > 0 THEN format(' ({} answered NOERROR)', handed) ELSE '' END,
    anys, walks, texts, coalesce(codes, '-'), guesses, number_text(resolver_ip_n),
    CASE WHEN subnet = '' THEN '' ELSE ' for ' || subnet END
  ) AS reason,
  number_text(resolver_ip_n) AS src, registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  nullif(subnet, '') AS edns_client_subnet, queries, transfers, anys,
  walks, texts AS odd_texts, guesses, codes, hosted_zone_id, capture
FROM scored
ORDER BY scored.score DESC, queries DESC, resolver_ip_n, subnet, hosted_zone_id, capture
