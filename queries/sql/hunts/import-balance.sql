-- Does every record that was read have a place
--
-- read = rows + headers + blank + outside + duplicate + rejected, for every source object. One row
-- per capture and log type is its balance sheet; an object that does not balance, or that could
-- not be read to its end, has a row of its own.
--
-- cannot: Whether a record was read rightly, nor whether the objects are all there were: only that
-- nothing that was read was lost or counted twice on its way into the case. Objects that were
-- never delivered or never loaded leave no trace here.
--
-- method: The identity above per object, as the catalogue has it. Ours: what was rejected is put beside
-- it by reason, and so is what could not be read to its end. Score: 1 for an object that does not
-- balance; 0.6 for one that was not read to its end; a balance sheet 0.02, and up to 0.4 for the
-- share of records that were rejected (full at a tenth).
--
-- false-positives: None for the identity: a difference is a fault of the program or of the file. An
-- object that was cut short, and lines that are no records, are rejected by intention.
--
-- not-proof: That anybody altered anything, or that the rows are still there: case53 verify checks both
-- against their digests.
--
-- attack: T1070, T1565.001
-- phase:  none
-- needs:  object, reject
-- param:  capture  capture       only this capture; empty for all
-- param:  top      int      = 50 so many objects with a fault, the worst first; the reason says of how many
-- step:   source_object  source objects
-- step:   faulty_object  of them with a difference or a problem
-- step:   reject_reason  records that were rejected, by reason
-- column: kind text
-- column: log_type text
-- column: object_id object
-- column: uri uri
-- column: objects count
-- column: read count
-- column: kept count
-- column: rejected count
-- column: difference number
WITH source_object AS (
  SELECT o.object_id, o.log_type, o.capture, o.uri, o."read", o."rows" AS kept,
    o.headers, o.blank, o.outside, o.duplicate, o.unread, o.not_kept, o.rejected, o.problem,
    coalesce(o.first_time, o.acquired_at) AS first_time, coalesce(o.last_time, o.first_time, o.acquired_at) AS last_time,
    o."read" - (o."rows" + o.headers + o.blank + o.outside + o.duplicate + o.unread + o.not_kept + o.rejected) AS difference
  FROM object o
  WHERE of(o.capture, $capture)
), faulty_object AS (
  SELECT *,
    row_number() OVER (ORDER BY difference <> 0 DESC, abs(difference) DESC, object_id) AS place,
    count(*) OVER () AS all_faulty
  FROM source_object
  WHERE difference <> 0 OR problem IS NOT NULL
), reject_reason AS (
  SELECT capture, log_type, reason, count(*) AS n
  FROM reject
  WHERE of(capture, $capture)
  GROUP BY ALL
), balance_sheet AS (
  SELECT c.capture, c.log_type,
    count(*) AS objects, sum("read")::BIGINT AS "read", sum(kept)::BIGINT AS kept, sum(headers)::BIGINT AS headers,
    sum(blank)::BIGINT AS blank, sum(outside)::BIGINT AS outside, sum(duplicate)::BIGINT AS duplicate, sum(unread)::BIGINT AS unread,
    sum(not_kept)::BIGINT AS not_kept, sum(rejected)::BIGINT AS rejected, sum(difference)::BIGINT AS difference,
    count(*) FILTER (difference <> 0) AS wrong, min(first_time) AS first_time,
    max(last_time) AS last_time, any_value(r.reasons) AS reasons
  FROM source_object c
    LEFT JOIN (
      SELECT capture, log_type, string_agg(n || ' × ' || reason, '; ' ORDER BY n DESC, reason) AS reasons
      FROM (
        SELECT *
        FROM reject_reason
        QUALIFY row_number() OVER (PARTITION BY capture, log_type ORDER BY n DESC, reason) <= 3
      )
      GROUP BY ALL
    ) r USING (capture, log_type)
  GROUP BY c.capture, c.log_type
), scored AS (
  SELECT 'object' AS kind, capture, log_type, object_id, uri, 1 AS objects,
    "read", kept, rejected, difference, first_time, last_time,
    CASE WHEN difference <> 0 THEN 1 ELSE 0.6 END AS score,
    CASE WHEN difference <> 0 THEN 'high' ELSE 'medium' END AS severity,
    concat_ws(
      '; ',
      CASE
        WHEN difference > 0 THEN format('{} of {} records read have no place', difference, "read")
        WHEN difference < 0 THEN format('{} more records were counted than the {} read', -difference, "read")
      END,
      problem,
      CASE
        WHEN all_faulty > $top::BIGINT THEN format('{} of {} such objects are shown', $top::BIGINT, all_faulty)
      END,
      uri
    ) AS reason
  FROM faulty_object
  WHERE place <= $top::BIGINT
  UNION ALL
  SELECT 'sheet', capture, log_type, NULL, NULL, objects, "read", kept, rejected, difference, first_time, last_time,
    0.02 + 0.4 * least(1, 10 * rejected / nullif("read", 0)),
    CASE
      WHEN rejected = 0 THEN 'info'
      WHEN rejected * 10 >= "read" THEN 'medium'
      ELSE 'low'
    END,
    format(
      '{} log, {} objects: {} read = {} rows + {} headers + {} blank + {} outside the window + '
        || '{} duplicate + {} unread{} + {} rejected{}{}',
      log_type, objects, "read", kept, headers, blank, outside, duplicate, unread,
      CASE
        WHEN not_kept > 0 THEN format(' + {} not kept', not_kept)
        ELSE ''
      END,
      rejected,
      CASE
        WHEN wrong > 0 THEN format('; {} objects do not balance', wrong)
        ELSE '; balances'
      END,
      coalesce('; rejected: ' || reasons, '')
    )
  FROM balance_sheet
)
SELECT round(coalesce(score, 0.02), 3)::DOUBLE AS score, severity, reason,
  "read" AS "rows", first_time AS from_time, last_time AS to_time,
  kind, log_type, object_id, uri, objects, "read", kept, rejected, difference, capture
FROM scored
ORDER BY scored.score DESC NULLS LAST, kind, object_id, log_type, capture
