-- Resolver records as observed data
--
-- view:  dns
-- time:  query_timestamp
-- limit: a name that resolves to an address or another name is a relationship resolves-to: the answers of a record, through whatever
--        CNAMEs; the log does not say which name an answer is about
SELECT d.object_id AS "@object", d.row_no AS "@row", d.capture AS "@capture",
  CASE
    WHEN d.name IS NULL THEN 'the log has no name of it'
    WHEN length(d.name) > 253 OR NOT regexp_full_match(d.name, '[a-z0-9_*-]{1,63}(\.[a-z0-9_*-]{1,63})*')
      THEN 'a name that is no domain name by RFC 1034, which STIX takes alone'
  END AS "@omit",
  d.query_timestamp AS first_observed, d.query_timestamp AS last_observed, 1 AS number_observed,
  d.srcaddr AS src, NULL::VARCHAR AS dst, NULL::BIGINT AS src_port, NULL::BIGINT AS dst_port, NULL::VARCHAR AS protocol,
  NULL::BIGINT AS src_byte_count, NULL::BIGINT AS dst_byte_count, NULL::BIGINT AS src_packets, NULL::BIGINT AS dst_packets,
  d.name, a.addresses, a.names
FROM source d
  LEFT JOIN (
    SELECT object_id, row_no,
      list(rdata ORDER BY answer_no) FILTER (rdata_n IS NOT NULL AND "type" IN ('A', 'AAAA')) AS addresses,
      list({
        'kind': "type",
        'name': lower(rtrim(regexp_extract(rdata, CASE "type" WHEN 'SOA' THEN '^[^ ]*' ELSE '[^ ]*$' END), '.'))
      } ORDER BY answer_no) FILTER (rdata_n IS NULL AND "type" IN ('CNAME', 'DNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV')) AS names
    FROM dns_answer
    WHERE "type" IN ('A', 'AAAA', 'CNAME', 'DNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV')
    GROUP BY ALL
  ) a USING (object_id, row_no)
