-- When calls came from an address
--
-- One row per capture. over_time counts the records by when they began, a count for every so many
-- minutes that have one.
--
-- cannot: Calls that a service made for somebody: they have the service's name in the place of an
-- address.
--
-- needs:  change
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
-- records: changes-of-address
SELECT 'change' AS log, 'called AWS' AS what, capture, min(event_time) AS first_seen, max(event_time) AS last_seen,
  count(*) AS records, histogram(time_bucket(to_minutes($every::BIGINT), event_time)) AS over_time
FROM change
WHERE source_ip_n = ip($ip)
  AND of(capture, $capture)
  AND within(event_time, $from, $to)
GROUP BY capture
ORDER BY capture
