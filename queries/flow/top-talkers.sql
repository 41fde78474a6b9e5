-- Which pairs of addresses moved the most bytes
--
-- Bytes in one direction, from source to destination. Where the log has packet-level addresses
-- they are used, so that a NAT gateway does not stand in front of its hosts. Traffic between two
-- of our interfaces is recorded by both; per pair, the figures are those of the interface that saw
-- most.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. Much traffic is no fault: backups, updates and S3 usually lead this list.
--
-- needs:  flow
-- param:  top      int      = 50  how many pairs
-- param:  from     time           only what is not over before this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- column: srcaddr     ip
-- column: dstaddr     ip
-- column: bytes       bytes
-- column: packets     count
-- column: records     count
-- column: first_seen  time
-- column: last_seen   time
-- column: interfaces  count
-- column: outside     flag
WITH per_interface AS (
  SELECT capture, interface_id, coalesce(pkt_srcaddr_n, srcaddr_n) AS src, coalesce(pkt_dstaddr_n, dstaddr_n) AS dst,
    sum(bytes) AS bytes, sum(packets) AS packets, count(*) AS records, min(start) AS first_seen, max("end") AS last_seen
  FROM flow
  WHERE log_status = 'OK'
    AND ($capture = '' OR capture = $capture)
    AND ($from::TIMESTAMP IS NULL OR "end" >= $from::TIMESTAMP)
  AND ($to::TIMESTAMP IS NULL OR start < $to::TIMESTAMP)
  GROUP BY ALL
)
SELECT number_text(src) AS srcaddr, number_text(dst) AS dstaddr,
  max(bytes)::BIGINT AS bytes, max(packets)::BIGINT AS packets, max(records) AS records,
  min(first_seen) AS first_seen, max(last_seen) AS last_seen,
  count(DISTINCT interface_id) AS interfaces, NOT private_number(src) OR NOT private_number(dst) AS outside, capture
FROM per_interface
WHERE src IS NOT NULL AND dst IS NOT NULL
GROUP BY capture, src, dst
ORDER BY max(per_interface.bytes) DESC NULLS LAST, src, dst, capture
LIMIT $top::BIGINT
