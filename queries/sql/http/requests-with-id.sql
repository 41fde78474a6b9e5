-- A trace or request id in every log
--
-- The same request as each log saw it: load balancer, firewall, distribution and web server.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging is best effort:
-- a request that is not here may have been made.
--
-- needs:  http
-- param:  id       request  required  the id, a trace id without Root=
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: time     time
-- column: path     url_path
-- column: query    text
-- column: status   number
-- column: trace_id request
-- pivot:  This request in all logs
SELECT time, log, client_ip, method, host, path, query, status, action, target_ip, target_status, user_agent, attack, trace_id,
  capture, object_id, row_no
FROM http
WHERE (trace_id = $id OR request_id = $id) AND of(capture, $capture) AND within(time, $from, $to)
ORDER BY time, object_id, row_no
