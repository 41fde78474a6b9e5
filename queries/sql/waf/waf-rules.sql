-- Rules of WAF that matched, and how often
--
-- One row per rule and what it did, most matches first. COUNT and EXCLUDED_AS_COUNT did nothing: the request went on.
--
-- cannot: Rules that looked at a request and did not match.
--
-- needs:  waf_rule
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: matches     count
-- column: clients     count
-- column: first_seen  time
-- column: last_seen   time
SELECT rule_group_id, rule_id, part, action, count(*) AS matches, count(DISTINCT client_ip_n) AS clients,
  min(timestamp) AS first_seen, max(timestamp) AS last_seen, capture
FROM waf_rule
WHERE of(capture, $capture) AND within(timestamp, $from, $to)
GROUP BY rule_group_id, rule_id, part, action, capture
ORDER BY matches DESC, first_seen, rule_group_id, rule_id, part, action, capture
