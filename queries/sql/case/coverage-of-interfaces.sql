-- Per interface and hour: minutes with OK, NODATA, SKIPDATA, or no record at all
--
-- Every minute between an interface's first and last record is one of: SKIPDATA (some record says
-- that data was lost), OK (some record speaks about it), NODATA (the log states that there was no
-- traffic), absent. Gaps of more than 31 days are not spelt out hour by hour; the query gaps lists
-- them.
--
-- cannot: Absent is relative to that interface's own first and last minute in this case: before
-- and after, nothing is known. A record speaks about the time from its first to its last packet,
-- so a minute without packets inside an aggregation window of up to ten minutes counts as absent
-- although nothing was lost. Interfaces made or deleted inside the window look absent outside
-- their life.
--
-- needs:  flow_span
-- param:  interface  interface  only this interface
-- param:  from       time       only at or after this moment
-- param:  to         time       only before this moment
-- param:  capture    capture    only this capture; empty for all
-- column: hour             time
-- column: minutes          count
-- column: ok               count
-- column: nodata           count
-- column: skipdata         count
-- column: absent           count
-- column: percent_covered  number
WITH minute_status AS (
  SELECT capture, interface_id, minute,
    CASE
      WHEN bool_or(log_status = 'SKIPDATA') THEN 'SKIPDATA'
      WHEN bool_or(coalesce(log_status, 'OK') = 'OK') THEN 'OK'
      ELSE 'NODATA'
    END AS status
  FROM flow_span
  WHERE ($interface = '' OR interface_id = $interface) AND of(capture, $capture)
  GROUP BY ALL
), lifetime AS (
  SELECT capture, interface_id, min(minute) AS first, max(minute) AS last
  FROM minute_status
  GROUP BY ALL
), hour_count AS (
  SELECT capture, interface_id, date_trunc('hour', minute) AS hour, count(*) FILTER (status = 'OK') AS ok,
    count(*) FILTER (status = 'NODATA') AS nodata, count(*) FILTER (status = 'SKIPDATA') AS skipdata
  FROM minute_status
  GROUP BY ALL
), spaced_hour AS (
  SELECT capture, interface_id, hour, lead(hour) OVER (PARTITION BY capture, interface_id ORDER BY hour) AS next
  FROM hour_count
), empty_hour AS (
  SELECT capture, interface_id,
    unnest(generate_series(hour + INTERVAL 1 HOUR, next - INTERVAL 1 HOUR, INTERVAL 1 HOUR)) AS hour,
    0 AS ok, 0 AS nodata, 0 AS skipdata
  FROM spaced_hour
  WHERE next - hour <= INTERVAL 31 DAY
), covered_hour AS (
  SELECT capture, interface_id, hour, ok, nodata, skipdata FROM hour_count
  UNION ALL
  SELECT capture, interface_id, hour, ok, nodata, skipdata FROM empty_hour
)
SELECT hour, interface_id,
  date_diff('minute', greatest(hour, first), least(hour + INTERVAL 59 MINUTE, last)) + 1 AS minutes,
  ok, nodata, skipdata, minutes - ok - nodata - skipdata AS absent,
  round(100.0 * (ok + nodata) / minutes, 1) AS percent_covered,
  capture
FROM covered_hour
  JOIN lifetime USING (capture, interface_id)
WHERE ($from::TIMESTAMP IS NULL OR hour + INTERVAL 1 HOUR > $from::TIMESTAMP)
  AND ($to::TIMESTAMP IS NULL OR hour < $to::TIMESTAMP)
ORDER BY interface_id, hour, capture
