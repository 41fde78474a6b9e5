-- TLS connections as ECS documents
--
-- view:  tls
-- time:  time
-- file:  logs-case53.tls-case53
-- set:   event.kind "event"
-- set:   event.category ["network"]
-- set:   event.type ["connection"]
-- set:   event.module "aws"
-- set:   event.dataset "case53.tls"
-- set:   cloud.provider "aws"
-- set:   network.transport "tcp"
-- set:   network.protocol "tls"
-- limit: the destination is the load balancer's listener, not the target; the server's name is what the client wrote into its hello
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture", NULL::VARCHAR AS "@omit",
  time AS "@timestamp", tls_connection_creation_time AS "event.start",
  CASE WHEN connection_time BETWEEN 0 AND 9000000000 THEN (connection_time * 1000000000)::BIGINT END AS "event.duration",
  format AS "event.provider",
  client_ip AS "source.ip", client_ip AS "source.address", client_port AS "source.port", received_bytes AS "source.bytes",
  destination_ip AS "destination.ip", destination_ip AS "destination.address", destination_port AS "destination.port",
  sent_bytes AS "destination.bytes",
  '6' AS "network.iana_number", CASE WHEN contains(client_ip, ':') THEN 'ipv6' WHEN client_ip IS NOT NULL THEN 'ipv4' END AS "network.type",
  nullif(regexp_extract(tls_protocol, '1[.]?[0-3]$'), '') AS "tls.version", tls_cipher AS "tls.cipher", tls_named_group AS "tls.curve",
  domain_name AS "tls.client.server_name", alpn_fe_protocol AS "tls.next_protocol",
  tls_handshake_time IS NOT NULL AND NOT coalesce(tls_verify_status LIKE 'Failed%', false) AS "tls.established",
  elb AS "aws.elb.name", listener AS "aws.elb.listener", tls_protocol AS "aws.elb.tls_protocol",
  tls_verify_status AS "aws.elb.tls_verify_status",
  incoming_tls_alert AS "aws.elb.incoming_tls_alert", tls_handshake_time AS "aws.elb.tls_handshake_time",
  chosen_cert_arn AS "aws.elb.chosen_cert.arn", chosen_cert_serial AS "aws.elb.chosen_cert.serial",
  leaf_client_cert_subject AS "aws.elb.leaf_client_cert.subject", leaf_client_cert_issuer AS "aws.elb.leaf_client_cert.issuer",
  leaf_client_cert_validity AS "aws.elb.leaf_client_cert.validity",
  leaf_client_cert_serial_number AS "aws.elb.leaf_client_cert.serial_number",
  alpn_be_protocol AS "aws.elb.alpn_be_protocol", alpn_client_preference_list AS "aws.elb.alpn_client_preference_list",
  conn_trace_id AS "aws.elb.conn_trace_id", ip_address AS "aws.elb.ip_address", version AS "aws.elb.version", extra AS "aws.elb.extra"
FROM source
