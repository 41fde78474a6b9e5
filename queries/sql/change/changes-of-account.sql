-- Calls that changed a log, a host or a way in, in one account
--
-- One row per call that the account's CloudTrail has, oldest first.
--
-- cannot: What no trail recorded, and what was done on a host itself.
--
-- needs:  change
-- param:  account  account  required  the account that the log is of
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- pivot:  Changes in this account
SELECT event_time, event_name, effect, resource, user_identity_arn, source_ip_address, error_code, aws_region, capture,
  object_id, row_no
FROM change
WHERE recipient_account_id = $account AND of(capture, $capture) AND within(event_time, $from, $to)
ORDER BY event_time, object_id, row_no
