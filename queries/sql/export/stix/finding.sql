-- GuardDuty findings as observed data
--
-- view:  finding
-- time:  updated_at
-- limit: a record is what GuardDuty saw between two times, and a version of it; its type and title are GuardDuty's, and are not here
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN coalesce(private_ip, remote_ip, name) IS NULL THEN 'a finding without an address or a name' END AS "@omit",
  CASE WHEN event_first_seen <= event_last_seen THEN event_first_seen ELSE coalesce(event_last_seen, updated_at) END AS first_observed,
  coalesce(event_last_seen, updated_at) AS last_observed,
  CASE WHEN count BETWEEN 1 AND 999999999 THEN count ELSE 1 END AS number_observed,
  CASE WHEN inward THEN remote_ip ELSE private_ip END AS src, CASE WHEN inward THEN private_ip ELSE remote_ip END AS dst,
  CASE WHEN inward THEN remote_port ELSE local_port END::BIGINT AS src_port,
  CASE WHEN inward THEN local_port ELSE remote_port END::BIGINT AS dst_port,
  CASE WHEN transport IN ('TCP', 'UDP') AND coalesce(private_ip, remote_ip) IS NOT NULL THEN lower(transport) END AS protocol, name
FROM (
  SELECT *, coalesce(direction = 'INBOUND', false) AS inward,
    CASE WHEN regexp_full_match(lower(domain_name), '[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*') AND length(domain_name) <= 253
    THEN lower(domain_name) END AS name
  FROM source
)
