-- TLS connections that failed, by client
--
-- A handshake without a protocol on a listener that has one, a certificate that was refused, an alert that the client sent. One
-- row per client and kind, most first.
--
-- cannot: Why a client gave up: a scanner, an old program and a wrong certificate look alike.
--
-- needs:  tls
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: failures    count
-- column: first_seen  time
-- column: last_seen   time
SELECT client_ip, elb, tls_verify_status, incoming_tls_alert, count(*) AS failures, min(time) AS first_seen, max(time) AS last_seen, capture
FROM tls
WHERE (
    starts_with(tls_verify_status, 'Failed') OR incoming_tls_alert IS NOT NULL OR format = 'nlb' AND tls_handshake_time IS NULL
  ) AND of(capture, $capture) AND within(time, $from, $to)
GROUP BY client_ip, elb, tls_verify_status, incoming_tls_alert, capture
ORDER BY failures DESC, first_seen, client_ip, elb, tls_verify_status, incoming_tls_alert, capture
