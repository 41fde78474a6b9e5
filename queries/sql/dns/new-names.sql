-- Domains first asked for from a moment on
--
-- Registered domains of which no query is logged before the moment, earliest first, with how many
-- hosts asked.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. Before the moment there must be logs: look at coverage-of-sources. Updates and
-- deployments bring new names too.
--
-- needs:  dns
-- param:  since    time     required  the moment, e.g. the start of the incident
-- param:  capture  capture            only this capture; empty for all
-- column: domain      domain
-- column: queries     count
-- column: names       count
-- column: clients     count
-- column: client      ip
-- column: example     name
-- column: first_seen  time
-- column: last_seen   time
-- pivot:  Domains first asked for from this moment on
SELECT coalesce(registered_domain, name) AS domain, min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen,
  count(*) AS queries, count(DISTINCT name) AS names, count(DISTINCT srcaddr_n) AS clients,
  min(srcaddr) AS client, min(name) AS example, capture
FROM dns
WHERE of(capture, $capture)
GROUP BY coalesce(registered_domain, name), capture
HAVING min(query_timestamp) >= $since::TIMESTAMP
ORDER BY first_seen, domain, capture
