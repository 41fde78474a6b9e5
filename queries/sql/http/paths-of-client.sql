-- Which paths a client asked for
--
-- One row per log and path, those asked for most often first. A request that several logs have is
-- in a row of each. forwarded counts those that only name the address in X-Forwarded-For.
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
-- column: path        url_path
-- column: requests    count
-- column: answered    count
-- column: attacks     count
-- column: forwarded   count
-- column: first_seen  time
-- column: last_seen   time
-- page:   requests What it requested
SELECT path, host, log, count(*) AS requests, count(*) FILTER (coalesce(target_status, status) BETWEEN 200 AND 399) AS answered,
  count(*) FILTER (len(attack) > 0) AS attacks,
  count(*) FILTER (client_ip_n IS DISTINCT FROM ip($ip)) AS forwarded, min(time) AS first_seen, max(time) AS last_seen, capture
FROM http
WHERE (client_ip_n = ip($ip)
    OR list_contains(list_transform(string_split(x_forwarded_for, ','), lambda x: addr_of(trim(x))), ip($ip)))
  AND of(capture, $capture) AND within(time, $from, $to)
GROUP BY path, host, log, capture
ORDER BY requests DESC, path, host, log, capture
