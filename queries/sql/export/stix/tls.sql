-- TLS connections as observed data
--
-- view:  tls
-- time:  time
-- limit: the name is what the client wrote into its hello; the destination is the load balancer's listener
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN coalesce(client_ip, destination_ip, name) IS NULL THEN 'a connection without an address or a name' END AS "@omit",
  CASE WHEN tls_connection_creation_time <= time THEN tls_connection_creation_time ELSE time END AS first_observed, time AS last_observed,
  1 AS number_observed, client_ip AS src, destination_ip AS dst, client_port::BIGINT AS src_port, destination_port::BIGINT AS dst_port,
  CASE WHEN coalesce(client_ip, destination_ip) IS NOT NULL THEN 'tcp' END AS protocol,
  received_bytes AS src_byte_count, sent_bytes AS dst_byte_count, name
FROM (
  SELECT *, CASE WHEN regexp_full_match(lower(domain_name), '[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*') AND length(domain_name) <= 253
    THEN lower(domain_name) END AS name
  FROM source
)
