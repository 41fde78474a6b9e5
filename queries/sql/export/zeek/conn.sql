-- Connections as Zeek's conn.log
--
-- view:  connection, session
-- time:  start
-- file:  conn
-- order: ts, "@object", "@row"
-- limit: orig_bytes and resp_bytes (payload) are unset: flow logs count bytes of packets, which are orig_ip_bytes and resp_ip_bytes
-- limit: which side is the originator is told by flags, ports or the first record (initiator_reason of the view connection)
-- limit: conn_state is REJ where every record was refused, S0 where nothing came back, SF, RSTO or RSTR by TCP flags, which of
--        both sides are one set, so that RSTR stands for any reset after an answer; OTH where the log has no flags
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  start AS ts,
  client AS "id.orig_h", CASE WHEN protocol IN (1, 58) THEN 0 ELSE coalesce(client_port, 0) END AS "id.orig_p",
  server AS "id.resp_h", CASE WHEN protocol IN (1, 58) THEN 0 ELSE coalesce(server_port, 0) END AS "id.resp_p",
  CASE protocol WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 1 THEN 'icmp' WHEN 58 THEN 'icmp' ELSE 'unknown_transport' END AS proto,
  NULL::VARCHAR AS service,
  CASE WHEN "end" >= start THEN epoch_us("end") - epoch_us(start) END AS duration,
  NULL::BIGINT AS orig_bytes, NULL::BIGINT AS resp_bytes,
  CASE
    WHEN refused THEN 'REJ'
    WHEN protocol <> 6 OR tcp_flags IS NULL THEN 'OTH'
    WHEN coalesce(packets_in, 0) = 0 AND tcp_flags & 2 = 2 THEN 'S0'
    WHEN tcp_flags & 4 = 4 AND tcp_flags & 16 = 16 THEN 'RSTR'
    WHEN tcp_flags & 4 = 4 THEN 'RSTO'
    WHEN tcp_flags & 1 = 1 THEN 'SF'
    ELSE 'OTH'
  END AS conn_state,
  direction IN ('out', 'inside') AS local_orig, direction IN ('in', 'inside') AS local_resp,
  NULL::BIGINT AS missed_bytes, NULL::VARCHAR AS history,
  packets_out AS orig_pkts, bytes_out AS orig_ip_bytes, packets_in AS resp_pkts, bytes_in AS resp_ip_bytes,
  NULL::VARCHAR[] AS tunnel_parents
FROM source
