-- Who went to a bare address that no name had led to
--
-- Connections from inside to outside addresses that no answer to the same client had given in the
-- 24 hours before. Of records of a NAT gateway only those count that name the true client.
--
-- cannot: That the address was typed in: the answer may be older than the log, have come from
-- another resolver, DNS over HTTPS or a hosts file, or been cached. Resolver logging may be
-- off for the VPC.
--
-- method: Whyte, Kranakis, van Oorschot, NDSS 2005: outbound connections without an earlier answer.
-- Addresses that AWS marks as its own services are left out, as are time servers. Score: 0.4
-- for passing, 0.1 where something was let in, up to 0.3 for bytes sent (full at 1 GB), 0.1
-- for the number of connections (full at 100), 0.1 where the client asks for names
-- otherwise. Half of that within 24 hours of the first query in the Resolver log, where the
-- answer may have come before, or without any query of the client.
--
-- false-positives: Peers configured by address, hard-coded infrastructure, answers cached from
-- before the log, other resolvers, IPv6 next to IPv4, PrivateLink.
--
-- not-proof: That somebody hid something: only that this log has no name for it.
--
-- measured: 2026-11-22, stratosphereips/StratosphereLinuxIPS, test5-mixed: 80 of 80 flows labelled Malware-TCP are in its
-- findings, at severity info, as there is no Resolver log beside them; nothing is said about precision.
--
-- attack: T1095, T1571, T1048
-- needs:  session, dns, resolver_log
-- param:  least    number   = 0.2  show from this score on
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   looked  connections from inside to outside
-- step:   unnamed  of them to addresses that no name had led to
-- step:   channel  clients, addresses and ports
-- column: connections count
-- column: refused count
-- column: bytes_out bytes
-- column: bytes_in bytes
-- column: too_early flag
-- column: queries count
-- column: protocol protocol
WITH looked AS (
  SELECT capture, interface_id, instance_id, client_n, server_n, server_port, protocol, refused, bytes_out, bytes_in, records, name, server_service, start, "end"
  FROM session
  WHERE direction = 'out' AND NOT translated AND protocol IN (6, 17)
    AND ($capture = '' OR capture = $capture) AND ($from::TIMESTAMP IS NULL OR start >= $from::TIMESTAMP) AND ($to::TIMESTAMP IS NULL OR start < $to::TIMESTAMP)
), unnamed AS (
  SELECT * FROM looked WHERE name IS NULL AND coalesce(server_service, 'EC2') = 'EC2' AND server_port <> 123
), seen_at AS (
  SELECT capture, interface_id, client_n, server_n, server_port, protocol, count(*) AS connections, count(*) FILTER (refused) AS refused, sum(bytes_out)::BIGINT AS bytes_out, sum(bytes_in)::BIGINT AS bytes_in,
    sum(records)::BIGINT AS records, min(start) AS first_start, max("end") AS last_end, count(instance_id) AS with_instance
  FROM unnamed GROUP BY ALL
), channel AS (
  SELECT * FROM seen_at QUALIFY row_number() OVER (PARTITION BY capture, client_n, server_n, server_port, protocol ORDER BY with_instance DESC, connections DESC, interface_id) = 1
), asking AS (
  SELECT capture, srcaddr_n, count(*) AS queries FROM dns GROUP BY ALL
), told AS (
  SELECT c.*, coalesce(a.queries, 0) AS queries, coalesce(c.first_start < r.first_query + INTERVAL 24 HOUR, true) AS too_early,
    (0.4 + 0.1 * (c.refused < c.connections)::INTEGER + 0.3 * least(1, greatest(0, ln(1 + coalesce(c.bytes_out, 0)) / ln(1e9))) + 0.1 * least(1, ln(c.connections) / ln(100)) + 0.1 * (a.queries IS NOT NULL)::INTEGER)
      * CASE WHEN a.queries IS NULL OR coalesce(c.first_start < r.first_query + INTERVAL 24 HOUR, true) THEN 0.5 ELSE 1 END AS score
  FROM channel c LEFT JOIN asking a ON a.capture = c.capture AND a.srcaddr_n = c.client_n LEFT JOIN resolver_log r ON r.capture = c.capture
)
SELECT round(score, 3)::DOUBLE AS score, CASE WHEN queries = 0 OR too_early THEN 'info' WHEN coalesce(bytes_out, 0) >= 10000000 THEN 'high' WHEN refused < connections THEN 'medium' ELSE 'low' END AS severity,
  format('{} connections, {} refused, {:.1f} MB out, {:.1f} MB in; no answer of the 24 hours before held the address; the client asked {} times for names{}', connections, refused, coalesce(bytes_out, 0) / 1e6, coalesce(bytes_in, 0) / 1e6, queries,
    CASE WHEN too_early THEN '; the Resolver log begins too late to know' ELSE '' END) AS reason,
  number_text(client_n) AS src, number_text(server_n) AS dst, server_port AS dstport, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  connections, refused, bytes_out, bytes_in, too_early, queries, protocol, capture
FROM told
WHERE score >= $least::DOUBLE
ORDER BY told.score DESC, bytes_out DESC, client_n, server_n, server_port, protocol, capture
