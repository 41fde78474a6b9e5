-- Who asked for a path, and how it was answered
--
-- One row per log, host, client and spelling of the path, those that asked most often first. A request that several logs
-- have is in a row of each.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging
-- is best effort: a request that is not here may have been made.
--
-- needs:  http
-- param:  path     url_path  required  the path, as logged or decoded
-- param:  from     time                only at or after this moment
-- param:  to       time                only before this moment
-- param:  capture  capture             only this capture; empty for all
-- column: path        url_path
-- column: requests    count
-- column: statuses    text
-- column: attacks     count
-- column: first_seen  time
-- column: last_seen   time
-- page:   requests Who asked for it
SELECT client_ip, path, host, log, count(*) AS requests, string_agg(DISTINCT status::VARCHAR, ' ' ORDER BY status::VARCHAR) AS statuses,
  count(*) FILTER (len(attack) > 0) AS attacks, min(time) AS first_seen, max(time) AS last_seen, capture
FROM http
WHERE (path = $path OR path_decoded = $path) AND of(capture, $capture) AND within(time, $from, $to)
GROUP BY client_ip, client_ip_n, path, host, log, capture
ORDER BY requests DESC, client_ip_n, path, host, log, capture
