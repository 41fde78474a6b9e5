-- For which sources and times there are records at all
--
-- One row per interface, Resolver log of a VPC and zone, and in its reason a line of the matrix:
-- O is OK, n NODATA, S SKIPDATA, - a hole, . before its first or after its last record; R and -
-- are records and none of Resolver and zone logs. A letter stands for several windows of ten
-- minutes in a long capture: the worst of them, S before - before O before n.
--
-- cannot: Why a window is missing: an interface that was made, deleted or stopped looks the same as one
-- whose log was switched off. Resolver and zone logs have no NODATA: a window without a record
-- may be quiet, cached or not logged. Sources that never logged are not in the case at all.
--
-- method: Windows of ten minutes from the first to the last record of the log type and capture, each as
-- its worst minute. NODATA states that there was no traffic, SKIPDATA that records were lost
-- inside AWS. Ours: what lies before the first and after the last record of a source is not
-- called a hole, since the source may not have lived then; a time of attachment from describe
-- files is given beside it. Score: 0.02, and 0.48 times the share of its own life that is a hole
-- or SKIPDATA, where the log is a flow log; 0.02 for others. It is a picture, and ranks low.
--
-- false-positives: Interfaces that were stopped or moved; nights of Resolver and zone logs.
--
-- not-proof: That nothing happened where there is nothing, nor that anybody made the hole: the hunt
-- sudden-silence weighs single gaps.
--
-- attack: T1562.008
-- phase:  none
-- needs:  coverage, minute, asset
-- needs-all: coverage
-- param:  letters  int      = 48   letters of a line: an hour each for two days, and fits a screen
-- param:  top      int      = 50   so many sources, the worst first; the reason says of how many
-- param:  from     time            only windows that begin at or after this moment
-- param:  to       time            only windows that begin before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   coverage_span  windows of ten minutes, those without anything in a row as one
-- step:   live_source  sources with records in them
-- column: log_type text
-- column: source text
-- column: windows count
-- column: covered count
-- column: nodata count
-- column: skipdata count
-- column: holes count
-- column: before_first count
-- column: after_last count
-- column: picture text
WITH asked_window AS (
  SELECT
    time_bucket(INTERVAL 10 MINUTE, $from::TIMESTAMP + INTERVAL 10 MINUTE - INTERVAL 1 MICROSECOND) AS begins,
    time_bucket(INTERVAL 10 MINUTE, $to::TIMESTAMP + INTERVAL 10 MINUTE - INTERVAL 1 MICROSECOND) AS ends
), coverage_span AS ( -- windows without anything that follow one another are one row
  SELECT log_type, capture, source, greatest(start, begins) AS start, least("end", ends) AS "end", status
  FROM coverage, asked_window
  WHERE source IS NOT NULL
    AND of(capture, $capture)
    AND (begins IS NULL OR "end" > begins)
    AND (ends IS NULL OR start < ends)
), log_span AS (
  SELECT log_type, capture,
    min(start) AS begun, max("end") AS ended,
    date_diff('minute', min(start), max("end")) // 10 AS windows,
    count(DISTINCT source) AS sources,
    greatest(1, ceil(date_diff('minute', min(start), max("end")) / 10 / greatest(1, $letters::BIGINT)))::BIGINT AS per
  FROM coverage_span
  GROUP BY ALL
), live_source AS (
  SELECT log_type, capture, source, min(start) AS born, max(start) AS died
  FROM coverage_span
  WHERE status NOT IN ('absent', 'none')
  GROUP BY ALL
), lettered_span AS (
  SELECT l.log_type, l.capture, l.source, v.born, v.died, b.begun, b.ended, b.windows,
    b.sources, b.per, date_diff('minute', l.start, l."end") // 10 AS n,
    date_diff('minute', b.begun, l.start) // (10 * b.per) AS first_place,
    (date_diff('minute', b.begun, l."end") - 10) // (10 * b.per) AS last_place,
    CASE
      WHEN l.start < v.born THEN 'b'
      WHEN l.start > v.died THEN 'a'
      WHEN l.status IN ('absent', 'none') THEN '-'
      WHEN l.status = 'SKIPDATA' THEN 'S'
      WHEN l.status = 'NODATA' THEN 'n'
      WHEN l.status = 'records' THEN 'R'
      ELSE 'O'
    END AS letter
  FROM coverage_span l
    JOIN live_source v USING (log_type, capture, source)
    JOIN log_span b USING (log_type, capture)
), source_sum AS (
  SELECT log_type, capture, source,
    any_value(per) AS per, any_value(windows) AS windows, any_value(sources) AS sources,
    any_value(born) AS born, any_value(died) AS died, any_value(begun) AS begun, any_value(ended) AS ended,
    coalesce(sum(n) FILTER (letter IN ('O', 'R')), 0)::BIGINT AS covered,
    coalesce(sum(n) FILTER (letter = 'n'), 0)::BIGINT AS nodata,
    coalesce(sum(n) FILTER (letter = 'S'), 0)::BIGINT AS skipdata,
    coalesce(sum(n) FILTER (letter = '-'), 0)::BIGINT AS holes,
    coalesce(sum(n) FILTER (letter = 'b'), 0)::BIGINT AS before_first,
    coalesce(sum(n) FILTER (letter = 'a'), 0)::BIGINT AS after_last
  FROM lettered_span
  GROUP BY ALL
), source_picture AS (
  SELECT log_type, capture, source, string_agg(letter, '' ORDER BY place) AS picture
  FROM (
    SELECT log_type, capture, source, place,
      CASE
        WHEN bool_or(letter = 'S') THEN 'S'
        WHEN bool_or(letter = '-') THEN '-'
        WHEN bool_or(letter = 'O') THEN 'O'
        WHEN bool_or(letter = 'R') THEN 'R'
        WHEN bool_or(letter = 'n') THEN 'n'
        ELSE '.'
      END AS letter
    FROM (
      SELECT log_type, capture, source, letter, unnest(generate_series(first_place, last_place)) AS place
      FROM lettered_span
    )
    GROUP BY ALL
  )
  GROUP BY ALL
), described_source AS (
  SELECT d.*, p.picture, coalesce(m.records, 0) AS records,
    t.attached_at, d.log_type = 'flow' AS is_flow,
    d.windows - d.before_first - d.after_last AS life, d.holes + d.skipdata AS lost
  FROM source_sum d
    JOIN source_picture p USING (log_type, capture, source)
    LEFT JOIN (
      SELECT log_type, capture, source, sum(records)::BIGINT AS records
      FROM minute
      GROUP BY ALL
    ) m USING (log_type, capture, source)
    LEFT JOIN (
      SELECT interface_id AS source, max(attached_at) AS attached_at FROM asset GROUP BY ALL
    ) t ON t.source = d.source AND d.log_type = 'flow'
), ranked AS (
  SELECT *,
    0.02 + CASE WHEN is_flow THEN 0.48 * lost / life ELSE 0 END AS score,
    row_number() OVER (ORDER BY is_flow DESC, lost / life DESC, lost DESC, log_type, source, capture) AS place,
    count(*) OVER () AS all_sources
  FROM described_source
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN NOT is_flow OR lost = 0 THEN 'info'
    WHEN lost >= 0.1 * life THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} ({} log): of {} windows of ten minutes {} with records, {}{}{}{}{} |{}| a letter is {} min{}',
    source, log_type, windows, covered,
    CASE
      WHEN is_flow THEN format('{} NODATA, {} SKIPDATA, {} in holes', nodata, skipdata, holes)
      ELSE format('{} without', holes)
    END,
    CASE
      WHEN before_first > 0 THEN format(', {} before its first record', before_first)
      ELSE ''
    END,
    CASE WHEN after_last > 0 THEN format(', {} after its last', after_last) ELSE '' END,
    CASE
      WHEN before_first > 0 AND attached_at IS NOT NULL THEN strftime(attached_at, ' (attached %Y-%m-%d %H:%M)')
      ELSE ''
    END,
    CASE WHEN sources = 1 THEN '; the only source of its kind' ELSE '' END,
    picture, 10 * per,
    CASE
      WHEN all_sources > $top::BIGINT THEN format('; {} of {} sources are shown', $top::BIGINT, all_sources)
      ELSE ''
    END
  ) AS reason,
  CASE WHEN is_flow THEN source END AS interface_id,
  records AS "rows", begun AS from_time, ended AS to_time,
  log_type, source, windows, covered, nodata, skipdata, holes, before_first, after_last, picture, capture
FROM ranked
WHERE place <= $top::BIGINT
ORDER BY place
