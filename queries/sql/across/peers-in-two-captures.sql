-- Outside addresses met in one capture, the other, or both
--
-- One row per outside address and service port (the lower of the two), those in both captures
-- first, with records and bytes in each. The outside end is told by flow-direction, else by which
-- address is private.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. An address may have passed to another owner in between; a replay without internet has
-- refused or unanswered records only.
--
-- needs:  flow
-- param:  left   capture  = incident  the first capture
-- param:  right  capture  = replay    the second capture
-- param:  only   text                 only both, left or right
-- column: found_in       text
-- column: address        ip
-- column: service_port   port
-- column: left_records   count
-- column: left_refused   count
-- column: left_bytes     bytes
-- column: left_first     time
-- column: right_records  count
-- column: right_refused  count
-- column: right_bytes    bytes
-- column: right_first    time
-- column: protocol       protocol
WITH met_address AS (
  SELECT capture = $left AS first, capture = $right AS second,
    CASE
      WHEN flow_direction = 'egress'
          OR flow_direction IS NULL AND private_number(coalesce(pkt_srcaddr_n, srcaddr_n))
        THEN coalesce(pkt_dstaddr_n, dstaddr_n)
      ELSE coalesce(pkt_srcaddr_n, srcaddr_n)
    END AS address,
    CASE WHEN protocol IN (6, 17) THEN least(srcport, dstport) END AS service_port,
    protocol, action = 'REJECT' AS no, bytes, start
  FROM flow
  WHERE capture IN ($left, $right) AND srcaddr_n IS NOT NULL
), counted_address AS (
  SELECT address, service_port, protocol,
    count(*) FILTER (first) AS left_records, count(*) FILTER (first AND no) AS left_refused,
    coalesce(sum(bytes) FILTER (first), 0)::BIGINT AS left_bytes, min(start) FILTER (first) AS left_first,
    count(*) FILTER (second) AS right_records, count(*) FILTER (second AND no) AS right_refused,
    coalesce(sum(bytes) FILTER (second), 0)::BIGINT AS right_bytes, min(start) FILTER (second) AS right_first
  FROM met_address
  GROUP BY ALL
)
SELECT
  CASE
    WHEN left_records > 0 AND right_records > 0 THEN 'both'
    WHEN left_records > 0 THEN 'left'
    ELSE 'right'
  END AS found_in,
  number_text(address) AS address, service_port, protocol, left_records, left_refused, left_bytes, left_first,
  right_records, right_refused, right_bytes, right_first
FROM counted_address
WHERE NOT private_number(counted_address.address) AND ($only = '' OR $only = found_in)
ORDER BY found_in = 'both' DESC, found_in DESC, counted_address.address, service_port, protocol
