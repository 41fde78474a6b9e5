-- Outside addresses met in one capture, the other, or both
--
-- One row per outside address and port of the server, those in both captures first, with
-- connections, and bytes to and from the address, in each. Each connection is counted once.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. An address may have passed to another owner in between; a replay without internet has
-- refused or unanswered records only.
--
-- needs:  connection_keys
-- param:  left   capture  = incident  the first capture
-- param:  right  capture  = replay    the second capture
-- param:  only   text                 only both, left or right
-- column: found_in            text
-- column: address             ip
-- column: left_connections    count
-- column: left_refused        count
-- column: left_bytes_to       bytes
-- column: left_bytes_from     bytes
-- column: left_first          time
-- column: right_connections   count
-- column: right_refused       count
-- column: right_bytes_to      bytes
-- column: right_bytes_from    bytes
-- column: right_first         time
-- column: protocol            protocol
WITH met_address AS (
  SELECT capture = $left AS first, capture = $right AS second,
    CASE direction WHEN 'in' THEN client_key ELSE server_key END AS address_key,
    CASE direction WHEN 'in' THEN bytes_in ELSE bytes_out END AS bytes_to,
    CASE direction WHEN 'in' THEN bytes_out ELSE bytes_in END AS bytes_from,
    server_port, protocol, refused, start
  FROM connection_keys
  WHERE capture IN ($left, $right) AND direction <> 'inside'
), counted_address AS (
  SELECT address_key, server_port, protocol,
    count(*) FILTER (first) AS left_connections, count(*) FILTER (first AND refused) AS left_refused,
    coalesce(bounded(sum(bytes_to) FILTER (first)), 0) AS left_bytes_to,
    coalesce(bounded(sum(bytes_from) FILTER (first)), 0) AS left_bytes_from,
    min(start) FILTER (first) AS left_first,
    count(*) FILTER (second) AS right_connections, count(*) FILTER (second AND refused) AS right_refused,
    coalesce(bounded(sum(bytes_to) FILTER (second)), 0) AS right_bytes_to,
    coalesce(bounded(sum(bytes_from) FILTER (second)), 0) AS right_bytes_from,
    min(start) FILTER (second) AS right_first
  FROM met_address
  GROUP BY ALL
)
SELECT
  CASE
    WHEN left_connections > 0 AND right_connections > 0 THEN 'both'
    WHEN left_connections > 0 THEN 'left'
    ELSE 'right'
  END AS found_in,
  key_text(address_key) AS address, nullif(counted_address.server_port, 0) AS server_port, protocol,
  left_connections, left_refused, left_bytes_to, left_bytes_from, left_first,
  right_connections, right_refused, right_bytes_to, right_bytes_from, right_first
FROM counted_address
WHERE $only = '' OR $only = found_in
ORDER BY found_in = 'both' DESC, found_in DESC, address_key, counted_address.server_port, protocol
