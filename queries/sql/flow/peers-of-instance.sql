-- Who talked to whom at an instance
--
-- Sessions as the interfaces of the instance saw them, those with the most bytes first. Two of its
-- interfaces may have seen the same connection. one_way is how many have records of one direction
-- only, so that the bytes of the other are unknown.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows.
--
-- needs:  session_keys
-- param:  instance  instance  required  the instance
-- param:  from      time                only what is not over before this moment
-- param:  to        time                only what begins before this moment
-- param:  capture   capture             only this capture; empty for all
-- column: client             ip
-- column: server             ip
-- column: protocol           protocol
-- column: bytes_to_server    bytes
-- column: bytes_from_server  bytes
-- column: sessions           count
-- column: refused            count
-- column: one_way            count
-- column: first_seen         time
-- column: last_seen          time
-- page:   peers Who talked to whom there
WITH seen_session AS (
  SELECT capture, client_key, server_key, server_port, protocol, bytes_out, bytes_in, refused, start, "end"
  FROM session_keys
  WHERE instance_id = $instance AND of(capture, $capture) AND touches(start, "end", $from, $to)
)
SELECT key_text(client_key) AS client, key_text(server_key) AS server, nullif(server_port, 0) AS server_port, protocol,
  coalesce(bounded(sum(bytes_out)), 0) AS bytes_to_server, coalesce(bounded(sum(bytes_in)), 0) AS bytes_from_server,
  count(*) AS sessions, count(*) FILTER (refused) AS refused,
  count(*) FILTER (NOT refused AND (bytes_out IS NULL OR bytes_in IS NULL)) AS one_way,
  min(start) AS first_seen, max("end") AS last_seen, capture
FROM seen_session
GROUP BY client_key, server_key, server_port, protocol, capture
ORDER BY bytes_to_server + bytes_from_server DESC, client_key, server_key, server_port, protocol, capture
