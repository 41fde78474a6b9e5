-- Everything asked of one hosted zone, oldest first
--
-- One row per line of the log.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
--
-- needs:  zone
-- param:  zone     hosted_zone required  the hosted zone
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: protocol  text
-- pivot:  Queries of this hosted zone
SELECT query_timestamp, name, query_type, response_code, resolver_ip, edns_client_subnet, protocol, edge_location,
  hosted_zone_id, capture, object_id, row_no
FROM zone
WHERE hosted_zone_id = $zone AND of(capture, $capture) AND within(query_timestamp, $from, $to)
ORDER BY query_timestamp, object_id, row_no
