-- Connections as observed data
--
-- view:  connection, session
-- time:  start
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN protocol IS NULL THEN 'the log has no protocol of it' END AS "@omit",
  start AS first_observed, CASE WHEN "end" >= start THEN "end" ELSE start END AS last_observed,
  CASE WHEN records BETWEEN 1 AND 999999999 THEN records ELSE 999999999 END AS number_observed,
  client AS src, server AS dst,
  CASE WHEN protocol IN (6, 17, 132) THEN client_port END AS src_port, CASE WHEN protocol IN (6, 17, 132) THEN server_port END AS dst_port,
  CASE protocol WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'ipv6-icmp' WHEN 132 THEN 'sctp' WHEN 47 THEN 'gre'
    WHEN 50 THEN 'esp' ELSE 'protocol-' || protocol END AS protocol,
  bytes_out AS src_byte_count, bytes_in AS dst_byte_count, packets_out AS src_packets, packets_in AS dst_packets,
  NULL::VARCHAR AS name, NULL::VARCHAR[] AS addresses
FROM source
