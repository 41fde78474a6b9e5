-- The hosts of the case: one row per inside address of an interface, with what it did
--
-- The address of an interface is the inside address that its records name most often on the
-- interface's own side (flow-direction); where the log does not say the side, the one with the
-- most peers. Resolver queries are joined by that address.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. How often a name was asked for: a repeat within the TTL is answered from the
-- Resolver's cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS)
-- is in no Resolver log.
--
-- needs:  flow, dns
-- param:  capture  capture  only this capture; empty for all
-- column: address        ip
-- column: records        count
-- column: refused        count
-- column: bytes_out      bytes
-- column: bytes_in       bytes
-- column: outside_peers  count
-- column: queries        count
-- column: names_asked    count
-- column: first_flow     time
-- column: last_flow      time
WITH named_address AS (
  SELECT capture, interface_id, srcaddr_n AS address, dstaddr_n AS peer, flow_direction = 'egress' AS own,
    instance_id, action, bytes AS bytes_out, 0 AS bytes_in, start, "end"
  FROM flow
  WHERE srcaddr_n IS NOT NULL AND of(capture, $capture)
  UNION ALL
  SELECT capture, interface_id, dstaddr_n, srcaddr_n, flow_direction = 'ingress', instance_id, action, 0, bytes, start,
    "end"
  FROM flow
  WHERE dstaddr_n IS NOT NULL AND of(capture, $capture)
), host AS (
  SELECT capture, interface_id, address,
    max(instance_id) AS instance_id, count(*) AS records, count(*) FILTER (action = 'REJECT') AS refused,
    sum(bytes_out) AS bytes_out, sum(bytes_in) AS bytes_in,
    count(DISTINCT peer) FILTER (NOT private_number(peer)) AS outside_peers,
    min(start) AS first_flow, max("end") AS last_flow
  FROM named_address
  WHERE private_number(address)
  GROUP BY capture, interface_id, address
  QUALIFY row_number() OVER (
    PARTITION BY capture, interface_id
    ORDER BY count(*) FILTER (own) DESC, count(DISTINCT peer) DESC, count(*) DESC, address
  ) = 1
), asker AS (
  SELECT capture, srcaddr_n, count(*) AS queries, count(DISTINCT name) AS names_asked
  FROM dns
  GROUP BY ALL
)
SELECT number_text(s.address) AS address, s.interface_id, s.instance_id, s.records,
  s.refused, s.bytes_out::BIGINT AS bytes_out, s.bytes_in::BIGINT AS bytes_in,
  s.outside_peers, coalesce(a.queries, 0) AS queries, coalesce(a.names_asked, 0) AS names_asked,
  s.first_flow, s.last_flow, s.capture
FROM host s
  LEFT JOIN asker a ON a.capture = s.capture AND a.srcaddr_n = s.address
ORDER BY s.address, s.interface_id, s.capture
