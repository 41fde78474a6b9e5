-- Connections as events of a timeline
--
-- view:  connection, session
-- when:  asked
-- time:  start
-- set:   data_type "case53:connection"
-- set:   source_short "CONN"
-- set:   timestamp_desc "Connection start"
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  start AS datetime,
  concat_ws(' ', CASE WHEN refused THEN 'REFUSED' ELSE 'CONNECTION' END,
    CASE protocol WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'ipv6-icmp' ELSE 'protocol ' || protocol END,
    client || coalesce(':' || client_port, '') || ' → ' || server || coalesce(':' || server_port, ''), name,
    bytes_out || ' B out', bytes_in || ' B in') AS message,
  client AS src_ip, client_port AS src_port, server AS dst_ip, server_port AS dst_port, name AS domain,
  protocol, refused, bytes_out, bytes_in, packets_out, packets_in, records, "end" AS connection_end, tcp_flags, direction,
  initiator_reason, account_id, interface_id, instance_id, vpc_id
FROM source
