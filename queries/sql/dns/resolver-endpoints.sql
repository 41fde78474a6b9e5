-- Which Resolver endpoints passed queries on, and for whom
--
-- Inbound endpoints serve hosts outside the VPC; outbound ones pass queries to other networks. One
-- row per endpoint, its interface and client.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns
-- param:  endpoint  text     only this endpoint or endpoint interface
-- param:  ip        ip       only this client
-- param:  from      time     only at or after this moment
-- param:  to        time     only before this moment
-- param:  capture   capture  only this capture; empty for all
-- column: queries      count
-- column: names        count
-- column: nonexistent  count
-- column: first_seen   time
-- column: last_seen    time
SELECT src_resolver_endpoint, src_resolver_network_interface, srcaddr, vpc_id,
  count(*) AS queries, count(DISTINCT name) AS names,
  count(*) FILTER (rcode = 'NXDOMAIN') AS nonexistent,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM dns
WHERE (src_resolver_endpoint IS NOT NULL OR src_resolver_network_interface IS NOT NULL)
  AND ($endpoint = '' OR $endpoint IN (src_resolver_endpoint, src_resolver_network_interface))
  AND ($ip::VARCHAR IS NULL OR srcaddr_n = ip($ip))
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY src_resolver_endpoint, src_resolver_network_interface, srcaddr, srcaddr_n, vpc_id, capture
ORDER BY queries DESC, src_resolver_endpoint, src_resolver_network_interface, srcaddr_n, vpc_id, capture
