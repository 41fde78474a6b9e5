-- What was asked of our zones around a moment
--
-- Every line in the minutes before and after, oldest first.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
--
-- needs:  zone
-- param:  at       time     required  the moment
-- param:  minutes  minutes  = 5       how far before and after
-- param:  capture  capture            only this capture; empty for all
-- column: protocol  text
-- pivot:  Zone queries around this moment
SELECT query_timestamp, name, query_type, response_code, resolver_ip, edns_client_subnet, protocol, edge_location,
  hosted_zone_id, capture, object_id, row_no
FROM zone
WHERE around(query_timestamp, $at, $minutes) AND of(capture, $capture)
ORDER BY query_timestamp, object_id, row_no
