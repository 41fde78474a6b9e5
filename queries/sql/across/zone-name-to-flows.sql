-- A name of our zone, who looked it up, and who then came to its address
--
-- The addresses of the name are those that the Resolver log has for it, and the one you give. Per
-- address and source: connections in the hours after each zone query, and how long after the last
-- query before it the first came. lookups counts zone queries for the name. Each connection is
-- counted once.
--
-- cannot: That the one who looked is the one who came: it shows order, not identity. Flow logs
-- show an interface's private address, never the public one that DNS gives: without the private
-- address as parameter, traffic from the internet is missed.
--
-- needs:  zone, dns_answer, connection_keys
-- param:  name     name     required  the name
-- param:  address  ip                 the private address behind the name
-- param:  hours    int      = 24      how long after a look-up
-- param:  capture  capture            only this capture; empty for all
-- column: target             ip
-- column: source             ip
-- column: outside            flag
-- column: connections        count
-- column: refused            count
-- column: ports              text
-- column: bytes_to_target    bytes
-- column: bytes_from_target  bytes
-- column: first_flow         time
-- column: last_flow          time
-- column: looked_up_at       time
-- column: minutes_after      number
-- column: lookups            count
-- pivot:  From this name of our zone to who came
WITH lookup AS (
  SELECT capture, query_timestamp FROM zone WHERE name = $name AND of(capture, $capture)
), target AS (
  SELECT DISTINCT key_of(rdata_n) AS address_key
  FROM dns_answer
  WHERE name = $name AND rdata_n IS NOT NULL
  UNION
  SELECT key_of(ip($address)) WHERE $address::VARCHAR IS NOT NULL
), arrival AS (
  SELECT capture, server_key AS target_key, client_key AS source_key, direction IN ('in', 'through') AS outside,
    start, "end", server_port, refused, bytes_out, bytes_in
  FROM connection_keys
  WHERE server_key IN (SELECT address_key FROM target)
), following_arrival AS (
  SELECT c.*, l.query_timestamp
  FROM arrival c
    ASOF JOIN lookup l ON c.capture = l.capture AND c.start >= l.query_timestamp - INTERVAL 60 SECOND
  WHERE c.start <= l.query_timestamp + to_hours($hours::BIGINT)
), lookup_count AS (
  SELECT capture, count(*) AS lookups FROM lookup GROUP BY ALL
)
SELECT key_text(target_key) AS target, key_text(source_key) AS source,
  bool_or(outside) AS outside, min(start) AS first_flow, max("end") AS last_flow,
  min(query_timestamp) AS looked_up_at, round(epoch(min(start) - min(query_timestamp)) / 60, 1) AS minutes_after,
  count(*) AS connections, count(*) FILTER (refused) AS refused,
  array_to_string(list_slice(list_sort(list(DISTINCT server_port)), 1, 10), ' ') AS ports,
  coalesce(bounded(sum(bytes_out)), 0) AS bytes_to_target, coalesce(bounded(sum(bytes_in)), 0) AS bytes_from_target,
  any_value(lookups) AS lookups, capture
FROM following_arrival
  JOIN lookup_count USING (capture)
GROUP BY target_key, source_key, capture
ORDER BY first_flow, target_key, source_key, capture
