-- CloudTrail changes as events of a timeline
--
-- view:  change
-- time:  event_time
-- set:   data_type "aws:cloudtrail:change"
-- set:   source_short "CHANGE"
-- set:   timestamp_desc "API call"
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  event_time AS datetime,
  concat_ws(' ', event_name, resource, coalesce(user_identity_arn, user_identity_type), source_ip_address, error_code) AS message,
  source_ip AS src_ip, source_ip_address, event_source, event_name, resource, effect, error_code, error_message,
  user_identity_type, user_identity_arn, user_identity_access_key_id, user_identity_user_name, user_agent,
  request_parameters, recipient_account_id AS account_id, aws_region AS region, event_id
FROM source
