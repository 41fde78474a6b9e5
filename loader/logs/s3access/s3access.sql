-- Amazon S3 server access logs.
--
-- log:     s3_access
-- title:   S3 server access logs
-- called:  S3 access log, S3 access logs
-- records: S3 requests
-- doc:     https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
-- view:    s3_access
-- time:    time
-- source:  bucket
-- asker:   remote_ip
-- lead:    time, remote_ip, requester, operation, key, http_status, user_agent
-- cite:    operation, key, http_status
-- silence: none
-- shape:   request
-- blind:   requests that were not delivered: best effort, hours late, some never, some twice
-- blind:   what was in the object: a record has sizes and names alone
-- blind:   who stands behind a role: the requester is an ARN or a canonical id, the key that was used is in CloudTrail
-- blind:   fields that a client has forged: quotes are not escaped, so that a request, Referer or User-Agent may look like more
--          fields; where a line can be cut in more than one way, ambiguous says so

-- section: tables

CREATE TABLE store.s3_access_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  bucket_owner VARCHAR, bucket VARCHAR, operation VARCHAR, signature_version VARCHAR, cipher_suite VARCHAR,
  authentication_type VARCHAR, tls_version VARCHAR, access_point_arn VARCHAR, acl_required VARCHAR, source_region VARCHAR
);

