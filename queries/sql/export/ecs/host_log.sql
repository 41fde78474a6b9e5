-- Lines of hosts' own logs as ECS documents
--
-- view:  host_log
-- time:  time
-- file:  logs-case53.host_log-case53
-- set:   event.kind "event"
-- set:   event.category ["host"]
-- set:   event.type ["info"]
-- set:   event.module "case53"
-- set:   event.dataset "case53.host_log"
-- limit: the time is by the host's clock; its year or zone may be assumed: see aws.host_log.year_assumed and zone_assumed
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN time IS NULL THEN 'the log has no time of it' END AS "@omit",
  time AS "@timestamp", action AS "event.action", format AS "event.provider", code AS "event.code", message,
  host AS "host.name", program AS "process.name", pid AS "process.pid", severity AS "log.level", "user" AS "user.name",
  client_ip AS "source.ip", client_ip AS "source.address", client_port AS "source.port", instance_id AS "cloud.instance.id",
  referer AS "http.request.referrer", request_id AS "http.request.id",
  request AS "aws.host_log.request", stream AS "aws.host_log.stream", year_assumed AS "aws.host_log.year_assumed",
  zone_assumed AS "aws.host_log.zone_assumed", zone_ambiguous AS "aws.host_log.zone_ambiguous", lines AS "aws.host_log.lines",
  continues AS "aws.host_log.continues", extra AS "aws.host_log.extra"
FROM source
