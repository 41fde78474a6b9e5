-- GuardDuty findings as Detection Finding (2004)
--
-- view:  finding
-- time:  updated_at
-- set:   category_uid 2
-- set:   category_name "Findings"
-- set:   class_uid 2004
-- set:   class_name "Detection Finding"
-- set:   metadata.product {"vendor_name":"AWS","name":"Amazon GuardDuty"}
-- set:   metadata.profiles ["cloud"]
-- set:   cloud.provider "AWS"
-- limit: an event is a version of a finding; its severity by GuardDuty's own bands, its number is under unmapped
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN finding_id IS NULL THEN 'a finding without an id' END AS "@omit",
  epoch_ms(updated_at) AS "time", epoch_ms(event_first_seen) AS start_time, epoch_ms(event_last_seen) AS end_time,
  CASE WHEN is_new THEN 1 ELSE 2 END AS activity_id, CASE WHEN is_new THEN 'Create' ELSE 'Update' END AS activity_name,
  CASE WHEN is_new THEN 200401 ELSE 200402 END AS type_uid,
  CASE WHEN is_new THEN 'Detection Finding: Create' ELSE 'Detection Finding: Update' END AS type_name,
  CASE WHEN severity IS NULL THEN 0 WHEN severity >= 9 THEN 5 WHEN severity >= 7 THEN 4 WHEN severity >= 4 THEN 3 ELSE 2 END AS severity_id,
  CASE WHEN severity IS NULL THEN 'Unknown' WHEN severity >= 9 THEN 'Critical' WHEN severity >= 7 THEN 'High'
    WHEN severity >= 4 THEN 'Medium' ELSE 'Low' END AS severity,
  CASE WHEN count BETWEEN 0 AND 2147483647 THEN count END AS count,
  finding_id AS "finding_info.uid", title AS "finding_info.title", description AS "finding_info.desc", ["type"] AS "finding_info.types",
  epoch_ms(created_at) AS "finding_info.created_time", epoch_ms(updated_at) AS "finding_info.modified_time",
  epoch_ms(event_first_seen) AS "finding_info.first_seen_time", epoch_ms(event_last_seen) AS "finding_info.last_seen_time",
  CASE WHEN coalesce(private_ip, remote_ip, domain_name) IS NOT NULL THEN [{
    src_endpoint: CASE WHEN inward THEN remote ELSE own END, dst_endpoint: CASE WHEN inward THEN own ELSE remote END,
    query: CASE WHEN domain_name IS NOT NULL THEN {hostname: domain_name} END
  }] END AS evidences,
  CASE WHEN instance_id IS NOT NULL THEN [{uid: instance_id, "type": resource_type}] END AS resources,
  account_id AS "cloud.account.uid", region AS "cloud.region", schema_version AS "metadata.log_version",
  severity AS "unmapped.severity", action_type AS "unmapped.action_type", direction AS "unmapped.direction",
  transport AS "unmapped.transport",
  blocked AS "unmapped.blocked", archived AS "unmapped.archived", api AS "unmapped.api", resource_role AS "unmapped.resource_role",
  interface_id AS "unmapped.interface_id", vpc_id AS "unmapped.vpc_id", public_ip AS "unmapped.public_ip",
  detector_id AS "unmapped.detector_id",
  action_details AS "unmapped.action_details", resource_details AS "unmapped.resource_details", extra AS "unmapped.extra"
FROM (
  SELECT *, coalesce(created_at = updated_at, false) AS is_new, coalesce(direction = 'INBOUND', false) AS inward,
    CASE WHEN private_ip IS NOT NULL THEN {ip: private_ip, port: local_port} END AS own,
    CASE WHEN remote_ip IS NOT NULL THEN {ip: remote_ip, port: remote_port} END AS remote
  FROM source
)
