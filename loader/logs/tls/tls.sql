-- Logs of TLS connections: Network Load Balancers' access logs, Application Load Balancers' and CloudFront's connection logs.
--
-- log:     tls
-- title:   TLS connection logs (NLB, ALB, CloudFront)
-- called:  TLS log, TLS logs
-- records: TLS connections
-- doc:     https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html
-- doc:     https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-connection-logs.html
-- doc:     https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/connection-logs.html
-- view:    tls
-- time:    time
-- source:  elb
-- asker:   client_ip
-- lead:    time, client_ip, client_port, elb, domain_name, tls_protocol, tls_verify_status, incoming_tls_alert
-- cite:    elb, domain_name, tls_verify_status
-- silence: none
-- shape:   session
-- blind:   what was asked for: a connection is there, no request
-- blind:   connections without TLS: a Network Load Balancer logs its TLS listeners only
-- blind:   the target: destination is the load balancer's listener
-- blind:   connections that were not logged: logging is best effort
-- blind:   who a name is of: domain_name is what the client wrote into its hello

-- section: tables

CREATE TABLE store.tls_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  format VARCHAR, version VARCHAR, elb VARCHAR, listener VARCHAR, chosen_cert_arn VARCHAR, tls_cipher VARCHAR, tls_protocol VARCHAR,
  tls_named_group VARCHAR, tls_verify_status VARCHAR, alpn_fe_protocol VARCHAR, alpn_be_protocol VARCHAR
);

