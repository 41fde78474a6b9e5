-- Flows that name one address, oldest first
--
-- Both directions, accepted and rejected. The address may stand in any of the four fields; side
-- says which: src, dst, or pkt_src and pkt_dst where the packet's own address differs (NAT,
-- Transit Gateway). A record that names the address twice is listed twice.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. The address of a host behind NAT is seen only where the log has the pkt fields.
--
-- needs:  flow_by_addr
-- param:  ip       ip       required  the address
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: protocol  protocol
-- pivot:  Flows of this address
SELECT start, "end", action, side, port, peer, peer_port, protocol, packets, bytes, tcp_flags, flow_direction,
  interface_id, instance_id, capture, object_id, row_no
FROM flows_of($ip_n::UHUGEINT, $ip_n::UHUGEINT, $from::TIMESTAMP, $to::TIMESTAMP, $capture)
ORDER BY start, object_id, row_no, side
