-- How many records each log has, piece by piece of the time
--
-- Records of all sources of a log added up, for every so many minutes that have one; a record counts
-- when it began. A piece without a row has no record: coverage-of-sources says whether the log was
-- there at all then.
--
-- cannot: Tell a quiet time from one that was not logged: only flow logs say that there was nothing
-- (NODATA). What two objects say twice is counted twice. A record that goes over the end of a piece
-- counts in the one in which it began.
--
-- needs:  minute
-- param:  from     time           only at or after this moment, in whole minutes
-- param:  to       time           only before this moment
-- param:  every    minutes  = 60  how long a piece is
-- param:  capture  capture        only this capture; empty for all
-- column: time     time
-- column: log      text
-- column: records  count
SELECT time_bucket(to_minutes($every::BIGINT), minute, TIMESTAMP '2000-01-01') AS time,
  log_type AS log, sum(records)::BIGINT AS records, capture
FROM minute
WHERE of(capture, $capture)
  AND within(minute, date_trunc('minute', $from::TIMESTAMP), $to::TIMESTAMP)
GROUP BY ALL
ORDER BY time, log, capture
