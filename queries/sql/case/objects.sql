-- The source objects: where each came from and what became of its records
--
-- One row per file, S3 object or page of CloudWatch Logs. Its bytes lie in raw/ under its SHA-256.
--
-- cannot: Whether the source held more: what AWS never delivered, or was not asked for, is no
-- object.
--
-- needs:  object
-- param:  log_type  text     only this log type: flow, dns or zone
-- param:  capture   capture  only this capture; empty for all
-- column: log_type     text
-- column: source_kind  text
-- column: format       text
-- column: envelope     text
-- column: size         bytes
-- column: rows         count
-- column: headers      count
-- column: blank        count
-- column: outside      count
-- column: duplicate    count
-- column: unread       count
-- column: rejected     count
-- column: problem      text
-- column: window_from  time
-- column: window_to    time
SELECT object_id, log_type, uri, size, "read", "rows", headers, blank, outside, duplicate, unread, rejected, first_time, last_time,
  envelope, format, source_kind, window_from, window_to, acquired_at, problem, sha256, capture
FROM object
WHERE ($log_type = '' OR log_type = $log_type) AND of(capture, $capture)
ORDER BY object_id
