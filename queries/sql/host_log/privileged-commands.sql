-- Commands that were run with other rights, and users, sessions and services that came and went
--
-- sudo, cron, new and deleted users, passwords, services that were started or stopped, oldest first.
--
-- cannot: What a program with root's rights does itself: only what these programs log of it.
--
-- needs:  host_log
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: time     time
SELECT time, host, action, "user", program, message, extra, stream, capture, object_id, row_no
FROM host_log
WHERE action IN (
    'sudo', 'sudo refused', 'cron', 'user added', 'user deleted', 'password changed', 'started', 'stopped', 'crashed'
  ) AND of(capture, $capture) AND within(time, $from, $to)
ORDER BY time, object_id, row_no
