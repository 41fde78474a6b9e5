-- TLS connections as Zeek's ssl.log
--
-- view:  tls
-- time:  time
-- file:  ssl
-- order: ts, "@object", "@row"
-- limit: the responder is the load balancer's listener; certificates are unset, and so is a version that Zeek has no name for
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN client_ip IS NULL THEN 'a connection without a client''s address, which Zeek must have' END AS "@omit",
  coalesce(tls_connection_creation_time, time) AS ts,
  client_ip AS "id.orig_h", coalesce(client_port, 0) AS "id.orig_p", destination_ip AS "id.resp_h", destination_port AS "id.resp_p",
  CASE regexp_replace(lower(tls_protocol), '[^a-z0-9]', '', 'g')
    WHEN 'sslv2' THEN 'SSLv2' WHEN 'sslv3' THEN 'SSLv3' WHEN 'tlsv1' THEN 'TLSv10' WHEN 'tlsv10' THEN 'TLSv10' WHEN 'tlsv11' THEN 'TLSv11'
    WHEN 'tlsv12' THEN 'TLSv12' WHEN 'tlsv13' THEN 'TLSv13'
  END AS version, tls_cipher AS cipher, tls_named_group AS curve,
  domain_name AS server_name, NULL::BOOLEAN AS resumed, incoming_tls_alert AS last_alert, alpn_fe_protocol AS next_protocol,
  tls_handshake_time IS NOT NULL AND NOT coalesce(tls_verify_status LIKE 'Failed%', false) AS established
FROM source
