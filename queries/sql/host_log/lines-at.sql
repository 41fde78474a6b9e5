-- What hosts logged around a moment
--
-- Every line in the minutes before and after, oldest first, of all streams or of one.
--
-- cannot: Lines that were never shipped, and hosts whose clock or zone is not what was assumed: see zone_assumed.
--
-- needs:  host_log
-- param:  at       time     required  the moment
-- param:  minutes  minutes  = 1       how far before and after
-- param:  stream   text               only this log group and stream, as the column stream has it
-- param:  capture  capture            only this capture; empty for all
-- column: time     time
-- pivot:  Lines of host logs around this moment
SELECT time, host, program, severity, action, "user", client_ip, client_port, message, zone_assumed, stream, capture, object_id, row_no
FROM host_log
WHERE around(time, $at, $minutes) AND ($stream = '' OR stream = $stream) AND of(capture, $capture)
ORDER BY time, object_id, row_no
