-- What one instance logged
--
-- Every line of a stream that names the instance, oldest first.
--
-- cannot: Lines of streams that do not name it, and of files.
--
-- needs:  host_log
-- param:  instance  instance  required  the instance
-- param:  from      time                only at or after this moment
-- param:  to        time                only before this moment
-- param:  capture   capture             only this capture; empty for all
-- column: time     time
-- pivot:  Lines of this instance's logs
SELECT time, host, program, action, "user", client_ip, client_port, message, severity, stream, capture, object_id, row_no
FROM host_log
WHERE instance_id = $instance AND of(capture, $capture) AND within(time, $from, $to)
ORDER BY time, object_id, row_no
