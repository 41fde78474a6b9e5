-- Resolver answers as events of a timeline
--
-- view:  dns_answer
-- when:  asked
-- time:  query_timestamp
-- order: "@object", "@row", "@part"
-- set:   data_type "aws:route53:answer"
-- set:   source_short "DNS"
-- set:   timestamp_desc "DNS answer"
SELECT object_id AS "@object", row_no AS "@row", answer_no AS "@part", capture AS "@capture",
  query_timestamp AS datetime,
  concat_ws(' ', 'ANSWER', srcaddr, query_name, '→', type, rdata) AS message,
  srcaddr AS src_ip, name AS domain, query_name, answer_no, rdata, "type" AS answer_type, "class" AS answer_class,
  CASE WHEN rdata_n IS NOT NULL THEN rdata END AS ip, query_type, rcode, vpc_id, src_instance AS instance_id
FROM source
