-- TLS connections as events of a timeline
--
-- view:  tls
-- time:  time
-- set:   data_type "aws:elb:tls"
-- set:   source_short "TLS"
-- set:   timestamp_desc "TLS connection"
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  time AS datetime,
  concat_ws(' ', 'TLS', client_ip || coalesce(':' || client_port, ''), '→', coalesce(domain_name, destination_ip), tls_protocol,
  tls_verify_status,
    'alert ' || incoming_tls_alert, elb) AS message,
  client_ip AS src_ip, client_port AS src_port, destination_ip AS dst_ip, destination_port AS dst_port, domain_name AS domain,
  tls_protocol, tls_cipher, tls_verify_status, incoming_tls_alert, connection_time, tls_handshake_time, received_bytes, sent_bytes,
  leaf_client_cert_subject, conn_trace_id, elb, listener, format
FROM source
