-- Requests with the text of an attack
--
-- By kind of attack, client and path: how many requests, when, and how they were answered; those that a target
-- answered with success first.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging is best effort:
-- a request that is not here may have been made.
--
-- needs:  http
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: kind     text
-- column: path     url_path
-- column: answered count
-- column: failed   count
-- column: blocked  count
-- column: requests count
-- column: first    time
-- column: last     time
SELECT kind, client_ip, host, path, count(*) AS requests,
  count(*) FILTER (coalesce(target_status, status) BETWEEN 200 AND 399) AS answered,
  count(*) FILTER (status >= 500) AS failed,
  count(*) FILTER (action = 'block') AS blocked,
  min(time) AS first, max(time) AS last, capture
FROM (
  SELECT unnest(attack) AS kind, client_ip, host, path, status, target_status, action, time, capture
  FROM http
  WHERE attack IS NOT NULL AND of(capture, $capture) AND within(time, $from, $to)
)
GROUP BY ALL
ORDER BY answered DESC, failed DESC, requests DESC, kind, client_ip, path
