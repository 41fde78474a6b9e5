-- What was asked of our servers around a moment
--
-- Every request that any log has in the minutes before and after, oldest first.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging is best effort:
-- a request that is not here may have been made.
--
-- needs:  http
-- param:  at       time     required  the moment
-- param:  minutes  minutes  = 5       how far before and after
-- param:  capture  capture            only this capture; empty for all
-- column: time     time
-- column: path     url_path
-- column: query    text
-- column: status   number
-- column: trace_id request
-- pivot:  Requests around this moment
SELECT time, log, client_ip, method, host, path, query, status, action, target_ip, target_status, user_agent, attack, trace_id,
  capture, object_id, row_no
FROM http
WHERE around(time, $at, $minutes) AND of(capture, $capture)
ORDER BY time, object_id, row_no
