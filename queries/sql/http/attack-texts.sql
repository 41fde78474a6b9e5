-- Requests with the text of an attack
--
-- By kind of attack, client, host and path: how many requests, each once however many logs have it, when, and how they were
-- answered; those that a target answered with success first. client_ip is who asked, where a log says it.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging is best effort:
-- a request that is not here may have been made.
--
-- needs:  http
-- uses:   asset, alb
-- steps:  requests, suspects
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: kind     text
-- column: client_ip ip
-- column: path     url_path
-- column: answered count
-- column: failed   count
-- column: blocked  count
-- column: requests count
-- column: first    time
-- column: last     time
WITH answer AS (
  SELECT capture, request_no, coalesce(bool_or(coalesce(target_status, status) BETWEEN 200 AND 399), false) AS answered,
    coalesce(bool_or(status >= 500), false) AS failed
  FROM request_record
  GROUP BY ALL
)
SELECT kind, number_text(client_n) AS client_ip, host, path, count(*) AS requests,
  count(*) FILTER (answered) AS answered,
  count(*) FILTER (failed AND NOT answered) AS failed,
  count(*) FILTER (blocked) AS blocked,
  min(time) AS first, max(last_time) AS last, capture
FROM (
  SELECT unnest(r.attack) AS kind, r.client_n, r.host, r.path, a.answered, a.failed, r.blocked, r.time, r.last_time, r.capture
  FROM request_once r
    JOIN answer a USING (capture, request_no)
  WHERE r.attack IS NOT NULL
)
GROUP BY ALL
ORDER BY answered DESC, failed DESC, requests DESC, kind, client_ip, host, path, capture
