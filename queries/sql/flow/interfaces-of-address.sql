-- Which interfaces had an address
--
-- Interfaces whose own address it was, by their flow records, and what aws ec2 describe-network-
-- interfaces said of them where case53 sources was run. An address that moved has several. basis
-- says how it is known: own side, where the record says which side is the interface's; most
-- records, where it does not (version 2) and the address is in most of the interface's records;
-- packets only, where it is the address of packets on the interface's side and not the interface's:
-- a second address of it, or another host's whose packets the interface carries (NAT); described,
-- where no record has it. What was described is of the moment described_at, whatever the window and
-- the capture.
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
-- column: basis        text
-- column: described_at time
-- column: name_tag     text
-- column: description  text
-- column: records      count
-- column: first_seen   time
-- column: last_seen    time
-- page:   whose Whose it was
-- records: flows-of-interface
WITH claim AS (
  SELECT DISTINCT capture, interface_id FROM asset WHERE capture IS NOT NULL AND address_n = ip($ip) AND of(capture, $capture)
), sided AS (
  SELECT f.capture, f.interface_id, f.instance_id, f.vpc_id, f.start, f."end",
    CASE
      WHEN f.flow_direction IS NULL THEN CASE WHEN f.side IN ('src', 'dst') AND c.interface_id IS NOT NULL THEN 'most records' END
      WHEN f.side = CASE f.flow_direction WHEN 'egress' THEN 'src' ELSE 'dst' END THEN 'own side'
      WHEN f.side = CASE f.flow_direction WHEN 'egress' THEN 'pkt_src' ELSE 'pkt_dst' END THEN 'packets only'
    END AS basis
  FROM flow_by_addr f
    LEFT JOIN claim c USING (capture, interface_id)
  WHERE f.addr_n = ip($ip) AND of(f.capture, $capture) AND touches(f.start, f."end", $from, $to)
), own AS (
  SELECT capture, interface_id, basis, instance_id, max(vpc_id) AS vpc_id, count(*) AS records,
    min(start) AS first_seen, max("end") AS last_seen
  FROM sided
  WHERE basis IS NOT NULL
  GROUP BY capture, interface_id, basis, instance_id
  QUALIFY basis <> 'packets only' OR NOT bool_or(basis <> 'packets only') OVER (PARTITION BY capture, interface_id)
), described AS (
  SELECT interface_id AS interface, arg_max(instance_id, described_at) AS instance_id, arg_max(vpc_id, described_at) AS vpc_id,
    arg_max(name, described_at) AS name, arg_max(description, described_at) AS description, max(described_at) AS described_at
  FROM asset
  WHERE basis = 'described' AND (address_n = ip($ip) OR ip(public_address) = ip($ip))
  GROUP BY ALL
)
SELECT coalesce(o.interface_id, d.interface) AS interface, coalesce(o.basis, 'described') AS basis,
  CASE WHEN o.interface_id IS NULL THEN d.instance_id ELSE o.instance_id END AS instance_id, coalesce(o.vpc_id, d.vpc_id) AS vpc_id,
  d.name AS name_tag, d.description, d.described_at, o.records, o.first_seen, o.last_seen, o.capture
FROM own o
  FULL JOIN described d ON d.interface = o.interface_id
ORDER BY o.records DESC NULLS LAST, interface, o.capture, basis, instance_id
