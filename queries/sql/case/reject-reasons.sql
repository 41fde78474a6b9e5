-- Why records were rejected, by reason and log type
--
-- The digits in a reason are left out, so that reasons which differ in a number count as one.
--
-- cannot: How many events a rejected record held.
--
-- needs:  reject
-- param:  capture  capture  only this capture; empty for all
-- column: reason        text
-- column: records       count
-- column: objects       count
-- column: size          bytes
-- column: log_type      text
-- column: first_object  object
-- column: first_row     number
SELECT regexp_replace(reason, '[0-9]+', '#', 'g') AS reason,
  log_type, count(*) AS records, count(DISTINCT object_id) AS objects,
  sum(size)::BIGINT AS size, min(object_id) AS first_object, arg_min(row_no, (object_id, row_no)) AS first_row, capture
FROM reject
WHERE of(capture, $capture)
GROUP BY regexp_replace(reject.reason, '[0-9]+', '#', 'g'), log_type, capture
ORDER BY records DESC, reason, log_type, capture
