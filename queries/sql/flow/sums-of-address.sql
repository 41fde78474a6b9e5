-- How much an address sent and received, and what of that cannot be counted
--
-- Bytes are to and from its peers, whoever called. Each connection is counted once, as the
-- interface nearest to its client saw it, and whole where any of it is in the window.
--
-- Three numbers say what the sums do not hold: one_way is how many connections have records of one
-- direction only, so that the bytes of the other are unknown; elsewhere is how many sessions at
-- other interfaces were the same connections and are not added; lost_minutes is how many minutes
-- of the interfaces that recorded the address have SKIPDATA, of which nobody knows the bytes.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows.
--
-- needs:  connection_keys, session_keys, flow_by_addr
-- uses:   flow_span
-- param:  ip       ip       required  the address
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: connections     count
-- column: refused         count
-- column: peers           count
-- column: outside_peers   count
-- column: bytes_sent      bytes
-- column: bytes_received  bytes
-- column: one_way         count
-- column: elsewhere       count
-- column: lost_minutes    count
-- page:   sums How much, each connection counted once
WITH own_connection AS (
  SELECT capture, server_key AS peer_key, direction NOT IN ('inside', 'in') AS outside, refused, bytes_out AS sent, bytes_in AS received
  FROM connection_keys
  WHERE client_key = key_of(ip($ip)) AND of(capture, $capture) AND touches(start, "end", $from, $to)
  UNION ALL
  SELECT capture, client_key, direction NOT IN ('inside', 'out'), refused, bytes_in, bytes_out
  FROM connection_keys
  WHERE server_key = key_of(ip($ip))
    AND client_key <> server_key
    AND of(capture, $capture)
    AND touches(start, "end", $from, $to)
), own_session AS (
  SELECT capture, count(*) AS sessions
  FROM session_keys
  WHERE (client_key = key_of(ip($ip)) OR server_key = key_of(ip($ip)))
    AND of(capture, $capture)
    AND touches(start, "end", $from, $to)
  GROUP BY capture
), recorder AS (
  SELECT DISTINCT capture, interface_id
  FROM flows_of($ip_n::UHUGEINT, $ip_n::UHUGEINT, $from::TIMESTAMP, $to::TIMESTAMP, $capture)
), lost AS (
  SELECT capture, count(*) AS minutes
  FROM flow_span
    SEMI JOIN recorder USING (capture, interface_id)
  WHERE log_status = 'SKIPDATA' AND within(minute, $from, $to)
  GROUP BY capture
)
SELECT c.capture, count(*) AS connections, count(*) FILTER (c.refused) AS refused,
  count(DISTINCT c.peer_key) AS peers, count(DISTINCT c.peer_key) FILTER (c.outside) AS outside_peers,
  coalesce(bounded(sum(c.sent)), 0) AS bytes_sent, coalesce(bounded(sum(c.received)), 0) AS bytes_received,
  count(*) FILTER (NOT c.refused AND (c.sent IS NULL OR c.received IS NULL)) AS one_way,
  any_value(s.sessions) - count(*) AS elsewhere, coalesce(any_value(l.minutes), 0) AS lost_minutes
FROM own_connection c
  JOIN own_session s USING (capture)
  LEFT JOIN lost l USING (capture)
GROUP BY c.capture
ORDER BY c.capture
