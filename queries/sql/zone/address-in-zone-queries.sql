-- When an address, or its subnet, asked our zone
--
-- One row per capture. over_time counts the records by when they began, a count for every so many
-- minutes that have one.
--
-- cannot: Who asked: the address is that of the recursive resolver, not of the client behind it.
-- Resolvers cache, so one line may stand for thousands of questions, and answers are not logged.
--
-- needs:  zone
-- param:  ip       ip       required  the address
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- param:  every    minutes  = 60      how long a count of over_time goes
-- column: log         text
-- column: what        text
-- column: first_seen  time
-- column: last_seen   time
-- column: records     count
-- column: over_time   json
-- page:   seen When it was seen
-- records: zone-queries-of-resolver
SELECT 'zone' AS log, 'asked our zone' AS what, capture, min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen,
  count(*) AS records, histogram(time_bucket(to_minutes($every::BIGINT), query_timestamp)) AS over_time
FROM zone
WHERE (resolver_ip_n = ip($ip) OR edns_first_n <= ip($ip) AND edns_last_n >= ip($ip))
  AND of(capture, $capture)
  AND within(query_timestamp, $from, $to)
GROUP BY capture
ORDER BY capture
