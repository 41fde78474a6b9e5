-- When an address made requests
--
-- One row per log, capture and what it was: who requested, as the log has it, or who is named in
-- X-Forwarded-For. over_time counts the records by when they began, a count for every so many
-- minutes that have one.
--
-- X-Forwarded-For names the client where a proxy wrote it: the last address is whom the nearest proxy saw, and those before it are
-- what that one was told, which a client can write itself.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging
-- is best effort: a request that is not here may have been made.
--
-- needs:  http
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
-- records: requests-of-client
SELECT log,
  CASE
    WHEN client_ip_n = ip($ip) THEN 'requested'
    WHEN addr_of(trim(string_split(x_forwarded_for, ',')[-1])) = ip($ip) THEN 'last in X-Forwarded-For'
    ELSE 'earlier in X-Forwarded-For'
  END AS what,
  capture, min(time) AS first_seen, max(time) AS last_seen,
  count(*) AS records, histogram(time_bucket(to_minutes($every::BIGINT), time)) AS over_time
FROM http
WHERE (client_ip_n = ip($ip)
    OR list_contains(list_transform(string_split(x_forwarded_for, ','), lambda x: addr_of(trim(x))), ip($ip)))
  AND of(capture, $capture)
  AND within(time, $from, $to)
GROUP BY ALL
ORDER BY log, what DESC, capture
