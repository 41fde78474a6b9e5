-- What a replayed snapshot was asked, and what it wrote
--
-- In captures with the role replay: requests and log-ins that came to the machine, lines that its own logs have, and calls that
-- went out; or that there is none of it, and which logs say so. A machine that is shut in should be asked by nobody.
--
-- cannot: Say that a machine is clean which is silent: it may wait for longer than the replay ran. A log that the replay
-- does not ship, or that nobody turned on, is silent too: what was there is said.
--
-- method: One row per capture of the role replay and kind. Requests are counted in the log that has most of them, as several
-- have the same; log-ins are those that the machine's own log has as accepted. Score: 0.9 for a log-in from
-- outside, 0.8 for a request from outside that was answered with success, 0.6 for one that was not, 0.5 for calls out that were
-- let through, 0.3 for the same from inside, 0.2 for lines of its own, 0.1 for calls that were refused, 0 for silence. High: a
-- log-in or an answered request from outside. Medium: a request from outside, or calls out that were let through. Low: from
-- inside. For information: lines, refused calls, silence.
--
-- false-positives: Whoever replays it: tests by its address, an administrator's log-in, updates.
--
-- not-proof: That it was the intruder who asked: only that the machine could be reached.
--
-- attack: T1190, T1078, T1071.001
-- phase:  none
-- needs:  capture, minute
-- uses:   http, host_log, connection
-- param:  from     time     only what begins at or after this moment
-- param:  to       time     only what begins before this moment
-- param:  capture  capture  only this capture; empty for all
-- step:   replay_capture  captures with the role replay
-- step:   replay_request  requests that came in
-- step:   replay_line  lines of the machine's own logs
-- step:   replay_call  calls that went out
-- column: kind text
-- column: outside count
-- column: answered count
-- column: incident_rows count
-- column: example text
WITH replay_capture AS (
  SELECT name AS capture FROM capture WHERE role = 'replay' AND of(name, $capture)
), replay_request AS MATERIALIZED (
  SELECT h.capture, h.log, h.client_ip_n AS client_n, NOT private_number(h.client_ip_n) AS outside, h.time, h.url, h.object_id, h.row_no,
    coalesce(coalesce(h.target_status, h.status) BETWEEN 200 AND 299, false) AS answered
  FROM http h
    SEMI JOIN replay_capture USING (capture)
  WHERE within(h.time, $from, $to)
), replay_log AS (
  SELECT capture, arg_max(log, (n, log)) AS log
  FROM (SELECT capture, log, count(*) AS n FROM replay_request GROUP BY ALL)
  GROUP BY capture
), replay_line AS MATERIALIZED (
  SELECT l.capture, l.action, l.client_ip_n AS client_n, NOT private_number(l.client_ip_n) AS outside, l.time, l.message, l.object_id,
    l.row_no
  FROM host_log l
    SEMI JOIN replay_capture USING (capture)
  WHERE within(l.time, $from, $to)
), replay_call AS MATERIALIZED (
  SELECT c.capture, c.server_n, c.refused, c.records, c.start, c."end", c.name
  FROM connection c
    SEMI JOIN replay_capture USING (capture)
  WHERE c.direction = 'out' AND within(c.start, $from, $to)
), part AS (
  SELECT 'requests' AS kind, r.capture, count(*) AS "rows", count(*) FILTER (r.outside) AS outside,
    count(*) FILTER (r.outside AND r.answered) AS answered, min(r.time) AS from_time, max(r.time) AS to_time,
    CASE WHEN count(DISTINCT r.client_n) = 1 THEN min(r.client_n) END AS only_n,
    arg_min(r.url, (NOT coalesce(r.outside, false), NOT r.answered, r.time, r.object_id, r.row_no)) AS example
  FROM replay_request r
    SEMI JOIN replay_log USING (capture, log)
  GROUP BY r.capture
  UNION ALL
  SELECT 'log-ins', capture, count(*), count(*) FILTER (outside), count(*) FILTER (outside), min(time), max(time),
    CASE WHEN count(DISTINCT client_n) = 1 THEN min(client_n) END,
    arg_min(message, (NOT coalesce(outside, false), time, object_id, row_no))
  FROM replay_line
  WHERE action = 'accepted'
  GROUP BY capture
  UNION ALL
  SELECT 'lines', capture, count(*), 0, 0, min(time), max(time), NULL, arg_max(message, (time, object_id, row_no))
  FROM replay_line
  GROUP BY capture
  UNION ALL
  SELECT 'calls', capture, sum(records)::BIGINT, count(*), count(*) FILTER (NOT refused), min(start), max("end"), NULL,
    arg_min(coalesce(name, number_text(server_n)), (refused, start, server_n))
  FROM replay_call
  GROUP BY capture
  UNION ALL
  SELECT 'silence', m.capture, sum(m.records)::BIGINT, 0, 0, min(m.minute), max(m.minute) + INTERVAL 1 MINUTE, NULL,
    string_agg(DISTINCT m.log_type, ' ' ORDER BY m.log_type)
  FROM minute m
    SEMI JOIN replay_capture USING (capture)
    ANTI JOIN replay_request q USING (capture)
    ANTI JOIN replay_line l USING (capture)
    ANTI JOIN replay_call c USING (capture)
  WHERE within(m.minute, $from, $to)
  GROUP BY m.capture
), incident AS (
  SELECT CASE WHEN log_type = 'host_log' THEN 'lines' ELSE 'requests' END AS kind, sum(records)::BIGINT AS incident_rows
  FROM minute m
    JOIN capture k ON k.name = m.capture
  WHERE k.role = 'incident' AND m.log_type IN ('host_log', 'httpd', 'alb')
  GROUP BY ALL
), scored AS (
  SELECT p.*, i.incident_rows,
    CASE
      WHEN kind = 'log-ins' AND outside > 0 THEN 0.9
      WHEN kind = 'requests' AND answered > 0 THEN 0.8
      WHEN kind = 'requests' AND outside > 0 THEN 0.6
      WHEN kind = 'calls' AND answered > 0 THEN 0.5
      WHEN kind IN ('requests', 'log-ins') THEN 0.3
      WHEN kind = 'lines' THEN 0.2
      WHEN kind = 'calls' THEN 0.1
      ELSE 0
    END AS score
  FROM part p
    LEFT JOIN incident i USING (kind)
)
SELECT score::DOUBLE AS score,
  CASE
    WHEN kind IN ('requests', 'log-ins') AND answered > 0 THEN 'high'
    WHEN kind = 'requests' AND outside > 0 OR kind = 'calls' AND answered > 0 THEN 'medium'
    WHEN kind IN ('requests', 'log-ins') THEN 'low'
    ELSE 'info'
  END AS severity,
  CASE kind
    WHEN 'requests'
      THEN format(
        'the replayed machine was asked {} time{}, {} of them from outside, of which {} {} answered with success; such as {}',
        "rows", plural("rows"), outside, answered, CASE WHEN answered = 1 THEN 'was' ELSE 'were' END, coalesce(example[:160], '-')
      )
    WHEN 'log-ins'
      THEN format(
        '{} log-in{} to the replayed machine, {} of them from outside; such as {}', "rows", plural("rows"), outside, example[:160]
      )
    WHEN 'lines' THEN format('the replayed machine wrote {} line{}; the last: {}', "rows", plural("rows"), example[:160])
    WHEN 'calls'
      THEN format(
        'the replayed machine called out {} time{}, {} of them let through; such as {}', outside, plural(outside), answered, example
      )
    ELSE format(
      'nothing was asked of the replayed machine, it wrote no line and called nobody in {} record{} of its logs ({})',
      "rows", plural("rows"), example
    )
  END AS reason,
  CASE WHEN kind IN ('requests', 'log-ins') THEN number_text(only_n) END AS src,
  "rows", from_time, greatest(from_time, to_time) AS to_time,
  kind, outside, answered, incident_rows, example, capture
FROM scored
ORDER BY scored.score DESC, kind, capture
