-- Flow records as events of a timeline
--
-- view:  flow
-- time:  start
-- set:   data_type "aws:vpc:flow"
-- set:   source_short "FLOW"
-- set:   timestamp_desc "Flow start"
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN start IS NULL THEN 'the log has no time of it' END AS "@omit",
  start AS datetime,
  concat_ws(' ', coalesce(action, log_status, 'flow'),
    CASE protocol WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'ipv6-icmp' ELSE 'protocol ' || protocol END,
    coalesce(pkt_srcaddr, srcaddr) || coalesce(':' || srcport, '') || ' → '
      || coalesce(pkt_dstaddr, dstaddr) || coalesce(':' || dstport, ''),
    bytes || ' B', interface_id) AS message,
  coalesce(pkt_srcaddr, srcaddr) AS src_ip, srcport AS src_port, coalesce(pkt_dstaddr, dstaddr) AS dst_ip, dstport AS dst_port,
  protocol, action, log_status, bytes, packets, "end" AS flow_end, tcp_flags, flow_direction,
  account_id, interface_id, instance_id, vpc_id, subnet_id, region, srcaddr, dstaddr, pkt_srcaddr, pkt_dstaddr, reject_reason
FROM source
