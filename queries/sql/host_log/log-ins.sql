-- Who logged in, or tried to
--
-- One row per host, user and address: how often it was refused and accepted, first and last. Most refused first.
--
-- cannot: Log-ins with a stolen key look like any other, and Session Manager's are in no auth log but in CloudTrail.
--
-- needs:  host_log
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: accepted    count
-- column: refused     count
-- column: first_seen  time
-- column: last_seen   time
-- column: first_accepted  time
SELECT host, "user", client_ip, count(*) FILTER (action = 'accepted') AS accepted,
  count(*) FILTER (action <> 'accepted') AS refused,
  min(time) AS first_seen, max(time) AS last_seen, min(time) FILTER (action = 'accepted') AS first_accepted, capture
FROM host_log
WHERE action IN ('accepted', 'failed', 'invalid user') AND of(capture, $capture) AND within(time, $from, $to)
GROUP BY host, "user", client_ip, capture
ORDER BY refused DESC, accepted DESC, first_seen, host, "user", client_ip, capture
