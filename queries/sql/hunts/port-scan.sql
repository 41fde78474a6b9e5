-- Who tries many ports of one target
--
-- One source, one target, many different ports within an hour. Ports that everybody asks for are
-- left out of the count. Who opened a connection is told by its flags where the log has them, and
-- what is refused was opened by its sender.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of
-- flows. A log of ACCEPT only shows what was open and nothing of the rest. What the scanner
-- learned is not recorded.
--
-- method: Different ports of one target per hour, counted in hours that begin on the hour and on the
-- half hour, the fuller one: at least 10, common ports left out (threshold after panther-
-- labs/panther-analysis; Portscan of GuardDuty). Score: 0.4 for passing, up to 0.3 for the
-- number (full at 200), up to 0.3 for the share of tries that were refused or had no answer.
--
-- false-positives: Scanners of your own, passive FTP, peer-to-peer software, replies that are taken
-- for calls where the log has no flags.
--
-- not-proof: That anything was found or used. Hosts with public addresses are scanned every day.
--
-- measured: 2026-11-22, panther-labs/panther-analysis, rule aws_vpc_port_scanning: 6 of 6 labelled flow events, each
-- repeated over 12 ports and looked at as it leaves an interface, are decided as labelled.
--
-- attack: T1046, T1595.001
-- needs:  session_keys
-- param:  ports    int      = 10                          at least so many ports in an hour
-- param:  skip     text     = 53,80,123,443,445,853,2049  ports that do not count, with commas
-- param:  from     time                                   only what begins at or after this moment
-- param:  to       time                                   only what begins before this moment
-- param:  capture  capture                                only this capture; empty for all
-- step:   connection  connections to ports that count
-- step:   pair  pairs of hosts with enough ports
-- step:   crowded_hour  hours of such pairs with enough ports
-- column: ports count
-- column: most_in_an_hour count
-- column: failed number
-- column: accepted_ports text
WITH common_port AS (
  SELECT unnest(port_list($skip)) AS port
), connection AS (
  SELECT capture, interface_no, interface_id, client_key, server_key, server_port,
    refused, bytes_in IS NULL AS unanswered, direction, records, start, "end"
  FROM session_keys
  WHERE protocol IN (6, 17)
    AND server_port NOT IN (SELECT port FROM common_port)
    AND of(capture, $capture) AND within(start, $from, $to)
), pair AS (
  SELECT capture, client_key, server_key
  FROM (
    SELECT DISTINCT capture, client_key, server_key, server_port
    FROM connection
      SEMI JOIN (
        SELECT client_key, server_key
        FROM connection
        GROUP BY ALL
        HAVING count(*) >= $ports::BIGINT AND min(server_port) <> max(server_port)
      ) l USING (client_key, server_key)
  )
  GROUP BY ALL
  HAVING count(server_port) >= $ports::BIGINT
), timed_connection AS (
  SELECT l.*, time_bucket(INTERVAL 1 HOUR, l.start) AS hour,
    time_bucket(INTERVAL 1 HOUR, l.start - INTERVAL 30 MINUTE) + INTERVAL 30 MINUTE AS half
  FROM connection l
    SEMI JOIN pair USING (capture, client_key, server_key)
), crowded_hour AS (
  SELECT capture, client_key, server_key, hour, count(DISTINCT server_port) AS n
  FROM (
    SELECT capture, client_key, server_key, server_port, unnest([hour, half]) AS hour
    FROM timed_connection
  )
  GROUP BY ALL
  HAVING count(DISTINCT server_port) >= $ports::BIGINT
), scan AS (
  SELECT t.capture, t.client_key, t.server_key,
    arg_max(t.interface_id, (t.start, t.interface_id)) AS interface_id,
    min(t.direction) AS direction, count(DISTINCT t.server_port) AS ports,
    max(w.most) AS most, sum(t.records) AS records,
    min(t.start) AS first_start, max(t."end") AS last_end,
    1
      - count(DISTINCT t.server_port) FILTER (NOT t.refused AND NOT t.unanswered) / count(DISTINCT t.server_port) AS failed,
    list_sort(list(DISTINCT t.server_port) FILTER (NOT t.refused AND NOT t.unanswered)) AS accepted
  FROM timed_connection t
    JOIN (
      SELECT capture, client_key, server_key, max(n) AS most, min(hour) AS since, max(hour) + INTERVAL 1 HOUR AS until
      FROM crowded_hour
      GROUP BY ALL
    ) w USING (capture, client_key, server_key)
  WHERE t.start >= w.since AND t.start < w.until
  GROUP BY ALL
), scored AS (
  SELECT *, 0.4 + 0.3 * least(1, ln(most / $ports::BIGINT) / ln(20)) + 0.3 * failed AS score
  FROM scan
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN direction IN ('out', 'inside') AND failed >= 0.3 OR most >= 100 THEN 'high'
    WHEN failed >= 0.3 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} ports of one target, {} of them in one hour; {:.0f}% of them were refused or not answered; open: {}',
    ports, most, 100 * failed,
    coalesce(array_to_string(list_slice(accepted, 1, 10), ' '), 'none')
  ) AS reason,
  key_text(client_key) AS src, key_text(server_key) AS dst,
  interface_id, records::BIGINT AS "rows", first_start AS from_time, last_end AS to_time,
  ports, most AS most_in_an_hour, round(failed, 3) AS failed, array_to_string(accepted, ' ') AS accepted_ports, capture
FROM scored
ORDER BY scored.score DESC, ports DESC, client_key, server_key, capture
