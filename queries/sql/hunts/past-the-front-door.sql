-- Who asked a host of ours past its load balancer
--
-- One row per host that stands behind a load balancer: requests in its own log, and connections to its web ports, that came
-- from outside and not from a node of the load balancer. What comes this way no web firewall has seen.
--
-- cannot: Tell what was asked over such a connection where the host's log is not there. A CloudFront distribution as front door
-- is not known without its addresses.
--
-- method: A host stands behind a load balancer where one handed it requests. Its nodes are the addresses that the load balancer's log
-- names. Direct are requests of the host's own log whose other end is outside and no such node, and accepted connections from
-- outside to the port that requests are handed to, or 80, 443, 8080 and 8443. Score: 0.3; 0.3 where a direct request has
-- the text of an attack; 0.2 where a caller came through the front door too; 0.1 where one was answered with success; 0.1
-- for ten callers. High where text of an attack was answered with success, medium where a caller who came
-- through the front door with such text came this way, low else.
--
-- false-positives: The noise of the internet on a public address, administrators, monitoring from outside.
--
-- measured: found: planted requests 2 of 2. False findings per million benign records, high and medium: ordinary
-- requests 0 and 0, a web tier 0 and 0.
--
-- not-proof: That anybody got in: it shows a way that is not watched.
--
-- attack: T1190, T1133
-- phase:  context
-- kind:   bypass-of-front
-- log:    alb, httpd, flow
-- weight: context
-- needs:  http, alb, asset
-- uses:   connection
-- needs-all: http
-- steps:  requests
-- param:  from     time               only what begins at or after this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   behind  hosts that a load balancer handed requests to
-- step:   direct  requests and connections past it
-- column: callers count
-- column: requests count
-- column: connections count
-- column: answered count
-- column: with_attack count
-- column: both_ways count
-- column: attackers count
WITH behind AS (
  SELECT capture, target_n, count(*) AS handed FROM asked_request WHERE log = 'alb' AND target_n IS NOT NULL GROUP BY ALL
), handed_port AS (
  SELECT DISTINCT target_ip_n AS target_n, target_port AS port FROM alb WHERE target_port IS NOT NULL
), direct AS (
  SELECT a.capture, a.target_n, a.peer_n AS caller_n, a.time AS time, a.answered, a.attack IS NOT NULL AS attack, true AS request
  FROM asked_request a
    SEMI JOIN behind b USING (capture, target_n)
  WHERE a.log = 'httpd' AND NOT private_number(a.peer_n) AND a.peer_n NOT IN (SELECT node_n FROM node WHERE node_n IS NOT NULL)
  UNION ALL
  SELECT c.capture, c.server_n, c.client_n, c.start, false, false, false
  FROM connection c
    JOIN behind b ON b.capture = c.capture AND b.target_n = c.server_n
  WHERE c.direction = 'in' AND NOT c.refused AND c.bytes_in > 0
    AND (c.server_port IN (80, 443, 8080, 8443) OR c.server_port IN (SELECT port FROM handed_port h WHERE h.target_n = c.server_n))
    AND c.client_n NOT IN (SELECT node_n FROM node WHERE node_n IS NOT NULL)
    AND of(c.capture, $capture) AND within(c.start, $from, $to)
), through_front AS (
  SELECT capture, client_n, bool_or(attack IS NOT NULL) AS attack FROM asked_request WHERE log = 'alb' GROUP BY ALL
), by_host AS (
  SELECT d.capture, d.target_n, count(DISTINCT d.caller_n) AS callers, count(*) FILTER (d.request) AS requests,
    count(*) FILTER (NOT d.request) AS connections, count(*) FILTER (d.answered) AS answered,
    count(*) FILTER (d.attack) AS with_attack, count(*) FILTER (d.attack AND d.answered) AS attack_answered,
    count(DISTINCT d.caller_n) FILTER (t.client_n IS NOT NULL) AS both_ways, count(DISTINCT d.caller_n) FILTER (t.attack) AS attackers,
    min(d.time) AS first_time, max(d.time) AS last_time,
    min(d.caller_n) AS only_n
  FROM direct d
    LEFT JOIN through_front t ON t.capture = d.capture AND t.client_n = d.caller_n
  GROUP BY ALL
), scored AS (
  SELECT *,
    0.3
      + 0.3 * (with_attack > 0)::INTEGER
      + 0.2 * (both_ways > 0)::INTEGER
      + 0.1 * (answered > 0)::INTEGER
      + 0.1 * (callers >= 10)::INTEGER AS score
  FROM by_host
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN attack_answered > 0 THEN 'high'
    WHEN attackers > 0 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} outside address{} came to {} past its load balancer: {} request{}, {} answered with success, {} with the text of an attack; '
      || '{} connection{} with an answer; {} of the callers came through the front door too{}',
    callers, CASE WHEN callers = 1 THEN '' ELSE 'es' END, number_text(target_n), requests, plural(requests), answered, with_attack,
    connections, plural(connections), both_ways,
    CASE WHEN attackers > 0 THEN format(', {} of them with the text of an attack', attackers) ELSE '' END
  ) AS reason,
  CASE WHEN callers = 1 THEN number_text(only_n) END AS src, number_text(target_n) AS dst,
  (requests + connections)::BIGINT AS "rows", first_time AS from_time, last_time AS to_time,
  callers, requests, connections, answered, with_attack, both_ways, attackers, capture
FROM scored
ORDER BY scored.score DESC, callers DESC, target_n, capture
