-- Which countries, autonomous systems and AWS services the outside addresses belong to
--
-- Every connection between inside and outside, counted once, by whose the outside address is: a row
-- for each country, each AS and each AWS service, with how much went there. An address that no
-- network of the file holds is in the row "unknown". The files are those that case53 load --mmdb
-- and --ip-ranges have added; of files of the same type, the one that was made last.
--
-- cannot: Who sat behind an address. A country is where a network is registered or used, as the maker
-- of the file believes, on the day that the file was made: a hosting company's customer, a VPN's
-- exit and a proxy are none of it. Without such a file there is no row.
--
-- needs:  connection, network, network_file
-- param:  what     text           only country, AS or AWS service; empty for all three
-- param:  from     time           only connections that begin at or after this moment
-- param:  to       time           only connections that begin before this moment
-- param:  capture  capture        only this capture; empty for all
-- column: what            text
-- column: place           text
-- column: addresses       count
-- column: connections     count
-- column: refused         count
-- column: bytes_sent      bytes
-- column: bytes_received  bytes
-- column: first_time      time
-- column: last_time       time
-- column: busiest         ip
-- column: said_by         text
WITH outside_address AS MATERIALIZED (
  SELECT CASE direction WHEN 'out' THEN server_n ELSE client_n END AS address_n,
    count(*) AS connections, count(*) FILTER (refused) AS refused,
    bounded(sum(CASE direction WHEN 'out' THEN bytes_out ELSE bytes_in END)) AS bytes_sent,
    bounded(sum(CASE direction WHEN 'out' THEN bytes_in ELSE bytes_out END)) AS bytes_received,
    min(start) AS first_time, max("end") AS last_time
  FROM connection
  WHERE direction IN ('out', 'in')
    AND of(capture, $capture) AND within(start, $from, $to)
  GROUP BY 1
), address_and_file AS (
  SELECT o.address_n, f.file_id
  FROM outside_address o
    CROSS JOIN network_file f
  WHERE f.current
), network_hit AS MATERIALIZED (
  SELECT p.address_n, p.file_id, n.first_n
  FROM address_and_file p
    ASOF JOIN (SELECT file_id, first_n, last_n FROM network) n ON n.file_id = p.file_id AND p.address_n >= n.first_n
  WHERE p.address_n <= n.last_n
), held_address AS (
  SELECT h.address_n, n.country, n.asn, n.as_org, n.aws_service, n.aws_region, n.database_type, n.built_at, n.file_id
  FROM network_hit h
    JOIN network n ON n.file_id = h.file_id AND n.first_n = h.first_n
), address_place AS (
  SELECT address_n, 'country' AS what, arg_max(country, (built_at, file_id)) AS place,
    arg_max(database_type || ' of ' || strftime(built_at, '%Y-%m-%d'), (built_at, file_id)) AS said_by
  FROM held_address
  WHERE country IS NOT NULL
  GROUP BY 1
  UNION ALL
  SELECT address_n, 'AS',
    arg_max(concat_ws(' ', 'AS' || asn, as_org), (built_at, file_id)),
    arg_max(database_type || ' of ' || strftime(built_at, '%Y-%m-%d'), (built_at, file_id))
  FROM held_address
  WHERE asn IS NOT NULL OR as_org IS NOT NULL
  GROUP BY 1
  UNION ALL
  SELECT address_n, 'AWS service',
    arg_max(concat_ws(' ', aws_service, aws_region), (built_at, file_id)),
    arg_max(database_type || ' of ' || strftime(built_at, '%Y-%m-%d'), (built_at, file_id))
  FROM held_address
  WHERE aws_service IS NOT NULL
  GROUP BY 1
), asked_kind AS (
  -- what the files can tell at all: nothing is unknown of which there is no file
  SELECT w.what
  FROM (VALUES ('country', 'country'), ('AS', 'asn'), ('AWS service', 'aws_service')) w(what, field)
  WHERE ($what = '' OR lower(w.what) = lower($what))
    AND CASE w.field
        WHEN 'aws_service' THEN EXISTS (FROM network_file WHERE kind = 'ip-ranges')
        WHEN 'asn' THEN EXISTS (FROM network WHERE asn IS NOT NULL)
        ELSE EXISTS (FROM network WHERE country IS NOT NULL)
      END
)
SELECT a.what, coalesce(t.place, 'unknown') AS place, count(*) AS addresses,
  sum(o.connections)::BIGINT AS connections, sum(o.refused)::BIGINT AS refused,
  bounded(sum(o.bytes_sent)) AS bytes_sent, bounded(sum(o.bytes_received)) AS bytes_received,
  min(o.first_time) AS first_time, max(o.last_time) AS last_time,
  number_text(arg_max(o.address_n, (coalesce(o.bytes_sent, 0) + coalesce(o.bytes_received, 0), o.address_n))) AS busiest,
  max(t.said_by) AS said_by
FROM asked_kind a
  CROSS JOIN outside_address o
  LEFT JOIN address_place t ON t.address_n = o.address_n AND t.what = a.what
GROUP BY a.what, t.place
ORDER BY a.what, bytes_sent DESC NULLS LAST, connections DESC, place
