-- Resolver records as events of a timeline
--
-- view:  dns
-- time:  query_timestamp
-- set:   data_type "aws:route53:resolver"
-- set:   source_short "DNS"
-- set:   timestamp_desc "DNS query"
SELECT d.object_id AS "@object", d.row_no AS "@row", d.capture AS "@capture",
  d.query_timestamp AS datetime,
  concat_ws(' ', coalesce(d.firewall_rule_action, 'QUERY'), coalesce(d.srcaddr, d.src_resolver_endpoint), d.query_type, d.query_name,
    '→', d.rcode, a.answers) AS message,
  d.srcaddr AS src_ip, d.srcport AS src_port, d.name AS domain, d.registered_domain,
  d.query_name, d.query_type, d.query_class, d.rcode, d.transport, d.answers_n, a.answers,
  d.firewall_rule_action, d.firewall_rule_group_id, d.firewall_domain_list_id,
  d.account_id, d.region, d.vpc_id, d.src_instance AS instance_id
FROM source d
  LEFT JOIN (
    SELECT object_id, row_no, string_agg(rdata, ' ' ORDER BY answer_no) AS answers
    FROM dns_answer
    GROUP BY ALL
  ) a USING (object_id, row_no)
