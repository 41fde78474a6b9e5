-- CloudWatch Logs events that came in long after they happened
--
-- By how many minutes the ingestion lagged behind the event. Late delivery is where a window that
-- was pulled too early has holes.
--
-- cannot: Anything about objects that did not come through CloudWatch Logs. The event's timestamp
-- is the sender's.
--
-- needs:  event, object
-- param:  minutes  minutes  = 15  at least so late
-- param:  capture  capture        only this capture; empty for all
-- column: late_minutes     number
-- column: event_timestamp  time
-- column: ingestion_time   time
-- column: event_id         text
-- column: log_type         text
-- column: uri              uri
SELECT e.event_timestamp, e.ingestion_time, round(epoch(e.ingestion_time - e.event_timestamp) / 60, 1) AS late_minutes,
  o.log_type, o.uri, e.event_id, o.capture, e.object_id, e.row_no
FROM event e
  JOIN object o USING (object_id)
WHERE e.ingestion_time - e.event_timestamp >= to_minutes($minutes::BIGINT) AND of(o.capture, $capture)
ORDER BY late_minutes DESC, e.object_id, e.row_no
