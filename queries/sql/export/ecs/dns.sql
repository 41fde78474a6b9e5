-- Resolver records as ECS documents
--
-- view:  dns
-- time:  query_timestamp
-- file:  logs-aws.route53_resolver_logs-case53
-- set:   event.kind "event"
-- set:   event.category ["network"]
-- set:   event.module "aws"
-- set:   event.dataset "aws.route53_resolver_logs"
-- set:   cloud.provider "aws"
-- set:   network.protocol "dns"
-- set:   network.direction "egress"
SELECT d.object_id AS "@object", d.row_no AS "@row", d.capture AS "@capture", NULL::VARCHAR AS "@omit",
  d.query_timestamp AS "@timestamp",
  CASE WHEN d.firewall_rule_action = 'BLOCK' THEN ['protocol', 'denied'] ELSE ['protocol'] END AS "event.type",
  CASE d.firewall_rule_action
    WHEN 'BLOCK' THEN 'dns-query-block' WHEN 'ALERT' THEN 'dns-query-alert' ELSE 'dns-query' END AS "event.action",
  CASE
    WHEN d.firewall_rule_action = 'BLOCK' OR d.rcode IS NULL THEN NULL
    WHEN d.rcode = 'NOERROR' THEN 'success'
    ELSE 'failure'
  END AS "event.outcome",
  d.srcaddr AS "source.ip", d.srcaddr AS "source.address", d.srcport AS "source.port",
  CASE d.transport WHEN 'UDP' THEN '17' WHEN 'TCP' THEN '6' END AS "network.iana_number",
  lower(d.transport) AS "network.transport",
  CASE WHEN contains(d.srcaddr, ':') THEN 'ipv6' WHEN d.srcaddr IS NOT NULL THEN 'ipv4' END AS "network.type",
  d.account_id AS "cloud.account.id", d.region AS "cloud.region", d.src_instance AS "cloud.instance.id",
  CASE WHEN d.answers_n IS NULL THEN 'query' ELSE 'answer' END AS "dns.type",
  CASE WHEN d.query_name <> '.' AND ends_with(d.query_name, '.') THEN left(d.query_name, -1) ELSE d.query_name END AS "dns.question.name",
  d.query_type AS "dns.question.type", d.query_class AS "dns.question.class",
  d.registered_domain AS "dns.question.registered_domain",
  CASE WHEN length(d.name) > length(d.registered_domain) THEN left(d.name, -length(d.registered_domain) - 1) END
    AS "dns.question.subdomain",
  nullif(regexp_replace(d.registered_domain, '^[^.]*\.?', ''), '') AS "dns.question.top_level_domain",
  d.rcode AS "dns.response_code",
  a.answers AS "dns.answers", a.addresses AS "dns.resolved_ip",
  d.firewall_rule_group_id AS "rule.ruleset",
  d.version AS "aws.route53.version", d.vpc_id AS "aws.route53.vpc_id", d.query_name AS "aws.route53.query_name",
  d.src_resolver_endpoint AS "aws.route53.resolver_endpoint",
  d.src_resolver_network_interface AS "aws.route53.resolver_network_interface",
  d.firewall_rule_action AS "aws.route53.firewall_rule_action", d.firewall_domain_list_id AS "aws.route53.firewall_domain_list_id",
  d.answers_n AS "aws.route53.answers_n", d.extra AS "aws.route53.extra"
FROM source d
  LEFT JOIN (
    SELECT object_id, row_no, list({data: rdata, "type": "type", "class": "class"} ORDER BY answer_no) AS answers,
      list(rdata ORDER BY answer_no) FILTER (rdata_n IS NOT NULL AND "type" IN ('A', 'AAAA')) AS addresses
    FROM dns_answer
    GROUP BY ALL
  ) a USING (object_id, row_no)
