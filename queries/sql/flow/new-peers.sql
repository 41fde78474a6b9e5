-- Connections between pairs that were never seen before a moment
--
-- Pairs of client, server and port whose first connection begins at or after the moment, earliest
-- first. Each connection is counted once. Who opened it is told as in the view connection.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. A pair that is new may be a deployment, an address that was handed out again, or a
-- rare job. Records before the moment must be in the case: look at coverage-of-sources.
--
-- needs:  connection_keys
-- param:  since    time     required  the moment, e.g. the start of the incident
-- param:  capture  capture            only this capture; empty for all
-- column: client             ip
-- column: server             ip
-- column: inside             flag
-- column: connections        count
-- column: refused            count
-- column: bytes_to_server    bytes
-- column: bytes_from_server  bytes
-- column: first_seen         time
-- column: last_seen          time
-- column: protocol           protocol
-- pivot:  Pairs first seen from this moment on
SELECT min(c.start) AS first_seen, max(c."end") AS last_seen,
  key_text(c.client_key) AS client, key_text(c.server_key) AS server,
  nullif(c.server_port, 0) AS server_port, c.protocol, count(*) AS connections, count(*) FILTER (c.refused) AS refused,
  coalesce(bounded(sum(c.bytes_out)), 0) AS bytes_to_server, coalesce(bounded(sum(c.bytes_in)), 0) AS bytes_from_server,
  bool_and(c.direction = 'inside') AS inside, c.capture
FROM connection_keys c
WHERE of(c.capture, $capture)
GROUP BY c.client_key, c.server_key, c.server_port, c.protocol, c.capture
HAVING min(c.start) >= $since::TIMESTAMP
ORDER BY first_seen, c.client_key, c.server_key, c.server_port, c.protocol, c.capture
