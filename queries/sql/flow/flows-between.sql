-- Flows between two addresses, oldest first
--
-- Both directions. Every record counts once, whichever fields name the two.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. Two hosts with NAT between them meet only in the pkt fields.
--
-- needs:  flow_by_addr
-- param:  ip       ip       required  one address
-- param:  peer     ip       required  the other
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: protocol  protocol
-- pivot:  Flows between this address and another
SELECT start, "end", action, side, port, peer, peer_port, protocol, packets, bytes, tcp_flags, flow_direction,
  interface_id, instance_id, capture, object_id, row_no
FROM flow_by_addr
WHERE addr_n = ip($ip)
  AND peer_n = ip($peer)
  AND of(capture, $capture)
  AND touches(start, "end", $from, $to)
QUALIFY row_number() OVER (PARTITION BY object_id, row_no ORDER BY side) = 1
ORDER BY start, object_id, row_no
