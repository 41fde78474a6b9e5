-- Flows around a moment
--
-- Every record whose time from start to end touches the moment, give or take some minutes.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. AWS writes start and end up to 60 s late, and a record sums up to ten minutes: the
-- order of packets inside it is lost.
--
-- needs:  flow
-- param:  at       time     required  the moment
-- param:  minutes  minutes  = 5       how far before and after
-- param:  capture  capture            only this capture; empty for all
-- column: protocol  protocol
-- pivot:  Flows around this moment
SELECT start, "end", action, srcaddr, srcport, dstaddr, dstport, protocol, packets, bytes, tcp_flags, flow_direction,
  interface_id, instance_id, pkt_srcaddr, pkt_dstaddr, log_status, capture, object_id, row_no
FROM flow
WHERE least(start, "end") <= $at::TIMESTAMP + to_minutes($minutes::BIGINT)
  AND greatest(start, "end") >= $at::TIMESTAMP - to_minutes($minutes::BIGINT)
  AND of(capture, $capture)
ORDER BY start, object_id, row_no
