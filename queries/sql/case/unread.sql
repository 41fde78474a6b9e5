-- Log streams whose records no log type reads
--
-- An object can hold several log streams, and each is looked at by itself. What is unread is kept
-- with its object, byte for byte, but is in no answer.
--
-- cannot: What the records meant.
--
-- needs:  object_part
-- param:  capture  capture  only this capture; empty for all
-- column: records     count
-- column: log_stream  text
-- column: what        text
-- column: object_id   object
-- column: uri         uri
SELECT object_id, log_group, log_stream, unread AS records, format AS what, uri, capture
FROM object_part
WHERE unread > 0 AND of(capture, $capture)
ORDER BY records DESC, object_id, log_group, log_stream
