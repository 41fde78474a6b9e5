-- Amazon CloudFront access logs: standard logs of both versions, and real-time logs.
--
-- log:     cloudfront
-- title:   CloudFront access logs
-- called:  CloudFront log, CloudFront logs
-- records: CloudFront requests
-- doc:     https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html
-- doc:     https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html
-- view:    cloudfront
-- time:    timestamp
-- source:  cs_host
-- asker:   c_ip
-- lead:    timestamp, c_ip, cs_method, x_host_header, cs_uri_stem, sc_status, user_agent
-- cite:    cs_method, cs_uri_stem, sc_status
-- silence: none
-- shape:   request
-- blind:   requests that were not logged: logging is best effort; requests with more than 20 KB of headers or a URL over 8,192
--          bytes are in no log at all, and a real-time log may be a sample
-- blind:   the last hours: files come within an hour as a rule, up to 24 hours late, and begin some four hours after logging was
--          switched on
-- blind:   other headers, and bodies: Host, Referer, User-Agent, X-Forwarded-For and, where switched on, Cookie are all there is
-- blind:   whoever asks the origin by its own address: what goes round the distribution is in the origin's logs alone

-- section: tables

CREATE TABLE store.cloudfront_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  x_edge_location VARCHAR, cs_method VARCHAR, cs_host VARCHAR, x_edge_result_type VARCHAR, cs_protocol VARCHAR,
  ssl_protocol VARCHAR, ssl_cipher VARCHAR, x_edge_response_result_type VARCHAR, cs_protocol_version VARCHAR,
  fle_status VARCHAR, x_edge_detailed_result_type VARCHAR, c_country VARCHAR, cache_behavior_path_pattern VARCHAR,
  distribution_tenant_id VARCHAR, s_ip VARCHAR
);

