-- When an instance asked the Resolver
--
-- One row per capture. over_time counts the records by when they began, a count for every so many
-- minutes that have one.
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
-- param:  every     minutes   = 60      how long a count of over_time goes
-- column: log         text
-- column: what        text
-- column: first_seen  time
-- column: last_seen   time
-- column: records     count
-- column: over_time   json
-- page:   seen When it was seen
-- records: queries-of-instance
SELECT 'dns' AS log, 'asked' AS what, capture, min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen,
  count(*) AS records, histogram(time_bucket(to_minutes($every::BIGINT), query_timestamp)) AS over_time
FROM dns
WHERE src_instance = $instance
  AND of(capture, $capture)
  AND within(query_timestamp, $from, $to)
GROUP BY capture
ORDER BY capture
