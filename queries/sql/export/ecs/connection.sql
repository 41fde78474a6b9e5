-- Connections as ECS documents
--
-- view:  connection, session
-- when:  asked
-- time:  start
-- file:  logs-case53.connection-case53
-- set:   event.kind "event"
-- set:   event.category ["network"]
-- set:   event.module "case53"
-- set:   event.dataset "case53.connection"
-- set:   cloud.provider "aws"
-- limit: a connection is made of flow records, and says with the first of them where it is from; which side is the client
--        is told by aws.vpcflow.initiator_reason
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture", NULL::VARCHAR AS "@omit",
  start AS "@timestamp", start AS "event.start", "end" AS "event.end",
  CASE WHEN epoch_us("end") - epoch_us(start) BETWEEN 0 AND 9000000000000000
    THEN (epoch_us("end") - epoch_us(start)) * 1000 END AS "event.duration",
  CASE WHEN refused THEN ['connection', 'denied'] ELSE ['connection', 'allowed'] END AS "event.type",
  CASE WHEN refused THEN 'failure' ELSE 'success' END AS "event.outcome",
  client AS "source.ip", client AS "source.address",
  CASE WHEN protocol NOT IN (1, 58) THEN client_port END AS "source.port",
  bytes_out AS "source.bytes", packets_out AS "source.packets",
  server AS "destination.ip", server AS "destination.address",
  CASE WHEN protocol NOT IN (1, 58) THEN server_port END AS "destination.port",
  bytes_in AS "destination.bytes", packets_in AS "destination.packets", name AS "destination.domain",
  protocol::VARCHAR AS "network.iana_number",
  CASE protocol WHEN 1 THEN 'icmp' WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 58 THEN 'ipv6-icmp' WHEN 132 THEN 'sctp' WHEN 47 THEN 'gre'
    WHEN 50 THEN 'esp' END AS "network.transport",
  CASE WHEN contains(client, ':') THEN 'ipv6' ELSE 'ipv4' END AS "network.type",
  CASE direction
    WHEN 'out' THEN 'outbound' WHEN 'in' THEN 'inbound' WHEN 'inside' THEN 'internal' ELSE 'unknown' END AS "network.direction",
  account_id AS "cloud.account.id", instance_id AS "cloud.instance.id",
  interface_id AS "aws.vpcflow.interface_id", vpc_id AS "aws.vpcflow.vpc_id", tcp_flags AS "aws.vpcflow.tcp_flags",
  server_service AS "aws.vpcflow.server_service", records AS "aws.vpcflow.records", refused_records AS "aws.vpcflow.refused_records",
  translated AS "aws.vpcflow.translated", initiator_reason AS "aws.vpcflow.initiator_reason"
FROM source
