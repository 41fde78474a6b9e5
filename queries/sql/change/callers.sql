-- Who changed logs, hosts or ways in, and how often
--
-- One row per identity, most calls first.
--
-- cannot: Who used the identity: an access key may be anybody's who has it.
--
-- needs:  change
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: calls       count
-- column: failed      count
-- column: stopped     count
-- column: addresses   count
-- column: names       text
-- column: first_seen  time
-- column: last_seen   time
SELECT user_identity_arn, user_identity_type, count(*) AS calls, count(*) FILTER (effect = 'failed') AS failed,
  count(*) FILTER (effect = 'stops a log' OR effect = 'deletes records') AS stopped,
  count(DISTINCT source_ip_address) AS addresses,
  string_agg(DISTINCT event_name, ' ' ORDER BY event_name) AS names,
  min(event_time) AS first_seen, max(event_time) AS last_seen, capture
FROM change
WHERE of(capture, $capture) AND within(event_time, $from, $to)
GROUP BY user_identity_arn, user_identity_type, capture
ORDER BY calls DESC, first_seen, user_identity_arn, user_identity_type, capture
