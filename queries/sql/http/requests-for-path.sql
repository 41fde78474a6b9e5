-- Who asked for a path
--
-- Every request for this path, however it was spelled, oldest first: who found it first, and who came back.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging is best effort:
-- a request that is not here may have been made.
--
-- needs:  http
-- param:  path     url_path required  the path, as logged or decoded
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: time     time
-- column: path     url_path
-- column: query    text
-- column: status   number
-- column: trace_id request
-- pivot:  Who else asked for this path
SELECT time, log, client_ip, method, host, path, query, status, action, target_ip, target_status, user_agent, attack, trace_id,
  capture, object_id, row_no
FROM http
WHERE (path = $path OR path_decoded = $path) AND of(capture, $capture) AND within(time, $from, $to)
ORDER BY time, object_id, row_no
