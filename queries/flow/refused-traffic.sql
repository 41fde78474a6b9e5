-- What was refused, from whom to whom
--
-- REJECT records by source, destination and protocol, with the destination ports tried (the ten
-- lowest are named). With a stateless network ACL it may be the reply that was refused while the
-- request went in.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. Which rule refused it is not in the log. An address that is open to the internet is
-- refused to strangers all day long.
--
-- needs:  flow
-- param:  least    int      = 1  only pairs with at least so many records
-- param:  from     time          only what is not over before this moment
-- param:  to       time          only what begins before this moment
-- param:  capture  capture       only this capture; empty for all
-- column: srcaddr         ip
-- column: dstaddr         ip
-- column: ports           count
-- column: lowest_ports    text
-- column: records         count
-- column: packets         count
-- column: first_seen      time
-- column: last_seen       time
-- column: outside_source  flag
-- column: protocol        protocol
SELECT number_text(srcaddr_n) AS srcaddr, number_text(dstaddr_n) AS dstaddr, protocol, interface_id, flow_direction,
  count(*) AS records, sum(packets)::BIGINT AS packets, count(DISTINCT dstport) AS ports,
  array_to_string(list_slice(list_sort(list(DISTINCT dstport)), 1, 10), ' ') AS lowest_ports,
  min(start) AS first_seen, max("end") AS last_seen, NOT private_number(srcaddr_n) AS outside_source, capture
FROM flow
WHERE action = 'REJECT'
  AND ($capture = '' OR capture = $capture)
  AND ($from::TIMESTAMP IS NULL OR "end" >= $from::TIMESTAMP)
  AND ($to::TIMESTAMP IS NULL OR start < $to::TIMESTAMP)
GROUP BY srcaddr_n, dstaddr_n, protocol, interface_id, flow_direction, capture
HAVING count(*) >= $least::BIGINT
ORDER BY records DESC, srcaddr_n, dstaddr_n, protocol, interface_id, flow_direction, capture
