-- Calls that changed a log, a host or a way in around a moment
--
-- Every such call in the minutes before and after, oldest first.
--
-- cannot: What no trail recorded, and what was done on a host itself. CloudTrail writes down when a call was made, not when it
-- took effect: a flow log that was deleted may deliver what it had for some minutes more.
--
-- needs:  change
-- param:  at       time     required  the moment
-- param:  minutes  minutes  = 30      how far before and after
-- param:  capture  capture            only this capture; empty for all
-- pivot:  Changes around this moment
SELECT event_time, event_name, effect, resource, user_identity_arn, source_ip_address, error_code, aws_region, capture,
  object_id, row_no
FROM change
WHERE around(event_time, $at, $minutes) AND of(capture, $capture)
ORDER BY event_time, object_id, row_no
