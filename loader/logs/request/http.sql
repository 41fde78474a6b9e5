-- Requests: one view over the log types whose records are HTTP requests. Each says in its own .sql file which of its columns
-- are those of this view.

-- section: tables

-- It stores nothing.

-- section: views

CREATE VIEW http AS
SELECT NULL::TIMESTAMP AS time, NULL::VARCHAR AS log, NULL::VARCHAR AS capture,
  NULL::VARCHAR AS client_ip, NULL::INTEGER AS client_port,
  NULL::VARCHAR AS method, NULL::VARCHAR AS scheme, NULL::VARCHAR AS host, NULL::VARCHAR AS path, NULL::VARCHAR AS query,
  NULL::VARCHAR AS url, NULL::INTEGER AS status, NULL::VARCHAR AS action,
  NULL::VARCHAR AS user_agent, NULL::VARCHAR AS referer, NULL::VARCHAR AS x_forwarded_for,
  NULL::VARCHAR AS target_ip, NULL::INTEGER AS target_port, NULL::INTEGER AS target_status,
  NULL::BIGINT AS bytes_in, NULL::BIGINT AS bytes_out, NULL::DOUBLE AS seconds,
  NULL::VARCHAR AS trace_id, NULL::VARCHAR AS request_id, NULL::VARCHAR AS elb, NULL::VARCHAR AS instance_id,
  NULL::VARCHAR AS account_id, NULL::VARCHAR AS region, NULL::VARCHAR[] AS attack, NULL::VARCHAR AS path_decoded,
  NULL::VARCHAR AS time_kind, NULL::UINTEGER AS object_id, NULL::UINTEGER AS row_no, NULL::BOOLEAN AS utf8_escaped,
  NULL::UHUGEINT AS client_ip_n, NULL::UHUGEINT AS target_ip_n
WHERE false
-- the types' own: http.sql does not know them
;

COMMENT ON VIEW http IS 'LOGS: every HTTP request that a log has, whichever log it is';
COMMENT ON COLUMN http.time IS 'time: when the request came, where the log has that; else when it was answered: see time_kind';
COMMENT ON COLUMN http.log IS 'text: the log type; columns that such a log does not have are NULL';
COMMENT ON COLUMN http.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN http.client_ip IS 'ip: the other end of the connection: the client, or a proxy or load balancer before this log';
COMMENT ON COLUMN http.client_port IS 'port: its port';
COMMENT ON COLUMN http.method IS 'text: method';
COMMENT ON COLUMN http.scheme IS 'text: scheme of the URL';
COMMENT ON COLUMN http.host IS 'name: host that was asked, in lower case';
COMMENT ON COLUMN http.path IS 'url_path: path as the client sent it, not decoded';
COMMENT ON COLUMN http.query IS 'text: what stands behind the question mark, not decoded';
COMMENT ON COLUMN http.url IS 'text: URL or path as logged';
COMMENT ON COLUMN http.status IS 'number: status that the client was answered';
COMMENT ON COLUMN http.action IS 'text: allow or block, where a firewall decided; else what was done with the request';
COMMENT ON COLUMN http.user_agent IS 'text: User-Agent as the client sent it';
COMMENT ON COLUMN http.referer IS 'text: Referer as the client sent it';
COMMENT ON COLUMN http.x_forwarded_for IS 'text: X-Forwarded-For: the client may have written any part of it';
COMMENT ON COLUMN http.target_ip IS 'ip: the host that the request was handed to; NULL where none was, or the log does not say';
COMMENT ON COLUMN http.target_port IS 'port: its port';
COMMENT ON COLUMN http.target_status IS 'number: status that the target answered';
COMMENT ON COLUMN http.bytes_in IS 'bytes: bytes from the client';
COMMENT ON COLUMN http.bytes_out IS 'bytes: bytes to the client';
COMMENT ON COLUMN http.seconds IS 'number: seconds that it took, as far as the log has measured';
COMMENT ON COLUMN http.trace_id IS 'request: X-Amzn-Trace-Id without Root=; a client may have sent it';
COMMENT ON COLUMN http.request_id IS 'request: id that the service gave the request';
COMMENT ON COLUMN http.elb IS 'text: load balancer, distribution, API, bucket or host whose log it is';
COMMENT ON COLUMN http.instance_id IS 'instance: instance that wrote the log';
COMMENT ON COLUMN http.account_id IS 'account: account, where the record names one';
COMMENT ON COLUMN http.region IS 'text: region, where the record names one';
COMMENT ON COLUMN http.attack IS 'text: kinds of attack text in the decoded request; no proof that it worked, or was meant';
COMMENT ON COLUMN http.path_decoded IS 'text: path after decoding, up to three times; for searching';
COMMENT ON COLUMN http.time_kind IS 'text: arrival or end: what time says';
COMMENT ON COLUMN http.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN http.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN http.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN http.client_ip_n IS 'number: client_ip as a number';
COMMENT ON COLUMN http.target_ip_n IS 'number: target_ip as a number';
