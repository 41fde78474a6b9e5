-- Flow records as Network Activity (4001)
--
-- view:  flow
-- time:  start
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
-- set:   metadata.product {"vendor_name":"AWS","name":"Amazon VPC","feature":{"name":"Flow Logs"}}
-- set:   metadata.profiles ["cloud","security_control"]
-- set:   cloud.provider "AWS"
-- limit: an event is a flow record, one side of a window of a connection; several interfaces may have recorded the same packets
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE
    WHEN log_status IN ('NODATA', 'SKIPDATA') THEN log_status || ': a window without traffic or with lost records is no event'
    WHEN start IS NULL THEN 'the log has no time of it'
    WHEN coalesce(pkt_srcaddr, srcaddr, pkt_dstaddr, dstaddr) IS NULL THEN 'neither side has an address'
  END AS "@omit",
  epoch_ms(start) AS "time", epoch_ms(start) AS start_time, epoch_ms("end") AS end_time,
  CASE WHEN "end" >= start THEN epoch_ms("end") - epoch_ms(start) END AS duration,
  log_group AS "metadata.log_name", version::VARCHAR AS "metadata.log_version",
  CASE action WHEN 'ACCEPT' THEN 1 WHEN 'REJECT' THEN 2 ELSE 0 END AS action_id,
  CASE action WHEN 'ACCEPT' THEN 'Allowed' WHEN 'REJECT' THEN 'Denied' ELSE 'Unknown' END AS action,
  CASE action WHEN 'ACCEPT' THEN 1 WHEN 'REJECT' THEN 2 ELSE 0 END AS disposition_id,
  CASE action WHEN 'ACCEPT' THEN 'Allowed' WHEN 'REJECT' THEN 'Blocked' ELSE 'Unknown' END AS disposition,
  log_status AS status_code, reject_reason AS status_detail,
  coalesce(pkt_srcaddr, srcaddr) AS "src_endpoint.ip",
  CASE WHEN pkt_srcaddr <> srcaddr THEN [srcaddr] END AS "src_endpoint.intermediate_ips",
  CASE WHEN coalesce(pkt_srcaddr, srcaddr) IS NOT NULL THEN srcport END AS "src_endpoint.port",
  CASE WHEN flow_direction = 'egress' THEN interface_id END AS "src_endpoint.interface_uid",
  CASE WHEN flow_direction = 'egress' THEN instance_id END AS "src_endpoint.instance_uid",
  CASE WHEN flow_direction = 'egress' AND interface_id IS NOT NULL THEN subnet_id END AS "src_endpoint.subnet_uid",
  CASE WHEN flow_direction = 'egress' AND interface_id IS NOT NULL THEN vpc_id END AS "src_endpoint.vpc_uid",
  pkt_src_aws_service AS "src_endpoint.svc_name",
  coalesce(pkt_dstaddr, dstaddr) AS "dst_endpoint.ip",
  CASE WHEN pkt_dstaddr <> dstaddr THEN [dstaddr] END AS "dst_endpoint.intermediate_ips",
  CASE WHEN coalesce(pkt_dstaddr, dstaddr) IS NOT NULL THEN dstport END AS "dst_endpoint.port",
  CASE WHEN flow_direction = 'ingress' THEN interface_id END AS "dst_endpoint.interface_uid",
  CASE WHEN flow_direction = 'ingress' THEN instance_id END AS "dst_endpoint.instance_uid",
  CASE WHEN flow_direction = 'ingress' AND interface_id IS NOT NULL THEN subnet_id END AS "dst_endpoint.subnet_uid",
  CASE WHEN flow_direction = 'ingress' AND interface_id IS NOT NULL THEN vpc_id END AS "dst_endpoint.vpc_uid",
  pkt_dst_aws_service AS "dst_endpoint.svc_name",
  CASE flow_direction WHEN 'ingress' THEN 1 WHEN 'egress' THEN 2 ELSE 0 END AS "connection_info.direction_id",
  CASE flow_direction WHEN 'ingress' THEN 'Inbound' WHEN 'egress' THEN 'Outbound' ELSE 'Unknown' END AS "connection_info.direction",
  protocol AS "connection_info.protocol_num",
  CASE protocol WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'ipv6-icmp' WHEN 132 THEN 'sctp' WHEN 47 THEN 'gre'
    WHEN 50 THEN 'esp' END AS "connection_info.protocol_name",
  CASE WHEN contains(coalesce(pkt_srcaddr, srcaddr, pkt_dstaddr, dstaddr), ':') THEN 6 ELSE 4 END AS "connection_info.protocol_ver_id",
  tcp_flags AS "connection_info.tcp_flags",
  CASE WHEN traffic_path BETWEEN 1 AND 8 THEN traffic_path + 3 END AS "connection_info.boundary_id",
  bytes AS "traffic.bytes", packets AS "traffic.packets",
  account_id AS "cloud.account.uid", region AS "cloud.region", az_id AS "cloud.zone",
  CASE WHEN flow_direction IS NULL OR flow_direction NOT IN ('ingress', 'egress') THEN interface_id END AS "unmapped.interface_id",
  CASE WHEN flow_direction IS NULL OR flow_direction NOT IN ('ingress', 'egress') THEN instance_id END AS "unmapped.instance_id",
  CASE WHEN flow_direction IS NULL OR interface_id IS NULL THEN subnet_id END AS "unmapped.subnet_id",
  CASE WHEN flow_direction IS NULL OR interface_id IS NULL THEN vpc_id END AS "unmapped.vpc_id",
  srcaddr AS "unmapped.srcaddr", dstaddr AS "unmapped.dstaddr",
  sublocation_type AS "unmapped.sublocation_type", sublocation_id AS "unmapped.sublocation_id", traffic_path AS "unmapped.traffic_path",
  ecs_cluster_arn AS "unmapped.ecs_cluster_arn", ecs_cluster_name AS "unmapped.ecs_cluster_name",
  ecs_container_instance_arn AS "unmapped.ecs_container_instance_arn", ecs_container_instance_id AS "unmapped.ecs_container_instance_id",
  ecs_container_id AS "unmapped.ecs_container_id", ecs_second_container_id AS "unmapped.ecs_second_container_id",
  ecs_service_name AS "unmapped.ecs_service_name", ecs_task_definition_arn AS "unmapped.ecs_task_definition_arn",
  ecs_task_arn AS "unmapped.ecs_task_arn", ecs_task_id AS "unmapped.ecs_task_id",
  resource_id AS "unmapped.resource_id", encryption_status AS "unmapped.encryption_status",
  instance_tag AS "unmapped.instance_tag", instance_tag_2 AS "unmapped.instance_tag_2",
  interface_tag AS "unmapped.interface_tag", interface_tag_2 AS "unmapped.interface_tag_2",
  asg_tag AS "unmapped.asg_tag", asg_tag_2 AS "unmapped.asg_tag_2", interface_type AS "unmapped.interface_type",
  next_hop_interface_id AS "unmapped.next_hop_interface_id", next_hop_subnet_id AS "unmapped.next_hop_subnet_id",
  next_hop_az_id AS "unmapped.next_hop_az_id", next_hop_vpc_id AS "unmapped.next_hop_vpc_id",
  next_hop_interface_type AS "unmapped.next_hop_interface_type",
  resource_type AS "unmapped.resource_type", tgw_id AS "unmapped.tgw_id", tgw_attachment_id AS "unmapped.tgw_attachment_id",
  tgw_src_vpc_account_id AS "unmapped.tgw_src_vpc_account_id", tgw_dst_vpc_account_id AS "unmapped.tgw_dst_vpc_account_id",
  tgw_src_vpc_id AS "unmapped.tgw_src_vpc_id", tgw_dst_vpc_id AS "unmapped.tgw_dst_vpc_id",
  tgw_src_subnet_id AS "unmapped.tgw_src_subnet_id", tgw_dst_subnet_id AS "unmapped.tgw_dst_subnet_id",
  tgw_src_eni AS "unmapped.tgw_src_eni", tgw_dst_eni AS "unmapped.tgw_dst_eni",
  tgw_src_az_id AS "unmapped.tgw_src_az_id", tgw_dst_az_id AS "unmapped.tgw_dst_az_id",
  tgw_pair_attachment_id AS "unmapped.tgw_pair_attachment_id",
  packets_lost_no_route AS "unmapped.packets_lost_no_route", packets_lost_blackhole AS "unmapped.packets_lost_blackhole",
  packets_lost_mtu_exceeded AS "unmapped.packets_lost_mtu_exceeded", packets_lost_ttl_expired AS "unmapped.packets_lost_ttl_expired",
  "type" AS "unmapped.type", extra AS "unmapped.extra"
FROM source
