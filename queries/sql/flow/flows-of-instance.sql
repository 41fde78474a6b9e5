-- Flows recorded for one instance, oldest first
--
-- All records of the flow log, accepted and rejected. Only formats with instance-id have it;
-- interfaces that AWS manages have none.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows.
--
-- needs:  flow
-- param:  instance  instance  required  the instance
-- param:  from      time                only what is not over before this moment
-- param:  to        time                only what begins before this moment
-- param:  capture   capture             only this capture; empty for all
-- column: protocol  protocol
-- pivot:  Flows of this instance
SELECT start, "end", action, srcaddr, srcport, dstaddr, dstport, protocol, packets, bytes, tcp_flags, flow_direction,
  interface_id, instance_id, pkt_srcaddr, pkt_dstaddr, log_status, capture, object_id, row_no
FROM flow
WHERE instance_id = $instance AND of(capture, $capture) AND touches(start, "end", $from, $to)
ORDER BY start, object_id, row_no
