-- TLS connections as Zeek's ssl.log
--
-- view:  tls
-- time:  time
-- file:  ssl
-- order: ts, "@object", "@row"
-- limit: the responder is the load balancer's listener; certificates are unset
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN client_ip IS NULL THEN 'a connection without a client''s address, which Zeek must have' END AS "@omit",
  coalesce(tls_connection_creation_time, time) AS ts,
  client_ip AS "id.orig_h", coalesce(client_port, 0) AS "id.orig_p", destination_ip AS "id.resp_h", destination_port AS "id.resp_p",
  'TLSv' || nullif(regexp_replace(tls_protocol, '[^0-9]', '', 'g'), '') AS version, tls_cipher AS cipher, tls_named_group AS curve,
  domain_name AS server_name, NULL::BOOLEAN AS resumed, incoming_tls_alert AS last_alert, alpn_fe_protocol AS next_protocol,
  tls_handshake_time IS NOT NULL AND NOT coalesce(tls_verify_status LIKE 'Failed%', false) AS established
FROM source
