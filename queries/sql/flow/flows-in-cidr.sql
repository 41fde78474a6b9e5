-- Flows that name an address of a block, oldest first
--
-- Both directions, accepted and rejected. A flow between two addresses of the block is listed once
-- for each.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows.
--
-- needs:  flow_by_addr
-- param:  cidr     cidr     required  the block
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: protocol  protocol
-- pivot:  Flows of this block
SELECT start, "end", action, addr, side, port, peer, peer_port, protocol, packets, bytes, tcp_flags, flow_direction,
  interface_id, instance_id, capture, object_id, row_no
FROM flows_of($cidr_first::UHUGEINT, $cidr_last::UHUGEINT, $from::TIMESTAMP, $to::TIMESTAMP, $capture)
ORDER BY start, object_id, row_no, side
