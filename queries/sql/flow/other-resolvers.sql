-- Who asks another resolver than the Amazon one
--
-- Queries to the Amazon DNS server are not in flow logs, so every flow to port 53 goes to another
-- resolver; 853 is DNS over TLS, 5353 multicast DNS. Beside it, how many queries of the same host
-- are in the Resolver log.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. DNS over HTTPS runs on port 443 and is not told from other HTTPS here. A resolver that
-- you run is meant to do this.
--
-- needs:  flow, dns
-- param:  ports    text     = 53,853,5353  ports, with commas
-- param:  from     time                    only what is not over before this moment
-- param:  to       time                    only what begins before this moment
-- param:  capture  capture                 only this capture; empty for all
-- column: srcaddr           ip
-- column: dstaddr           ip
-- column: outside           flag
-- column: records           count
-- column: refused           count
-- column: bytes             bytes
-- column: first_seen        time
-- column: last_seen         time
-- column: resolver_queries  count
-- column: protocol          protocol
WITH resolver_channel AS (
  SELECT capture, srcaddr_n, dstaddr_n, dstport, protocol,
    count(*) AS records, count(*) FILTER (action = 'REJECT') AS refused,
    sum(bytes) AS bytes, min(start) AS first_seen, max("end") AS last_seen
  FROM flow
  WHERE list_contains(string_split(replace($ports, ' ', ''), ','), dstport::VARCHAR)
    AND dstport <= srcport
    AND of(capture, $capture)
    AND touches(start, "end", $from, $to)
  GROUP BY ALL
), logged_client AS (
  SELECT capture, srcaddr_n, count(*) AS queries FROM dns GROUP BY ALL
)
SELECT number_text(a.srcaddr_n) AS srcaddr, number_text(a.dstaddr_n) AS dstaddr, a.dstport, a.protocol,
  NOT private_number(a.dstaddr_n) AS outside, a.records,
  a.refused, a.bytes::BIGINT AS bytes, a.first_seen, a.last_seen,
  coalesce(l.queries, 0) AS resolver_queries, a.capture
FROM resolver_channel a
  LEFT JOIN logged_client l ON l.capture = a.capture AND l.srcaddr_n = a.srcaddr_n
ORDER BY outside DESC, a.records DESC, a.srcaddr_n, a.dstaddr_n, a.dstport, a.protocol, a.capture
