-- What the resolvers or clients of a block asked our zone
--
-- Lines whose resolver lies in the block, or whose EDNS client subnet overlaps it.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
--
-- needs:  zone
-- param:  cidr     cidr     required  the block
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: protocol  text
-- pivot:  Zone queries from this block
SELECT query_timestamp, name, query_type, response_code, resolver_ip, edns_client_subnet, protocol, edge_location,
  hosted_zone_id, capture, object_id, row_no
FROM zone
WHERE (resolver_ip_n BETWEEN cidr_first($cidr) AND cidr_last($cidr)
  OR edns_first_n <= cidr_last($cidr) AND edns_last_n >= cidr_first($cidr))
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
ORDER BY query_timestamp, object_id, row_no
