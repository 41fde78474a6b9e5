-- Resolver records as DNS Activity (4003)
--
-- view:  dns
-- time:  query_timestamp
-- set:   category_uid 4
-- set:   category_name "Network Activity"
-- set:   class_uid 4003
-- set:   class_name "DNS Activity"
-- set:   activity_id 6
-- set:   activity_name "Traffic"
-- set:   type_uid 400306
-- set:   type_name "DNS Activity: Traffic"
-- set:   metadata.product {"vendor_name":"AWS","name":"Route 53","feature":{"name":"Resolver Query Logs"}}
-- set:   metadata.profiles ["cloud","security_control"]
-- set:   cloud.provider "AWS"
-- set:   connection_info.direction_id 0
-- set:   connection_info.direction "Unknown"
SELECT d.object_id AS "@object", d.row_no AS "@row", d.capture AS "@capture",
  CASE WHEN coalesce(d.srcaddr, d.src_instance, d.src_resolver_endpoint) IS NULL THEN 'nobody is named as its source' END AS "@omit",
  epoch_ms(d.query_timestamp) AS "time", epoch_ms(d.query_timestamp) AS query_time,
  strftime(d.query_timestamp, '%Y-%m-%dT%H:%M:%S.%fZ') AS "metadata.original_time",
  d.log_group AS "metadata.log_name", d.version AS "metadata.log_version",
  CASE WHEN d.firewall_rule_action IS NULL THEN 1 ELSE 2 END AS severity_id,
  CASE WHEN d.firewall_rule_action IS NULL THEN 'Informational' ELSE 'Low' END AS severity,
  CASE d.firewall_rule_action WHEN 'BLOCK' THEN 2 WHEN 'ALERT' THEN 3 ELSE 0 END AS action_id,
  CASE d.firewall_rule_action WHEN 'BLOCK' THEN 'Denied' WHEN 'ALERT' THEN 'Observed' ELSE 'Unknown' END AS action,
  CASE d.firewall_rule_action WHEN 'BLOCK' THEN 2 WHEN 'ALERT' THEN 19 ELSE 0 END AS disposition_id,
  CASE d.firewall_rule_action WHEN 'BLOCK' THEN 'Blocked' WHEN 'ALERT' THEN 'Alert' ELSE 'Unknown' END AS disposition,
  d.firewall_rule_group_id AS "firewall_rule.uid",
  d.srcaddr AS "src_endpoint.ip",
  CASE WHEN d.srcaddr IS NOT NULL OR d.src_instance IS NOT NULL THEN d.srcport END AS "src_endpoint.port",
  d.src_instance AS "src_endpoint.instance_uid",
  CASE WHEN d.srcaddr IS NOT NULL OR d.src_instance IS NOT NULL THEN d.vpc_id END AS "src_endpoint.vpc_uid",
  d.src_resolver_endpoint AS "dst_endpoint.instance_uid", d.src_resolver_network_interface AS "dst_endpoint.interface_uid",
  lower(d.transport) AS "connection_info.protocol_name",
  CASE d.transport WHEN 'UDP' THEN 17 WHEN 'TCP' THEN 6 END AS "connection_info.protocol_num",
  CASE WHEN d.query_name <> '.' AND ends_with(d.query_name, '.') THEN left(d.query_name, -1) ELSE d.query_name END AS "query.hostname",
  CASE WHEN d.query_name IS NOT NULL THEN d.query_type END AS "query.type",
  CASE WHEN d.query_name IS NOT NULL THEN d.query_class END AS "query.class",
  a.answers,
  CASE d.rcode WHEN 'NOERROR' THEN 0 WHEN 'FORMERR' THEN 1 WHEN 'SERVFAIL' THEN 2 WHEN 'NXDOMAIN' THEN 3 WHEN 'NOTIMP' THEN 4
    WHEN 'REFUSED' THEN 5 WHEN 'YXDOMAIN' THEN 6 WHEN 'YXRRSET' THEN 7 WHEN 'NXRRSET' THEN 8 WHEN 'NOTAUTH' THEN 9 WHEN 'NOTZONE' THEN 10
    WHEN 'DSOTYPENI' THEN 11 WHEN 'BADVERS' THEN 16 WHEN 'BADKEY' THEN 17 WHEN 'BADTIME' THEN 18
    ELSE CASE WHEN d.rcode IS NOT NULL THEN 99 END
  END AS rcode_id,
  CASE d.rcode WHEN 'NOERROR' THEN 'NoError' WHEN 'FORMERR' THEN 'FormError' WHEN 'SERVFAIL' THEN 'ServError'
    WHEN 'NXDOMAIN' THEN 'NXDomain'
    WHEN 'NOTIMP' THEN 'NotImp' WHEN 'REFUSED' THEN 'Refused' WHEN 'YXDOMAIN' THEN 'YXDomain' WHEN 'YXRRSET' THEN 'YXRRSet'
    WHEN 'NXRRSET' THEN 'NXRRSet' WHEN 'NOTAUTH' THEN 'NotAuth' WHEN 'NOTZONE' THEN 'NotZone' WHEN 'BADVERS' THEN 'BADSIG_VERS'
    ELSE d.rcode
  END AS rcode,
  d.rcode AS "unmapped.rcode",
  d.account_id AS "cloud.account.uid", d.region AS "cloud.region",
  d.query_name AS "unmapped.query_name", CASE WHEN d.query_name IS NULL THEN d.query_type END AS "unmapped.query_type",
  d.vpc_id AS "unmapped.vpc_id", d.firewall_rule_action AS "unmapped.firewall_rule_action",
  d.firewall_domain_list_id AS "unmapped.firewall_domain_list_id", d.answers_n AS "unmapped.answers_n", d.extra AS "unmapped.extra"
FROM source d
  LEFT JOIN (
    SELECT object_id, row_no,
      list({rdata: rdata, "type": "type", "class": "class"} ORDER BY answer_no) FILTER (rdata IS NOT NULL) AS answers
    FROM dns_answer
    GROUP BY ALL
  ) a USING (object_id, row_no)
