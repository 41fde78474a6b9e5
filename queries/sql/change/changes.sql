-- Calls that stopped or changed a log, deleted what it wrote, or changed a host or a way in
--
-- Every call that CloudTrail logged of those that explain what a log has, or lacks, oldest first. effect says what such a call
-- does, and failed where it did not happen.
--
-- cannot: What no trail recorded, and what was done on a host itself: an agent that was stopped, a file that was removed. All
-- other calls were counted as not kept, and are in the raw objects.
--
-- needs:  change
-- param:  effect   text     only calls with this effect, such as stops a log
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
SELECT event_time, event_name, effect, resource, user_identity_arn, source_ip_address, error_code, aws_region,
  recipient_account_id, user_agent, capture, object_id, row_no
FROM change
WHERE ($effect = '' OR effect = $effect) AND of(capture, $capture) AND within(event_time, $from, $to)
ORDER BY event_time, object_id, row_no
