-- GuardDuty findings as ECS documents
--
-- view:  finding
-- time:  updated_at
-- file:  logs-aws.guardduty-case53
-- set:   event.kind "alert"
-- set:   event.category ["intrusion_detection"]
-- set:   event.type ["info"]
-- set:   event.module "aws"
-- set:   event.dataset "aws.guardduty"
-- set:   cloud.provider "aws"
-- limit: a document is a version of a finding, and one finding stands for several events
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture", NULL::VARCHAR AS "@omit",
  updated_at AS "@timestamp", event_first_seen AS "event.start", event_last_seen AS "event.end", created_at AS "event.created",
  floor(severity)::BIGINT AS "event.severity", action_type AS "event.action", title AS message, "type" AS "rule.name",
  CASE WHEN inward THEN remote_ip ELSE private_ip END AS "source.ip",
  CASE WHEN inward THEN remote_ip ELSE private_ip END AS "source.address",
  CASE WHEN inward THEN remote_port ELSE local_port END AS "source.port",
  CASE WHEN inward THEN private_ip ELSE remote_ip END AS "destination.ip",
  coalesce(CASE WHEN inward THEN private_ip ELSE remote_ip END, domain_name) AS "destination.address",
  CASE WHEN inward THEN local_port ELSE remote_port END AS "destination.port",
  domain_name AS "dns.question.name", lower(transport) AS "network.transport", lower(direction) AS "network.direction",
  account_id AS "cloud.account.id", region AS "cloud.region", instance_id AS "cloud.instance.id",
  finding_id AS "aws.guardduty.id", severity AS "aws.guardduty.severity", description AS "aws.guardduty.description",
  count AS "aws.guardduty.count", last_version AS "aws.guardduty.last_version", resource_type AS "aws.guardduty.resource_type",
  resource_role AS "aws.guardduty.resource_role", interface_id AS "aws.guardduty.interface_id", vpc_id AS "aws.guardduty.vpc_id",
  public_ip AS "aws.guardduty.public_ip", blocked AS "aws.guardduty.blocked", archived AS "aws.guardduty.archived",
  api AS "aws.guardduty.api",
  detector_id AS "aws.guardduty.detector_id", schema_version AS "aws.guardduty.schema_version",
  action_details AS "aws.guardduty.action_details", resource_details AS "aws.guardduty.resource_details", extra AS "aws.guardduty.extra"
FROM (SELECT *, coalesce(direction = 'INBOUND', false) AS inward FROM source)
