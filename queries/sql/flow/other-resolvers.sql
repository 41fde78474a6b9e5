-- Who asks another resolver than the Amazon one
--
-- Queries to the Amazon DNS server are not in flow logs, so every flow to port 53 goes to another
-- resolver; 853 is DNS over TLS, 5353 multicast DNS. Beside it, how many queries of the same host
-- are in the Resolver log. Each connection is counted once, and whole where any of it is in the
-- window.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. DNS over HTTPS runs on port 443 and is not told from other HTTPS here. A resolver that
-- you run is meant to do this.
--
-- needs:  connection_keys, dns
-- param:  ports    text     = 53,853,5353  ports, with commas
-- param:  from     time                    only what is not over before this moment
-- param:  to       time                    only what begins before this moment
-- param:  capture  capture                 only this capture; empty for all
-- column: client             ip
-- column: server             ip
-- column: outside            flag
-- column: connections        count
-- column: refused            count
-- column: records            count
-- column: bytes_to_server    bytes
-- column: bytes_from_server  bytes
-- column: first_seen         time
-- column: last_seen          time
-- column: resolver_queries   count
-- column: protocol           protocol
WITH resolver_channel AS (
  SELECT capture, client_key, server_key, server_port, protocol, bool_or(direction IN ('out', 'through')) AS outside,
    count(*) AS connections, count(*) FILTER (refused) AS refused, sum(records)::BIGINT AS records,
    coalesce(bounded(sum(bytes_out)), 0) AS bytes_out, coalesce(bounded(sum(bytes_in)), 0) AS bytes_in,
    min(start) AS first_seen, max("end") AS last_seen
  FROM connection_keys
  WHERE list_contains(port_list($ports), server_port)
    AND of(capture, $capture)
    AND touches(start, "end", $from, $to)
  GROUP BY ALL
), logged_client AS (
  SELECT capture, srcaddr_n, count(*) AS queries FROM dns GROUP BY ALL
)
SELECT key_text(a.client_key) AS client, key_text(a.server_key) AS server, a.server_port, a.protocol,
  a.outside, a.connections, a.refused, a.records, a.bytes_out AS bytes_to_server, a.bytes_in AS bytes_from_server,
  a.first_seen, a.last_seen, coalesce(l.queries, 0) AS resolver_queries, a.capture
FROM resolver_channel a
  LEFT JOIN logged_client l ON l.capture = a.capture AND l.srcaddr_n = key_number(a.client_key)
ORDER BY a.outside DESC, a.connections DESC, a.client_key, a.server_key, a.server_port, a.protocol, a.capture
