-- When a path was asked for
--
-- One row per log and capture, and one where the path was spelled otherwise and is this one
-- decoded. over_time counts the records by when they began, a count for every
-- so many minutes that have one.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging
-- is best effort: a request that is not here may have been made.
--
-- needs:  http
-- param:  path     url_path  required  the path, as logged or decoded
-- param:  from     time                only at or after this moment
-- param:  to       time                only before this moment
-- param:  capture  capture             only this capture; empty for all
-- param:  every    minutes   = 60      how long a count of over_time goes
-- column: log         text
-- column: what        text
-- column: first_seen  time
-- column: last_seen   time
-- column: records     count
-- column: over_time   json
-- page:   seen When it was asked for
-- records: requests-for-path
SELECT log, CASE WHEN path = $path THEN 'was asked for' ELSE 'was asked for, spelled otherwise' END AS what,
  capture, min(time) AS first_seen, max(time) AS last_seen,
  count(*) AS records, histogram(time_bucket(to_minutes($every::BIGINT), time)) AS over_time
FROM http
WHERE (path = $path OR path_decoded = $path)
  AND of(capture, $capture)
  AND within(time, $from, $to)
GROUP BY ALL
ORDER BY log, what, capture
