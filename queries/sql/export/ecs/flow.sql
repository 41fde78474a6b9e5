-- Flow records as ECS documents
--
-- view:  flow
-- time:  start
-- file:  logs-aws.vpcflow-case53
-- set:   event.kind "event"
-- set:   event.category ["network"]
-- set:   event.module "aws"
-- set:   event.dataset "aws.vpcflow"
-- set:   cloud.provider "aws"
-- limit: a document is a flow record, one side of a window of a connection; several interfaces may have recorded the
--        same packets: sums over documents count them more than once (rows of the view connection do not)
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE
    WHEN log_status IN ('NODATA', 'SKIPDATA') THEN log_status || ': a window without traffic or with lost records is no event'
    WHEN coalesce("end", start) IS NULL THEN 'the log has no time of it'
  END AS "@omit",
  coalesce("end", start) AS "@timestamp",
  start AS "event.start", "end" AS "event.end",
  CASE WHEN epoch_us("end") - epoch_us(start) BETWEEN 0 AND 9000000000000000
    THEN (epoch_us("end") - epoch_us(start)) * 1000 END AS "event.duration",
  CASE action
    WHEN 'ACCEPT' THEN ['connection', 'allowed']
    WHEN 'REJECT' THEN ['connection', 'denied']
    ELSE ['connection']
  END AS "event.type",
  lower(action) AS "event.action",
  CASE action WHEN 'ACCEPT' THEN 'success' WHEN 'REJECT' THEN 'failure' END AS "event.outcome",
  coalesce(pkt_srcaddr, srcaddr) AS "source.ip", coalesce(pkt_srcaddr, srcaddr) AS "source.address",
  CASE WHEN pkt_srcaddr <> srcaddr THEN srcaddr END AS "source.nat.ip",
  CASE WHEN protocol NOT IN (1, 58) THEN srcport END AS "source.port",
  bytes AS "source.bytes", packets AS "source.packets",
  coalesce(pkt_dstaddr, dstaddr) AS "destination.ip", coalesce(pkt_dstaddr, dstaddr) AS "destination.address",
  CASE WHEN pkt_dstaddr <> dstaddr THEN dstaddr END AS "destination.nat.ip",
  CASE WHEN protocol NOT IN (1, 58) THEN dstport END AS "destination.port",
  protocol::VARCHAR AS "network.iana_number",
  CASE protocol WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'ipv6-icmp' WHEN 132 THEN 'sctp' WHEN 47 THEN 'gre'
    WHEN 50 THEN 'esp' END AS "network.transport",
  CASE WHEN contains(coalesce(pkt_srcaddr, srcaddr), ':') THEN 'ipv6' WHEN coalesce(pkt_srcaddr, srcaddr) IS NOT NULL THEN 'ipv4' END
    AS "network.type",
  bytes AS "network.bytes", packets AS "network.packets",
  flow_direction AS "network.direction",
  CASE WHEN flow_direction = 'ingress' THEN interface_id END AS "observer.ingress.interface.id",
  CASE WHEN flow_direction = 'egress' THEN interface_id END AS "observer.egress.interface.id",
  account_id AS "cloud.account.id", region AS "cloud.region", az_id AS "cloud.availability_zone", instance_id AS "cloud.instance.id",
  reject_reason AS "rule.name",
  version AS "aws.vpcflow.version", log_status AS "aws.vpcflow.log_status", interface_id AS "aws.vpcflow.interface_id",
  vpc_id AS "aws.vpcflow.vpc_id", subnet_id AS "aws.vpcflow.subnet_id", tcp_flags AS "aws.vpcflow.tcp_flags", "type" AS "aws.vpcflow.type",
  CASE WHEN pkt_srcaddr IS NOT NULL THEN srcaddr END AS "aws.vpcflow.srcaddr",
  CASE WHEN pkt_dstaddr IS NOT NULL THEN dstaddr END AS "aws.vpcflow.dstaddr",
  pkt_srcaddr AS "aws.vpcflow.pkt_srcaddr", pkt_dstaddr AS "aws.vpcflow.pkt_dstaddr",
  CASE WHEN protocol IN (1, 58) THEN srcport END AS "aws.vpcflow.srcport",
  CASE WHEN protocol IN (1, 58) THEN dstport END AS "aws.vpcflow.dstport",
  sublocation_type AS "aws.vpcflow.sublocation_type", sublocation_id AS "aws.vpcflow.sublocation_id",
  pkt_src_aws_service AS "aws.vpcflow.pkt_src_aws_service", pkt_dst_aws_service AS "aws.vpcflow.pkt_dst_aws_service",
  traffic_path AS "aws.vpcflow.traffic_path",
  ecs_cluster_arn AS "aws.vpcflow.ecs_cluster_arn", ecs_cluster_name AS "aws.vpcflow.ecs_cluster_name",
  ecs_container_instance_arn AS "aws.vpcflow.ecs_container_instance_arn",
  ecs_container_instance_id AS "aws.vpcflow.ecs_container_instance_id",
  ecs_container_id AS "aws.vpcflow.ecs_container_id", ecs_second_container_id AS "aws.vpcflow.ecs_second_container_id",
  ecs_service_name AS "aws.vpcflow.ecs_service_name", ecs_task_definition_arn AS "aws.vpcflow.ecs_task_definition_arn",
  ecs_task_arn AS "aws.vpcflow.ecs_task_arn", ecs_task_id AS "aws.vpcflow.ecs_task_id",
  resource_id AS "aws.vpcflow.resource_id", encryption_status AS "aws.vpcflow.encryption_status",
  instance_tag AS "aws.vpcflow.instance_tag", instance_tag_2 AS "aws.vpcflow.instance_tag_2",
  interface_tag AS "aws.vpcflow.interface_tag", interface_tag_2 AS "aws.vpcflow.interface_tag_2",
  asg_tag AS "aws.vpcflow.asg_tag", asg_tag_2 AS "aws.vpcflow.asg_tag_2", interface_type AS "aws.vpcflow.interface_type",
  next_hop_interface_id AS "aws.vpcflow.next_hop_interface_id", next_hop_subnet_id AS "aws.vpcflow.next_hop_subnet_id",
  next_hop_az_id AS "aws.vpcflow.next_hop_az_id", next_hop_vpc_id AS "aws.vpcflow.next_hop_vpc_id",
  next_hop_interface_type AS "aws.vpcflow.next_hop_interface_type",
  resource_type AS "aws.vpcflow.resource_type", tgw_id AS "aws.vpcflow.tgw_id", tgw_attachment_id AS "aws.vpcflow.tgw_attachment_id",
  tgw_src_vpc_account_id AS "aws.vpcflow.tgw_src_vpc_account_id", tgw_dst_vpc_account_id AS "aws.vpcflow.tgw_dst_vpc_account_id",
  tgw_src_vpc_id AS "aws.vpcflow.tgw_src_vpc_id", tgw_dst_vpc_id AS "aws.vpcflow.tgw_dst_vpc_id",
  tgw_src_subnet_id AS "aws.vpcflow.tgw_src_subnet_id", tgw_dst_subnet_id AS "aws.vpcflow.tgw_dst_subnet_id",
  tgw_src_eni AS "aws.vpcflow.tgw_src_eni", tgw_dst_eni AS "aws.vpcflow.tgw_dst_eni",
  tgw_src_az_id AS "aws.vpcflow.tgw_src_az_id", tgw_dst_az_id AS "aws.vpcflow.tgw_dst_az_id",
  tgw_pair_attachment_id AS "aws.vpcflow.tgw_pair_attachment_id",
  packets_lost_no_route AS "aws.vpcflow.packets_lost_no_route", packets_lost_blackhole AS "aws.vpcflow.packets_lost_blackhole",
  packets_lost_mtu_exceeded AS "aws.vpcflow.packets_lost_mtu_exceeded", packets_lost_ttl_expired AS "aws.vpcflow.packets_lost_ttl_expired",
  extra AS "aws.vpcflow.extra"
FROM source
