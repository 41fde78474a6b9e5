-- Who a host talked to: every peer, with names, ports and bytes each way
--
-- One row per peer, protocol and service port (the lower of the two ports, which is a guess).
-- Names are those that this host itself resolved to the peer's address, at any time in the
-- capture; an address shared by many names shows them all. Bytes are as recorded. Traffic between
-- two of our interfaces is recorded by both; per pair, the figures are those of the interface that
-- saw most.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. A name says what the host had asked for, not what it then wanted of the address.
--
-- needs:  flow_by_addr, dns_answer
-- param:  ip       ip       required  the host
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: peer          ip
-- column: names         text
-- column: service_port  port
-- column: bytes_out     bytes
-- column: bytes_in      bytes
-- column: records       count
-- column: refused       count
-- column: first_seen    time
-- column: last_seen     time
-- column: interfaces    count
-- column: outside       flag
-- column: protocol      protocol
-- pivot:  Peers of this host
WITH interface_peer AS (
  SELECT capture, interface_id, peer_n, protocol,
    CASE WHEN protocol IN (6, 17) THEN least(port, peer_port) END AS service_port,
    sum(bytes) FILTER (side IN ('src', 'pkt_src')) AS bytes_out,
    sum(bytes) FILTER (side IN ('dst', 'pkt_dst')) AS bytes_in,
    count(*) AS records, count(*) FILTER (action = 'REJECT') AS refused,
    min(start) AS first_seen, max("end") AS last_seen
  FROM flow_by_addr
  WHERE addr_n = ip($ip) AND of(capture, $capture) AND touches(start, "end", $from, $to)
  GROUP BY ALL
), named_address AS (
  SELECT capture, rdata_n, string_agg(DISTINCT name, ' ' ORDER BY name) AS names
  FROM dns_answer
  WHERE srcaddr_n = ip($ip) AND rdata_n IS NOT NULL
  GROUP BY ALL
)
SELECT number_text(p.peer_n) AS peer, any_value(n.names) AS names, p.protocol, p.service_port,
  coalesce(max(p.bytes_out), 0)::BIGINT AS bytes_out, coalesce(max(p.bytes_in), 0)::BIGINT AS bytes_in,
  max(p.records) AS records, max(p.refused) AS refused,
  min(p.first_seen) AS first_seen, max(p.last_seen) AS last_seen,
  count(DISTINCT p.interface_id) AS interfaces, NOT private_number(p.peer_n) AS outside, p.capture
FROM interface_peer p
  LEFT JOIN named_address n ON n.capture = p.capture AND n.rdata_n = p.peer_n
GROUP BY p.capture, p.peer_n, p.protocol, p.service_port
ORDER BY coalesce(max(p.bytes_out), 0) + coalesce(max(p.bytes_in), 0) DESC, p.peer_n, p.protocol, p.service_port, p.capture
