-- What a client asked for
--
-- Every request from an address, or that names it in X-Forwarded-For, in every log that has it, oldest first.
--
-- X-Forwarded-For names the client where a proxy wrote it: the last address is whom the nearest proxy saw, and those before it are
-- what that one was told, which a client can write itself.
--
-- cannot: Find what a log does not hold. Bodies are in none of them, most headers neither, and logging is best effort:
-- a request that is not here may have been made.
--
-- needs:  http
-- param:  ip       ip       required  the client
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: time     time
-- column: path     url_path
-- column: query    text
-- column: status   number
-- column: trace_id request
-- pivot:  Requests of this client
SELECT time, log, client_ip, x_forwarded_for, method, host, path, query, status, action, target_ip, target_status, user_agent, attack,
  trace_id, capture, object_id, row_no
FROM http
WHERE (client_ip_n = ip($ip)
    OR list_contains(list_transform(string_split(x_forwarded_for, ','), lambda x: addr_of(trim(x))), ip($ip)))
  AND of(capture, $capture) AND within(time, $from, $to)
ORDER BY time, object_id, row_no
