-- When GuardDuty findings were about an address
--
-- The last version of each finding.
--
-- One row per capture. over_time counts the records by when they began, a count for every so many
-- minutes that have one.
--
-- cannot: What GuardDuty did not see, and findings about another address of the same host.
--
-- needs:  finding
-- param:  ip       ip       required  the address
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- param:  every    minutes  = 60      how long a count of over_time goes
-- column: log         text
-- column: what        text
-- column: first_seen  time
-- column: last_seen   time
-- column: records     count
-- column: over_time   json
-- page:   seen When it was seen
-- records: findings-about-address
SELECT 'finding' AS log, 'was in a finding' AS what, capture, min(event_first_seen) AS first_seen, max(event_last_seen) AS last_seen,
  count(*) AS records, histogram(time_bucket(to_minutes($every::BIGINT), event_first_seen)) AS over_time
FROM finding
WHERE last_version
  AND (private_ip_n = ip($ip) OR remote_ip_n = ip($ip))
  AND of(capture, $capture)
  AND touches(event_first_seen, event_last_seen, $from, $to)
GROUP BY capture
ORDER BY capture
