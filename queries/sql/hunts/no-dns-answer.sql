-- Who went to a bare address that no name had led to
--
-- Connections from inside to outside addresses that no answer to the same client had given in the
-- 24 hours before. Connections that only a NAT gateway saw, in its own name, are left out: who asked is not known.
--
-- cannot: That the address was typed in: the answer may be older than the log, have come from
-- another resolver, DNS over HTTPS or a hosts file, or been cached. Resolver logging may be
-- off for the VPC.
--
-- method: Whyte, Kranakis, van Oorschot, NDSS 2005: outbound connections without an earlier answer.
-- Addresses that are AWS's own are left out, as are time servers. Score: 0.4
-- for passing, 0.1 where something was let in, up to 0.3 for bytes sent (full at 1 GB), 0.1
-- for the number of connections (full at 100), 0.1 where the client asks for names
-- otherwise. How much an answer is missed depends on how much of the 24 hours before the first connection the Resolver
-- log has records of, counted in windows of ten minutes of the client's VPC, or of the capture where the
-- VPC is not known: most answers are for an hour or less, so that the weight grows as ln(1 + hours) / ln 25, from
-- half of the score without any to the whole of it. Half as well without any query of the client. High from 10 MB sent with ten hours of
-- records; medium with four hours, or with one where 10 MB were sent; info without records or without queries of the client.
--
-- false-positives: Peers configured by address, hard-coded infrastructure, answers cached from
-- before the log, other resolvers, IPv6 next to IPv4, PrivateLink.
--
-- not-proof: That somebody hid something: only that this log has no name for it.
--
-- measured: found: planted acts 1 of 1. False findings in benign days, high and medium: a generated day 0 and 1. False
-- findings per million benign records, high and medium: benign-dns 0 and 0, ordinary day 0 and 2. 2026-11-28,
-- stratosphereips/StratosphereLinuxIPS, test5-mixed: 80 of 80 flows labelled Malware-TCP are in its findings with
-- least=0, at severity info, as there is no Resolver log beside them; nothing is said about precision.
--
-- attack: T1095, T1571, T1048
-- phase:  home
-- kind:   noname
-- log:    flow, dns
-- weight: own
-- needs:  connection_keys, service_address, answer_name, dns, minute
-- needs-all: dns
-- steps:  aws-own
-- param:  least    number   = 0.2  show from this score on
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   outside_connection  connections from inside to outside
-- step:   unnamed_connection  of them to addresses that no name had led to
-- step:   channel  clients, addresses and ports
-- step:   dns_window  windows of ten minutes with records of the Resolver
-- column: connections count
-- column: refused count
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
-- column: resolver_hours number
-- column: queries count
-- column: protocol protocol
WITH outside_connection AS (
  SELECT capture, interface_id, instance_id, vpc_id, client_key, server_key,
    server_port, protocol, refused, bytes_out, bytes_in, records, name_no, start, "end"
  FROM connection_keys
  WHERE direction = 'out'
    AND NOT translated
    AND protocol IN (6, 17)
    AND of(capture, $capture) AND within(start, $from, $to)
), unnamed_connection AS (
  SELECT *
  FROM outside_connection
  WHERE name_no IS NULL
    AND server_key NOT IN (SELECT server_key FROM aws_address)
    AND server_port <> ntp_port()
), channel AS MATERIALIZED (
  SELECT capture, client_key, server_key, server_port, protocol,
    coalesce(min(interface_id) FILTER (instance_id IS NOT NULL), min(interface_id)) AS interface_id,
    coalesce(min(vpc_id), '') AS vpc_id,
    count(*) AS connections, count(*) FILTER (refused) AS refused,
    bounded(sum(bytes_out)) AS bytes_out, bounded(sum(bytes_in)) AS bytes_in,
    sum(records)::BIGINT AS records, min(start) AS first_start, max("end") AS last_end,
    min(start) - INTERVAL 24 HOUR AS day_before
  FROM unnamed_connection
  GROUP BY capture, client_key, server_key, server_port, protocol
), ipv6_text AS ( -- texts of the few addresses that are not IPv4
  SELECT key, key_text(key) AS text
  FROM (
    SELECT client_key AS key FROM channel WHERE client_key >= 4294967296
    UNION
    SELECT server_key FROM channel WHERE server_key >= 4294967296
  )
), asker AS (
  SELECT capture, key_of(srcaddr_n) AS client_key, queries
  FROM (SELECT capture, srcaddr_n, count(*) AS queries FROM dns GROUP BY ALL)
), dns_window AS ( -- numbered by time, of each VPC, and of the capture as a VPC without a name
  SELECT capture, vpc_id, window_end, row_number() OVER (PARTITION BY capture, vpc_id ORDER BY window_end) AS place
  FROM (
    SELECT DISTINCT capture, unnest([coalesce(source, ''), '']) AS vpc_id,
      time_bucket(INTERVAL 10 MINUTE, minute) + INTERVAL 10 MINUTE AS window_end
    FROM minute
    WHERE log_type = 'dns'
  )
), covered_channel AS (
  SELECT c.*, coalesce(t.place, 0) - coalesce(b.place, 0) AS windows
  FROM channel c
    ASOF LEFT JOIN dns_window t ON t.capture = c.capture AND t.vpc_id = c.vpc_id AND c.first_start >= t.window_end
    ASOF LEFT JOIN dns_window b ON b.capture = c.capture AND b.vpc_id = c.vpc_id AND c.day_before >= b.window_end
), scored AS (
  SELECT c.*, c.windows / 6 AS resolver_hours, coalesce(a.queries, 0) AS queries,
    (
      0.4
        + 0.1 * (c.refused < c.connections)::INTEGER
        + 0.3 * least(1, greatest(0, ln(1 + coalesce(c.bytes_out, 0)) / ln(1e9)))
        + 0.1 * least(1, ln(c.connections) / ln(100))
        + 0.1 * (a.queries IS NOT NULL)::INTEGER
    )
      * (0.5 + 0.5 * least(1, ln(1 + c.windows / 6) / ln(25)))
      * CASE WHEN a.queries IS NULL THEN 0.5 ELSE 1 END AS score
  FROM covered_channel c
    LEFT JOIN asker a ON a.capture = c.capture AND a.client_key = c.client_key
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN queries = 0 OR resolver_hours = 0 THEN 'info'
    WHEN coalesce(bytes_out, 0) >= 10000000
      THEN CASE WHEN resolver_hours >= 10 THEN 'high' WHEN resolver_hours >= 1 THEN 'medium' ELSE 'low' END
    WHEN refused < connections AND resolver_hours >= 4 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} connections, {} refused; {:.1f} MB to the address, {:.1f} MB from it; {}; the client asked {} times for names in all',
    connections, refused, coalesce(bytes_out, 0) / 1e6, coalesce(bytes_in, 0) / 1e6,
    CASE
      WHEN resolver_hours = 0 THEN 'the Resolver log has no record of the 24 hours before: whether a name led there is not known'
      ELSE format(
        'no answer in the Resolver log held the address, which has records of {:.1f} of the 24 hours before the first',
        resolver_hours
      )
    END,
    queries
  ) AS reason,
  CASE WHEN client_key < 4294967296 THEN v4_text(client_key) ELSE c6.text END AS src,
  CASE WHEN server_key < 4294967296 THEN v4_text(server_key) ELSE s6.text END AS dst,
  server_port AS dstport, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  connections, refused, bytes_out AS bytes_to_peer, bytes_in AS bytes_from_peer,
  round(resolver_hours, 1) AS resolver_hours, queries, protocol, capture
FROM scored
  LEFT JOIN ipv6_text c6 ON c6.key = client_key
  LEFT JOIN ipv6_text s6 ON s6.key = server_key
WHERE score >= $least::DOUBLE
ORDER BY scored.score DESC, scored.bytes_out DESC, client_key, server_key, server_port, protocol, capture
