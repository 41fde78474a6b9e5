-- When a host's own logs stopped, and what stopped them
--
-- One row per instance whose logs end before its other traces do: the last line of each stream, what the last minutes of lines say,
-- and what the load balancer, the flow log and the Resolver log still have of it.
--
-- cannot: Tell lines that were never shipped from lines that were never written. A log that has nothing to say ends too; a
-- call that stopped it elsewhere is in the changes.
--
-- method: An instance's streams (host and web server logs) against the last record that any other log has of it: requests handed
-- to it, its queries, its flows. The logs stopped where that is at least so many minutes, and eight times the middle pause between
-- lines, after the last line. All streams: the agent or the host; one while siblings go on: that file or its configuration. Lines of
-- the last ten minutes that name the agent or stop, kill or remove something are shown. Score: 0.3; 0.3 where
-- requests were handed to it later; 0.2 where the host goes on; 0.2 where a line says what stopped it. High where requests or
-- the host go on and a line says it, medium where they go on, low else.
--
-- false-positives: A host that was shut down or replaced, a quiet web server, rotation that was set up wrongly.
--
-- measured: found: planted requests 1 of 1. False findings per million benign records, high and medium: a shop 0 and
-- 0, ordinary requests 0 and 0.
--
-- not-proof: Who did it: a line in a host's log is written by whoever owns the host.
--
-- attack: T1562.001, T1070.002
-- phase:  hide
-- kind:   log-end
-- log:    host_log, httpd
-- weight: own
-- needs:  httpd, http, asset
-- uses:   host_log, dns, connection, change
-- steps:  requests
-- param:  minutes  minutes  = 30  the host goes on for at least so many minutes
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   line  lines of the logs of instances
-- step:   instance_end  instances, and their last line
-- step:   later  what other logs have of them afterwards
-- column: instance_id instance
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
  SELECT capture, instance_id, stream, time, program, message
  FROM host_log
  WHERE instance_id IS NOT NULL AND of(capture, $capture) AND within(time, $from, $to)
  UNION ALL
  SELECT capture, instance_id, coalesce(log_stream, '-'), time, 'httpd', NULL
  FROM httpd
  WHERE instance_id IS NOT NULL AND of(capture, $capture) AND within(time, $from, $to)
), stream_end AS (
  SELECT capture, instance_id, stream, max(time) AS last_line, count(*) AS lines FROM line GROUP BY ALL
), pace AS (
  SELECT capture, instance_id, median(pause) AS pause
  FROM (
    SELECT capture, instance_id, epoch(time - lag(time) OVER (PARTITION BY capture, instance_id ORDER BY time)) AS pause FROM line
  )
  GROUP BY ALL
), instance_end AS (
  SELECT s.capture, s.instance_id, max(s.last_line) AS last_line, count(*) AS streams, sum(s.lines)::BIGINT AS lines,
    min(p.pause) AS pause, min(o.address_n) AS address_n
  FROM stream_end s
    JOIN pace p USING (capture, instance_id)
    LEFT JOIN log_owner o USING (instance_id)
  GROUP BY s.capture, s.instance_id
), later AS (
  SELECT e.capture, e.instance_id, count(*) FILTER (t.log = 'request') AS requests, count(*) FILTER (t.log = 'query') AS queries,
    count(*) FILTER (t.log = 'connection') AS connections, max(t.time) AS until
  FROM instance_end e
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
  FROM instance_end e
    JOIN dns d ON d.capture = e.capture AND d.srcaddr_n = e.address_n
  WHERE regexp_matches(d.name, '^logs\.[a-z0-9-]+\.amazonaws\.com$')
  GROUP BY ALL
), said AS (
  SELECT e.capture, e.instance_id,
    arg_max(strftime(l.time, '%H:%M:%S') || ' ' || l.program || ': ' || trim(l.message), (l.time, l.message)) AS text,
    bool_or(regexp_matches(l.message, 'cloudwatch-agent|awslogs|fluent-?bit|filebeat|rsyslog|journald')) AS names_agent
  FROM instance_end e
    JOIN line l ON l.capture = e.capture AND l.instance_id = e.instance_id AND l.time > e.last_line - INTERVAL 10 MINUTE
  WHERE regexp_matches(
    l.message,
    '(systemctl|service|kill|pkill|killall|rm|shred|truncate|mv|unlink)\s.*'
      || '(cloudwatch-agent|awslogs|fluent-?bit|filebeat|rsyslog|/var/log|/log/)'
  )
  GROUP BY ALL
), calls_near AS (
  SELECT e.capture, e.instance_id,
    string_agg(
      strftime(g.event_time, '%H:%M:%S') || ' ' || g.event_name || coalesce(' of ' || g.resource, '')
        || coalesce(' by ' || g.user_identity_arn, ''),
      '; '
      ORDER BY g.event_time, g.event_name) AS text
  FROM instance_end e
    JOIN change g ON g.capture = e.capture
      AND abs(epoch(g.event_time - e.last_line)) <= 600
      AND g.effect IN ('stops a log', 'deletes records', 'changes a log')
  GROUP BY ALL
), scored AS (
  SELECT e.*, l.requests, l.queries, l.connections, l.until, a.last_asked, s.text AS said,
    coalesce(s.names_agent, false) AS names_agent, c.text AS changes,
    0.3
      + 0.3 * (l.requests > 0)::INTEGER
      + 0.2 * (l.queries + l.connections > 0)::INTEGER
      + 0.2 * (s.text IS NOT NULL)::INTEGER AS score
  FROM instance_end e
    JOIN later l USING (capture, instance_id)
    LEFT JOIN agent_call a USING (capture, instance_id)
    LEFT JOIN said s USING (capture, instance_id)
    LEFT JOIN calls_near c USING (capture, instance_id)
  WHERE epoch(l.until - e.last_line) >= greatest(60 * $minutes::DOUBLE, 8 * coalesce(e.pause, 0))
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE WHEN said IS NOT NULL THEN 'high' WHEN requests > 0 OR queries + connections > 0 THEN 'medium' ELSE 'low' END AS severity,
  format(
    'the logs of {} ({} stream{}) end at {}{}; '
      || 'afterwards it was handed {} request{}, asked {} quer{} and opened {} connection{}, until {}{}{}{}',
    instance_id, streams, plural(streams), strftime(last_line, '%Y-%m-%d %H:%M:%S'),
    CASE WHEN names_agent THEN ', when the agent was stopped' ELSE '' END,
    requests, plural(requests), queries, CASE WHEN queries = 1 THEN 'y' ELSE 'ies' END, connections, plural(connections),
    strftime(until, '%m-%d %H:%M'),
    coalesce('; a line says ' || said[:200], ''),
    coalesce('; its agent last asked for CloudWatch''s address at ' || strftime(last_asked, '%H:%M:%S'), ''),
    coalesce('; calls about logs in those minutes: ' || changes[:300], '')
  ) AS reason,
  number_text(address_n) AS client,
  lines AS "rows", last_line AS from_time, until AS to_time,
  instance_id, last_line, streams, said, requests AS requests_later, queries AS queries_later, connections AS connections_later,
  last_asked AS agent_last_asked, until AS goes_on_until, changes, capture
FROM scored
ORDER BY scored.score DESC, last_line, instance_id, capture
