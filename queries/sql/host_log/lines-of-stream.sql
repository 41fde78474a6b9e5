-- Lines of one log stream
--
-- What hosts wrote into it, host logs and web servers' access logs alike, oldest first: all of it, or the minutes round a moment.
--
-- cannot: Lines that were never shipped, and hosts whose clock or zone is not what was assumed: see zone_assumed.
--
-- needs:  host_log
-- uses:   httpd
-- param:  stream   stream   required  the log group and stream
-- param:  at       time               a moment; empty for all of the stream
-- param:  minutes  minutes  = 1       how far before and after the moment
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: time    time
-- column: text    text
-- column: status  number
-- column: log     text
-- pivot:  Lines of this stream
SELECT time, log, program, severity, action, client_ip, status, text, zone_assumed, capture, object_id, row_no
FROM (
  SELECT time, 'host_log' AS log, program, severity, action, client_ip, NULL::INTEGER AS status, message AS text, zone_assumed, stream,
    capture, object_id, row_no
  FROM host_log
  UNION ALL
  SELECT time, 'httpd', NULL, NULL, NULL, client_ip, status::INTEGER, concat_ws(' ', method, url), NULL,
    coalesce(log_group || ':' || log_stream, log_stream, log_group, server_name, '-'), capture, object_id, row_no
  FROM httpd
)
WHERE stream = $stream
  AND ($at::TIMESTAMP IS NULL OR around(time, $at, $minutes))
  AND of(capture, $capture) AND within(time, $from, $to)
ORDER BY time, object_id, row_no
