-- Zone records as events of a timeline
--
-- view:  zone
-- time:  query_timestamp
-- set:   data_type "aws:route53:zone"
-- set:   source_short "ZONE"
-- set:   timestamp_desc "Public zone query"
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  query_timestamp AS datetime,
  concat_ws(' ', 'QUERY', resolver_ip, query_type, query_name, '→', response_code) AS message,
  resolver_ip AS src_ip, name AS domain, registered_domain, query_name, query_type, response_code, protocol AS transport,
  edge_location, edns_client_subnet, hosted_zone_id
FROM source
