-- What fell silent while others went on
--
-- An interface, a VPC's Resolver log or a zone without any record, not even NODATA, for far longer
-- than it ever pauses. Complete when every source of the log type is silent, which points to the
-- log; partial when others go on.
--
-- cannot: Why: logging switched off, delivery lost, an instance stopped, data not loaded. Absence is
-- no proof of quiet. What lies before a source's first record is not listed.
--
-- method: Gaps between minutes that records speak about of at least 30 minutes and four times the source's median gap
-- (after the gap hunt of DFIR-Companion). Up to the end of the capture too, where the source never comes back. Another
-- source went on where it has records in at least half of the gap's windows of ten minutes, and was there before the
-- gap; one with a record or two in it did not. Score: 0.5 for an interface (its log says NODATA when there is nothing
-- to say), 0.2 for other logs; up to 0.3 for how many of the other sources went on; up to 0.2 for the length against
-- the catalogue's 30 minutes (full at 4 hours).
--
-- false-positives: Nights and week-ends in Resolver and zone logs, instances that were stopped or
-- made, logs switched on late.
--
-- measured: found: planted acts 1 of 1. False findings in benign days, high and medium: two days of ctu-normal 0 and 2,
-- a generated day 0 and 0. False findings per million benign records, high and medium: ctu-normal 0 and 28, benign-dns
-- 0 and 0, ordinary day 0 and 0.
--
-- not-proof: That somebody switched it off (T1562.008 shows only as this shadow): look for the API
-- call in CloudTrail.
--
-- attack: T1562.008
-- phase:  silence
-- kind:   silence
-- log:    flow
-- weight: context
-- needs:  flow_span, minute
-- needs-all: flow_span
-- param:  minutes  minutes  = 30  gaps of at least so many minutes
-- param:  times    number   = 4   and so many times the median gap of the source
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   spoken_minute  minutes that records speak about
-- step:   gap  pauses of a source
-- step:   long_gap  pauses that are long enough
-- column: log_type text
-- column: source text
-- column: gap_minutes count
-- column: completeness text
-- column: others_with_records count
-- column: others_with_few count
-- column: other_sources count
-- column: comes_back flag
WITH spoken_minute AS (
  SELECT DISTINCT log_type, capture, source, minute
  FROM (
    SELECT log_type, capture, source, minute FROM minute WHERE log_type <> 'flow'
    UNION ALL
    SELECT 'flow', capture, interface_id, minute FROM flow_span
  )
  WHERE source IS NOT NULL AND of(capture, $capture) AND within(minute, $from, $to)
), log_end AS (
  SELECT log_type, capture, max(minute) AS last_minute, count(DISTINCT source) - 1 AS other_sources
  FROM spoken_minute
  GROUP BY ALL
), spaced_minute AS (
  SELECT log_type, capture, source, minute,
    lead(minute) OVER (PARTITION BY log_type, capture, source ORDER BY minute) AS next_minute
  FROM spoken_minute
), gap AS (
  SELECT s.log_type, s.capture, s.source, s.minute + INTERVAL 1 MINUTE AS silent_from,
    coalesce(s.next_minute, e.last_minute + INTERVAL 1 MINUTE) AS silent_to,
    s.next_minute IS NOT NULL AS comes_back,
    date_diff('minute', s.minute, coalesce(s.next_minute, e.last_minute + INTERVAL 1 MINUTE))
      - 1 AS gap_minutes,
    e.other_sources
  FROM spaced_minute s
    JOIN log_end e USING (log_type, capture)
  WHERE s.next_minute IS NOT NULL OR s.minute < e.last_minute
), usual_step AS (
  SELECT log_type, capture, source, median(gap_minutes) FILTER (comes_back) + 1 AS middle, count(*) AS minutes
  FROM gap
  GROUP BY ALL
), long_gap AS (
  SELECT g.*, u.middle, u.minutes
  FROM gap g
    JOIN usual_step u USING (log_type, capture, source)
  WHERE g.gap_minutes >= greatest($minutes::BIGINT, 1)
    AND g.gap_minutes >= $times::DOUBLE * coalesce(u.middle, 1)
), gap_source AS (
  SELECT g.log_type, g.capture, g.source, g.silent_from, l.source AS other,
    count(DISTINCT time_bucket(INTERVAL 10 MINUTE, l.minute)) AS windows,
    ceil(any_value(g.gap_minutes) / 10) AS gap_windows
  FROM long_gap g
    JOIN spoken_minute l ON l.log_type = g.log_type
      AND l.capture = g.capture
      AND l.minute >= g.silent_from
      AND l.minute < g.silent_to
  GROUP BY g.log_type, g.capture, g.source, g.silent_from, l.source
), source_start AS (
  SELECT log_type, capture, source, min(minute) AS first_minute FROM spoken_minute GROUP BY ALL
), old_sources AS ( -- those that were there before the gap, beside its own
  SELECT g.log_type, g.capture, g.source, g.silent_from, count(*) - 1 AS other_sources
  FROM long_gap g
    JOIN source_start s ON s.log_type = g.log_type AND s.capture = g.capture AND s.first_minute < g.silent_from
  GROUP BY ALL
), speaking_sources AS (
  SELECT log_type, capture, source, silent_from,
    count(*) FILTER (windows * 2 >= gap_windows AND first_minute < silent_from) AS others,
    count(*) FILTER (windows * 2 < gap_windows OR first_minute >= silent_from) AS few
  FROM gap_source
    JOIN (SELECT log_type, capture, source AS other, first_minute FROM source_start) USING (log_type, capture, other)
  GROUP BY ALL
), scored AS (
  SELECT g.* EXCLUDE (other_sources), coalesce(s.others, 0) AS others, coalesce(s.few, 0) AS few, o.other_sources,
    CASE WHEN g.log_type = 'flow' THEN 0.5 ELSE 0.2 END
      + 0.3 * coalesce(s.others / nullif(o.other_sources, 0), 0)
      + 0.2 * least(1, ln(g.gap_minutes / 30) / ln(8)) AS score
  FROM long_gap g
    LEFT JOIN speaking_sources s USING (log_type, capture, source, silent_from)
    JOIN old_sources o USING (log_type, capture, source, silent_from)
)
SELECT round(greatest(0, score), 3)::DOUBLE AS score,
  CASE
    WHEN log_type <> 'flow' THEN 'low'
    WHEN others * 2 > other_sources AND comes_back THEN 'high'
    ELSE 'medium'
  END AS severity,
  format(
    '{} ({} log) has no record for {} minutes, {:.0f} times its usual step of {:.0f}; '
      || '{}{}{}',
    source, log_type, gap_minutes, gap_minutes / coalesce(middle, 1), coalesce(middle, 1),
    CASE
      WHEN other_sources = 0 THEN 'there was no other source'
      ELSE format(
        '{} of {} other sources went on ({})', others, other_sources,
        CASE WHEN others > 0 THEN 'partial' WHEN few > 0 THEN 'nearly complete' ELSE 'complete' END
      )
    END,
    CASE WHEN few > 0 THEN format(', {} had a few records in it or began then', few) ELSE '' END,
    CASE WHEN comes_back THEN '' ELSE '; it does not come back' END
  ) AS reason,
  CASE WHEN log_type = 'flow' THEN source END AS interface_id,
  minutes AS "rows", silent_from AS from_time, silent_to AS to_time,
  log_type, source, gap_minutes,
  CASE WHEN others > 0 THEN 'partial' WHEN few > 0 THEN 'nearly complete' ELSE 'complete' END AS completeness,
  others AS others_with_records, few AS others_with_few, other_sources, comes_back, capture
FROM scored
ORDER BY scored.score DESC, gap_minutes DESC, log_type, source, silent_from, capture
