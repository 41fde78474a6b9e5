-- The names asked for under a domain, with how many asked
--
-- One row per name, most asked first.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns
-- param:  domain   domain   required  the domain
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: queries      count
-- column: clients      count
-- column: types        text
-- column: nonexistent  count
-- column: first_seen   time
-- column: last_seen    time
-- pivot:  Names under this domain
SELECT name, count(*) AS queries, count(DISTINCT srcaddr_n) AS clients,
  string_agg(DISTINCT query_type, ' ' ORDER BY query_type) AS types,
  count(*) FILTER (rcode = 'NXDOMAIN') AS nonexistent,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen
FROM dns
WHERE (name = $domain OR ends_with(name, '.' || $domain))
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY name
ORDER BY queries DESC, name
