-- Zone records as DNS Activity (4003)
--
-- view:  zone
-- time:  query_timestamp
-- set:   category_uid 4
-- set:   category_name "Network Activity"
-- set:   class_uid 4003
-- set:   class_name "DNS Activity"
-- set:   activity_id 1
-- set:   activity_name "Query"
-- set:   type_uid 400301
-- set:   type_name "DNS Activity: Query"
-- set:   severity_id 1
-- set:   severity "Informational"
-- set:   metadata.product {"vendor_name":"AWS","name":"Route 53","feature":{"name":"Public DNS Query Logs"}}
-- set:   metadata.profiles ["cloud"]
-- set:   cloud.provider "AWS"
-- set:   connection_info.direction_id 1
-- set:   connection_info.direction "Inbound"
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN resolver_ip IS NULL THEN 'nobody is named as its source' END AS "@omit",
  epoch_ms(query_timestamp) AS "time", epoch_ms(query_timestamp) AS query_time,
  strftime(query_timestamp, '%Y-%m-%dT%H:%M:%S.%fZ') AS "metadata.original_time",
  log_group AS "metadata.log_name", version AS "metadata.log_version",
  resolver_ip AS "src_endpoint.ip",
  lower(protocol) AS "connection_info.protocol_name",
  CASE protocol WHEN 'UDP' THEN 17 WHEN 'TCP' THEN 6 END AS "connection_info.protocol_num",
  CASE WHEN query_name <> '.' AND ends_with(query_name, '.') THEN left(query_name, -1) ELSE query_name END AS "query.hostname",
  CASE WHEN query_name IS NOT NULL THEN query_type END AS "query.type",
  CASE response_code WHEN 'NOERROR' THEN 0 WHEN 'FORMERR' THEN 1 WHEN 'SERVFAIL' THEN 2 WHEN 'NXDOMAIN' THEN 3 WHEN 'NOTIMP' THEN 4
    WHEN 'REFUSED' THEN 5 WHEN 'YXDOMAIN' THEN 6 WHEN 'YXRRSET' THEN 7 WHEN 'NXRRSET' THEN 8 WHEN 'NOTAUTH' THEN 9 WHEN 'NOTZONE' THEN 10
    WHEN 'DSOTYPENI' THEN 11 WHEN 'BADVERS' THEN 16 WHEN 'BADKEY' THEN 17 WHEN 'BADTIME' THEN 18
    ELSE CASE WHEN response_code IS NOT NULL THEN 99 END
  END AS rcode_id,
  CASE response_code WHEN 'NOERROR' THEN 'NoError' WHEN 'FORMERR' THEN 'FormError' WHEN 'SERVFAIL' THEN 'ServError'
    WHEN 'NXDOMAIN' THEN 'NXDomain'
    WHEN 'NOTIMP' THEN 'NotImp' WHEN 'REFUSED' THEN 'Refused' WHEN 'YXDOMAIN' THEN 'YXDomain' WHEN 'YXRRSET' THEN 'YXRRSet'
    WHEN 'NXRRSET' THEN 'NXRRSet' WHEN 'NOTAUTH' THEN 'NotAuth' WHEN 'NOTZONE' THEN 'NotZone' WHEN 'BADVERS' THEN 'BADSIG_VERS'
    ELSE response_code
  END AS rcode,
  response_code AS "unmapped.rcode",
  query_name AS "unmapped.query_name", CASE WHEN query_name IS NULL THEN query_type END AS "unmapped.query_type",
  hosted_zone_id AS "unmapped.hosted_zone_id", edge_location AS "unmapped.edge_location",
  edns_client_subnet AS "unmapped.edns_client_subnet", extra AS "unmapped.extra"
FROM source
