-- GuardDuty findings as events of a timeline
--
-- view:  finding
-- time:  updated_at
-- set:   data_type "aws:guardduty:finding"
-- set:   source_short "FINDING"
-- set:   timestamp_desc "Finding updated"
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  updated_at AS datetime,
  concat_ws(' ', 'FINDING', severity, "type", instance_id, private_ip, remote_ip, domain_name, title) AS message,
  private_ip AS src_ip, local_port AS src_port, remote_ip AS dst_ip, remote_port AS dst_port, domain_name AS domain,
  finding_id, "type" AS finding_type, severity, title, description, event_first_seen, event_last_seen, count, direction, transport, blocked,
  archived, last_version, instance_id, interface_id, vpc_id, account_id, region
FROM source
