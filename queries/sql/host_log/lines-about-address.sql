-- What hosts logged about one client
--
-- Every line that names the address as a client, oldest first. With the port, a line and a connection are the same thing.
--
-- cannot: Lines that name the address only in their text: a name that was logged in its place, a list behind a proxy.
--
-- needs:  host_log
-- param:  ip       ip       required  the address
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: time     time
-- pivot:  Lines of host logs about this client
SELECT time, host, program, action, "user", client_port, message, severity, stream, capture, object_id, row_no
FROM host_log
WHERE client_ip_n = ip($ip) AND of(capture, $capture) AND within(time, $from, $to)
ORDER BY time, object_id, row_no
