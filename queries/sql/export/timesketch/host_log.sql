-- Lines of hosts' own logs as events of a timeline
--
-- view:  host_log
-- time:  time
-- set:   data_type "case53:host_log"
-- set:   source_short "LOG"
-- set:   timestamp_desc "Log line"
-- limit: the time is by the host's clock; its year or zone may be assumed: see year_assumed and zone_assumed
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN time IS NULL THEN 'the log has no time of it' END AS "@omit",
  time AS datetime,
  concat_ws(' ', host, program, message) AS message,
  host AS hostname, program, pid, severity, "user" AS username, action, client_ip AS src_ip, client_port AS src_port,
  format, request, referer, request_id, instance_id, stream, year_assumed, zone_assumed, zone_ambiguous
FROM source
