-- Connections that stayed open for long, longest first
--
-- Records with the same addresses, ports, protocol and interface are joined, in both directions,
-- as long as the pause between them is no longer than the gap. A connection is many records, one
-- per aggregation window of 1 to 10 minutes. The client is the side with the higher port.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. A quiet connection leaves no records and falls apart here; a port used again at once
-- is joined to the one before. Databases, agents, VPNs and mounted file systems stay open for good
-- reasons.
--
-- needs:  flow
-- param:  minutes  minutes  = 60  how long at least
-- param:  gap      minutes  = 11  the longest pause inside a connection
-- param:  from     time           only what is not over before this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- column: client            ip
-- column: server            ip
-- column: client_port       port
-- column: server_port       port
-- column: duration_minutes  number
-- column: bytes_out         bytes
-- column: bytes_in          bytes
-- column: records           count
-- column: first_seen        time
-- column: last_seen         time
-- column: protocol          protocol
WITH sided AS (
  SELECT capture, interface_id, protocol, start, "end", bytes, dstport <= srcport AS outward,
    CASE WHEN dstport <= srcport THEN srcaddr_n ELSE dstaddr_n END AS client,
    CASE WHEN dstport <= srcport THEN dstaddr_n ELSE srcaddr_n END AS server,
    greatest(srcport, dstport) AS client_port, least(srcport, dstport) AS server_port
  FROM flow
  WHERE action IS DISTINCT FROM 'REJECT' AND start IS NOT NULL AND srcaddr_n IS NOT NULL
    AND ($capture = '' OR capture = $capture)
    AND ($from::TIMESTAMP IS NULL OR "end" >= $from::TIMESTAMP)
  AND ($to::TIMESTAMP IS NULL OR start < $to::TIMESTAMP)
), lasting AS (
  SELECT capture, interface_id, protocol, client, server, client_port, server_port
  FROM sided
  GROUP BY ALL
  HAVING max("end") - min(start) >= to_minutes($minutes::BIGINT)
), marked AS (
  SELECT s.*, start > max("end") OVER (
      PARTITION BY capture, interface_id, protocol, client, server, client_port, server_port
      ORDER BY start, "end" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + to_minutes($gap::BIGINT) AS broken
  FROM sided s SEMI JOIN lasting USING (capture, interface_id, protocol, client, server, client_port, server_port)
), numbered AS (
  SELECT *, count(*) FILTER (broken) OVER (
      PARTITION BY capture, interface_id, protocol, client, server, client_port, server_port
      ORDER BY start, "end" ROWS UNBOUNDED PRECEDING) AS part
  FROM marked
)
SELECT min(start) AS first_seen, max("end") AS last_seen, round(epoch(max("end") - min(start)) / 60, 1) AS duration_minutes,
  number_text(client) AS client, client_port, number_text(server) AS server, server_port, protocol,
  coalesce(sum(bytes) FILTER (outward), 0)::BIGINT AS bytes_out, coalesce(sum(bytes) FILTER (NOT outward), 0)::BIGINT AS bytes_in,
  count(*) AS records, interface_id, capture
FROM numbered
GROUP BY capture, interface_id, protocol, numbered.client, numbered.server, client_port, server_port, part
HAVING max("end") - min(start) >= to_minutes($minutes::BIGINT)
ORDER BY duration_minutes DESC, first_seen, numbered.client, client_port, numbered.server, server_port, protocol, interface_id, capture
