-- Who tries many ports of one target
--
-- One source, one target, many different ports within an hour. Ports that everybody asks for are
-- left out of the count. Who opened a connection is told by its flags where the log has them, and
-- what is refused was opened by its sender. After a pause the same two are another finding.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of
-- flows. A log of ACCEPT only shows what was open and nothing of the rest. What the scanner
-- learned is not recorded.
--
-- method: Different ports of one target per hour, counted in hours that begin on the hour and on the
-- half hour, the fuller one: at least 10, common ports left out (threshold after panther-
-- labs/panther-analysis; Portscan of GuardDuty). Hours of a scan lie at most an hour apart. A port
-- failed that the rules refused, that reset or that stayed silent; a reset is told by its flags or by its
-- size, 40 bytes. Score: 0.4 for passing, up to 0.3 for the
-- number (full at 200), up to 0.3 for the share of ports that failed.
--
-- false-positives: Scanners of your own, passive FTP, peer-to-peer software, replies that are taken
-- for calls where the log has no flags.
--
-- not-proof: That anything was found or used. Hosts with public addresses are scanned every day.
--
-- measured: found: planted acts 1 of 1, scanned targets of nmap-lan 24 of 24, ports called open in nmap-lan that are 48
-- of 48. False findings in benign days, high and medium: two days of ctu-normal 0 and 0, a generated day 0 and 0. False
-- findings per million benign records, high and medium: ctu-normal 0 and 0, benign-dns 0 and 0, ordinary day 0 and 0.
-- 2026-11-22, panther-labs/panther-analysis, rule aws_vpc_port_scanning: 6 of 6 labelled flow events, each repeated
-- over 12 ports and looked at as it leaves an interface, are decided as labelled.
--
-- attack: T1046, T1595.001
-- phase:  in knock, out none, inside probe
-- kind:   fan
-- log:    flow
-- weight: own
-- needs:  connection_keys
-- steps:  attempts
-- param:  ports    int      = 10                          at least so many ports in an hour
-- param:  skip     text     = 53,80,123,443,445,853,2049  ports that do not count, with commas
-- param:  from     time                                   only what begins at or after this moment
-- param:  to       time                                   only what begins before this moment
-- param:  capture  capture                                only this capture; empty for all
-- step:   counted_attempt  connections to ports that count
-- step:   pair  pairs of hosts with enough ports
-- step:   crowded_hour  hours of such pairs with enough ports
-- step:   dropped_entry  entries of skip that are no port
-- column: direction text
-- column: ports count
-- column: most_in_an_hour count
-- column: failed number
-- column: refused_ports count
-- column: reset_ports count
-- column: silent_ports count
-- column: accepted_ports text
WITH listed_port AS (
  SELECT trim(unnest(string_split($skip, ','))) AS entry
), common_port AS (
  SELECT unnest(port_list(entry)) AS port FROM listed_port
), dropped_entry AS (
  FROM listed_port WHERE entry <> '' AND len(port_list(entry)) = 0
), counted_attempt AS NOT MATERIALIZED (
  FROM attempt WHERE server_port NOT IN (SELECT port FROM common_port)
), pair AS (
  SELECT capture, client_key, server_key
  FROM (
    SELECT DISTINCT capture, client_key, server_key, server_port
    FROM counted_attempt
      SEMI JOIN (
        SELECT client_key, server_key
        FROM counted_attempt
        GROUP BY ALL
        HAVING count(*) >= $ports::BIGINT AND min(server_port) <> max(server_port)
      ) l USING (client_key, server_key)
  )
  GROUP BY ALL
  HAVING count(server_port) >= $ports::BIGINT
), pair_attempt AS (
  SELECT l.* FROM counted_attempt l SEMI JOIN pair USING (capture, client_key, server_key)
), crowded_hour AS (
  SELECT capture, client_key, server_key, hour, count(DISTINCT server_port) AS n
  FROM (
    SELECT capture, client_key, server_key, server_port, unnest(hours_of(start)) AS hour
    FROM pair_attempt
  )
  GROUP BY ALL
  HAVING count(DISTINCT server_port) >= $ports::BIGINT
), parted_hour AS (
  SELECT *,
    count(*) FILTER (pause > INTERVAL 2 HOUR) OVER (
      PARTITION BY capture, client_key, server_key
      ORDER BY hour
      ROWS UNBOUNDED PRECEDING
    ) AS part
  FROM (
    SELECT *, hour - lag(hour) OVER (PARTITION BY capture, client_key, server_key ORDER BY hour) AS pause
    FROM crowded_hour
  )
), spell AS (
  SELECT capture, client_key, server_key, part, max(n) AS most, min(hour) AS since, max(hour) + INTERVAL 1 HOUR AS until
  FROM parted_hour
  GROUP BY ALL
), tried_port AS (
  SELECT t.capture, t.client_key, t.server_key, w.since, w.most, t.server_port,
    max(
      CASE t.answer
        WHEN 'answered' THEN 4
        WHEN 'reset' THEN 3
        WHEN 'silent' THEN 2
        ELSE 1
      END
    ) AS best,
    arg_max(t.interface_id, (t.start, t.interface_id)) AS interface_id, min(t.direction) AS direction,
    sum(t.records) AS records, min(t.start) AS first_start, max(t."end") AS last_end
  FROM pair_attempt t
    JOIN spell w USING (capture, client_key, server_key)
  WHERE t.start >= w.since AND t.start < w.until
  GROUP BY ALL
), scan AS (
  SELECT capture, client_key, server_key, since, most,
    arg_max(interface_id, (last_end, interface_id)) AS interface_id, min(direction) AS direction, count(*) AS ports,
    count(*) FILTER (best = 1) AS refused, count(*) FILTER (best = 2) AS silent, count(*) FILTER (best = 3) AS reset,
    count(*) FILTER (best < 4) / count(*) AS failed,
    list_sort(list(server_port) FILTER (best = 4)) AS accepted,
    sum(records) AS records, min(first_start) AS first_start, max(last_end) AS last_end
  FROM tried_port
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
    '{} ports of one target, {} of them in one hour: {}; open: {}{}{}',
    ports, most,
    coalesce(
      nullif(
        concat_ws(
          ', ',
          CASE WHEN refused > 0 THEN format('{} refused by the rules', refused) END,
          CASE WHEN reset > 0 THEN format('{} reset', reset) END,
          CASE WHEN silent > 0 THEN format('{} silent', silent) END
        ),
        ''
      ),
      'all answered'
    ),
    coalesce(array_to_string(list_slice(accepted, 1, 10), ' '), 'none'),
    shown_of(10, coalesce(len(accepted), 0), 'ports'),
    coalesce((SELECT '; no port, in skip: ' || string_agg(entry, ' ' ORDER BY entry) FROM dropped_entry), '')
  ) AS reason,
  key_text(client_key) AS src, key_text(server_key) AS dst,
  interface_id, records::BIGINT AS "rows", first_start AS from_time, last_end AS to_time,
  direction, ports, most AS most_in_an_hour, round(failed, 3) AS failed,
  refused AS refused_ports, reset AS reset_ports, silent AS silent_ports,
  array_to_string(accepted, ' ') AS accepted_ports, capture
FROM scored
ORDER BY scored.score DESC, ports DESC, first_start, client_key, server_key, capture
