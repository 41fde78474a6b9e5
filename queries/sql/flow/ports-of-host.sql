-- Which ports a host served, and to how many
--
-- Records in which the host's own port is the lower of the two, or equal: the side that serves, as
-- a rule. One row per port and interface that saw it.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. The serving side is a guess from the port numbers; a client that happens to use a low
-- port appears as a service.
--
-- needs:  flow_by_addr
-- param:  ip       ip       required  the host
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: port           port
-- column: peers          count
-- column: outside_peers  count
-- column: accepted       count
-- column: refused        count
-- column: bytes_out      bytes
-- column: bytes_in       bytes
-- column: first_seen     time
-- column: last_seen      time
-- column: protocol       protocol
-- pivot:  Ports this host served
SELECT port, protocol, interface_id, count(DISTINCT peer_n) AS peers,
  count(DISTINCT peer_n) FILTER (NOT private_number(peer_n)) AS outside_peers,
  count(*) FILTER (action IS DISTINCT FROM 'REJECT') AS accepted, count(*) FILTER (action = 'REJECT') AS refused,
  coalesce(sum(bytes) FILTER (side IN ('src', 'pkt_src')), 0)::BIGINT AS bytes_out,
  coalesce(sum(bytes) FILTER (side IN ('dst', 'pkt_dst')), 0)::BIGINT AS bytes_in,
  min(start) AS first_seen, max("end") AS last_seen, capture
FROM flow_by_addr
WHERE addr_n = ip($ip)
  AND port <= peer_port
  AND protocol IN (6, 17)
  AND of(capture, $capture)
  AND touches(start, "end", $from, $to)
GROUP BY ALL
ORDER BY peers DESC, port, protocol, interface_id, capture
