-- Which names resolved to an address
--
-- Names asked for whose answer held the address, with who asked and when. An address of a CDN has
-- many.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. The DNS name may not be why a host went to the address, and a host may have gone
-- there without asking.
--
-- needs:  dns_answer
-- param:  ip       ip       required  the address in the answers
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: answers         count
-- column: clients         count
-- column: first_seen      time
-- column: last_seen       time
-- column: busiest_client  ip
-- pivot:  Names that resolved to this address
-- page:   names Names that led to it
-- records: queries-for-name
SELECT name, count(*) AS answers, count(DISTINCT srcaddr_n) AS clients, mode(srcaddr ORDER BY srcaddr) AS busiest_client,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM dns_answer
WHERE rdata_n = ip($ip) AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY name, capture
ORDER BY first_seen, name, capture
