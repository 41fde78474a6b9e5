-- TLS connections of one client, oldest first
--
-- One row per connection that a load balancer or CloudFront logged. Address and port on both sides are those of the flow record.
--
-- cannot: What was asked for: the requests are in access logs, and joined by conn_trace_id where there is one.
--
-- needs:  tls
-- param:  ip       ip       required  the client
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: time time
-- pivot:  TLS connections of this client
SELECT time, tls_connection_creation_time, elb, client_port, destination_ip, destination_port, domain_name, tls_protocol, tls_verify_status,
  incoming_tls_alert, received_bytes, sent_bytes, conn_trace_id, capture, object_id, row_no
FROM tls
WHERE client_ip_n = ip($ip) AND of(capture, $capture) AND within(time, $from, $to)
ORDER BY time, object_id, row_no
