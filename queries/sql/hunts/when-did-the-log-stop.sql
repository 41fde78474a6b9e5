-- When a host's own logs stopped, and what stopped them
--
-- One row per instance whose logs end before its other traces do, and one per stream that ends while others of its instance
-- go on. Each tells the last line, what the lines of the minutes round it say, and what the load balancer, the flow log and
-- the Resolver log still have of the instance.
--
-- cannot: Tell lines that were never shipped from lines that were never written. A log that has nothing to say ends too; a
-- call that stopped it elsewhere is in the changes.
--
-- method: An instance's streams (host and web server logs) against the last record that any other log has of it: requests handed
-- to it, its queries, its flows. The logs stopped where that is at least so many minutes, and eight times the middle pause between
-- lines, after the last line. All streams: the agent or the host; one while siblings go on: that file or its configuration. One
-- stopped where a sibling goes on as long, and twice its own longest pause, after ten lines or more; of a web server's
-- only where requests were handed to the host in that time. Shown is the last line, of ten minutes before and
-- after, that stops, disables, masks, kills or removes a log or what ships one, and that none undoes later: status and restart do not.
-- Score: 0.3; 0.3 where requests were handed to it later; 0.2 where the host or a sibling goes on; 0.2 where a line says what
-- stopped it. High where a line says it, medium where requests or the host go on, low for a stream of another kind, which
-- may have nothing to say.
--
-- false-positives: A host that was shut down or replaced, a quiet web server, rotation that was set up wrongly.
--
-- measured: found: planted requests 2 of 2. False findings per million benign records, high and medium: a shop 0 and
-- 0, ordinary requests 0 and 0.
--
-- not-proof: Who did it: a line in a host's log is written by whoever owns the host.
--
-- attack: T1562.001, T1070.002
-- phase:  hide
-- kind:   log-end
-- log:    host_log, httpd
-- weight: own
-- needs:  asset
-- one-of: host_log, httpd
-- uses:   http, dns, connection, change, alb
-- needs-all: host_log, httpd
-- steps:  requests
-- param:  minutes  minutes  = 30  the host goes on for at least so many minutes
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   line  lines of the logs of instances
-- step:   log_end  ends of logs, of an instance or of a stream that ends before others
-- step:   later  what other logs have of them afterwards
-- column: instance_id instance
-- column: stream text
-- column: last_line time
-- column: streams count
-- column: said text
-- column: requests_later count
-- column: queries_later count
-- column: connections_later count
-- column: agent_last_asked time
-- column: goes_on_until time
-- column: changes text
WITH line AS (
  SELECT capture, instance_id, stream, time, program, message, object_id, row_no
  FROM host_log
  WHERE instance_id IS NOT NULL AND of(capture, $capture) AND within(time, $from, $to)
  UNION ALL
  SELECT capture, instance_id, coalesce(log_stream, '-'), time, 'httpd', NULL, object_id, row_no
  FROM httpd
  WHERE instance_id IS NOT NULL AND of(capture, $capture) AND within(time, $from, $to)
), stream_end AS (
  SELECT capture, instance_id, stream, max(time) AS last_line, count(*) AS lines, median(pause) AS pause, max(pause) AS longest,
    bool_and(program IS NOT DISTINCT FROM 'httpd' AND message IS NULL) AS of_requests
  FROM (
    SELECT *, epoch(time - lag(time) OVER (PARTITION BY capture, instance_id, stream ORDER BY time, object_id, row_no)) AS pause FROM line
  )
  GROUP BY ALL
), pace AS (
  SELECT capture, instance_id, median(pause) AS pause
  FROM (
    SELECT capture, instance_id, epoch(time - lag(time) OVER (PARTITION BY capture, instance_id ORDER BY time)) AS pause FROM line
  )
  GROUP BY ALL
), whole_end AS (
  SELECT s.capture, s.instance_id, max(s.last_line) AS last_line, count(*) AS streams, sum(s.lines)::BIGINT AS lines,
    min(p.pause) AS pause, min(o.address_n) AS address_n
  FROM stream_end s
    JOIN pace p USING (capture, instance_id)
    LEFT JOIN log_owner o USING (instance_id)
  GROUP BY s.capture, s.instance_id
), log_end AS (
  SELECT capture, instance_id, NULL::VARCHAR AS stream, false AS of_requests, last_line, streams, lines, pause, 0 AS longest, address_n,
    NULL::TIMESTAMP AS siblings_until
  FROM whole_end
  UNION ALL
  SELECT s.capture, s.instance_id, s.stream, s.of_requests, s.last_line, 1, s.lines, s.pause, s.longest, w.address_n, w.last_line
  FROM stream_end s
    JOIN whole_end w USING (capture, instance_id)
  WHERE s.lines >= 10 AND epoch(w.last_line - s.last_line) >= greatest(60 * $minutes::DOUBLE, 8 * s.pause, 2 * s.longest)
), later AS (
  SELECT e.capture, e.instance_id, e.stream, count(*) FILTER (t.log = 'request') AS requests, count(*) FILTER (t.log = 'query') AS queries,
    count(*) FILTER (t.log = 'connection') AS connections, max(t.time) AS until
  FROM log_end e
    JOIN (
      SELECT capture, target_n AS address_n, time, 'request' AS log FROM asked_request WHERE log <> 'httpd' AND target_n IS NOT NULL
      UNION ALL
      SELECT capture, srcaddr_n, query_timestamp, 'query'
      FROM dns
      WHERE of(capture, $capture) AND within(query_timestamp, $from, $to)
      UNION ALL
      SELECT capture, client_n, start, 'connection'
      FROM connection
      WHERE direction = 'out' AND of(capture, $capture) AND within(start, $from, $to)
    ) t ON t.capture = e.capture AND t.address_n = e.address_n AND t.time > e.last_line
  GROUP BY ALL
), agent_call AS (
  SELECT e.capture, e.instance_id, max(d.query_timestamp) AS last_asked
  FROM whole_end e
    JOIN dns d ON d.capture = e.capture AND d.srcaddr_n = e.address_n
  WHERE regexp_matches(d.name, '^logs\.[a-z0-9-]+\.amazonaws\.com$') AND within(d.query_timestamp, $from, $to)
  GROUP BY ALL
), told_line AS (
  SELECT capture, instance_id, time, object_id, row_no,
    strftime(time, '%H:%M:%S') || ' ' || coalesce(program || ': ', '') || trim(message) AS text,
    regexp_extract(
      replace(lower(message), ' agent', '-agent'),
      '(cloudwatch-agent|awslogs|fluent-?bit|filebeat|rsyslog|journald|syslog-ng|auditd)', 1) AS about,
    regexp_matches(message, '\b(start|restart|enable|unmask|Started)\b') AS undoes,
    regexp_matches(
      message,
      '\bsystemctl\s.*\b(stop|disable|mask|kill)\b.*(cloudwatch-agent|awslogs|fluent-?bit|filebeat|rsyslog|journald|syslog-ng|auditd)'
        || '|\bservice\s+\S*(cloudwatch-agent|awslogs|fluent-?bit|filebeat|rsyslog|journald|syslog-ng|auditd)\S*\s+stop\b'
        || '|cloudwatch-agent-ctl\s.*-a\s+(stop|remove-config)'
        || '|\b(kill|pkill|killall)\s.*(cloudwatch-agent|awslogs|fluent-?bit|filebeat|rsyslog|journald|syslog-ng|auditd)'
        || '|\b(rm|shred|truncate|mv|unlink)\s.*(/var/log|/log/|cloudwatch-agent|awslogs|fluent-?bit|filebeat)'
        || '|^\s*Stopp(ed|ing)\s.*(CloudWatch|awslogs|[Ff]luent|[Ff]ilebeat|System Logging|[Rr]syslog|[Jj]ournal)'
    ) AS stops
  FROM line
  WHERE message IS NOT NULL
), said AS (
  SELECT e.capture, e.instance_id, e.stream, arg_max(l.text, (l.time, l.object_id, l.row_no)) AS text,
    arg_max(regexp_matches(l.about, 'cloudwatch-agent|awslogs|fluent-?bit|filebeat'), (l.time, l.object_id, l.row_no)) AS names_agent
  FROM log_end e
    JOIN told_line l ON l.capture = e.capture
      AND l.instance_id = e.instance_id
      AND l.time > e.last_line - INTERVAL 10 MINUTE
      AND l.time <= e.last_line + INTERVAL 10 MINUTE
  WHERE l.stops
    AND NOT EXISTS (
      FROM told_line u
      WHERE u.capture = l.capture
        AND u.instance_id = l.instance_id
        AND u.undoes
        AND u.about = l.about
        AND u.about <> ''
        AND (u.time, u.object_id, u.row_no) > (l.time, l.object_id, l.row_no)
    )
  GROUP BY ALL
), calls_near AS (
  SELECT e.capture, e.instance_id, e.stream,
    string_agg(
      strftime(g.event_time, '%H:%M:%S') || ' ' || g.event_name || coalesce(' of ' || g.resource, '')
        || coalesce(' by ' || g.user_identity_arn, ''),
      '; '
      ORDER BY g.event_time, g.event_name, g.object_id, g.row_no) AS text
  FROM log_end e
    JOIN change g ON g.capture = e.capture
      AND abs(epoch(g.event_time - e.last_line)) <= 600
      AND g.effect IN ('stops a log', 'deletes records', 'changes a log')
  GROUP BY ALL
), scored AS (
  SELECT e.*, coalesce(l.requests, 0) AS requests, coalesce(l.queries, 0) AS queries, coalesce(l.connections, 0) AS connections,
    greatest(l.until, e.siblings_until) AS until, a.last_asked, s.text AS said, coalesce(s.names_agent, false) AS names_agent,
    c.text AS changes,
    coalesce(l.requests, 0) > 0 AND (e.stream IS NULL OR e.of_requests) AS asked_later,
    0.3
      + 0.3 * (coalesce(l.requests, 0) > 0 AND (e.stream IS NULL OR e.of_requests))::INTEGER
      + 0.2 * (coalesce(l.queries + l.connections, 0) > 0 OR e.stream IS NOT NULL)::INTEGER
      + 0.2 * (s.text IS NOT NULL)::INTEGER AS score
  FROM log_end e
    LEFT JOIN later l ON l.capture = e.capture AND l.instance_id = e.instance_id AND l.stream IS NOT DISTINCT FROM e.stream
    LEFT JOIN agent_call a ON a.capture = e.capture AND a.instance_id = e.instance_id
    LEFT JOIN said s ON s.capture = e.capture AND s.instance_id = e.instance_id AND s.stream IS NOT DISTINCT FROM e.stream
    LEFT JOIN calls_near c ON c.capture = e.capture AND c.instance_id = e.instance_id AND c.stream IS NOT DISTINCT FROM e.stream
  WHERE epoch(greatest(l.until, e.siblings_until) - e.last_line) >= greatest(60 * $minutes::DOUBLE, 8 * coalesce(e.pause, 0))
    AND (NOT e.of_requests OR l.requests > 0)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN said IS NOT NULL THEN 'high'
    WHEN asked_later OR stream IS NULL AND queries + connections > 0 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} at {}{}; {}it was handed {} request{}, asked {} quer{} and opened {} connection{}, until {}{}{}{}',
    CASE
      WHEN stream IS NULL THEN format('the logs of {} ({} stream{}) end', instance_id, streams, plural(streams))
      ELSE format('of the logs of {} the stream {} ends', instance_id, stream)
    END,
    strftime(last_line, '%Y-%m-%d %H:%M:%S'),
    CASE WHEN names_agent THEN ', when the agent was stopped' ELSE '' END,
    CASE WHEN stream IS NOT NULL THEN 'others of it go on until ' || strftime(siblings_until, '%m-%d %H:%M') || ', and ' ELSE '' END
      || 'afterwards ',
    requests, plural(requests), queries, CASE WHEN queries = 1 THEN 'y' ELSE 'ies' END, connections, plural(connections),
    strftime(until, '%m-%d %H:%M'),
    coalesce('; a line says ' || said[:200], ''),
    coalesce('; its agent last asked for CloudWatch''s address at ' || strftime(last_asked, '%H:%M:%S'), ''),
    coalesce('; calls about logs in those minutes: ' || changes[:300], '')
  ) AS reason,
  number_text(address_n) AS client,
  lines AS "rows", last_line AS from_time, until AS to_time,
  instance_id, stream, last_line, streams, said, requests AS requests_later, queries AS queries_later, connections AS connections_later,
  last_asked AS agent_last_asked, until AS goes_on_until, changes, capture
FROM scored
ORDER BY scored.score DESC, last_line, instance_id, stream, capture
