-- Who tries one port of many targets
--
-- One source, one port, many different targets within ten minutes. A connection that
-- several interfaces saw counts once. After a pause of an hour the same source is another finding:
-- it may be somebody else.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of
-- flows. A log of ACCEPT only shows what was open and nothing of the rest.
--
-- method: Different targets of one source and port in ten minutes, counted in windows that begin on
-- the tens and on the fives, the fuller one: at least 25 (threshold and name after PortSweep
-- of GuardDuty). A target failed that the rules refused, that reset or that stayed silent; a reset is told
-- by its flags or by its size, 40 bytes. Score: 0.3 for passing, up to 0.3 for the number (full at 500), up to 0.4
-- for the share of targets that failed. Outside targets on 53, 80, 123 and 443 count a third, and are left out
-- where fewer than 30% failed: that is what clients do.
--
-- false-positives: Service discovery, health checks of load balancers, monitoring, crawlers, DNS and
-- time clients.
--
-- not-proof: That a target was entered. Which of them answered is in accepted_targets.
--
-- measured: found: planted acts 2 of 2, ports called open in nmap-lan that are 18 of 18. False findings in benign days,
-- high and medium: two days of ctu-normal 0 and 0, a generated day 0 and 0. False findings per million benign records,
-- high and medium: ctu-normal 0 and 0, benign-dns 0 and 0, ordinary day 0 and 0. 2026-11-22,
-- stratosphereips/StratosphereLinuxIPS, port-scans/horizontal: the scan is found with the defaults, with low severity,
-- as its 25 targets are outside and its port is 80.
--
-- attack: T1046, T1021, T1595.001
-- phase:  in knock, out none, inside probe
-- kind:   fan
-- log:    flow
-- weight: own
-- needs:  connection_keys
-- steps:  attempts
-- param:  targets  int      = 25  at least so many targets in ten minutes
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   timed_attempt  connections
-- step:   source  sources and ports with enough connections in five minutes
-- step:   crowded_window  spells of ten minutes of such sources with enough targets
-- column: targets count
-- column: most_in_ten_minutes count
-- column: failed number
-- column: refused_targets count
-- column: reset_targets count
-- column: silent_targets count
-- column: accepted_targets text
-- column: protocol protocol
WITH timed_attempt AS NOT MATERIALIZED (
  SELECT *, epoch_us(start) // 300000000 AS five,
    hash(client_key, server_port, protocol, epoch_us(start) // 300000000) AS cell
  FROM attempt
  WHERE server_port IS NOT NULL
), source AS MATERIALIZED ( -- ten minutes with enough targets have half of the connections in one of their halves
  SELECT row_number() OVER () AS source_no, capture, client_key, server_port, protocol
  FROM timed_attempt
  WHERE cell IN (SELECT cell FROM timed_attempt GROUP BY cell HAVING count(*) * 2 >= $targets::BIGINT)
  GROUP BY capture, client_key, server_port, protocol
), met_target AS MATERIALIZED (
  SELECT DISTINCT source_no, five, server_key
  FROM timed_attempt
    JOIN source USING (capture, client_key, server_port, protocol)
), half_window AS (
  SELECT source_no, five, count(*) AS n FROM met_target GROUP BY ALL
), repeated_targets AS ( -- targets of a half that are in the next one too
  SELECT m.source_no, m.five, count(*) AS n
  FROM met_target m
    JOIN (SELECT source_no, server_key, five - 1 AS five FROM met_target) l USING (source_no, server_key, five)
  GROUP BY ALL
), crowded_window AS (
  SELECT source_no, five, t.n - coalesce(a.n, 0) AS n
  FROM (
    SELECT source_no, five, sum(n) AS n
    FROM (SELECT source_no, unnest([five, five - 1]) AS five, n FROM half_window)
    GROUP BY ALL
    HAVING sum(n) >= $targets::BIGINT
  ) t
    LEFT JOIN repeated_targets a USING (source_no, five)
  WHERE t.n - coalesce(a.n, 0) >= $targets::BIGINT
), parted_window AS ( -- an hour is twelve times five minutes, and a window two
  SELECT source_no, five, n,
    count(*) FILTER (step > 14) OVER (PARTITION BY source_no ORDER BY five ROWS UNBOUNDED PRECEDING) AS part
  FROM (SELECT *, five - lag(five) OVER (PARTITION BY source_no ORDER BY five) AS step FROM crowded_window)
), wide_source AS (
  SELECT row_number() OVER () AS sweep_no, s.*, w.most, w.since, w.until
  FROM source s
    JOIN (
      SELECT source_no, part, max(n) AS most, min(five) AS since, max(five) + 1 AS until
      FROM parted_window
      GROUP BY ALL
    ) w USING (source_no)
), target AS (
  SELECT w.sweep_no, l.interface_id, l.server_key,
    any_value(w.most) AS most, count(*) AS connections,
    count(*) FILTER (l.direction = 'out') AS outward,
    max(
      CASE l.answer
        WHEN 'answered' THEN 4
        WHEN 'reset' THEN 3
        WHEN 'silent' THEN 2
        ELSE 1
      END
    ) AS best,
    sum(l.records) AS records, min(l.start) AS first_start, max(l."end") AS last_end
  FROM timed_attempt l
    JOIN wide_source w USING (capture, client_key, server_port, protocol)
  WHERE l.five BETWEEN w.since AND w.until
  GROUP BY w.sweep_no, l.interface_id, l.server_key
), source_interface AS (
  SELECT sweep_no, min(interface_id) AS interface_id
  FROM (
    SELECT sweep_no, interface_id
    FROM target
    GROUP BY sweep_no, interface_id
    QUALIFY rank() OVER (PARTITION BY sweep_no ORDER BY interface_id IS NULL, sum(connections) DESC) = 1
  )
  GROUP BY sweep_no
), answered_targets AS (
  SELECT sweep_no,
    string_agg(key_text(server_key), ' ' ORDER BY server_key) AS targets,
    string_agg(key_text(server_key), ' ' ORDER BY server_key) FILTER (place <= 5) AS first_five
  FROM (
    SELECT sweep_no, server_key, row_number() OVER (PARTITION BY sweep_no ORDER BY server_key) AS place
    FROM (SELECT DISTINCT sweep_no, server_key FROM target WHERE best = 4)
    QUALIFY place <= 100
  )
  GROUP BY sweep_no
), whole_target AS (
  SELECT sweep_no, server_key, max(most) AS most, max(best) AS best, sum(connections) AS connections,
    sum(outward) AS outward, sum(records) AS records, min(first_start) AS first_start, max(last_end) AS last_end
  FROM target
  GROUP BY sweep_no, server_key
), sweep AS (
  SELECT sweep_no, max(most) AS most, count(*) AS targets, sum(records) AS records,
    sum(outward) * 2 > sum(connections) AS outside, min(first_start) AS first_start, max(last_end) AS last_end,
    count(*) FILTER (best = 1) AS refused, count(*) FILTER (best = 2) AS silent, count(*) FILTER (best = 3) AS reset,
    count(*) FILTER (best < 4) / count(*) AS failed
  FROM whole_target
  GROUP BY sweep_no
), scored AS (
  SELECT s.*, w.capture, w.client_key, w.server_port, w.protocol, i.interface_id, a.targets AS accepted, a.first_five,
    (0.3 + 0.3 * least(1, ln(s.most / $targets::BIGINT) / ln(20)) + 0.4 * s.failed) / CASE
      WHEN s.outside AND w.server_port IN (53, 80, 123, 443) THEN 3
      ELSE 1
    END AS score
  FROM sweep s
    JOIN wide_source w USING (sweep_no)
    LEFT JOIN source_interface i USING (sweep_no)
    LEFT JOIN answered_targets a USING (sweep_no)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN outside AND server_port IN (53, 80, 123, 443) OR failed < 0.3 THEN 'low'
    WHEN failed >= 0.5 THEN 'high'
    ELSE 'medium'
  END AS severity,
  format(
    'port {} of {} targets, {} of them in ten minutes: {}; answered: {}{}',
    server_port, targets, most::BIGINT,
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
    coalesce(first_five, 'none'), shown_of(5, targets - refused - reset - silent, 'targets')
  ) AS reason,
  key_text(client_key) AS src, server_port AS dstport, interface_id,
  records::BIGINT AS "rows", first_start AS from_time, last_end AS to_time,
  targets, most::BIGINT AS most_in_ten_minutes, round(failed, 3) AS failed,
  refused AS refused_targets, reset AS reset_targets, silent AS silent_targets,
  accepted AS accepted_targets, protocol, capture
FROM scored
WHERE NOT outside OR server_port NOT IN (53, 80, 123, 443) OR failed >= 0.3
ORDER BY scored.score DESC, targets DESC, first_start, client_key, server_port, protocol, capture
