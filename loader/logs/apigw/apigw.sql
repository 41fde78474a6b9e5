-- Amazon API Gateway access logs.
--
-- log:     apigw
-- title:   API Gateway access logs
-- called:  API Gateway log, API Gateway logs
-- records: API requests
-- doc:     https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
-- doc:     https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
-- view:    apigw
-- time:    time
-- source:  api_id
-- asker:   source_ip
-- lead:    time, source_ip, http_method, resource_path, path, status, user_agent
-- cite:    http_method, resource_path, status
-- silence: none
-- shape:   request
-- blind:   what was asked exactly: the presets have the resource (/pets/{id}) and not the path, and no variable has the query
-- blind:   headers other than User-Agent, and bodies: only execution logs may have them
-- blind:   requests that were not logged: an API logs what its stage was told to, as the stage's format says, and events may be lost

-- section: tables

CREATE TABLE store.apigw_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  api_id VARCHAR, stage VARCHAR, account_id VARCHAR, domain_name VARCHAR, http_method VARCHAR, resource_path VARCHAR,
  route_key VARCHAR, protocol VARCHAR, event_type VARCHAR
);

CREATE TABLE store.apigw (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  time TIMESTAMP NOT NULL, source4 UINTEGER, source6 UHUGEINT, caller VARCHAR, "user" VARCHAR, status SMALLINT,
  response_length BIGINT, response_latency BIGINT, request_id VARCHAR, extended_request_id VARCHAR, connection_id VARCHAR,
  xray_trace_id VARCHAR, user_agent VARCHAR, waf_status VARCHAR, integration_status SMALLINT, error_message VARCHAR,
  host VARCHAR, path VARCHAR, query VARCHAR, path_decoded VARCHAR, attack VARCHAR, extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW apigw AS
SELECT r.time, addr_text(r.source4, r.source6) AS source_ip, r.caller, r."user", c.http_method, c.resource_path, c.route_key,
  c.event_type, r.status, c.protocol, r.response_length, r.response_latency, r.request_id, r.extended_request_id, r.connection_id,
  r.xray_trace_id, r.user_agent, r.waf_status, r.integration_status, r.error_message,
  c.api_id, c.stage, c.account_id, c.domain_name, r.host, r.path, r.query,
  coalesce(r.path_decoded, r.path) AS path_decoded, string_split(r.attack, ',') AS attack,
  r.extra, c.capture, c.log_group, c.log_stream, r.object_id, r.row_no, r.utf8_escaped,
  addr_number(r.source4, r.source6) AS source_ip_n
FROM store.apigw r JOIN store.apigw_context c USING (context_id);

COMMENT ON VIEW apigw IS 'apigw: every request that an API logged';
COMMENT ON COLUMN apigw.time IS 'time: when the request came';
COMMENT ON COLUMN apigw.source_ip IS 'ip: the client, or a proxy before the API';
COMMENT ON COLUMN apigw.caller IS 'text: principal of the caller';
COMMENT ON COLUMN apigw."user" IS 'text: principal of the user';
COMMENT ON COLUMN apigw.http_method IS 'text: method';
COMMENT ON COLUMN apigw.resource_path IS 'text: the resource, with its parameters not filled in';
COMMENT ON COLUMN apigw.route_key IS 'text: the route of an HTTP or WebSocket API';
COMMENT ON COLUMN apigw.event_type IS 'text: CONNECT, MESSAGE or DISCONNECT of a WebSocket API';
COMMENT ON COLUMN apigw.status IS 'number: status that the client was answered';
COMMENT ON COLUMN apigw.protocol IS 'text: protocol of the request';
COMMENT ON COLUMN apigw.response_length IS 'bytes: bytes of the answer';
COMMENT ON COLUMN apigw.response_latency IS 'number: milliseconds that the answer took';
COMMENT ON COLUMN apigw.request_id IS 'request: id of the request; a client may have sent it';
COMMENT ON COLUMN apigw.extended_request_id IS 'request: id that API Gateway gave it';
COMMENT ON COLUMN apigw.connection_id IS 'request: connection of a WebSocket API';
COMMENT ON COLUMN apigw.xray_trace_id IS 'text: X-Ray trace';
COMMENT ON COLUMN apigw.user_agent IS 'text: User-Agent as the client sent it';
COMMENT ON COLUMN apigw.waf_status IS 'text: what the firewall answered';
COMMENT ON COLUMN apigw.integration_status IS 'number: status of the integration';
COMMENT ON COLUMN apigw.error_message IS 'text: error of the gateway';
COMMENT ON COLUMN apigw.api_id IS 'text: the API';
COMMENT ON COLUMN apigw.stage IS 'text: its stage';
COMMENT ON COLUMN apigw.account_id IS 'account: its owner';
COMMENT ON COLUMN apigw.domain_name IS 'name: host that was asked';
COMMENT ON COLUMN apigw.host IS 'name: domain_name in lower case';
COMMENT ON COLUMN apigw.path IS 'url_path: path, where it is logged';
COMMENT ON COLUMN apigw.query IS 'text: query, where a custom format has it';
COMMENT ON COLUMN apigw.path_decoded IS 'text: path after decoding, up to three times; for searching';
COMMENT ON COLUMN apigw.attack IS 'text: kinds of attack text in the decoded request; no proof that it worked, or was meant';
COMMENT ON COLUMN apigw.extra IS 'json: what the format has more, as a JSON object';
COMMENT ON COLUMN apigw.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN apigw.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN apigw.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN apigw.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN apigw.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN apigw.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN apigw.source_ip_n IS 'number: source_ip as a number';

-- section: http

SELECT time, 'apigw' AS log, capture, source_ip AS client_ip, http_method AS method, host, path, query,
  coalesce(path, resource_path, route_key) AS url, status::INTEGER AS status, waf_status AS action, user_agent,
  integration_status::INTEGER AS target_status, response_length AS bytes_out, response_latency / 1e3 AS seconds,
  nullif(regexp_extract(xray_trace_id, '(Root=)?([^;]+)', 2), '') AS trace_id, coalesce(extended_request_id, request_id) AS request_id,
  api_id AS elb, account_id, attack, path_decoded, 'arrival' AS time_kind, object_id, row_no, utf8_escaped, source_ip_n AS client_ip_n
FROM apigw

-- section: derived

-- derived: apigw_minute
INSERT INTO derived.minute
SELECT 'apigw', capture, api_id, coalesce(status::VARCHAR, '-'), make_timestamp(60000000 * minute), sum(records), sum(bytes)
FROM (
  SELECT context_id, status, epoch_us(time) // 60000000 AS minute, count(*) AS records, sum(response_length) AS bytes
  FROM store.apigw WHERE object_id > $after GROUP BY ALL
) JOIN store.apigw_context USING (context_id)
GROUP BY ALL;
