-- When a host logged about an address
--
-- One row per capture. over_time counts the records by when they began, a count for every so many
-- minutes that have one.
--
-- cannot: Lines that name it only in their text: a name that was logged in the place of an
-- address, a list behind a proxy.
--
-- needs:  host_log
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
-- records: lines-about-address
SELECT 'host_log' AS log, 'was logged about' AS what, capture, min(time) AS first_seen, max(time) AS last_seen,
  count(*) AS records, histogram(time_bucket(to_minutes($every::BIGINT), time)) AS over_time
FROM host_log
WHERE client_ip_n = ip($ip)
  AND of(capture, $capture)
  AND within(time, $from, $to)
GROUP BY capture
ORDER BY capture
