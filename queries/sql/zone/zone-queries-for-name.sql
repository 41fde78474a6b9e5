-- Who asked our zone for exactly this name
--
-- One row per line of the public hosted-zone log, oldest first.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
--
-- needs:  zone
-- param:  name     name     required  the name
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: protocol  text
-- pivot:  Zone queries for this name
SELECT query_timestamp, name, query_type, response_code, resolver_ip, edns_client_subnet, protocol, edge_location,
  hosted_zone_id, capture, object_id, row_no
FROM zone
WHERE name = $name AND of(capture, $capture) AND within(query_timestamp, $from, $to)
ORDER BY query_timestamp, object_id, row_no
