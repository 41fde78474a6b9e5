-- What a host wrote round a request
--
-- The request by its trace or request id, as whichever logs have it, and every line that the host which it came to wrote in the
-- minutes before and after: its neighbours in the same stream, and what other streams of the host have.
--
-- cannot: Find the host where no log names it: a web server's own log, flow records or a description have to know whose address the
-- request was handed to. Lines that were never shipped.
--
-- needs:  http
-- uses:   host_log, httpd, asset
-- param:  id       request  required  the id, a trace id without Root=
-- param:  minutes  minutes  = 1       so many minutes before and after
-- param:  capture  capture            only this capture; empty for all
-- column: time          time
-- column: seconds_after number
-- column: same_stream   flag
-- column: text          text
-- column: status        number
-- column: log           text
-- column: stream        stream
-- pivot:  Lines of its host round this request
WITH owner AS (
  SELECT address_n, min(instance_id) AS instance_id FROM asset WHERE instance_id IS NOT NULL AND address_n IS NOT NULL GROUP BY address_n
), line AS (
  SELECT time, 'host_log' AS log, instance_id, stream, program, severity, action, client_ip, NULL::INTEGER AS status, message AS text,
    capture, object_id, row_no
  FROM host_log
  WHERE of(capture, $capture)
  UNION ALL
  SELECT time, 'httpd', instance_id, coalesce(log_group || ':' || log_stream, log_stream, log_group, server_name, '-'), NULL, NULL, NULL,
    client_ip, status::INTEGER, concat_ws(' ', method, url), capture, object_id, row_no
  FROM httpd
  WHERE of(capture, $capture)
), asked AS (
  SELECT h.capture, h.time, h.log, h.object_id, h.row_no, coalesce(h.instance_id, o.instance_id) AS instance_id
  FROM http h
    LEFT JOIN owner o ON o.address_n = h.target_ip_n
  WHERE (h.trace_id = $id OR h.request_id = $id) AND of(h.capture, $capture)
), place AS (
  SELECT a.capture, a.instance_id, l.stream, min(a.time) AS since, max(a.time) AS until
  FROM asked a
    LEFT JOIN line l ON a.log = 'httpd' AND l.log = 'httpd' AND l.object_id = a.object_id AND l.row_no = a.row_no
  GROUP BY ALL
)
SELECT l.time, round(epoch(l.time - p.since), 1) AS seconds_after, coalesce(l.stream = p.stream, false) AS same_stream,
  l.log, l.stream, l.program, l.severity, l.action, l.client_ip, l.status, l.text, l.capture, l.object_id, l.row_no
FROM line l
  JOIN place p ON p.capture = l.capture
    AND (p.instance_id = l.instance_id OR p.stream = l.stream)
    AND l.time >= p.since - to_minutes($minutes::BIGINT)
    AND l.time <= p.until + to_minutes($minutes::BIGINT)
QUALIFY row_number() OVER (
  PARTITION BY l.object_id, l.row_no, l.log
  ORDER BY coalesce(l.stream = p.stream, false) DESC, p.since, p.instance_id, p.stream
) = 1
ORDER BY l.time, l.object_id, l.row_no
