-- The hosts of the case: one row per address of an interface, with what it did
--
-- The addresses are those of the view asset that flow records show. Bytes are sent and received by
-- the host, whoever called. Each connection is counted once for each of its hosts. Resolver queries
-- are joined by the address.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. How often a name was asked for: a repeat within the TTL is answered from the
-- Resolver's cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS)
-- is in no Resolver log. A log that does not name its interfaces has no hosts here.
--
-- needs:  asset, connection_keys, dns
-- param:  capture  capture  only this capture; empty for all
-- column: address         ip
-- column: connections     count
-- column: refused         count
-- column: bytes_sent      bytes
-- column: bytes_received  bytes
-- column: outside_peers   count
-- column: queries         count
-- column: names_asked     count
-- column: first_flow      time
-- column: last_flow       time
WITH host AS (
  SELECT capture, interface_id, address, address_n, key_of(address_n) AS address_key, max(instance_id) AS instance_id,
    min(first_seen) AS first_flow, max(last_seen) AS last_flow
  FROM asset
  WHERE capture IS NOT NULL AND of(capture, $capture)
  GROUP BY ALL
), own_connection AS (
  SELECT capture, client_key AS address_key, server_key AS peer_key, direction NOT IN ('inside', 'in') AS outside,
    refused, bytes_out AS sent, bytes_in AS received
  FROM connection_keys
  UNION ALL
  SELECT capture, server_key, client_key, direction NOT IN ('inside', 'out'), refused, bytes_in, bytes_out
  FROM connection_keys
  WHERE client_key <> server_key
), host_sum AS (
  SELECT capture, address_key, count(*) AS connections, count(*) FILTER (refused) AS refused,
    coalesce(bounded(sum(sent)), 0) AS sent, coalesce(bounded(sum(received)), 0) AS received,
    count(DISTINCT peer_key) FILTER (outside) AS outside_peers
  FROM own_connection
    SEMI JOIN host USING (capture, address_key)
  GROUP BY ALL
), asker AS (
  SELECT capture, srcaddr_n, count(*) AS queries, count(DISTINCT name) AS names_asked
  FROM dns
  GROUP BY ALL
)
SELECT h.address, h.interface_id, h.instance_id, coalesce(s.connections, 0) AS connections, coalesce(s.refused, 0) AS refused,
  coalesce(s.sent, 0) AS bytes_sent, coalesce(s.received, 0) AS bytes_received,
  coalesce(s.outside_peers, 0) AS outside_peers, coalesce(a.queries, 0) AS queries, coalesce(a.names_asked, 0) AS names_asked,
  h.first_flow, h.last_flow, h.capture
FROM host h
  LEFT JOIN host_sum s USING (capture, address_key)
  LEFT JOIN asker a ON a.capture = h.capture AND a.srcaddr_n = h.address_n
ORDER BY h.address_n, h.interface_id, h.capture
