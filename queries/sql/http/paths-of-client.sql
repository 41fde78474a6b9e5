-- Which paths a client asked for
--
-- One row per log and path, those asked for most often first. A request that several logs have is
-- in a row of each.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging
-- is best effort: a request that is not here may have been made.
--
-- needs:  http
-- param:  ip       ip       required  the address
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: path        url_path
-- column: requests    count
-- column: answered    count
-- column: attacks     count
-- column: first_seen  time
-- column: last_seen   time
-- page:   requests What it requested
SELECT path, host, log, count(*) AS requests, count(*) FILTER (coalesce(target_status, status) BETWEEN 200 AND 399) AS answered,
  count(*) FILTER (len(attack) > 0) AS attacks, min(time) AS first_seen, max(time) AS last_seen, capture
FROM http
WHERE client_ip_n = ip($ip) AND of(capture, $capture) AND within(time, $from, $to)
GROUP BY path, host, log, capture
ORDER BY requests DESC, path, host, log, capture
