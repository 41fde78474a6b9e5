-- What WAF did with one client, oldest first
--
-- One row per request that the web ACL judged. A request that was blocked never reached what stands behind.
--
-- cannot: What the target answered; bodies; requests that a filter of the logging configuration left out.
--
-- needs:  waf
-- param:  ip       ip       required  the client
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- pivot:  What WAF did with this client
SELECT timestamp, action, terminating_rule_id, http_method, host, uri AS path, args, user_agent, attack, request_id, web_acl_id, capture,
  object_id, row_no
FROM waf
WHERE client_ip_n = ip($ip) AND of(capture, $capture) AND within(timestamp, $from, $to)
ORDER BY timestamp, object_id, row_no
