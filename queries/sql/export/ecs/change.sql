-- CloudTrail changes as ECS documents
--
-- view:  change
-- time:  event_time
-- file:  logs-aws.cloudtrail-case53
-- set:   event.kind "event"
-- set:   event.category ["configuration"]
-- set:   event.module "aws"
-- set:   event.dataset "aws.cloudtrail"
-- set:   cloud.provider "aws"
-- limit: only the calls that case53 keeps are here: those that change logs, hosts or ways in
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture", NULL::VARCHAR AS "@omit",
  event_time AS "@timestamp", CASE WHEN error_code IS NULL THEN ['change'] ELSE ['info'] END AS "event.type",
  event_name AS "event.action", event_source AS "event.provider",
  CASE WHEN error_code IS NULL THEN 'success' ELSE 'failure' END AS "event.outcome",
  source_ip AS "source.ip", source_ip_address AS "source.address", user_identity_user_name AS "user.name",
  user_agent AS "user_agent.original",
  error_code AS "error.code", error_message AS "error.message", recipient_account_id AS "cloud.account.id", aws_region AS "cloud.region",
  effect AS "aws.cloudtrail.effect", resource AS "aws.cloudtrail.resource", event_id AS "aws.cloudtrail.event_id",
  event_type AS "aws.cloudtrail.event_type", event_version AS "aws.cloudtrail.event_version",
  user_identity_type AS "aws.cloudtrail.user_identity.type", user_identity_arn AS "aws.cloudtrail.user_identity.arn",
  user_identity_account_id AS "aws.cloudtrail.user_identity.account_id",
  user_identity_access_key_id AS "aws.cloudtrail.user_identity.access_key_id", user_identity AS "aws.cloudtrail.user_identity_text",
  request_parameters AS "aws.cloudtrail.request_parameters", response_elements AS "aws.cloudtrail.response_elements",
  extra AS "aws.cloudtrail.extra"
FROM source
