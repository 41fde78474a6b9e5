-- Which IP protocols were spoken
--
-- Anything but ICMP (1), TCP (6), UDP (17) and ICMPv6 (58) deserves a look: tunnels show here. Each
-- packet is counted once, however many interfaces or logs recorded it (view flow_once).
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. The protocol inside a tunnel or inside TLS is not visible.
--
-- needs:  flow_once
-- param:  from     time     only what is not over before this moment
-- param:  to       time     only what begins before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: name          text
-- column: records       count
-- column: refused       count
-- column: bytes         bytes
-- column: sources       count
-- column: destinations  count
-- column: first_seen    time
-- column: last_seen     time
-- column: protocol      protocol
SELECT protocol,
  CASE protocol
    WHEN 1 THEN 'ICMP'
    WHEN 2 THEN 'IGMP'
    WHEN 4 THEN 'IPv4'
    WHEN 6 THEN 'TCP'
    WHEN 17 THEN 'UDP'
    WHEN 41 THEN 'IPv6'
    WHEN 47 THEN 'GRE'
    WHEN 50 THEN 'ESP'
    WHEN 51 THEN 'AH'
    WHEN 58 THEN 'ICMPv6'
    WHEN 112 THEN 'VRRP'
    WHEN 132 THEN 'SCTP'
  END AS name,
  count(*) AS records, count(*) FILTER (action = 'REJECT') AS refused, bounded(sum(bytes)) AS bytes,
  count(DISTINCT srcaddr_n) AS sources, count(DISTINCT dstaddr_n) AS destinations,
  min(start) AS first_seen, max("end") AS last_seen, capture
FROM flow_once
WHERE protocol IS NOT NULL AND of(capture, $capture) AND touches(start, "end", $from, $to)
GROUP BY ALL
ORDER BY bytes DESC NULLS LAST, protocol, capture
