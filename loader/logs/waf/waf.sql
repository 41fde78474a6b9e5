-- AWS WAF logs.
--
-- log:           waf
-- title:         AWS WAF logs
-- called:        WAF log, WAF logs
-- records:       WAF requests
-- doc:           https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
-- doc:           https://docs.aws.amazon.com/waf/latest/developerguide/logging.html
-- view:          waf
-- time:          timestamp
-- source:        web_acl_id
-- asker:         client_ip
-- lead:          timestamp, client_ip, action, http_method, host, uri, args, terminating_rule_id, user_agent
-- cite:          action, http_method, uri, terminating_rule_id
-- children:      waf_rule: WAF rules that matched
-- children-show: rule_no, rule_group_id, rule_id, action, matched_data
-- children-lead: timestamp, client_ip, rule_group_id, rule_id, action, matched_data
-- silence:       none
-- shape:         request
-- blind:         bodies: of a body only what an SQL injection or script rule matched is there, as matchedData
-- blind:         what was redacted or filtered: a logging configuration may leave out fields, and keep blocked requests alone
-- blind:         what became of a request that was allowed: the target's answer is in the log of what stands behind
-- blind:         the client behind a proxy: client_ip is the other end of the connection
-- blind:         throttled records: CloudWatch Logs and Firehose may take less than WAF sends, and the rest is lost

-- section: tables

CREATE TABLE store.waf_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  format_version VARCHAR, web_acl_id VARCHAR, action VARCHAR, terminating_rule_id VARCHAR, terminating_rule_type VARCHAR,
  http_source_name VARCHAR, http_source_id VARCHAR, country VARCHAR, http_version VARCHAR, http_method VARCHAR, scheme VARCHAR,
  response_code_sent VARCHAR
);

CREATE TABLE store.waf (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  "timestamp" TIMESTAMP NOT NULL, client4 UINTEGER, client6 UHUGEINT, request_id VARCHAR,
  host VARCHAR, path VARCHAR, query VARCHAR, fragment VARCHAR, user_agent VARCHAR, x_forwarded_for VARCHAR, referer VARCHAR,
  headers VARCHAR, labels VARCHAR, rule_group_list VARCHAR, rate_based_rule_list VARCHAR, non_terminating_matching_rules VARCHAR,
  terminating_rule_match_details VARCHAR, ja3_fingerprint VARCHAR, ja4_fingerprint VARCHAR, request_body_size BIGINT,
  request_body_size_inspected BIGINT, path_decoded VARCHAR, attack VARCHAR, extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

CREATE TABLE store.waf_rule_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  part VARCHAR, rule_group_id VARCHAR, rule_id VARCHAR, action VARCHAR, overridden_action VARCHAR
);

CREATE TABLE store.waf_rule (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  rule_no BIGINT NOT NULL, "timestamp" TIMESTAMP NOT NULL, client4 UINTEGER, client6 UHUGEINT, matched_data VARCHAR,
  utf8_escaped BOOLEAN NOT NULL
);

CREATE TABLE store.waf_header_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  header VARCHAR
);

