-- Logs of the hosts themselves: Apache's and nginx's error logs, syslog and auth logs, API Gateway's execution logs.
--
-- log:     host_log
-- title:   Host logs (Apache and nginx error, syslog, API Gateway execution)
-- called:  host log, host logs
-- records: Host log lines
-- doc:     https://httpd.apache.org/docs/2.4/logs.html#errorlog
-- doc:     https://nginx.org/en/docs/ngx_core_module.html#error_log
-- doc:     https://datatracker.ietf.org/doc/html/rfc5424
-- doc:     https://datatracker.ietf.org/doc/html/rfc3164
-- doc:     https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
-- view:    host_log
-- time:    time
-- source:  stream
-- asker:   client_ip
-- lead:    time, host, program, action, user, client_ip, message
-- cite:    host, program, message
-- silence: none
-- shape:   event
-- blind:   what was never shipped: what an agent did not read before it was stopped, and files that it was not told of
-- blind:   who wrote the line: whoever owns the host can write any line with any time; only CloudWatch's own time of taking
--          it in is not theirs
-- blind:   the year and the zone, where a format has none: they are assumed, and flagged in each row
-- blind:   where client text ends: Apache and nginx write what a client sent into error lines without escaping it
-- blind:   hosts without syslog: Amazon Linux 2023 has a journal and may never have had /var/log/secure or messages

-- section: tables

CREATE TABLE store.host_log_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  format VARCHAR, host VARCHAR, program VARCHAR, severity VARCHAR, action VARCHAR, instance_id VARCHAR,
  year_assumed BOOLEAN NOT NULL, zone_assumed BOOLEAN NOT NULL, zone_ambiguous BOOLEAN NOT NULL
);

CREATE TABLE store.host_log (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  time TIMESTAMP NOT NULL, pid BIGINT, client4 UINTEGER, client6 UHUGEINT, client_port INTEGER, "user" VARCHAR, message VARCHAR,
  code VARCHAR, request VARCHAR, referer VARCHAR, request_id VARCHAR, lines INTEGER, continues BIGINT,
  extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW host_log AS
SELECT h.time, c.host, c.program, h.pid, c.severity, h.message, addr_text(h.client4, h.client6) AS client_ip, h.client_port,
  h."user", c.action, c.format, h.code, h.request, h.referer, h.request_id, c.instance_id,
  coalesce(c.log_group || ':' || c.log_stream, c.log_stream, c.log_group, c.host, '-') AS stream,
  c.year_assumed, c.zone_assumed, c.zone_ambiguous, h.lines, h.continues,
  h.extra, c.capture, c.log_group, c.log_stream, h.object_id, h.row_no, h.utf8_escaped,
  addr_number(h.client4, h.client6) AS client_ip_n
FROM store.host_log h JOIN store.host_log_context c USING (context_id);

COMMENT ON VIEW host_log IS 'host_log: every line of a host''s own log';
COMMENT ON COLUMN host_log.time IS 'time: when, by the host''s clock; see year_assumed and zone_assumed';
COMMENT ON COLUMN host_log.host IS 'name: the host, as the line or its log stream names it';
COMMENT ON COLUMN host_log.program IS 'text: program that wrote the line; of Apache the module';
COMMENT ON COLUMN host_log.pid IS 'number: its process';
COMMENT ON COLUMN host_log.severity IS 'text: severity as logged; of syslog by its priority';
COMMENT ON COLUMN host_log.message IS 'text: what follows the head of the line, and the lines after it';
COMMENT ON COLUMN host_log.client_ip IS 'ip: client that the line is about';
COMMENT ON COLUMN host_log.client_port IS 'port: its port: with it the line and a connection are the same thing';
COMMENT ON COLUMN host_log."user" IS 'text: user that the line is about, as whoever logged in wrote it';
COMMENT ON COLUMN host_log.action IS
  'text: what happened, of lines that are known: accepted, failed, invalid user, closed, disconnected, session opened, '
  'session closed, sudo, sudo refused, user added, user deleted, password changed, cron, started, stopped, invalid path, '
  'not found, forbidden, crashed, repeated, request, response';
COMMENT ON COLUMN host_log.format IS 'text: apache_error, nginx_error, syslog (RFC 3164), rfc5424 or apigw_execution';
COMMENT ON COLUMN host_log.code IS 'text: Apache''s number of the message; of syslog the MSGID';
COMMENT ON COLUMN host_log.request IS 'text: request line, as nginx logs it: not escaped';
COMMENT ON COLUMN host_log.referer IS 'text: Referer, as the client sent it';
COMMENT ON COLUMN host_log.request_id IS 'request: id of the request that the line is about';
COMMENT ON COLUMN host_log.instance_id IS 'instance: instance that the log group or stream names';
COMMENT ON COLUMN host_log.stream IS 'stream: log group and stream; of a file the host';
COMMENT ON COLUMN host_log.year_assumed IS
  'flag: the line has no year: it is the last in which the line is not later than CloudWatch took it in, '
  'or the file was changed';
COMMENT ON COLUMN host_log.zone_assumed IS 'flag: the line has no zone and none was given: its time is taken as UTC';
COMMENT ON COLUMN host_log.zone_ambiguous IS
  'flag: the local time was there twice, or not at all, as clocks were changed; the earlier is taken';
COMMENT ON COLUMN host_log.lines IS 'count: lines of the message';
COMMENT ON COLUMN host_log.continues IS 'number: row_no of the line that this one goes on from; its time is that line''s';
COMMENT ON COLUMN host_log.extra IS 'json: other fields of the line, as a JSON object';
COMMENT ON COLUMN host_log.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN host_log.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN host_log.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN host_log.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN host_log.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN host_log.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN host_log.client_ip_n IS 'number: client_ip as a number';

-- section: derived

-- derived: host_log_minute needs store.host_log
INSERT INTO derived.minute
SELECT 'host_log', capture, coalesce(log_group || ':' || log_stream, log_stream, log_group, host, '-'), coalesce(format, '-'),
  make_timestamp(60000000 * minute), sum(records), NULL
FROM (
  SELECT context_id, epoch_us(time) // 60000000 AS minute, count(*) AS records
  FROM store.host_log WHERE object_id > $after GROUP BY ALL
) JOIN store.host_log_context USING (context_id)
GROUP BY ALL;
