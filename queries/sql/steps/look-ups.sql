-- Domains that are asked as a list is looked up
--
-- Virus scanners ask for the hash of a file, mail servers for an address written backwards, and lists answer with addresses of
-- 127.0.0.0/8 or not at all (RFC 5782): such names carry as much as a tunnel's do. A row of listed_domain is a domain with
-- twenty names; signs counts what speaks for a list or a service in common use: nine in ten names begin with an address, every
-- address given is of 127.0.0.0/8, three clients ask; and, beside one of these, nine in ten names begin with a hash (32, 40
-- or 64 hexadecimal digits: a tunnel may write its data so, too). words says it.
-- Takes $capture, $from and $to, and reads dns and dns_answer.
WITH wide_domain AS (
  SELECT capture, registered_domain, count(DISTINCT srcaddr_n) AS clients
  FROM dns
  WHERE registered_domain IS NOT NULL AND of(capture, $capture) AND within(query_timestamp, $from, $to)
  GROUP BY capture, registered_domain
  HAVING count(*) >= 20 AND approx_count_distinct(name) >= 16
), wide_name AS MATERIALIZED (
  SELECT DISTINCT capture, registered_domain, name
  FROM dns
    SEMI JOIN wide_domain USING (capture, registered_domain)
  WHERE name <> registered_domain
), shaped_domain AS (
  SELECT capture, registered_domain,
    avg(regexp_matches(name, '^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})\.')::INTEGER) >= 0.9 AS of_hashes,
    avg(regexp_matches(name, '^([0-9]{1,3}\.){4}|^([0-9a-f]\.){32}')::INTEGER) >= 0.9 AS of_addresses
  FROM wide_name
  GROUP BY capture, registered_domain
), answered_domain AS (
  SELECT w.capture, w.registered_domain, bool_and(in_cidr(a.rdata_n, '127.0.0.0/8')) AS of_list
  FROM dns_answer a
    JOIN wide_name w ON w.capture = a.capture AND w.name = a.name
  WHERE a.rdata_n IS NOT NULL
  GROUP BY w.capture, w.registered_domain
), listed_domain AS (
  SELECT capture, registered_domain, clients,
    len(said) AS signs, CASE WHEN len(said) > 0 THEN '; ' || array_to_string(said, ', ') ELSE '' END AS words
  FROM (
    SELECT d.capture, d.registered_domain, d.clients,
      list_filter(
        [
          CASE WHEN s.of_hashes AND (a.of_list OR d.clients >= 3) THEN 'the names are hashes' END,
          CASE WHEN s.of_addresses THEN 'the names are addresses written backwards' END,
          CASE WHEN a.of_list THEN 'all addresses given are of 127.0.0.0/8, as lists give' END,
          CASE WHEN d.clients >= 3 THEN format('{} clients ask there', d.clients) END
        ],
        lambda x: x IS NOT NULL
      ) AS said
    FROM wide_domain d
      LEFT JOIN shaped_domain s USING (capture, registered_domain)
      LEFT JOIN answered_domain a USING (capture, registered_domain)
  )
)