CREATE TABLE store.s3_access (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  time TIMESTAMP NOT NULL, remote4 UINTEGER, remote6 UHUGEINT, requester VARCHAR, request_id VARCHAR, key VARCHAR,
  request_uri VARCHAR, http_status SMALLINT, error_code VARCHAR, bytes_sent BIGINT, object_size BIGINT,
  total_time BIGINT, turn_around_time BIGINT, referer VARCHAR, user_agent VARCHAR, version_id VARCHAR, host_id VARCHAR,
  host_header VARCHAR, method VARCHAR, host VARCHAR, path VARCHAR, query VARCHAR,
  path_decoded VARCHAR, attack VARCHAR, ambiguous VARCHAR, extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW s3_access AS
SELECT
  c.bucket_owner, c.bucket, r.time, addr_text(r.remote4, r.remote6) AS remote_ip, r.requester, r.request_id, c.operation,
  r.key, r.request_uri, r.http_status, r.error_code, r.bytes_sent, r.object_size, r.total_time, r.turn_around_time,
  r.referer, r.user_agent, r.version_id, r.host_id, c.signature_version, c.cipher_suite, c.authentication_type,
  r.host_header, c.tls_version, c.access_point_arn, c.acl_required, c.source_region, r.method, r.host, r.path, r.query,
  coalesce(r.path_decoded, r.path) AS path_decoded, string_split(r.attack, ',') AS attack, r.ambiguous, r.extra, c.capture,
  c.log_group, c.log_stream, r.object_id, r.row_no, r.utf8_escaped, addr_number(r.remote4, r.remote6) AS remote_ip_n
FROM store.s3_access r JOIN store.s3_access_context c USING (context_id);

COMMENT ON VIEW s3_access IS 's3_access: every request that an S3 bucket logged';
COMMENT ON COLUMN s3_access.bucket_owner IS 'text: canonical user id of the owner of the bucket';
COMMENT ON COLUMN s3_access.bucket IS 'text: bucket';
COMMENT ON COLUMN s3_access.time IS 'time: when the request came';
COMMENT ON COLUMN s3_access.remote_ip IS 'ip: the client, or a proxy before S3; NULL of what S3 did by itself';
COMMENT ON COLUMN s3_access.requester IS 'text: who asked: canonical user id, ARN of a role or user, or a service; NULL: anonymous';
COMMENT ON COLUMN s3_access.request_id IS 'request: id of the request';
COMMENT ON COLUMN s3_access.operation IS 'text: what was done: REST.GET.OBJECT, REST.DELETE.OBJECT, S3.EXPIRE.OBJECT …';
COMMENT ON COLUMN s3_access.key IS 'text: object, encoded as logged; NULL where the request was for the bucket';
COMMENT ON COLUMN s3_access.request_uri IS 'text: request line as logged: quotes in it are not escaped';
COMMENT ON COLUMN s3_access.http_status IS 'number: status that the client was answered';
COMMENT ON COLUMN s3_access.error_code IS 'text: error';
COMMENT ON COLUMN s3_access.bytes_sent IS 'bytes: bytes of the answer, without its headers';
COMMENT ON COLUMN s3_access.object_size IS 'bytes: size of the object';
COMMENT ON COLUMN s3_access.total_time IS 'number: milliseconds from request to last byte';
COMMENT ON COLUMN s3_access.turn_around_time IS 'number: milliseconds until S3 began to answer';
COMMENT ON COLUMN s3_access.referer IS 'text: Referer as the client sent it';
COMMENT ON COLUMN s3_access.user_agent IS 'text: User-Agent as the client sent it';
COMMENT ON COLUMN s3_access.version_id IS 'text: version of the object';
COMMENT ON COLUMN s3_access.host_id IS 'text: extended request id';
COMMENT ON COLUMN s3_access.signature_version IS 'text: how the request was signed';
COMMENT ON COLUMN s3_access.cipher_suite IS 'text: TLS cipher';
COMMENT ON COLUMN s3_access.authentication_type IS 'text: AuthHeader, QueryString, or none';
COMMENT ON COLUMN s3_access.host_header IS 'name: host that was asked';
COMMENT ON COLUMN s3_access.tls_version IS 'text: TLS version';
COMMENT ON COLUMN s3_access.access_point_arn IS 'text: access point';
COMMENT ON COLUMN s3_access.acl_required IS 'text: Yes where an ACL was needed';
COMMENT ON COLUMN s3_access.source_region IS 'text: region of the request';
COMMENT ON COLUMN s3_access.method IS 'text: method of the request';
COMMENT ON COLUMN s3_access.host IS 'name: host_header in lower case';
COMMENT ON COLUMN s3_access.path IS 'url_path: path of the request';
COMMENT ON COLUMN s3_access.query IS 'text: query of the request';
COMMENT ON COLUMN s3_access.path_decoded IS 'text: path after decoding, up to three times; for searching';
COMMENT ON COLUMN s3_access.attack IS 'text: kinds of attack text in the decoded request; no proof that it worked, or was meant';
COMMENT ON COLUMN s3_access.ambiguous IS
  'text: where the line can be cut in more than one way, as a client may forge fields: how many; the first is told';
COMMENT ON COLUMN s3_access.extra IS 'json: fields that case53 does not know, as a JSON object';
COMMENT ON COLUMN s3_access.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN s3_access.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN s3_access.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN s3_access.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN s3_access.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN s3_access.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN s3_access.remote_ip_n IS 'number: remote_ip as a number';

-- section: http

SELECT time, 's3_access' AS log, capture, remote_ip AS client_ip, method, host, path, query, request_uri AS url,
  http_status::INTEGER AS status, operation AS action, user_agent, referer, bytes_sent AS bytes_out, total_time / 1e3 AS seconds,
  request_id, bucket AS elb, source_region AS region, attack, path_decoded, 'arrival' AS time_kind,
  object_id, row_no, utf8_escaped, remote_ip_n AS client_ip_n
FROM s3_access

-- section: derived

-- derived: s3_access_minute
INSERT INTO derived.minute
SELECT 's3_access', capture, bucket, coalesce(status::VARCHAR, '-'), make_timestamp(60000000 * minute), sum(records), sum(bytes)
FROM (
  SELECT context_id, http_status AS status, epoch_us(time) // 60000000 AS minute, count(*) AS records, sum(bytes_sent) AS bytes
  FROM store.s3_access WHERE object_id > $after GROUP BY ALL
) JOIN store.s3_access_context USING (context_id)
GROUP BY ALL;
