-- Names that clients asked for in TLS hellos
--
-- One row per name and load balancer, most connections first. A name that is an address, or not ours, is a scanner's.
--
-- cannot: Names of clients that sent none, and of hellos that are encrypted.
--
-- needs:  tls
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: connections  count
-- column: clients      count
-- column: first_seen   time
-- column: last_seen    time
SELECT domain_name, elb, count(*) AS connections, count(DISTINCT client_ip_n) AS clients, min(time) AS first_seen,
  max(time) AS last_seen, capture
FROM tls
WHERE domain_name IS NOT NULL AND of(capture, $capture) AND within(time, $from, $to)
GROUP BY domain_name, elb, capture
ORDER BY connections DESC, first_seen, domain_name, elb, capture
