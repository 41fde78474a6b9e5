-- Who a host talked to: every peer, with names, ports and bytes each way
--
-- One row per peer, protocol, port of the server and side that opened the connections. Bytes are to
-- and from the peer, whoever called. Names are those that this host itself resolved to the peer's
-- address, at any time in the capture; an address shared by many names shows them all. Each
-- connection is counted once, with the figures of the interface nearest to its client, and whole
-- where any of it is in the window.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. A name says what the host had asked for, not what it then wanted of the address.
--
-- needs:  connection_keys, dns_answer
-- param:  ip       ip       required  the host
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: peer             ip
-- column: names            text
-- column: opened_by        text
-- column: bytes_to_peer    bytes
-- column: bytes_from_peer  bytes
-- column: connections      count
-- column: refused          count
-- column: records          count
-- column: first_seen       time
-- column: last_seen        time
-- column: outside          flag
-- column: protocol         protocol
-- pivot:  Peers of this host
-- page:   peers Who it talked to
-- records: flows-between
WITH own_call AS (
  SELECT capture, server_key AS peer_key, true AS calls, server_port, protocol,
    direction NOT IN ('inside', 'in') AS outside,
    bytes_out AS bytes_to, bytes_in AS bytes_from, records, refused, start, "end"
  FROM connection_keys
  WHERE client_key = key_of(ip($ip)) AND of(capture, $capture) AND touches(start, "end", $from, $to)
  UNION ALL
  SELECT capture, client_key, false, server_port, protocol, direction NOT IN ('inside', 'out'),
    bytes_in, bytes_out, records, refused, start, "end"
  FROM connection_keys
  WHERE server_key = key_of(ip($ip))
    AND client_key <> server_key
    AND of(capture, $capture)
    AND touches(start, "end", $from, $to)
), peer AS (
  SELECT capture, peer_key, calls, server_port, protocol, outside,
    coalesce(bounded(sum(bytes_to)), 0) AS bytes_to, coalesce(bounded(sum(bytes_from)), 0) AS bytes_from,
    count(*) AS connections, count(*) FILTER (refused) AS refused, sum(records)::BIGINT AS records,
    min(start) AS first_seen, max("end") AS last_seen
  FROM own_call
  GROUP BY ALL
), named_address AS (
  SELECT capture, rdata_n, string_agg(DISTINCT name, ' ' ORDER BY name) AS names
  FROM dns_answer
  WHERE srcaddr_n = ip($ip) AND rdata_n IS NOT NULL
  GROUP BY ALL
)
SELECT key_text(p.peer_key) AS peer, n.names, p.protocol, nullif(p.server_port, 0) AS server_port,
  CASE WHEN p.calls THEN 'this host' ELSE 'the peer' END AS opened_by,
  p.bytes_to AS bytes_to_peer, p.bytes_from AS bytes_from_peer, p.connections, p.refused, p.records,
  p.first_seen, p.last_seen, p.outside, p.capture
FROM peer p
  LEFT JOIN named_address n ON n.capture = p.capture AND n.rdata_n = key_number(p.peer_key)
ORDER BY p.bytes_to + p.bytes_from DESC, p.peer_key, p.protocol, p.server_port, opened_by, p.capture
