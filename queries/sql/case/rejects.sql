-- Records that could not be read, word for word
--
-- With the reason and the first 300 bytes; where they are no valid UTF-8, the odd ones are shown
-- as \xNN. Open the record for the rest.
--
-- cannot: What the record meant. A reject is kept but is in no other answer.
--
-- needs:  reject
-- param:  reason   text     only reasons that contain this text
-- param:  capture  capture  only this capture; empty for all
-- column: record    text
-- column: size      bytes
-- column: log_type  text
-- column: uri       uri
SELECT object_id, row_no, reason, size,
  coalesce(TRY(decode(bytes[1:300])), bytes[1:300]::VARCHAR) AS record,
  log_type, uri, capture
FROM reject
WHERE ($reason = '' OR contains(lower(reason), lower($reason))) AND of(capture, $capture)
ORDER BY object_id, row_no
