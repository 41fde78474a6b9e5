-- How much an address sent and received, and what of that cannot be counted
--
-- Bytes are to and from its peers, whoever called. Each connection is counted once, as the
-- interface nearest to its client saw it, and whole where any of it is in the window.
--
-- Where the address is a NAT gateway's, what went out under it for others is no traffic of its own:
-- carried is how many connections that were, bytes_carried their bytes, both ways. The other numbers
-- are without them.
--
-- Three numbers say what the sums do not hold: one_way is how many connections have records of one
-- direction only, so that the bytes of the other are unknown; elsewhere is how many sessions at
-- other interfaces, or on their way to a gateway, were the same connections and are not added;
-- lost_minutes is how many minutes of the interfaces that recorded the address have SKIPDATA, of
-- which nobody knows the bytes.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows.
--
-- needs:  session_keys, flow_by_addr
-- uses:   flow_span, asset, sighting
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
-- column: carried         count
-- column: bytes_carried   bytes
-- column: one_way         count
-- column: elsewhere       count
-- column: lost_minutes    count
-- page:   sums How much, each connection counted once
WITH gateway AS (
  SELECT DISTINCT capture FROM asset WHERE capture IS NOT NULL AND address_n = ip($ip) AND translates
), own_session AS (
  SELECT s.capture, s.client_key = key_of(ip($ip)) AS calls, s.server_key, s.client_key, s.direction, s.refused, s.bytes_out, s.bytes_in,
    s.translated AND g.capture IS NOT NULL AS passing, s.object_id, s.row_no
  FROM session_keys s
    LEFT JOIN gateway g USING (capture)
  WHERE (s.client_key = key_of(ip($ip)) OR s.server_key = key_of(ip($ip)))
    AND of(s.capture, $capture)
    AND touches(s.start, s."end", $from, $to)
), sighted AS (
  SELECT object_id, row_no, seen_as
  FROM sighting
  WHERE (client_n = ip($ip) OR server_n = ip($ip)) AND of(capture, $capture) AND touches(start, "end", $from, $to)
), told_session AS (
  SELECT s.*, s.calls AND (s.passing AND g.seen_as IS NULL OR coalesce(g.seen_as = 'way from a NAT gateway', false)) AS carried,
    g.seen_as IS NULL AND NOT s.passing AS own
  FROM own_session s
    LEFT JOIN sighted g USING (object_id, row_no)
), summed AS (
  SELECT capture, count(*) FILTER (own) AS connections, count(*) FILTER (own AND refused) AS refused,
    count(DISTINCT CASE WHEN calls THEN server_key ELSE client_key END) FILTER (own) AS peers,
    count(DISTINCT CASE WHEN calls THEN server_key ELSE client_key END)
      FILTER (own AND direction NOT IN ('inside', CASE WHEN calls THEN 'in' ELSE 'out' END)) AS outside_peers,
    coalesce(bounded(sum(CASE WHEN calls THEN bytes_out ELSE bytes_in END) FILTER (own)), 0) AS bytes_sent,
    coalesce(bounded(sum(CASE WHEN calls THEN bytes_in ELSE bytes_out END) FILTER (own)), 0) AS bytes_received,
    count(*) FILTER (carried) AS carried,
    coalesce(bounded(sum(coalesce(bytes_out, 0)::HUGEINT + coalesce(bytes_in, 0)::HUGEINT) FILTER (carried)), 0) AS bytes_carried,
    count(*) FILTER (own AND NOT refused AND (bytes_out IS NULL OR bytes_in IS NULL)) AS one_way,
    count(*) FILTER (NOT own AND NOT carried) AS elsewhere
  FROM told_session
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
SELECT s.capture, s.connections, s.refused, s.peers, s.outside_peers, s.bytes_sent, s.bytes_received, s.carried, s.bytes_carried, s.one_way,
  s.elsewhere, coalesce(l.minutes, 0) AS lost_minutes
FROM summed s
  LEFT JOIN lost l USING (capture)
ORDER BY s.capture
