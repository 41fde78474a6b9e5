-- What WAF judged around a moment
--
-- Every request in the minutes before and after, oldest first.
--
-- cannot: Requests that a filter of the logging configuration left out.
--
-- needs:  waf
-- param:  at       time     required  the moment
-- param:  minutes  minutes  = 1       how far before and after
-- param:  capture  capture            only this capture; empty for all
-- pivot:  WAF requests around this moment
SELECT timestamp, client_ip, action, terminating_rule_id, http_method, host, uri AS path, args, user_agent, capture, object_id, row_no
FROM waf
WHERE around(timestamp, $at, $minutes) AND of(capture, $capture)
ORDER BY timestamp, object_id, row_no
