-- Which requests one log has and the other lacks
--
-- One row per host of ours with a log of its own behind a load balancer: requests that the load balancer says it handed over and
-- that the host's log has not, while that log was being written and after its last line; and requests that only the host has.
--
-- cannot: Compare what only one log tells: where a host's log does not say who asked, requests of different clients for the
-- same path are alike, and where no line of it came through a load balancer nothing is compared. Tell who took a line out. A
-- load balancer's log is best effort too, and keep-alive errors and health checks are in one of the two only.
--
-- method: Each request that the load balancer handed to the host and each line that came through it, with the same method and
-- path, and client where nearly all those lines say it, at most so many seconds apart, are the same, each used once, by their
-- order in such a stretch. Health checks are left out. What is left over is counted in
-- the time from the host's first line to its last, and after it. Score: 0.2, which is all
-- where nothing could be compared; 0.4 where requests are missing inside, 0.2 where at
-- least a tenth is; 0.2 where requests came after the last line. High where at least three and a tenth are missing inside, medium
-- where any is, or three came after the end, low else.
--
-- false-positives: Filters of the agent, clocks that differ, rotation, a log of one virtual host of several.
--
-- measured: found: planted requests 2 of 2. False findings per million benign records, high and medium: ordinary
-- requests 0 and 0.
--
-- not-proof: That a line was removed: it may never have been written, or not shipped.
--
-- attack: T1070.002, T1562.001
-- phase:  hide
-- kind:   log-end
-- log:    alb, httpd
-- weight: support
-- needs:  http, alb, httpd, asset
-- needs-all: http
-- steps:  requests
-- param:  seconds  int      = 2  at most so many seconds apart
-- param:  from     time          only what begins at or after this moment
-- param:  to       time          only what begins before this moment
-- param:  capture  capture       only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   own_log  hosts with a log of their own, whose address flow records or a description tell
-- step:   handed  requests that a load balancer handed to a host with a log
-- step:   written  lines of that log that came through a load balancer
-- column: handed count
-- column: written count
-- column: missing count
-- column: missing_after count
-- column: only_host count
-- column: last_line time
-- column: by_client flag
-- column: example text
WITH own_log AS (
  SELECT capture, target_n, min(time) AS first_line, max(time) AS last_line, count(*) AS lines,
    count(*) FILTER (client_n <> peer_n)
      > 10 * count(*) FILTER (
        via_node AND client_n IS NULL AND NOT coalesce(starts_with(user_agent, 'ELB-HealthChecker/'), false)
      ) AS by_client,
    coalesce(bool_or(via_node OR client_n IS DISTINCT FROM peer_n), false) AS comparable
  FROM asked_request
  WHERE log = 'httpd' AND target_n IS NOT NULL
  GROUP BY ALL
), handed AS (
  SELECT a.capture, a.target_n, a.method, a.path, CASE WHEN o.by_client THEN a.client_n END AS client_n, a.time, a.url,
    o.first_line, o.last_line, o.comparable
  FROM asked_request a
    JOIN own_log o USING (capture, target_n)
  WHERE a.log = 'alb'
), written AS (
  SELECT a.capture, a.target_n, a.method, a.path, CASE WHEN o.by_client THEN a.client_n END AS client_n, a.time, a.url
  FROM asked_request a
    JOIN own_log o USING (capture, target_n)
    SEMI JOIN handed h USING (capture, target_n)
  WHERE a.log = 'httpd'
    AND CASE WHEN o.by_client THEN a.client_n IS NOT NULL AND a.client_n IS DISTINCT FROM a.peer_n ELSE a.via_node END
    AND coalesce(NOT starts_with(a.user_agent, 'ELB-HealthChecker/'), true)
), both_logs AS (
  SELECT capture, target_n, method, path, client_n, time, 1 AS side FROM handed WHERE comparable
  UNION ALL
  SELECT capture, target_n, method, path, client_n, time, 2 FROM written
), stretch AS (
  SELECT *,
    count(*) FILTER (apart) OVER (
      PARTITION BY capture, target_n, method, path, client_n ORDER BY time, side ROWS UNBOUNDED PRECEDING
    ) AS stretch_no
  FROM (
    SELECT *,
      coalesce(epoch(time - lag(time) OVER (PARTITION BY capture, target_n, method, path, client_n ORDER BY time, side)), 1e9)
        > $seconds::BIGINT AS apart
    FROM both_logs
  )
), numbered AS (
  SELECT *, row_number() OVER (PARTITION BY capture, target_n, method, path, client_n, stretch_no, side ORDER BY time) AS n FROM stretch
), alone AS (
  SELECT n.*
  FROM numbered n
    ANTI JOIN numbered m ON m.capture = n.capture
      AND m.target_n = n.target_n
      AND m.method IS NOT DISTINCT FROM n.method
      AND m.path IS NOT DISTINCT FROM n.path
      AND m.client_n IS NOT DISTINCT FROM n.client_n
      AND m.stretch_no = n.stretch_no
      AND m.n = n.n
      AND m.side <> n.side
), balance AS (
  SELECT o.capture, o.target_n, o.first_line, o.last_line, o.lines, o.by_client, o.comparable,
    count(*) FILTER (a.side = 1 AND a.time BETWEEN o.first_line AND o.last_line) AS missing,
    count(*) FILTER (a.side = 1 AND a.time > o.last_line) AS missing_after,
    count(*) FILTER (a.side = 2) AS only_host, max(a.time) FILTER (a.side = 1) AS last_missing,
    min(a.time) FILTER (a.side = 1) AS first_missing,
    arg_min(a.method || ' ' || a.path, (a.time, a.method, a.path)) FILTER (a.side = 1) AS example
  FROM own_log o
    LEFT JOIN alone a USING (capture, target_n)
  GROUP BY ALL
), counted AS (
  SELECT b.*, h.handed, coalesce(w.written, 0) AS written
  FROM balance b
    JOIN (
      SELECT capture, target_n, count(*) FILTER (time BETWEEN first_line AND last_line) AS handed FROM handed GROUP BY ALL
    ) h USING (capture, target_n)
    LEFT JOIN (SELECT capture, target_n, count(*) AS written FROM written GROUP BY ALL) w USING (capture, target_n)
  WHERE b.missing + b.missing_after + b.only_host > 0 OR NOT b.comparable
), scored AS (
  SELECT *,
    0.2
      + 0.4 * (missing > 0)::INTEGER
      + 0.2 * (missing * 10 >= handed AND missing > 0)::INTEGER
      + 0.2 * (missing_after > 0)::INTEGER AS score
  FROM counted
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN missing >= 3 AND missing * 10 >= handed THEN 'high'
    WHEN missing > 0 OR missing_after >= 3 THEN 'medium'
    ELSE 'low'
  END AS severity,
  CASE
    WHEN NOT comparable THEN format(
      'the log of {} cannot be compared: a load balancer handed it {} requests while it was written, and none of its {} lines came from a '
        || 'node of one or says who asked',
      number_text(target_n), handed, lines)
    ELSE format(
      'of {} requests that a load balancer handed to {} while its log was written, {} {} not there; {} came after its last line at {}; '
        || '{} of its {} lines through a load balancer are in no log of one{}{}',
      handed, number_text(target_n), missing, CASE WHEN missing = 1 THEN 'is' ELSE 'are' END, missing_after,
      strftime(last_line, '%Y-%m-%d %H:%M:%S'), only_host, written, coalesce('; the first: ' || example[:120], ''),
      CASE WHEN by_client THEN '' ELSE '; compared by method, path and time alone, as its log does not say who asked' END)
  END AS reason,
  number_text(target_n) AS client,
  CASE WHEN comparable THEN missing + missing_after + only_host ELSE lines END::BIGINT AS "rows",
  coalesce(first_missing, first_line) AS from_time, coalesce(last_missing, last_line) AS to_time,
  handed, written, CASE WHEN comparable THEN missing END AS missing, CASE WHEN comparable THEN missing_after END AS missing_after,
  CASE WHEN comparable THEN only_host END AS only_host, last_line, by_client, example, capture
FROM scored
ORDER BY scored.score DESC, missing DESC, missing_after DESC, target_n, capture
