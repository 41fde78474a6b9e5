-- Administration and database ports that took traffic from the internet
--
-- ACCEPT records from an outside address to an inside one on a port of the list: SSH, RDP, WinRM,
-- SMB, databases, Docker, Kubernetes. One row per door: inside address, port and protocol.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. ACCEPT means that the rules let the packet in, not that a program answered or that a
-- login worked.
--
-- needs:  flow
-- param:  ports    text     = 22,3389,5985,5986,445,3306,5432,1433,1521,6379,27017,9200,2375,6443,10250  ports, with commas
-- param:  from     time     only what is not over before this moment
-- param:  to       time     only what begins before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: dstaddr         ip
-- column: sources         count
-- column: busiest_source  ip
-- column: records         count
-- column: packets         count
-- column: bytes           bytes
-- column: first_seen      time
-- column: last_seen       time
-- column: protocol        protocol
WITH per_source AS (
  SELECT capture, interface_id, dstaddr_n, dstport, protocol, coalesce(pkt_srcaddr_n, srcaddr_n) AS src,
    count(*) AS records, sum(packets) AS packets, sum(bytes) AS bytes, min(start) AS first_seen, max("end") AS last_seen
  FROM flow
  WHERE action = 'ACCEPT'
    AND list_contains(string_split(replace($ports, ' ', ''), ','), dstport::VARCHAR)
    AND (private_number(dstaddr_n) OR flow_direction = 'ingress') AND NOT private_number(coalesce(pkt_srcaddr_n, srcaddr_n))
    AND ($capture = '' OR capture = $capture)
    AND ($from::TIMESTAMP IS NULL OR "end" >= $from::TIMESTAMP)
  AND ($to::TIMESTAMP IS NULL OR start < $to::TIMESTAMP)
  GROUP BY ALL
)
SELECT number_text(dstaddr_n) AS dstaddr, dstport, protocol, interface_id, count(*) AS sources,
  number_text(arg_max(src, (bytes, src))) AS busiest_source,
  sum(records)::BIGINT AS records, sum(packets)::BIGINT AS packets, sum(bytes)::BIGINT AS bytes,
  min(first_seen) AS first_seen, max(last_seen) AS last_seen, capture
FROM per_source
GROUP BY capture, interface_id, dstaddr_n, dstport, protocol
ORDER BY sources DESC, dstaddr_n, dstport, protocol, interface_id, capture
