-- Bytes and records per hour, by direction across the border
--
-- By the hour in which a record starts (UTC). Out is from an inside address to an outside one;
-- inside is RFC 1918, CGNAT, link-local, loopback or unique local. Each packet is counted once: of
-- what several interfaces or logs recorded, the records of one are taken (view flow_once). Of a
-- single interface all that it recorded is.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. A record that crosses the hour counts in the hour it starts in. Hosts of ours with
-- public IPv6 addresses count as outside.
--
-- needs:  flow, flow_once, flow_again
-- param:  interface  interface  only this interface
-- param:  from       time       only what is not over before this moment
-- param:  to         time       only what begins before this moment
-- param:  capture    capture    only this capture; empty for all
-- column: hour           time
-- column: records        count
-- column: refused        count
-- column: bytes_out      bytes
-- column: bytes_in       bytes
-- column: bytes_inside   bytes
-- column: bytes_outside  bytes
WITH counted_record AS (
  FROM flow_once WHERE $interface = ''
  UNION ALL
  SELECT * FROM flow ANTI JOIN flow_again USING (object_id, row_no) WHERE $interface <> '' AND interface_id = $interface
), sided_record AS (
  SELECT capture, date_trunc('hour', start) AS hour,
    private_number(coalesce(pkt_srcaddr_n, srcaddr_n)) AS from_inside,
    private_number(coalesce(pkt_dstaddr_n, dstaddr_n)) AS to_inside,
    action = 'REJECT' AS no, bytes
  FROM counted_record
  WHERE start IS NOT NULL
    AND bytes IS NOT NULL
    AND of(capture, $capture)
    AND touches(start, "end", $from, $to)
)
SELECT hour, capture, count(*) AS records, count(*) FILTER (no) AS refused,
  coalesce(bounded(sum(bytes) FILTER (from_inside AND NOT to_inside)), 0) AS bytes_out,
  coalesce(bounded(sum(bytes) FILTER (NOT from_inside AND to_inside)), 0) AS bytes_in,
  coalesce(bounded(sum(bytes) FILTER (from_inside AND to_inside)), 0) AS bytes_inside,
  coalesce(bounded(sum(bytes) FILTER (NOT from_inside AND NOT to_inside)), 0) AS bytes_outside
FROM sided_record
GROUP BY ALL
ORDER BY hour, capture
