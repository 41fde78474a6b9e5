-- Who asks for names that do not exist
--
-- Per client: queries logged, those answered NXDOMAIN, and how many names and registered domains
-- they fell on. Many domains and a high share point to generated names; one domain with many
-- names, to guessing or a misspelt search suffix.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. Which answers were cached: negative answers are cached too.
--
-- needs:  dns
-- param:  least    int      = 1  only clients with at least so many
-- param:  from     time          only at or after this moment
-- param:  to       time          only before this moment
-- param:  capture  capture       only this capture; empty for all
-- column: queries      count
-- column: nonexistent  count
-- column: percent      number
-- column: names        count
-- column: domains      count
-- column: example      name
-- column: first_seen   time
-- column: last_seen    time
SELECT srcaddr, any_value(src_instance ORDER BY src_instance) AS src_instance, count(*) AS queries,
  count(*) FILTER (rcode = 'NXDOMAIN') AS nonexistent,
  round(100.0 * count(*) FILTER (rcode = 'NXDOMAIN') / count(*), 1) AS percent,
  count(DISTINCT name) FILTER (rcode = 'NXDOMAIN') AS names,
  count(DISTINCT registered_domain) FILTER (rcode = 'NXDOMAIN') AS domains,
  min(name) FILTER (rcode = 'NXDOMAIN') AS example,
  min(query_timestamp) FILTER (rcode = 'NXDOMAIN') AS first_seen,
  max(query_timestamp) FILTER (rcode = 'NXDOMAIN') AS last_seen,
  capture
FROM dns
WHERE of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY srcaddr_n, srcaddr, capture
HAVING count(*) FILTER (rcode = 'NXDOMAIN') >= greatest($least::BIGINT, 1)
ORDER BY nonexistent DESC, srcaddr_n, capture
