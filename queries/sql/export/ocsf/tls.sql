-- TLS connections as Network Activity (4001)
--
-- view:  tls
-- time:  time
-- set:   category_uid 4
-- set:   category_name "Network Activity"
-- set:   class_uid 4001
-- set:   class_name "Network Activity"
-- set:   activity_id 6
-- set:   activity_name "Traffic"
-- set:   type_uid 400106
-- set:   type_name "Network Activity: Traffic"
-- set:   severity_id 1
-- set:   severity "Informational"
-- set:   metadata.profiles ["cloud"]
-- set:   cloud.provider "AWS"
-- set:   connection_info.protocol_num 6
-- set:   connection_info.protocol_name "tcp"
-- set:   connection_info.direction_id 1
-- set:   connection_info.direction "Inbound"
-- limit: the destination is the listener, not the target; the name is what the client wrote into its hello
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN coalesce(client_ip, destination_ip) IS NULL THEN 'neither side has an address' END AS "@omit",
  epoch_ms(time) AS "time", epoch_ms(tls_connection_creation_time) AS start_time,
  CASE WHEN connection_time BETWEEN 0 AND 9000000000 THEN round(connection_time * 1000)::BIGINT END AS duration,
  'AWS' AS "metadata.product.vendor_name",
  CASE WHEN format LIKE 'cloudfront%' THEN 'Amazon CloudFront' ELSE 'Elastic Load Balancing' END AS "metadata.product.name",
  'Connection Logs' AS "metadata.product.feature.name", elb AS "metadata.log_name", version AS "metadata.log_version",
  tls_verify_status AS status_detail,
  client_ip AS "src_endpoint.ip", CASE WHEN client_ip IS NOT NULL THEN client_port END AS "src_endpoint.port",
  destination_ip AS "dst_endpoint.ip", CASE WHEN destination_ip IS NOT NULL THEN destination_port END AS "dst_endpoint.port",
  tls_protocol AS "tls.version", CASE WHEN tls_protocol IS NOT NULL THEN tls_cipher END AS "tls.cipher",
  CASE WHEN tls_protocol IS NOT NULL THEN domain_name END AS "tls.sni",
  received_bytes AS "traffic.bytes_in", sent_bytes AS "traffic.bytes_out",
  CASE WHEN tls_protocol IS NULL THEN domain_name END AS "unmapped.domain_name",
  CASE WHEN tls_protocol IS NULL THEN tls_cipher END AS "unmapped.tls_cipher",
  incoming_tls_alert AS "unmapped.incoming_tls_alert", tls_named_group AS "unmapped.tls_named_group", listener AS "unmapped.listener",
  chosen_cert_arn AS "unmapped.chosen_cert_arn", leaf_client_cert_subject AS "unmapped.leaf_client_cert_subject",
  leaf_client_cert_issuer AS "unmapped.leaf_client_cert_issuer",
  leaf_client_cert_serial_number AS "unmapped.leaf_client_cert_serial_number",
  conn_trace_id AS "unmapped.conn_trace_id", tls_handshake_time AS "unmapped.tls_handshake_time", extra AS "unmapped.extra"
FROM source
