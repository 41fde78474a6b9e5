-- Which ports of a host were tried, and by how many
--
-- Connections that others opened to the host, or were refused, by port. Who opened one is told from TCP flags where
-- there are any, else from the ports and the order of time: initiator_reason in the view connection
-- says which. Each connection is counted once, and whole where any of it is in the window.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows.
--
-- needs:  connection_keys
-- param:  ip       ip       required  the host
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: port              port
-- column: peers             count
-- column: outside_peers     count
-- column: connections       count
-- column: refused           count
-- column: bytes_to_peers    bytes
-- column: bytes_from_peers  bytes
-- column: first_seen        time
-- column: last_seen         time
-- column: protocol          protocol
-- pivot:  Ports that were tried on this host
-- page:   ports Ports that were tried on it
SELECT server_port AS port, protocol, count(DISTINCT client_key) AS peers,
  count(DISTINCT client_key) FILTER (direction NOT IN ('inside', 'out')) AS outside_peers,
  count(*) AS connections, count(*) FILTER (refused) AS refused,
  coalesce(bounded(sum(bytes_in)), 0) AS bytes_to_peers, coalesce(bounded(sum(bytes_out)), 0) AS bytes_from_peers,
  min(start) AS first_seen, max("end") AS last_seen, capture
FROM connection_keys
WHERE server_key = key_of(ip($ip))
  AND protocol IN (6, 17)
  AND of(capture, $capture)
  AND touches(start, "end", $from, $to)
GROUP BY ALL
ORDER BY peers DESC, port, protocol, capture
