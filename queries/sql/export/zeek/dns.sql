-- Resolver records as Zeek's dns.log
--
-- view:  dns
-- time:  query_timestamp
-- file:  dns
-- order: ts, "@object", "@row"
-- limit: the responder is 169.254.169.253, port 53, in every row: the log does not say which address of the Resolver was asked
-- limit: trans_id, rtt, flags and TTLs are unset: the log has none
SELECT d.object_id AS "@object", d.row_no AS "@row", d.capture AS "@capture",
  CASE WHEN d.srcaddr IS NULL THEN 'a query without a source address, which Zeek must have (a Resolver endpoint''s)' END AS "@omit",
  d.query_timestamp AS ts,
  d.srcaddr AS "id.orig_h", coalesce(d.srcport, 0) AS "id.orig_p", '169.254.169.253' AS "id.resp_h", 53 AS "id.resp_p",
  CASE lower(d.transport) WHEN 'udp' THEN 'udp' WHEN 'tcp' THEN 'tcp' ELSE 'unknown_transport' END AS proto,
  NULL::BIGINT AS trans_id, NULL::BIGINT AS rtt,
  CASE WHEN d.name = '' THEN '.' ELSE d.name END AS query,
  CASE d.query_class WHEN 'IN' THEN 1 WHEN 'CH' THEN 3 WHEN 'HS' THEN 4 END AS qclass,
  CASE d.query_class WHEN 'IN' THEN 'C_INTERNET' WHEN 'CH' THEN 'C_CHAOS' WHEN 'HS' THEN 'C_HESIOD' ELSE d.query_class END AS qclass_name,
  CASE d.query_type WHEN 'A' THEN 1 WHEN 'NS' THEN 2 WHEN 'CNAME' THEN 5 WHEN 'SOA' THEN 6 WHEN 'PTR' THEN 12 WHEN 'MX' THEN 15
    WHEN 'TXT' THEN 16 WHEN 'AAAA' THEN 28 WHEN 'SRV' THEN 33 WHEN 'NAPTR' THEN 35 WHEN 'DS' THEN 43 WHEN 'DNSKEY' THEN 48
    WHEN 'SVCB' THEN 64 WHEN 'HTTPS' THEN 65 WHEN 'AXFR' THEN 252 WHEN 'ANY' THEN 255 WHEN 'CAA' THEN 257
    ELSE try_cast(regexp_extract(d.query_type, '^TYPE([0-9]{1,5})$', 1) AS BIGINT)
  END AS qtype,
  d.query_type AS qtype_name,
  CASE d.rcode WHEN 'NOERROR' THEN 0 WHEN 'FORMERR' THEN 1 WHEN 'SERVFAIL' THEN 2 WHEN 'NXDOMAIN' THEN 3 WHEN 'NOTIMP' THEN 4
    WHEN 'REFUSED' THEN 5 WHEN 'YXDOMAIN' THEN 6 WHEN 'YXRRSET' THEN 7 WHEN 'NXRRSET' THEN 8 WHEN 'NOTAUTH' THEN 9 WHEN 'NOTZONE' THEN 10
  END AS rcode,
  d.rcode AS rcode_name,
  NULL::BOOLEAN AS "AA", NULL::BOOLEAN AS "TC", NULL::BOOLEAN AS "RD", NULL::BOOLEAN AS "RA", NULL::BIGINT AS "Z",
  CASE WHEN a.answers IS NULL AND d.answers_n = 0 THEN []::VARCHAR[] ELSE a.answers END AS answers,
  NULL::BIGINT[] AS "TTLs",
  coalesce(d.firewall_rule_action = 'BLOCK' OR d.rcode = 'REFUSED', false) AS rejected
FROM source d
  LEFT JOIN (
    SELECT object_id, row_no, list(coalesce(rdata, '') ORDER BY answer_no) AS answers
    FROM dns_answer
    GROUP BY ALL
  ) a USING (object_id, row_no)
