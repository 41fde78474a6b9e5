-- Which names an instance asked for
--
-- One row per name, those asked for most often first.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns
-- param:  instance  instance  required  the instance
-- param:  from      time                only at or after this moment
-- param:  to        time                only before this moment
-- param:  capture   capture             only this capture; empty for all
-- column: queries      count
-- column: nonexistent  count
-- column: first_seen   time
-- column: last_seen    time
-- page:   asked What it asked for
SELECT name, count(*) AS queries, count(*) FILTER (rcode = 'NXDOMAIN') AS nonexistent,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM dns
WHERE src_instance = $instance AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY name, capture
ORDER BY queries DESC, name, capture