-- path, query, user_agent and referer are what the viewer sent: CloudFront's own encoding is undone once. What was logged is kept
-- beside it, of path and query where it is another text.
CREATE TABLE store.cloudfront (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  timestamp TIMESTAMP NOT NULL, c4 UINTEGER, c6 UHUGEINT,
  sc_bytes BIGINT, sc_status SMALLINT, cs_bytes BIGINT, time_taken_us BIGINT, c_port INTEGER, time_to_first_byte_us BIGINT,
  sc_content_type VARCHAR, sc_content_len BIGINT, sc_range_start BIGINT, sc_range_end BIGINT, asn BIGINT,
  cs_uri_stem VARCHAR, cs_uri_query VARCHAR, cs_referer VARCHAR, cs_user_agent VARCHAR, cs_cookie VARCHAR,
  x_edge_request_id VARCHAR, x_host_header VARCHAR, x_forwarded_for VARCHAR, fle_encrypted_fields VARCHAR,
  connection_id VARCHAR, cs_headers VARCHAR,
  host VARCHAR, path VARCHAR, query VARCHAR, user_agent VARCHAR, referer VARCHAR,
  path_decoded VARCHAR, attack VARCHAR, extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW cloudfront AS
SELECT r.timestamp::DATE AS date, strftime(r.timestamp, '%H:%M:%S') AS time, r.timestamp,
  c.x_edge_location, r.sc_bytes, addr_text(r.c4, r.c6) AS c_ip, c.cs_method, c.cs_host,
  coalesce(r.cs_uri_stem, r.path) AS cs_uri_stem, r.sc_status, r.cs_referer, r.cs_user_agent,
  coalesce(r.cs_uri_query, r.query) AS cs_uri_query, r.cs_cookie, c.x_edge_result_type, r.x_edge_request_id,
  r.x_host_header, c.cs_protocol, r.cs_bytes, r.time_taken_us / 1e6 AS time_taken, r.x_forwarded_for, c.ssl_protocol,
  c.ssl_cipher, c.x_edge_response_result_type, c.cs_protocol_version, c.fle_status, r.fle_encrypted_fields, r.c_port,
  r.time_to_first_byte_us / 1e6 AS time_to_first_byte, c.x_edge_detailed_result_type, r.sc_content_type, r.sc_content_len,
  r.sc_range_start, r.sc_range_end, r.asn, c.c_country, c.cache_behavior_path_pattern, c.distribution_tenant_id,
  r.connection_id, c.s_ip, r.cs_headers,
  r.host, r.path, r.query, r.user_agent, r.referer,
  coalesce(r.path_decoded, r.path) AS path_decoded, string_split(r.attack, ',') AS attack,
  r.extra, c.capture, c.log_group, c.log_stream, r.object_id, r.row_no, r.utf8_escaped, addr_number(r.c4, r.c6) AS c_ip_n
FROM store.cloudfront r JOIN store.cloudfront_context c USING (context_id);

COMMENT ON VIEW cloudfront IS 'cloudfront: every request that CloudFront logged';
COMMENT ON COLUMN cloudfront.date IS 'text: day of timestamp';
COMMENT ON COLUMN cloudfront.time IS 'text: time of the day of timestamp';
COMMENT ON COLUMN cloudfront.timestamp IS 'time: when the answer was sent; of a WebSocket when it was closed';
COMMENT ON COLUMN cloudfront.x_edge_location IS 'text: edge location that served the request';
COMMENT ON COLUMN cloudfront.sc_bytes IS 'bytes: bytes to the viewer, headers included';
COMMENT ON COLUMN cloudfront.c_ip IS 'ip: the viewer, or its proxy';
COMMENT ON COLUMN cloudfront.cs_method IS 'text: method';
COMMENT ON COLUMN cloudfront.cs_host IS 'name: domain name of the distribution';
COMMENT ON COLUMN cloudfront.cs_uri_stem IS 'url_path: path as logged: CloudFront has encoded it once more';
COMMENT ON COLUMN cloudfront.sc_status IS 'number: status that the viewer was answered; 0: it left first';
COMMENT ON COLUMN cloudfront.cs_referer IS 'text: Referer as logged, encoded';
COMMENT ON COLUMN cloudfront.cs_user_agent IS 'text: User-Agent as logged, encoded';
COMMENT ON COLUMN cloudfront.cs_uri_query IS 'text: query as logged, encoded once more';
COMMENT ON COLUMN cloudfront.cs_cookie IS 'text: cookies, where they are logged';
COMMENT ON COLUMN cloudfront.x_edge_result_type IS 'text: how the request was answered: Hit, Miss, Error …';
COMMENT ON COLUMN cloudfront.x_edge_request_id IS 'request: id of the request, as in the firewall''s log and in X-Amz-Cf-Id at the origin';
COMMENT ON COLUMN cloudfront.x_host_header IS 'name: Host as the viewer sent it';
COMMENT ON COLUMN cloudfront.cs_protocol IS 'text: http, https, ws or wss';
COMMENT ON COLUMN cloudfront.cs_bytes IS 'bytes: bytes from the viewer, headers included';
COMMENT ON COLUMN cloudfront.time_taken IS 'number: seconds from request to last byte';
COMMENT ON COLUMN cloudfront.x_forwarded_for IS 'text: X-Forwarded-For: the viewer may have written any part of it';
COMMENT ON COLUMN cloudfront.ssl_protocol IS 'text: TLS version';
COMMENT ON COLUMN cloudfront.ssl_cipher IS 'text: cipher';
COMMENT ON COLUMN cloudfront.x_edge_response_result_type IS 'text: how it was answered, just before the answer was sent';
COMMENT ON COLUMN cloudfront.cs_protocol_version IS 'text: HTTP version';
COMMENT ON COLUMN cloudfront.fle_status IS 'text: field-level encryption';
COMMENT ON COLUMN cloudfront.fle_encrypted_fields IS 'text: fields that were encrypted';
COMMENT ON COLUMN cloudfront.c_port IS 'port: port of the viewer';
COMMENT ON COLUMN cloudfront.time_to_first_byte IS 'number: seconds to the first byte';
COMMENT ON COLUMN cloudfront.x_edge_detailed_result_type IS 'text: the same in detail, errors by their kind';
COMMENT ON COLUMN cloudfront.sc_content_type IS 'text: Content-Type of the answer';
COMMENT ON COLUMN cloudfront.sc_content_len IS 'bytes: Content-Length of the answer';
COMMENT ON COLUMN cloudfront.sc_range_start IS 'number: first byte of a range';
COMMENT ON COLUMN cloudfront.sc_range_end IS 'number: last byte of a range';
COMMENT ON COLUMN cloudfront.asn IS 'number: autonomous system of the viewer';
COMMENT ON COLUMN cloudfront.c_country IS 'text: country of the viewer';
COMMENT ON COLUMN cloudfront.cache_behavior_path_pattern IS 'text: cache behaviour';
COMMENT ON COLUMN cloudfront.distribution_tenant_id IS 'text: distribution tenant';
COMMENT ON COLUMN cloudfront.connection_id IS 'request: connection, as in connection logs';
COMMENT ON COLUMN cloudfront.s_ip IS 'ip: address of the edge server';
COMMENT ON COLUMN cloudfront.cs_headers IS 'text: headers of the viewer, as real-time logs have them, cut at 800 bytes';
COMMENT ON COLUMN cloudfront.host IS 'name: host that the viewer asked, in lower case';
COMMENT ON COLUMN cloudfront.path IS 'url_path: path as the viewer sent it';
COMMENT ON COLUMN cloudfront.query IS 'text: query as the viewer sent it';
COMMENT ON COLUMN cloudfront.user_agent IS 'text: User-Agent as the viewer sent it';
COMMENT ON COLUMN cloudfront.referer IS 'text: Referer as the viewer sent it';
COMMENT ON COLUMN cloudfront.path_decoded IS 'text: path after decoding, up to three times; for searching';
COMMENT ON COLUMN cloudfront.attack IS 'text: kinds of attack text in the decoded request; no proof that it worked, or was meant';
COMMENT ON COLUMN cloudfront.extra IS 'json: other fields, as a JSON object';
COMMENT ON COLUMN cloudfront.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN cloudfront.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN cloudfront.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN cloudfront.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN cloudfront.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN cloudfront.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN cloudfront.c_ip_n IS 'number: c_ip as a number';

-- section: http

SELECT timestamp AS time, 'cloudfront' AS log, capture, c_ip AS client_ip, c_port AS client_port, cs_method AS method,
  cs_protocol AS scheme, host, path, query, path || coalesce('?' || query, '') AS url, sc_status::INTEGER AS status,
  x_edge_result_type AS action, user_agent, referer, x_forwarded_for, cs_bytes AS bytes_in, sc_bytes AS bytes_out,
  time_taken AS seconds, x_edge_request_id AS request_id, cs_host AS elb, attack, path_decoded, 'end' AS time_kind,
  object_id, row_no, utf8_escaped, c_ip_n AS client_ip_n
FROM cloudfront

-- section: derived

-- derived: cloudfront_minute
INSERT INTO derived.minute
SELECT 'cloudfront', capture, cs_host, coalesce(status::VARCHAR, '-'), make_timestamp(60000000 * minute), sum(records), sum(bytes)
FROM (
  SELECT context_id, sc_status AS status, epoch_us(timestamp) // 60000000 AS minute, count(*) AS records, sum(sc_bytes) AS bytes
  FROM store.cloudfront WHERE object_id > $after GROUP BY ALL
) JOIN store.cloudfront_context USING (context_id)
GROUP BY ALL;
