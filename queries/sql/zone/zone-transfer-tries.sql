-- Zone transfers, ANY queries and walks tried on our zones
--
-- AXFR, IXFR, ANY, NSEC, NSEC3, NSEC3PARAM and the mail types; every resolver that asked, by type
-- and zone.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
-- What Route 53 logs for AXFR is not documented, so none here does not prove that none was tried.
-- Validators ask for DNSKEY and DS, which are left out.
--
-- needs:  zone
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: queries     count
-- column: names       count
-- column: example     name
-- column: first_seen  time
-- column: last_seen   time
-- column: codes       text
SELECT query_type, resolver_ip, edns_client_subnet, hosted_zone_id,
  count(*) AS queries, count(DISTINCT name) AS names, min(name) AS example,
  string_agg(DISTINCT response_code, ' ' ORDER BY response_code) AS codes,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM zone
WHERE upper(query_type) IN (
  'AXFR', 'IXFR', 'ANY', 'NSEC', 'NSEC3', 'NSEC3PARAM', 'MAILA', 'MAILB', 'TYPE252', 'TYPE251', 'TYPE255'
)
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY query_type, resolver_ip, resolver_ip_n, edns_client_subnet, hosted_zone_id, capture
ORDER BY queries DESC, query_type, resolver_ip_n, edns_client_subnet, hosted_zone_id, capture
