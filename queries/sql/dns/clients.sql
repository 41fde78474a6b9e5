-- Who asked the Resolver: one row per client
--
-- Queries, names and domains per address, with the instance and VPC it belongs to.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: queries      count
-- column: names        count
-- column: domains      count
-- column: nonexistent  count
-- column: first_seen   time
-- column: last_seen    time
SELECT srcaddr, any_value(src_instance ORDER BY src_instance) AS src_instance, vpc_id, count(*) AS queries,
  count(DISTINCT name) AS names, count(DISTINCT registered_domain) AS domains,
  count(*) FILTER (rcode = 'NXDOMAIN') AS nonexistent,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM dns
WHERE of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY srcaddr, srcaddr_n, vpc_id, capture
ORDER BY queries DESC, srcaddr_n, vpc_id, capture
