-- Who asked a host
--
-- One row per log and client, those that asked most often first. A request that several logs have
-- is in a row of each.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging
-- is best effort: a request that is not here may have been made.
--
-- needs:  http
-- param:  name     name     required  the name
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: requests    count
-- column: paths       count
-- column: attacks     count
-- column: first_seen  time
-- column: last_seen   time
-- page:   requests Who sent it requests
SELECT client_ip, log, count(*) AS requests, count(DISTINCT path) AS paths, count(*) FILTER (len(attack) > 0) AS attacks,
  min(time) AS first_seen, max(time) AS last_seen, capture
FROM http
WHERE host = $name AND of(capture, $capture) AND within(time, $from, $to)
GROUP BY client_ip, client_ip_n, log, capture
ORDER BY requests DESC, client_ip_n, log, capture
