-- Connections between pairs that were never seen before a moment
--
-- Pairs of address, address and destination port whose first record lies at or after the moment,
-- earliest first. Who opened it is taken from TCP flags where there are any (SYN without ACK),
-- else from the ports: the lower one serves.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. A pair that is new may be a deployment, an address that was handed out again, or a
-- rare job. Records before the moment must be in the case: look at coverage-of-sources.
--
-- needs:  flow
-- param:  since    time     required  the moment, e.g. the start of the incident
-- param:  capture  capture            only this capture; empty for all
-- column: srcaddr     ip
-- column: dstaddr     ip
-- column: inside      flag
-- column: records     count
-- column: refused     count
-- column: bytes       bytes
-- column: first_seen  time
-- column: last_seen   time
-- column: protocol    protocol
-- pivot:  Pairs first seen from this moment on
SELECT min(start) AS first_seen, max("end") AS last_seen,
  number_text(srcaddr_n) AS srcaddr, number_text(dstaddr_n) AS dstaddr,
  dstport, protocol, count(*) AS records, count(*) FILTER (action = 'REJECT') AS refused, sum(bytes)::BIGINT AS bytes,
  private_number(srcaddr_n) AND private_number(dstaddr_n) AS inside, capture
FROM flow
WHERE of(capture, $capture)
  AND srcaddr_n IS NOT NULL
  AND dstaddr_n IS NOT NULL
  AND CASE
      WHEN tcp_flags & 18 = 2 THEN true
      WHEN tcp_flags & 18 = 18 THEN false
      ELSE dstport <= srcport
    END
GROUP BY srcaddr_n, dstaddr_n, dstport, protocol, capture
HAVING min(start) >= $since::TIMESTAMP
ORDER BY first_seen, srcaddr_n, dstaddr_n, dstport, protocol, capture
