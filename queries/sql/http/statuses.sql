-- How requests were answered, hour by hour
--
-- Requests, clients and paths of each log, by hour and class of status.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging is best effort:
-- a request that is not here may have been made.
--
-- needs:  http
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: hour     time
-- column: class    text
-- column: requests count
-- column: clients  count
-- column: paths    count
-- column: bytes_out bytes
SELECT time_bucket(INTERVAL 1 HOUR, time) AS hour, log, (status // 100) || 'xx' AS class,
  count(*) AS requests, count(DISTINCT client_ip_n) AS clients, count(DISTINCT path) AS paths, sum(bounded(bytes_out)) AS bytes_out, capture
FROM http
WHERE of(capture, $capture) AND within(time, $from, $to)
GROUP BY ALL
ORDER BY hour, log, class, capture
