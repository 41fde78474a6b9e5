-- Who tries one port of many targets
--
-- One source, one port, many different targets within ten minutes. Records of a NAT gateway that
-- repeat those of hosts behind it count once.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of
-- flows. A log of ACCEPT only shows what was open and nothing of the rest.
--
-- method: Different targets of one source and port in ten minutes, counted in windows that begin on
-- the tens and on the fives, the fuller one: at least 25 (threshold and name after PortSweep
-- of GuardDuty). Score: 0.3 for passing, up to 0.3 for the number (full at 500), up to 0.4
-- for the share of tries that were refused or had no answer. Outside targets on 53, 80, 123
-- and 443 count a third: that is what clients do.
--
-- false-positives: Service discovery, health checks of load balancers, monitoring, crawlers, DNS and
-- time clients.
--
-- not-proof: That a target was entered. Which of them answered is in accepted_targets.
--
-- measured: 2026-11-22, stratosphereips/StratosphereLinuxIPS, port-scans/horizontal: the scan is found with the defaults,
-- with low severity, as its 25 targets are outside and its port is 80.
--
-- attack: T1046, T1021, T1595.001
-- needs:  session
-- param:  targets  int      = 25  at least so many targets in ten minutes
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   looked  connections
-- step:   source  sources and ports with enough targets
-- step:   crowded  ten-minute windows of such sources with enough targets
-- column: targets count
-- column: most_in_ten_minutes count
-- column: failed number
-- column: accepted_targets text
-- column: protocol protocol
WITH looked AS (
  SELECT capture, interface_id, instance_id, client_n, server_n, server_port, protocol, refused, bytes_in IS NULL AS unanswered, direction, records, start, "end"
  FROM session
  WHERE protocol IN (6, 17) AND NOT translated
    AND ($capture = '' OR capture = $capture) AND ($from::TIMESTAMP IS NULL OR start >= $from::TIMESTAMP) AND ($to::TIMESTAMP IS NULL OR start < $to::TIMESTAMP)
), source AS (
  SELECT capture, client_n, server_port, protocol FROM looked GROUP BY ALL HAVING count(DISTINCT server_n) >= $targets::BIGINT
), tried AS (
  SELECT l.*, time_bucket(INTERVAL 10 MINUTE, l.start) AS full_ten, time_bucket(INTERVAL 10 MINUTE, l.start - INTERVAL 5 MINUTE) + INTERVAL 5 MINUTE AS half_ten
  FROM looked l SEMI JOIN source USING (capture, client_n, server_port, protocol)
), crowded AS (
  SELECT capture, client_n, server_port, protocol, ten, count(DISTINCT server_n) AS n
  FROM (SELECT capture, client_n, server_port, protocol, server_n, unnest([full_ten, half_ten]) AS ten FROM tried) GROUP BY ALL
  HAVING count(DISTINCT server_n) >= $targets::BIGINT
), sweep AS (
  SELECT t.capture, t.client_n, t.server_port, t.protocol, mode(t.interface_id) AS interface_id, count(DISTINCT t.server_n) AS targets, max(w.most) AS most, sum(t.records) AS records,
    count(*) FILTER (t.direction = 'out') * 2 > count(*) AS outside,
    min(t.start) AS first_start, max(t."end") AS last_end, 1 - count(DISTINCT t.server_n) FILTER (NOT t.refused AND NOT t.unanswered) / count(DISTINCT t.server_n) AS failed,
    list_sort(list(DISTINCT t.server_n) FILTER (NOT t.refused AND NOT t.unanswered)) AS accepted
  FROM tried t JOIN (SELECT capture, client_n, server_port, protocol, max(n) AS most, min(ten) AS since, max(ten) + INTERVAL 10 MINUTE AS until FROM crowded GROUP BY ALL) w USING (capture, client_n, server_port, protocol)
  WHERE t.start >= w.since AND t.start < w.until
  GROUP BY ALL
), told AS (
  SELECT *, (0.3 + 0.3 * least(1, ln(most / $targets::BIGINT) / ln(20)) + 0.4 * failed) / CASE WHEN outside AND server_port IN (53, 80, 123, 443) THEN 3 ELSE 1 END AS score FROM sweep
)
SELECT round(score, 3)::DOUBLE AS score, CASE WHEN outside AND server_port IN (53, 80, 123, 443) OR failed < 0.3 THEN 'low' WHEN failed >= 0.5 THEN 'high' ELSE 'medium' END AS severity,
  format('port {} of {} targets, {} of them in ten minutes; {:.0f}% of them were refused or not answered; answered: {}', server_port, targets, most, 100 * failed,
    coalesce(array_to_string(list_transform(list_slice(accepted, 1, 5), lambda n: number_text(n)), ' '), 'none')) AS reason,
  number_text(client_n) AS src, server_port AS dstport, interface_id, records::BIGINT AS "rows", first_start AS from_time, last_end AS to_time,
  targets, most AS most_in_ten_minutes, round(failed, 3) AS failed, array_to_string(list_transform(list_slice(accepted, 1, 100), lambda n: number_text(n)), ' ') AS accepted_targets, protocol, capture
FROM told
ORDER BY told.score DESC, targets DESC, client_n, server_port, protocol, capture
