-- An id in requests, connections and lines of hosts
--
-- Every record that has it: requests of any log, TLS connections, and lines of hosts and of API Gateway's execution logs.
--
-- cannot: Find what a log does not hold: a web server has the id only where its format says so.
--
-- needs:  http
-- uses:   tls, host_log
-- param:  id       request  required  the id, a trace id without Root=
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: time    time
-- column: log     text
-- column: text    text
-- column: status  text
-- column: host    name
-- pivot:  This id in requests, connections and lines
SELECT time, log, client_ip, host, status, text, capture, object_id, row_no
FROM (
  SELECT time, log, client_ip, host, status::VARCHAR AS status, concat_ws(' ', method, url) AS text, capture, object_id, row_no
  FROM http
  WHERE trace_id = $id OR request_id = $id
  UNION ALL
  SELECT time, 'tls', client_ip, domain_name, coalesce(tls_verify_status, incoming_tls_alert),
    concat_ws(' ', tls_protocol, tls_cipher, elb), capture, object_id, row_no
  FROM tls
  WHERE conn_trace_id = $id
  UNION ALL
  SELECT time, 'host_log', client_ip, NULL, action, message, capture, object_id, row_no
  FROM host_log
  WHERE request_id = $id
)
WHERE of(capture, $capture) AND within(time, $from, $to)
ORDER BY time, object_id, row_no, log
