-- Times in which a source is silent, longest first
--
-- A source is an interface (flow), a VPC (dns) or a hosted zone (zone). Records of flow logs count
-- for the whole time they speak about, NODATA too. Beside each gap: how many other sources of the
-- same log type and capture had records in it. None means that all fell silent, which points to
-- the log and not to the host.
--
-- cannot: Why a source is silent: no traffic, logging switched off, delivery lost, or data not
-- loaded. What lies before a source's first record and after its last is not listed.
--
-- needs:  minute, flow_span
-- param:  minutes   minutes  = 60  gaps of at least so many minutes
-- param:  log_type  text           only this log type: flow, dns or zone
-- param:  capture   capture        only this capture; empty for all
-- column: log_type             text
-- column: source               text
-- column: silent_from          time
-- column: silent_to            time
-- column: gap_minutes          count
-- column: others_with_records  count
-- column: other_sources        count
WITH source_minute AS (
  SELECT DISTINCT log_type, capture, source, minute
  FROM (
    SELECT log_type, capture, source, minute FROM minute WHERE log_type <> 'flow'
    UNION ALL
    SELECT 'flow', capture, interface_id, minute FROM flow_span
  )
  WHERE ($log_type = '' OR log_type = $log_type) AND of(capture, $capture)
), spaced_minute AS (
  SELECT *, lag(minute) OVER (PARTITION BY log_type, capture, source ORDER BY minute) AS before
  FROM source_minute
), gap AS (
  SELECT log_type, capture, source, before + INTERVAL 1 MINUTE AS silent_from, minute AS silent_to,
    date_diff('minute', before, minute) - 1 AS gap_minutes
  FROM spaced_minute
  WHERE date_diff('minute', before, minute) - 1 >= greatest($minutes::BIGINT, 1)
), speaking_sources AS (
  SELECT g.log_type, g.capture, g.source, g.silent_from, count(DISTINCT p.source) AS others_with_records
  FROM gap g
    JOIN source_minute p ON p.log_type = g.log_type
      AND p.capture = g.capture
      AND p.minute >= g.silent_from
      AND p.minute < g.silent_to
  GROUP BY ALL
), source_count AS (
  SELECT log_type, capture, count(DISTINCT source) - 1 AS other_sources
  FROM source_minute
  GROUP BY ALL
)
SELECT g.log_type, g.source, g.silent_from, g.silent_to, g.gap_minutes,
  coalesce(o.others_with_records, 0) AS others_with_records,
  k.other_sources, g.capture
FROM gap g
  JOIN source_count k USING (log_type, capture)
  LEFT JOIN speaking_sources o ON o.log_type = g.log_type
    AND o.capture = g.capture
    AND o.source IS NOT DISTINCT FROM g.source
    AND o.silent_from = g.silent_from
ORDER BY g.gap_minutes DESC, g.log_type, g.source, g.silent_from, g.capture
