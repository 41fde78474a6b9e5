-- For every source: first and last record, minutes with records, longest gap
--
-- A source is an interface (flow), a VPC (dns) or a hosted zone (zone). Minutes with records are
-- counted by the minute a record starts in; the longest gap is the longest time between two such
-- minutes.
--
-- cannot: Whether silence is loss. Quiet sources log nothing: only NODATA in flow logs states that
-- there was nothing. Before its first and after its last record a source is unknown.
--
-- needs:  minute
-- param:  log_type  text     only this log type: flow, dns or zone
-- param:  capture   capture  only this capture; empty for all
-- column: log_type              text
-- column: source                text
-- column: records               count
-- column: first_minute          time
-- column: last_minute           time
-- column: minutes_with_records  count
-- column: hours_with_records    count
-- column: longest_gap_minutes   count
-- column: percent_of_minutes    number
-- column: skipdata              count
WITH source_minute AS (
  SELECT log_type, capture, source, minute, sum(records) AS records,
    coalesce(sum(records) FILTER (status = 'SKIPDATA'), 0) AS skipdata
  FROM minute
  WHERE ($log_type = '' OR log_type = $log_type) AND of(capture, $capture)
  GROUP BY ALL
), spaced_minute AS (
  SELECT *,
    date_diff('minute', lag(minute) OVER (PARTITION BY log_type, capture, source ORDER BY minute), minute)
      - 1 AS gap
  FROM source_minute
)
SELECT log_type, source, sum(records)::BIGINT AS records, min(minute) AS first_minute, max(minute) AS last_minute,
  count(*) AS minutes_with_records,
  round(100.0 * count(*) / (date_diff('minute', min(minute), max(minute)) + 1), 1) AS percent_of_minutes,
  count(DISTINCT date_trunc('hour', minute)) AS hours_with_records, coalesce(max(gap), 0) AS longest_gap_minutes,
  sum(skipdata)::BIGINT AS skipdata, capture
FROM spaced_minute
GROUP BY log_type, source, capture
ORDER BY log_type, source, capture