CREATE TABLE store.waf_header (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  header_no BIGINT NOT NULL, "timestamp" TIMESTAMP NOT NULL, value VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW waf AS
SELECT w."timestamp", c.action, c.terminating_rule_id, c.terminating_rule_type, c.web_acl_id,
  c.http_source_name, c.http_source_id,
  addr_text(w.client4, w.client6) AS client_ip, c.country, c.http_method, c.scheme, w.host, w.path AS uri, w.query AS args, w.fragment,
  c.http_version, w.request_id, w.user_agent, w.x_forwarded_for, w.referer,
  TRY_CAST(c.response_code_sent AS INTEGER) AS response_code_sent,
  w.ja3_fingerprint, w.ja4_fingerprint, w.request_body_size, w.request_body_size_inspected,
  w.headers, w.labels AS waf_labels, w.rule_group_list, w.rate_based_rule_list, w.non_terminating_matching_rules,
  w.terminating_rule_match_details,
  coalesce(w.path_decoded, w.path) AS path_decoded, string_split(w.attack, ',') AS attack, c.format_version,
  w.extra, c.capture, c.log_group, c.log_stream, w.object_id, w.row_no, w.utf8_escaped,
  addr_number(w.client4, w.client6) AS client_ip_n
FROM store.waf w JOIN store.waf_context c USING (context_id);

COMMENT ON VIEW waf IS 'waf: every request that a web ACL judged and logged';
COMMENT ON COLUMN waf."timestamp" IS 'time: when the request came';
COMMENT ON COLUMN waf.action IS 'text: ALLOW, BLOCK, CAPTCHA or CHALLENGE: a request that was blocked was never seen by the target';
COMMENT ON COLUMN waf.terminating_rule_id IS 'text: rule that decided; Default_Action where none did';
COMMENT ON COLUMN waf.terminating_rule_type IS 'text: REGULAR, RATE_BASED, GROUP or MANAGED_RULE_GROUP';
COMMENT ON COLUMN waf.web_acl_id IS 'text: the web ACL';
COMMENT ON COLUMN waf.http_source_name IS 'text: what it protects: CF, ALB, APIGW …';
COMMENT ON COLUMN waf.http_source_id IS 'text: which one: a distribution, or account-app/name/id of a load balancer';
COMMENT ON COLUMN waf.client_ip IS 'ip: the other end of the connection: the client, or a proxy before WAF';
COMMENT ON COLUMN waf.country IS 'text: country of client_ip, by AWS';
COMMENT ON COLUMN waf.http_method IS 'text: method';
COMMENT ON COLUMN waf.scheme IS 'text: scheme, where it is logged';
COMMENT ON COLUMN waf.host IS 'name: host that was asked, in lower case, without port';
COMMENT ON COLUMN waf.uri IS 'uri: path as the client sent it, not decoded; REDACTED where that was configured';
COMMENT ON COLUMN waf.args IS 'text: what stands behind the question mark, not decoded';
COMMENT ON COLUMN waf.fragment IS 'text: what stands behind #';
COMMENT ON COLUMN waf.http_version IS 'text: protocol of the request';
COMMENT ON COLUMN waf.request_id IS
  'request: id of the request: in a load balancer''s log the Root of its trace id, in CloudFront''s x-edge-request-id';
COMMENT ON COLUMN waf.user_agent IS 'text: User-Agent as the client sent it';
COMMENT ON COLUMN waf.x_forwarded_for IS 'text: X-Forwarded-For: the client may have written any part of it';
COMMENT ON COLUMN waf.referer IS 'text: Referer as the client sent it';
COMMENT ON COLUMN waf.response_code_sent IS 'number: status that WAF answered itself';
COMMENT ON COLUMN waf.ja3_fingerprint IS 'text: JA3 of the client''s TLS hello';
COMMENT ON COLUMN waf.ja4_fingerprint IS 'text: JA4 of the client''s TLS hello';
COMMENT ON COLUMN waf.request_body_size IS 'bytes: bytes of the body';
COMMENT ON COLUMN waf.request_body_size_inspected IS 'bytes: bytes of the body that WAF looked at';
COMMENT ON COLUMN waf.headers IS 'json: all headers, in order; as rows in waf_header';
COMMENT ON COLUMN waf.waf_labels IS 'json: labels that rules put on the request, at most a hundred';
COMMENT ON COLUMN waf.rule_group_list IS 'json: rule groups that looked at it; what matched is in waf_rule';
COMMENT ON COLUMN waf.rate_based_rule_list IS 'json: rate-based rules that acted';
COMMENT ON COLUMN waf.non_terminating_matching_rules IS 'json: rules that matched and did not decide';
COMMENT ON COLUMN waf.terminating_rule_match_details IS 'json: what the deciding rule matched: the only trace of a body';
COMMENT ON COLUMN waf.path_decoded IS 'text: path after decoding, up to three times; for searching';
COMMENT ON COLUMN waf.attack IS 'text: kinds of attack text in the decoded request and its headers; no proof that it worked, or was meant';
COMMENT ON COLUMN waf.format_version IS 'text: format version of the record';
COMMENT ON COLUMN waf.extra IS 'json: keys that case53 does not know, as a JSON object';
COMMENT ON COLUMN waf.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN waf.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN waf.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN waf.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN waf.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN waf.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN waf.client_ip_n IS 'number: client_ip as a number';

CREATE VIEW waf_rule AS
SELECT r."timestamp", addr_text(r.client4, r.client6) AS client_ip, r.rule_no, c.part, c.rule_group_id, c.rule_id, c.action,
  c.overridden_action, r.matched_data, c.capture, r.object_id, r.row_no, r.utf8_escaped,
  addr_number(r.client4, r.client6) AS client_ip_n
FROM store.waf_rule r JOIN store.waf_rule_context c USING (context_id);

COMMENT ON VIEW waf_rule IS 'waf: every rule that matched a request, a row each';
COMMENT ON COLUMN waf_rule."timestamp" IS 'time: when the request came';
COMMENT ON COLUMN waf_rule.client_ip IS 'ip: the other end of the connection: the client, or a proxy before WAF';
COMMENT ON COLUMN waf_rule.rule_no IS 'number: its place among the record''s rules, from 1';
COMMENT ON COLUMN waf_rule.part IS 'text: terminating, group terminating, group matching, excluded, rate-based or matching';
COMMENT ON COLUMN waf_rule.rule_group_id IS 'text: rule group that it is in';
COMMENT ON COLUMN waf_rule.rule_id IS 'text: the rule';
COMMENT ON COLUMN waf_rule.action IS 'text: what it did, or would have: COUNT and EXCLUDED_AS_COUNT did nothing';
COMMENT ON COLUMN waf_rule.overridden_action IS 'text: what it would have done, where the web ACL overrides it';
COMMENT ON COLUMN waf_rule.matched_data IS 'json: what it matched, where it says so';
COMMENT ON COLUMN waf_rule.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN waf_rule.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN waf_rule.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN waf_rule.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN waf_rule.client_ip_n IS 'number: client_ip as a number';

CREATE VIEW waf_header AS
SELECT h."timestamp", h.header_no, c.header, h.value, c.capture, h.object_id, h.row_no, h.utf8_escaped
FROM store.waf_header h JOIN store.waf_header_context c USING (context_id);

COMMENT ON VIEW waf_header IS 'waf: every header of a request, a row each';
COMMENT ON COLUMN waf_header."timestamp" IS 'time: when the request came';
COMMENT ON COLUMN waf_header.header_no IS 'number: its place among the headers, from 1';
COMMENT ON COLUMN waf_header.header IS 'text: name of the header, in lower case';
COMMENT ON COLUMN waf_header.value IS 'text: its value as the client sent it; REDACTED where that was configured';
COMMENT ON COLUMN waf_header.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN waf_header.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN waf_header.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN waf_header.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';

-- section: http

SELECT "timestamp" AS time, 'waf' AS log, capture, client_ip, http_method AS method, scheme, host, uri AS path, args AS query,
  uri || coalesce('?' || args, '') AS url, response_code_sent AS status, lower(action) AS action,
  user_agent, referer, x_forwarded_for, request_body_size AS bytes_in,
  CASE WHEN starts_with(request_id, '1-') THEN request_id END AS trace_id, request_id, web_acl_id AS elb,
  nullif(split_part(web_acl_id, ':', 5), '') AS account_id, nullif(split_part(web_acl_id, ':', 4), '') AS region,
  attack, path_decoded, 'arrival' AS time_kind, object_id, row_no, utf8_escaped, client_ip_n
FROM waf

-- section: derived

-- derived: waf_minute needs store.waf
INSERT INTO derived.minute
SELECT 'waf', capture, web_acl_id, coalesce(action, '-'), make_timestamp(60000000 * minute), sum(records), NULL
FROM (
  SELECT context_id, epoch_us("timestamp") // 60000000 AS minute, count(*) AS records
  FROM store.waf WHERE object_id > $after GROUP BY ALL
) JOIN store.waf_context USING (context_id)
GROUP BY ALL;
