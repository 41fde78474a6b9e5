-- Access logs of Application Load Balancers and Classic Load Balancers.
--
-- log:     alb
-- title:   Application and Classic Load Balancer access logs
-- called:  load balancer log, load balancer logs
-- records: Load balancer requests
-- doc:     https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
-- doc:     https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html
-- doc:     https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-health-check-logs.html
-- view:    alb
-- time:    time
-- source:  elb
-- asker:   client_ip
-- lead:    time, client_ip, request_verb, request_url, elb_status_code, target_ip, user_agent
-- cite:    request_verb, request_url, elb_status_code
-- silence: none
-- shape:   request
-- blind:   requests that were not logged: logging is best effort, "not a complete accounting of all requests"; there is no
--          record that says that there was nothing
-- blind:   headers other than User-Agent and Host, and bodies: an exploit string in another header, or in a POST, is in no
--          field
-- blind:   the client behind a proxy: client_ip is the other end of the connection, a CloudFront edge where there is one
-- blind:   which connection to the target: the load balancer's own port is not logged, and connections are used again
-- blind:   connections without a request, and TLS that failed: those are in connection logs
-- blind:   traffic to the instance's own address: only flow logs have it

-- section: tables

CREATE TABLE store.alb_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  type VARCHAR, elb VARCHAR, target_group_arn VARCHAR, chosen_cert_arn VARCHAR, ssl_cipher VARCHAR, ssl_protocol VARCHAR,
  matched_rule_priority INTEGER, actions_executed VARCHAR, error_reason VARCHAR, classification VARCHAR,
  classification_reason VARCHAR, request_transform_status VARCHAR, ip_address VARCHAR
);

-- url is kept where it is not scheme://host:port/path?query; trace_id where it is more than Root= and trace_root.
CREATE TABLE store.alb (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  time TIMESTAMP NOT NULL, request_creation_time TIMESTAMP,
  client4 UINTEGER, client6 UHUGEINT, client_port INTEGER, target4 UINTEGER, target6 UHUGEINT, target_port INTEGER,
  request_processing_us BIGINT, target_processing_us BIGINT, response_processing_us BIGINT,
  elb_status_code SMALLINT, target_status_code SMALLINT, received_bytes BIGINT, sent_bytes BIGINT,
  request_verb VARCHAR, request_proto VARCHAR, scheme VARCHAR, host VARCHAR, url_port INTEGER, path VARCHAR, query VARCHAR, url VARCHAR,
  user_agent VARCHAR, trace_root VARCHAR, trace_id VARCHAR, domain_name VARCHAR, redirect_url VARCHAR, target_port_list VARCHAR,
  target_status_code_list VARCHAR, conn_trace_id VARCHAR, transformed_host VARCHAR, transformed_uri VARCHAR,
  path_decoded VARCHAR, attack VARCHAR, extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

CREATE TABLE store.alb_health_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  type VARCHAR, target_group_id VARCHAR, status VARCHAR, status_code VARCHAR, reason_code VARCHAR, elb VARCHAR, ip_address VARCHAR
);

