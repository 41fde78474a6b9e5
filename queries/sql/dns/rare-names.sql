-- Domains that almost nobody asked for
--
-- Registered domains asked for by few clients and few times, earliest first. Names without a
-- registered domain (single labels, internal ones) stand for themselves.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. In a case with one to three hosts nearly every domain is rare.
--
-- needs:  dns
-- param:  clients  int      = 1  at most so many clients
-- param:  queries  int      = 3  at most so many queries
-- param:  from     time          only at or after this moment
-- param:  to       time          only before this moment
-- param:  capture  capture       only this capture; empty for all
-- column: domain      domain
-- column: asked       count
-- column: asked_by    count
-- column: client      ip
-- column: example     name
-- column: first_seen  time
-- column: last_seen   time
SELECT coalesce(registered_domain, name) AS domain, count(*) AS asked, count(DISTINCT srcaddr_n) AS asked_by,
  min(srcaddr) AS client, min(name) AS example,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM dns
WHERE of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY coalesce(registered_domain, name), capture
HAVING count(*) <= $queries::BIGINT AND count(DISTINCT srcaddr_n) <= $clients::BIGINT
ORDER BY first_seen, domain, capture
