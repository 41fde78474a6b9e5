-- Access logs of Apache httpd and nginx.
--
-- log:     httpd
-- title:   Apache and nginx access logs
-- called:  web server log, web server logs
-- records: Web server requests
-- doc:     https://httpd.apache.org/docs/2.4/mod/mod_log_config.html
-- doc:     https://nginx.org/en/docs/http/ngx_http_log_module.html
-- doc:     https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-Configuration-File-Details.html
-- view:    httpd
-- time:    time
-- source:  log_stream
-- asker:   client_ip
-- lead:    time, client_ip, method, url, status, bytes_out, user_agent
-- cite:    method, url, status
-- silence: none
-- shape:   request
-- blind:   what came after the log was stopped: whoever owns the host can end, change or remove it; through the CloudWatch
--          agent it has what was shipped before, and nothing says that more was to come
-- blind:   the client behind a load balancer: client_ip is the load balancer's node where X-Forwarded-For is not logged
-- blind:   headers other than Referer and User-Agent, and bodies: what a POST sent is not there
-- blind:   other virtual hosts and connections without a request: a log file has the requests of the hosts that write to it
-- blind:   lines that the agent was told to leave out: filters and globs decide what is shipped

-- section: tables

CREATE TABLE store.httpd_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  instance_id VARCHAR, server_name VARCHAR, server_port INTEGER, method VARCHAR, protocol VARCHAR, time_kind VARCHAR
);

-- trace_id is kept where it is more than Root= and trace_root; request where it is not method, url and protocol with spaces between;
-- url where it is not path?query.
CREATE TABLE store.httpd (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  time TIMESTAMP NOT NULL, client4 UINTEGER, client6 UHUGEINT, client_port INTEGER, client_host VARCHAR,
  ident VARCHAR, remote_user VARCHAR, request VARCHAR, url VARCHAR, host VARCHAR, path VARCHAR, query VARCHAR,
  status SMALLINT, bytes_out BIGINT, bytes_in BIGINT, duration_us BIGINT,
  referer VARCHAR, user_agent VARCHAR, x_forwarded_for VARCHAR, trace_root VARCHAR, trace_id VARCHAR,
  path_decoded VARCHAR, attack VARCHAR, extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW httpd AS
SELECT h.time, addr_text(h.client4, h.client6) AS client_ip, h.client_port, h.client_host, h.ident, h.remote_user,
  coalesce(h.request, nullif(concat_ws(' ', c.method, coalesce(h.url, h.path || coalesce('?' || h.query, '')), c.protocol), '')) AS request,
  c.method, coalesce(h.url, h.path || coalesce('?' || h.query, '')) AS url, c.protocol,
  h.status, h.bytes_out, h.bytes_in, h.duration_us / 1e6 AS seconds,
  h.referer, h.user_agent, h.x_forwarded_for, coalesce(h.trace_id, 'Root=' || h.trace_root) AS trace_id,
  c.server_name, c.server_port, h.host, h.path, h.query, coalesce(h.path_decoded, h.path) AS path_decoded,
  string_split(h.attack, ',') AS attack, c.time_kind, h.trace_root, c.instance_id,
  h.extra, c.capture, c.log_group, c.log_stream, h.object_id, h.row_no, h.utf8_escaped,
  addr_number(h.client4, h.client6) AS client_ip_n
FROM store.httpd h JOIN store.httpd_context c USING (context_id);

COMMENT ON VIEW httpd IS 'httpd: every request that an Apache or nginx logged';
COMMENT ON COLUMN httpd.time IS 'time: when the request came (Apache), or when it was answered (nginx): see time_kind';
COMMENT ON COLUMN httpd.client_ip IS 'ip: the other end of the connection: behind a load balancer its node';
COMMENT ON COLUMN httpd.client_port IS 'port: its port, where it is logged';
COMMENT ON COLUMN httpd.client_host IS 'text: the client, where a name is logged in place of its address';
COMMENT ON COLUMN httpd.ident IS 'text: what the client''s identd said; mostly nothing';
COMMENT ON COLUMN httpd.remote_user IS 'text: user that authenticated, as the client wrote it';
COMMENT ON COLUMN httpd.request IS 'text: the request line as the client sent it';
COMMENT ON COLUMN httpd.method IS 'text: method';
COMMENT ON COLUMN httpd.url IS 'text: URL or path as the client sent it';
COMMENT ON COLUMN httpd.protocol IS 'text: protocol of the request';
COMMENT ON COLUMN httpd.status IS 'number: status that the client was answered';
COMMENT ON COLUMN httpd.bytes_out IS 'bytes: bytes of the answer, with or without its headers as the format says';
COMMENT ON COLUMN httpd.bytes_in IS 'bytes: bytes of the request, where they are logged';
COMMENT ON COLUMN httpd.seconds IS 'number: seconds that it took, where that is logged';
COMMENT ON COLUMN httpd.referer IS 'text: Referer as the client sent it';
COMMENT ON COLUMN httpd.user_agent IS 'text: User-Agent as the client sent it';
COMMENT ON COLUMN httpd.x_forwarded_for IS 'text: X-Forwarded-For: the client may have written any part of it';
COMMENT ON COLUMN httpd.trace_id IS 'request: X-Amzn-Trace-Id, whole, where it is logged';
COMMENT ON COLUMN httpd.server_name IS 'text: the virtual host, where it is logged';
COMMENT ON COLUMN httpd.server_port IS 'port: its port';
COMMENT ON COLUMN httpd.host IS 'name: host that was asked, in lower case, where it is logged';
COMMENT ON COLUMN httpd.path IS 'url_path: path as the client sent it, not decoded';
COMMENT ON COLUMN httpd.query IS 'text: what stands behind the question mark, not decoded';
COMMENT ON COLUMN httpd.path_decoded IS 'text: path after decoding, up to three times; for searching';
COMMENT ON COLUMN httpd.attack IS 'text: kinds of attack text in the decoded request; no proof that it worked, or was meant';
COMMENT ON COLUMN httpd.time_kind IS 'text: arrival or end: what time says; NULL where the format was not given';
COMMENT ON COLUMN httpd.trace_root IS 'request: Root of trace_id';
COMMENT ON COLUMN httpd.instance_id IS 'instance: instance, where the log group or stream names it';
COMMENT ON COLUMN httpd.extra IS 'json: what the format has more, as a JSON object';
COMMENT ON COLUMN httpd.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN httpd.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN httpd.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN httpd.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN httpd.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN httpd.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN httpd.client_ip_n IS 'number: client_ip as a number';

-- section: http

SELECT time, 'httpd' AS log, capture, client_ip, client_port, method, host, path, query, url, status::INTEGER AS status,
  user_agent, referer, x_forwarded_for, bytes_in, bytes_out, seconds,
  trace_root AS trace_id, coalesce(server_name, log_stream) AS elb, instance_id,
  attack, path_decoded, time_kind, object_id, row_no, utf8_escaped, client_ip_n
FROM httpd

-- section: derived

-- derived: httpd_minute needs store.httpd
INSERT INTO derived.minute
SELECT 'httpd', capture, log_stream, coalesce(status::VARCHAR, '-'), make_timestamp(60000000 * minute), sum(records), sum(bytes)
FROM (
  SELECT context_id, status, epoch_us(time) // 60000000 AS minute, count(*) AS records, sum(bytes_out) AS bytes
  FROM store.httpd WHERE object_id > $after GROUP BY ALL
) JOIN store.httpd_context USING (context_id)
GROUP BY ALL;
