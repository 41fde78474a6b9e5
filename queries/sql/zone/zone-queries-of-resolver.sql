-- What a resolver, or a resolver for this client, asked our zone
--
-- Lines whose resolver is the address, and lines whose EDNS client subnet holds it: seen_as says
-- which. A client subnet is usually a /24 or /56, so the address is one of many in it.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
--
-- needs:  zone
-- param:  ip       ip       required  the address of the resolver or client
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: seen_as   text
-- column: protocol  text
-- pivot:  Zone queries from this address
SELECT query_timestamp, name, query_type, response_code,
  CASE WHEN resolver_ip_n = ip($ip) THEN 'resolver' ELSE 'client subnet' END AS seen_as,
  resolver_ip, edns_client_subnet, protocol, edge_location, hosted_zone_id, capture, object_id, row_no
FROM zone
WHERE (resolver_ip_n = ip($ip) OR edns_first_n <= ip($ip) AND edns_last_n >= ip($ip))
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
ORDER BY query_timestamp, object_id, row_no
