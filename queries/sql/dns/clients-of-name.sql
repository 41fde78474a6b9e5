-- Who asked for a name
--
-- One row per address that asked, those that asked most often first.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns
-- param:  name     name     required  the name
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: queries     count
-- column: first_seen  time
-- column: last_seen   time
-- page:   asked Who asked for it
SELECT srcaddr, any_value(src_instance ORDER BY src_instance) AS src_instance, count(*) AS queries,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, vpc_id, capture
FROM dns
WHERE name = $name AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY srcaddr, srcaddr_n, vpc_id, capture
ORDER BY queries DESC, srcaddr_n, vpc_id, capture
