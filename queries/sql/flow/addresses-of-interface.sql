-- Which addresses an interface had
--
-- By the side of its flow records that is its own, where the log says which direction they are of.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows.
--
-- needs:  flow
-- param:  interface  interface  required  the interface
-- param:  from       time                 only what is not over before this moment
-- param:  to         time                 only what begins before this moment
-- param:  capture    capture              only this capture; empty for all
-- column: address     ip
-- column: records     count
-- column: first_seen  time
-- column: last_seen   time
-- page:   addresses Addresses it had
WITH own AS (
  SELECT CASE flow_direction
      WHEN 'egress' THEN srcaddr
      WHEN 'ingress' THEN dstaddr
    END AS address,
    interface_id, instance_id, start, "end", capture
  FROM flow
  WHERE interface_id = $interface AND of(capture, $capture) AND touches(start, "end", $from, $to)
)
SELECT address, interface_id, instance_id, count(*) AS records, min(start) AS first_seen, max("end") AS last_seen, capture
FROM own
WHERE address IS NOT NULL
GROUP BY ALL
ORDER BY records DESC, address, interface_id, instance_id, capture
