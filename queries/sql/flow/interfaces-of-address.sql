-- Which interfaces had an address
--
-- Interfaces whose own address it was, by their flow records, and what aws ec2 describe-network-
-- interfaces said of them where case53 sources was run. An address that moved has several.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows.
--
-- needs:  flow_by_addr
-- uses:   asset
-- param:  ip       ip       required  the address
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: interface    interface
-- column: name_tag     text
-- column: description  text
-- column: records      count
-- column: first_seen   time
-- column: last_seen    time
-- page:   whose Whose it was
-- records: flows-of-interface
WITH own AS (
  SELECT capture, interface_id, max(instance_id) AS instance_id, max(vpc_id) AS vpc_id, count(*) AS records,
    min(start) AS first_seen, max("end") AS last_seen
  FROM flow_by_addr
  WHERE addr_n = ip($ip)
    AND (side IN ('src', 'pkt_src') AND flow_direction = 'egress' OR side IN ('dst', 'pkt_dst') AND flow_direction = 'ingress')
    AND of(capture, $capture)
    AND touches(start, "end", $from, $to)
  GROUP BY ALL
), described AS (
  SELECT interface_id AS interface, max(name) AS name, max(description) AS description
  FROM asset
  WHERE ip(address) = ip($ip) OR ip(public_address) = ip($ip)
  GROUP BY ALL
)
SELECT coalesce(o.interface_id, d.interface) AS interface, o.instance_id, o.vpc_id, d.name AS name_tag, d.description,
  o.records, o.first_seen, o.last_seen, o.capture
FROM own o
  FULL JOIN described d ON d.interface = o.interface_id
ORDER BY o.records DESC NULLS LAST, interface, o.capture
