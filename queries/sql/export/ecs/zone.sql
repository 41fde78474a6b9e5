-- Zone records as ECS documents
--
-- view:  zone
-- time:  query_timestamp
-- file:  logs-aws.route53_public_logs-case53
-- set:   event.kind "event"
-- set:   event.category ["network"]
-- set:   event.type ["protocol"]
-- set:   event.action "dns-query"
-- set:   event.module "aws"
-- set:   event.dataset "aws.route53_public_logs"
-- set:   cloud.provider "aws"
-- set:   network.protocol "dns"
-- set:   network.direction "ingress"
-- set:   dns.type "query"
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture", NULL::VARCHAR AS "@omit",
  query_timestamp AS "@timestamp",
  CASE WHEN response_code = 'NOERROR' THEN 'success' WHEN response_code IS NOT NULL THEN 'failure' END AS "event.outcome",
  resolver_ip AS "source.ip", resolver_ip AS "source.address",
  CASE protocol WHEN 'UDP' THEN '17' WHEN 'TCP' THEN '6' END AS "network.iana_number",
  lower(protocol) AS "network.transport",
  CASE WHEN contains(resolver_ip, ':') THEN 'ipv6' WHEN resolver_ip IS NOT NULL THEN 'ipv4' END AS "network.type",
  CASE WHEN query_name <> '.' AND ends_with(query_name, '.') THEN left(query_name, -1) ELSE query_name END AS "dns.question.name",
  query_type AS "dns.question.type",
  registered_domain AS "dns.question.registered_domain",
  CASE WHEN length(name) > length(registered_domain) THEN left(name, -length(registered_domain) - 1) END AS "dns.question.subdomain",
  nullif(regexp_replace(registered_domain, '^[^.]*\.?', ''), '') AS "dns.question.top_level_domain",
  response_code AS "dns.response_code",
  version AS "aws.route53.version", hosted_zone_id AS "aws.route53.hosted_zone_id", query_name AS "aws.route53.query_name",
  edge_location AS "aws.route53.edge_location", edns_client_subnet AS "aws.route53.edns_client_subnet", extra AS "aws.route53.extra"
FROM source
