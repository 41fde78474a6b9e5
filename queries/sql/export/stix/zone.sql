-- Zone records as observed data
--
-- view:  zone
-- time:  query_timestamp
-- limit: the address is the recursive resolver's, not the client's; of the client there is a subnet where the resolver passed it on, and a
--        record shows every indicator that lies in it or holds it
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE
    WHEN name IS NULL THEN 'the log has no name of it'
    WHEN length(name) > 253 OR NOT regexp_full_match(name, '[a-z0-9_*-]{1,63}(\.[a-z0-9_*-]{1,63})*')
      THEN 'a name that is no domain name by RFC 1034, which STIX takes alone'
  END AS "@omit",
  query_timestamp AS first_observed, query_timestamp AS last_observed, 1 AS number_observed,
  resolver_ip AS src, NULL::VARCHAR AS dst, NULL::BIGINT AS src_port, NULL::BIGINT AS dst_port, NULL::VARCHAR AS protocol,
  NULL::BIGINT AS src_byte_count, NULL::BIGINT AS dst_byte_count, NULL::BIGINT AS src_packets, NULL::BIGINT AS dst_packets,
  name, NULL::VARCHAR[] AS addresses, edns_client_subnet AS client_subnet
FROM source
