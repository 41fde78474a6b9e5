-- When an instance's interfaces logged flows
--
-- NODATA and SKIPDATA records count too: the log was there.
--
-- One row per capture. over_time counts the records by when they began, a count for every so many
-- minutes that have one.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows.
--
-- needs:  flow
-- param:  instance  instance  required  the instance
-- param:  from      time                only what is not over before this moment
-- param:  to        time                only what begins before this moment
-- param:  capture   capture             only this capture; empty for all
-- param:  every     minutes   = 60      how long a count of over_time goes
-- column: log         text
-- column: what        text
-- column: first_seen  time
-- column: last_seen   time
-- column: records     count
-- column: over_time   json
-- page:   seen When it was seen
-- records: flows-of-instance
SELECT 'flow' AS log, 'logged' AS what, capture, min(start) AS first_seen, max("end") AS last_seen,
  count(*) AS records, histogram(time_bucket(to_minutes($every::BIGINT), start)) AS over_time
FROM flow
WHERE instance_id = $instance
  AND of(capture, $capture)
  AND touches(start, "end", $from, $to)
GROUP BY capture
ORDER BY capture
