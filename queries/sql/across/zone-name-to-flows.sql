-- A name of our zone, who looked it up, and who then came to its address
--
-- The addresses of the name are those that the Resolver log has for it, and the one you give. Per
-- address and source: records in the hours after each zone query, and how long after the last
-- query before it the first came. lookups counts zone queries for the name.
--
-- cannot: That the one who looked is the one who came: it shows order, not identity. Flow logs
-- show an interface's private address, never the public one that DNS gives: without the private
-- address as parameter, traffic from the internet is missed.
--
-- needs:  zone, dns_answer, flow_by_addr
-- param:  name     name     required  the name
-- param:  address  ip                 the private address behind the name
-- param:  hours    int      = 24      how long after a look-up
-- param:  capture  capture            only this capture; empty for all
-- column: target         ip
-- column: source         ip
-- column: outside        flag
-- column: records        count
-- column: refused        count
-- column: ports          text
-- column: bytes          bytes
-- column: first_flow     time
-- column: last_flow      time
-- column: looked_up_at   time
-- column: minutes_after  number
-- column: lookups        count
-- pivot:  From this name of our zone to who came
WITH lookup AS (
  SELECT capture, query_timestamp FROM zone WHERE name = $name AND of(capture, $capture)
), target AS (
  SELECT DISTINCT rdata_n AS address
  FROM dns_answer
  WHERE name = $name AND rdata_n IS NOT NULL
  UNION
  SELECT ip($address) WHERE $address::VARCHAR IS NOT NULL
), arrival AS (
  SELECT capture, addr_n AS target, peer_n AS source, start, "end", port, action, bytes
  FROM flow_by_addr
  WHERE addr_n IN (SELECT address FROM target)
    AND side IN ('dst', 'pkt_dst')
    AND (port <= peer_port OR protocol NOT IN (6, 17))
), following_arrival AS (
  SELECT c.*, l.query_timestamp
  FROM arrival c
    ASOF JOIN lookup l ON c.capture = l.capture AND c.start >= l.query_timestamp - INTERVAL 60 SECOND
  WHERE c.start <= l.query_timestamp + to_hours($hours::BIGINT)
), lookup_count AS (
  SELECT capture, count(*) AS lookups FROM lookup GROUP BY ALL
)
SELECT number_text(target) AS target, number_text(source) AS source,
  NOT private_number(source) AS outside, min(start) AS first_flow, max("end") AS last_flow,
  min(query_timestamp) AS looked_up_at, round(epoch(min(start) - min(query_timestamp)) / 60, 1) AS minutes_after,
  count(*) AS records, count(*) FILTER (action = 'REJECT') AS refused,
  array_to_string(list_slice(list_sort(list(DISTINCT port)), 1, 10), ' ') AS ports, sum(bytes)::BIGINT AS bytes,
  any_value(lookups) AS lookups, capture
FROM following_arrival
  JOIN lookup_count USING (capture)
GROUP BY following_arrival.target, following_arrival.source, capture
ORDER BY first_flow, following_arrival.target, following_arrival.source, capture
