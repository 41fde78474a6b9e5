-- Hours in which a resolver asked for many names that do not exist
--
-- Per hour, resolver and client subnet: at least so many different names, of which at least so
-- many percent do not exist. A word list run against the zone looks like this.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged. A
-- wildcard record answers every guess, and then nothing is NXDOMAIN: set percent to 0. Big public
-- resolvers mix many clients.
--
-- needs:  zone
-- param:  names    int      = 30  at least so many different names in the hour
-- param:  percent  number   = 50  at least so many percent NXDOMAIN
-- param:  from     time           only at or after this moment
-- param:  to       time           only before this moment
-- param:  capture  capture        only this capture; empty for all
-- column: hour                 time
-- column: queries              count
-- column: asked_names          count
-- column: nonexistent          count
-- column: nonexistent_percent  number
-- column: examples             text
-- column: first_seen           time
-- column: last_seen            time
SELECT date_trunc('hour', query_timestamp) AS hour, resolver_ip, edns_client_subnet, hosted_zone_id, count(*) AS queries,
  count(DISTINCT name) AS asked_names, count(*) FILTER (response_code = 'NXDOMAIN') AS nonexistent,
  round(100.0 * count(*) FILTER (response_code = 'NXDOMAIN') / count(*), 1) AS nonexistent_percent,
  array_to_string(list_slice(list_sort(list(DISTINCT name)), 1, 5), ' ') AS examples,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM zone
WHERE of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY date_trunc('hour', query_timestamp), resolver_ip, resolver_ip_n, edns_client_subnet, hosted_zone_id, capture
HAVING count(DISTINCT name) >= $names::BIGINT
  AND 100.0 * count(*) FILTER (response_code = 'NXDOMAIN') / count(*) >= $percent::DOUBLE
ORDER BY hour, resolver_ip_n, edns_client_subnet, hosted_zone_id, capture