CREATE TABLE store.tls (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  time TIMESTAMP NOT NULL, tls_connection_creation_time TIMESTAMP, client4 UINTEGER, client6 UHUGEINT, client_port INTEGER,
  destination4 UINTEGER, destination6 UHUGEINT, destination_port INTEGER, connection_us BIGINT, tls_handshake_us BIGINT,
  received_bytes BIGINT, sent_bytes BIGINT, incoming_tls_alert VARCHAR, chosen_cert_serial VARCHAR, domain_name VARCHAR,
  alpn_client_preference_list VARCHAR, leaf_client_cert_subject VARCHAR, leaf_client_cert_issuer VARCHAR,
  leaf_client_cert_validity VARCHAR, leaf_client_cert_serial_number VARCHAR, conn_trace_id VARCHAR, ip_address VARCHAR,
  extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

-- A connection log's lines do not name the load balancer; the key of the object does.
CREATE VIEW tls AS
SELECT t.time, t.tls_connection_creation_time, c.format,
  coalesce(c.elb, replace(nullif(regexp_extract(o.uri, '_elasticloadbalancing_[^_]+_((?:app|net)\.[^_]+)_', 1), ''), '.', '/')) AS elb,
  c.listener, addr_text(t.client4, t.client6) AS client_ip, t.client_port,
  addr_text(t.destination4, t.destination6) AS destination_ip, t.destination_port,
  t.connection_us / 1e6 AS connection_time, t.tls_handshake_us / 1e6 AS tls_handshake_time, t.received_bytes, t.sent_bytes,
  t.incoming_tls_alert, c.tls_verify_status, c.tls_protocol, c.tls_cipher, c.tls_named_group, t.domain_name,
  c.chosen_cert_arn, t.chosen_cert_serial, c.alpn_fe_protocol, c.alpn_be_protocol, t.alpn_client_preference_list,
  t.leaf_client_cert_subject, t.leaf_client_cert_issuer, t.leaf_client_cert_validity, t.leaf_client_cert_serial_number,
  t.conn_trace_id, t.ip_address, c.version,
  t.extra, c.capture, c.log_group, c.log_stream, t.object_id, t.row_no, t.utf8_escaped,
  addr_number(t.client4, t.client6) AS client_ip_n, addr_number(t.destination4, t.destination6) AS destination_ip_n
FROM store.tls t JOIN store.tls_context c USING (context_id) LEFT JOIN store.object o USING (object_id);

COMMENT ON VIEW tls IS 'tls: every TLS connection that a load balancer or CloudFront logged';
COMMENT ON COLUMN tls.time IS 'time: of nlb when the connection ended; else when it was made or failed';
COMMENT ON COLUMN tls.tls_connection_creation_time IS 'time: of nlb when it began';
COMMENT ON COLUMN tls.format IS 'text: nlb, alb_connection or cloudfront_connection';
COMMENT ON COLUMN tls.elb IS 'text: the load balancer or distribution; of alb_connection by the object''s key';
COMMENT ON COLUMN tls.listener IS 'text: listener of a Network Load Balancer';
COMMENT ON COLUMN tls.client_ip IS 'ip: the client, or a proxy before the load balancer';
COMMENT ON COLUMN tls.client_port IS 'port: its port';
COMMENT ON COLUMN tls.destination_ip IS 'ip: the listener, or the VPC endpoint; not the target';
COMMENT ON COLUMN tls.destination_port IS 'port: port of the listener';
COMMENT ON COLUMN tls.connection_time IS 'number: seconds from begin to end';
COMMENT ON COLUMN tls.tls_handshake_time IS 'number: seconds of the handshake; NULL where it failed';
COMMENT ON COLUMN tls.received_bytes IS 'bytes: bytes from the client, decrypted';
COMMENT ON COLUMN tls.sent_bytes IS 'bytes: bytes to the client, before encryption';
COMMENT ON COLUMN tls.incoming_tls_alert IS 'text: TLS alert that the client sent';
COMMENT ON COLUMN tls.tls_verify_status IS 'text: Success, or Failed: and why';
COMMENT ON COLUMN tls.tls_protocol IS 'text: TLS version, as logged; NULL of a connection without TLS, or of a failed one';
COMMENT ON COLUMN tls.tls_cipher IS 'text: cipher';
COMMENT ON COLUMN tls.tls_named_group IS 'text: key exchange';
COMMENT ON COLUMN tls.domain_name IS 'name: SNI: the name that the client asked for, as logged';
COMMENT ON COLUMN tls.chosen_cert_arn IS 'text: certificate that was shown';
COMMENT ON COLUMN tls.chosen_cert_serial IS 'text: its number';
COMMENT ON COLUMN tls.alpn_fe_protocol IS 'text: protocol agreed with the client';
COMMENT ON COLUMN tls.alpn_be_protocol IS 'text: protocol agreed with the target';
COMMENT ON COLUMN tls.alpn_client_preference_list IS 'text: protocols that the client offered';
COMMENT ON COLUMN tls.leaf_client_cert_subject IS 'text: subject of the client''s certificate';
COMMENT ON COLUMN tls.leaf_client_cert_issuer IS 'text: who issued it';
COMMENT ON COLUMN tls.leaf_client_cert_validity IS 'text: from when to when it is valid';
COMMENT ON COLUMN tls.leaf_client_cert_serial_number IS 'text: its number';
COMMENT ON COLUMN tls.conn_trace_id IS 'request: the connection, as in access logs';
COMMENT ON COLUMN tls.ip_address IS 'ip: node of the load balancer';
COMMENT ON COLUMN tls.version IS 'text: format version of the record';
COMMENT ON COLUMN tls.extra IS 'json: fields that case53 does not know, as a JSON object';
COMMENT ON COLUMN tls.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN tls.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN tls.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN tls.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN tls.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN tls.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN tls.client_ip_n IS 'number: client_ip as a number';
COMMENT ON COLUMN tls.destination_ip_n IS 'number: destination_ip as a number';

-- section: derived

-- derived: tls_minute needs store.tls
INSERT INTO derived.minute
SELECT 'tls', c.capture,
  coalesce(c.elb, replace(nullif(regexp_extract(o.uri, '_elasticloadbalancing_[^_]+_((?:app|net)\.[^_]+)_', 1), ''), '.', '/')),
  coalesce(c.tls_verify_status, c.format), make_timestamp(60000000 * minute), sum(records)::BIGINT, sum(bytes)
FROM (
  SELECT object_id, context_id, epoch_us(time) // 60000000 AS minute, count(*) AS records, sum(received_bytes + sent_bytes) AS bytes
  FROM store.tls WHERE object_id > $after GROUP BY ALL
) t JOIN store.tls_context c USING (context_id) LEFT JOIN store.object o USING (object_id)
GROUP BY ALL;