CREATE TABLE store.alb_health (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  time TIMESTAMP NOT NULL, latency_us BIGINT, target4 UINTEGER, target6 UHUGEINT, target_port INTEGER,
  extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW alb AS
SELECT c.type, a.time, c.elb,
  addr_text(a.client4, a.client6) AS client_ip, a.client_port,
  addr_text(a.target4, a.target6) AS target_ip, a.target_port,
  a.request_processing_us / 1e6 AS request_processing_time,
  a.target_processing_us / 1e6 AS target_processing_time,
  a.response_processing_us / 1e6 AS response_processing_time,
  a.elb_status_code, a.target_status_code, a.received_bytes, a.sent_bytes,
  a.request_verb,
  CASE
    WHEN a.url IS NOT NULL OR a.scheme IS NULL THEN a.url
    ELSE concat(
      a.scheme, '://', CASE WHEN contains(a.host, ':') THEN '[' || a.host || ']' ELSE a.host END,
      ':' || a.url_port, a.path, '?' || a.query
    )
  END AS request_url,
  a.request_proto, a.user_agent, c.ssl_cipher, c.ssl_protocol, c.target_group_arn,
  coalesce(a.trace_id, 'Root=' || a.trace_root) AS trace_id, a.domain_name,
  c.chosen_cert_arn,
  c.matched_rule_priority, a.request_creation_time, c.actions_executed, a.redirect_url, c.error_reason,
  a.target_port_list, a.target_status_code_list, c.classification, c.classification_reason, a.conn_trace_id,
  a.transformed_host, a.transformed_uri, c.request_transform_status, c.ip_address,
  a.scheme, a.host, a.url_port, a.path, a.query,
  coalesce(a.path_decoded, a.path) AS path_decoded,
  string_split(a.attack, ',') AS attack, a.trace_root,
  a.extra, c.capture, c.log_group, c.log_stream, a.object_id, a.row_no, a.utf8_escaped,
  addr_number(a.client4, a.client6) AS client_ip_n, addr_number(a.target4, a.target6) AS target_ip_n
FROM store.alb a JOIN store.alb_context c USING (context_id);

COMMENT ON VIEW alb IS 'alb: every request that a load balancer logged';
COMMENT ON COLUMN alb.type IS 'text: http, https, h2, grpcs, ws or wss; clb of a Classic Load Balancer';
COMMENT ON COLUMN alb.time IS
  'time: when the response was made, of a WebSocket when it was closed; of a Classic Load Balancer when the request came';
COMMENT ON COLUMN alb.elb IS 'text: the load balancer';
COMMENT ON COLUMN alb.client_ip IS 'ip: the client, or the proxy before the load balancer';
COMMENT ON COLUMN alb.client_port IS 'port: its port';
COMMENT ON COLUMN alb.target_ip IS
  'ip: the target; NULL where the request was answered without one: blocked, redirected, not whole, or a Lambda function';
COMMENT ON COLUMN alb.target_port IS 'port: its port';
COMMENT ON COLUMN alb.request_processing_time IS 'number: seconds until the request was sent to the target; NULL where -1 was logged';
COMMENT ON COLUMN alb.target_processing_time IS 'number: seconds until the target began to answer; NULL where -1 was logged';
COMMENT ON COLUMN alb.response_processing_time IS 'number: seconds until the response was sent; NULL where -1 was logged';
COMMENT ON COLUMN alb.elb_status_code IS 'number: status that the client was answered';
COMMENT ON COLUMN alb.target_status_code IS 'number: status that the target answered';
COMMENT ON COLUMN alb.received_bytes IS 'bytes: bytes from the client, headers included';
COMMENT ON COLUMN alb.sent_bytes IS 'bytes: bytes to the client, headers included';
COMMENT ON COLUMN alb.request_verb IS 'text: method';
COMMENT ON COLUMN alb.request_url IS 'text: URL as logged';
COMMENT ON COLUMN alb.request_proto IS 'text: protocol of the request';
COMMENT ON COLUMN alb.user_agent IS 'text: User-Agent as logged, at most 8 KB';
COMMENT ON COLUMN alb.ssl_cipher IS 'text: cipher of an HTTPS listener';
COMMENT ON COLUMN alb.ssl_protocol IS 'text: TLS version of an HTTPS listener';
COMMENT ON COLUMN alb.target_group_arn IS 'text: target group';
COMMENT ON COLUMN alb.trace_id IS 'request: X-Amzn-Trace-Id, whole; a client may have sent its Root';
COMMENT ON COLUMN alb.domain_name IS 'name: SNI name; NULL where there was none, or no certificate fits it';
COMMENT ON COLUMN alb.chosen_cert_arn IS 'text: certificate shown, or session-reused';
COMMENT ON COLUMN alb.matched_rule_priority IS 'number: the rule that decided; 0 the default, -1 a rule that failed';
COMMENT ON COLUMN alb.request_creation_time IS 'time: when the request came';
COMMENT ON COLUMN alb.actions_executed IS 'text: what was done, in order; waf at the end: the firewall refused it';
COMMENT ON COLUMN alb.redirect_url IS 'text: where a redirect led, with what the client put there';
COMMENT ON COLUMN alb.error_reason IS 'text: why an action failed';
COMMENT ON COLUMN alb.target_port_list IS 'text: targets that the request was sent to';
COMMENT ON COLUMN alb.target_status_code_list IS 'text: their statuses';
COMMENT ON COLUMN alb.classification IS 'text: Acceptable, Ambiguous or Severe: whether the request was well-formed';
COMMENT ON COLUMN alb.classification_reason IS 'text: why it was not';
COMMENT ON COLUMN alb.conn_trace_id IS 'request: the connection, as in connection logs';
COMMENT ON COLUMN alb.transformed_host IS 'text: host after a rule has rewritten it';
COMMENT ON COLUMN alb.transformed_uri IS 'text: URI after a rule has rewritten it';
COMMENT ON COLUMN alb.request_transform_status IS 'text: how rewriting went';
COMMENT ON COLUMN alb.ip_address IS 'ip: node of the load balancer: the source of its connections to targets';
COMMENT ON COLUMN alb.scheme IS 'text: scheme of the URL';
COMMENT ON COLUMN alb.host IS 'name: host of the URL, in lower case';
COMMENT ON COLUMN alb.url_port IS 'port: port of the URL';
COMMENT ON COLUMN alb.path IS 'url_path: path of the URL as logged';
COMMENT ON COLUMN alb.query IS 'text: what stands behind its question mark, as logged';
COMMENT ON COLUMN alb.path_decoded IS 'text: path after decoding, up to three times; for searching';
COMMENT ON COLUMN alb.attack IS 'text: kinds of attack text in the decoded request; no proof that it worked, or was meant';
COMMENT ON COLUMN alb.trace_root IS 'request: Root of trace_id';
COMMENT ON COLUMN alb.extra IS 'json: fields that case53 does not know, as a JSON object';
COMMENT ON COLUMN alb.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN alb.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN alb.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN alb.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN alb.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN alb.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN alb.client_ip_n IS 'number: client_ip as a number';
COMMENT ON COLUMN alb.target_ip_n IS 'number: target_ip as a number';

CREATE VIEW alb_health AS
SELECT c.type, h.time, h.latency_us / 1e6 AS latency, addr_text(h.target4, h.target6) AS target_ip, h.target_port,
  c.target_group_id, c.status, c.status_code, c.reason_code, c.elb, c.ip_address,
  h.extra, c.capture, c.log_group, c.log_stream, h.object_id, h.row_no, h.utf8_escaped,
  addr_number(h.target4, h.target6) AS target_ip_n
FROM store.alb_health h JOIN store.alb_health_context c USING (context_id);

COMMENT ON VIEW alb_health IS 'alb: every health check of a target that a load balancer logged';
COMMENT ON COLUMN alb_health.type IS 'text: protocol of the check';
COMMENT ON COLUMN alb_health.time IS 'time: when it was done';
COMMENT ON COLUMN alb_health.latency IS 'number: seconds';
COMMENT ON COLUMN alb_health.target_ip IS 'ip: the target';
COMMENT ON COLUMN alb_health.target_port IS 'port: its port';
COMMENT ON COLUMN alb_health.target_group_id IS 'text: target group';
COMMENT ON COLUMN alb_health.status IS 'text: PASS or FAIL';
COMMENT ON COLUMN alb_health.status_code IS 'text: status that the target answered';
COMMENT ON COLUMN alb_health.reason_code IS 'text: why it failed';
COMMENT ON COLUMN alb_health.elb IS 'text: the load balancer';
COMMENT ON COLUMN alb_health.ip_address IS 'ip: node of the load balancer';
COMMENT ON COLUMN alb_health.extra IS 'json: fields that case53 does not know, as a JSON object';
COMMENT ON COLUMN alb_health.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN alb_health.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN alb_health.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN alb_health.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN alb_health.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN alb_health.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN alb_health.target_ip_n IS 'number: target_ip as a number';

-- section: http

SELECT coalesce(request_creation_time, time) AS time, 'alb' AS log, capture, client_ip, client_port,
  request_verb AS method, scheme, host, path, query, request_url AS url,
  elb_status_code::INTEGER AS status,
  CASE WHEN ends_with(actions_executed, 'waf') THEN 'block' ELSE actions_executed END AS action,
  user_agent, target_ip, target_port, target_status_code::INTEGER AS target_status,
  received_bytes AS bytes_in, sent_bytes AS bytes_out,
  coalesce(request_processing_time + target_processing_time + response_processing_time, target_processing_time) AS seconds,
  trace_root AS trace_id, conn_trace_id AS request_id, elb,
  nullif(split_part(target_group_arn, ':', 5), '') AS account_id, nullif(split_part(target_group_arn, ':', 4), '') AS region,
  attack, path_decoded,
  CASE WHEN request_creation_time IS NOT NULL OR type = 'clb' THEN 'arrival' ELSE 'end' END AS time_kind,
  object_id, row_no, utf8_escaped, client_ip_n, target_ip_n
FROM alb

-- section: derived

-- derived: alb_minute needs store.alb
INSERT INTO derived.minute
SELECT 'alb', capture, elb, coalesce(status::VARCHAR, '-'), make_timestamp(60000000 * minute), sum(records), sum(bytes)
FROM (
  SELECT context_id, elb_status_code AS status, epoch_us(time) // 60000000 AS minute, count(*) AS records, sum(sent_bytes) AS bytes
  FROM store.alb WHERE object_id > $after GROUP BY ALL
) JOIN store.alb_context USING (context_id)
GROUP BY ALL;
