-- Who calls the same place on a clock, in either direction
--
-- Calls are connections, not records: a connection that is kept open leaves a record a minute and
-- looks like a perfect beacon. Three outcomes: beacon; long connection, in which no rhythm can be
-- seen; and window artefact, one connection whose keep-alives came so rarely that it fell apart.
-- Both directions: an outside host that calls us on a clock is a beacon too. A channel is a client,
-- a port and a name where the Resolver log gives one, else an address.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of
-- flows. Start times may be 60 s late: a clock of less than about two minutes is blurred,
-- and one inside a kept-alive connection cannot be seen at all.
--
-- method: A quarter each for timing, size, hours and duration, per span of 24 h in which there were
-- calls, the median of these (RITA v5, activecm/rita, Apache licence; formula only). Timing
-- and size: half of 1 - |Bowley skewness| and half of (median - MAD) / median of the pauses
-- and of the bytes sent. Hours: 1 - variation of calls per hour, or the share of hours that
-- are silent or like the median hour. Duration: share of the 24 h between first and last
-- call, or the longest run of hours against 12 h, from 6 h on. Ours: the whole is weighed by
-- the number of calls, ln n / ln 48 up to 1, by 0.7 where the address is marked as AWS's own
-- service, and by 0.85 where every call was refused. Calls at random moments of a whole day reach
-- 0.75 by hours and duration alone, with a timing of about 0.5: severity is low below a timing of
-- 0.75, and high needs 0.8.
--
-- false-positives: Agents that report in (SSM, CloudWatch), update checks, health checks from
-- outside, time servers, mail that is fetched.
--
-- not-proof: That a machine is controlled: it shows a clock and a place, not what is said. A person
-- may answer at the other end of a long connection.
--
-- measured: 2026-11-22, 10M generated flows whose calls come at random moments of one day: of 17,114 channels with
-- calls enough, 3,269 are shown by chance, 46 of them medium and 1 high. Nothing is said about recall.
--
-- attack: T1071.001, T1095, T1571, T1573
-- needs:  session_keys, answer_name, service_address
-- param:  sessions  int      = 4    at least so many calls in a span of 24 h; RITA scores from 4
-- param:  least     number   = 0.7  show beacons from this score on
-- param:  hours     number   = 1    show connections that lasted at least so many hours
-- param:  from      time            only what begins at or after this moment
-- param:  to        time            only what begins before this moment
-- param:  capture   capture         only this capture; empty for all
-- step:   outside_connection  connections between inside and outside
-- step:   channel  channels with enough calls, or with a connection that lasted
-- step:   scored_day  days of channels with calls enough for a score that is shown
-- column: outcome text
-- column: direction text
-- column: sessions count
-- column: days count
-- column: pause_seconds number
-- column: timing number
-- column: size number
-- column: hourly number
-- column: duration number
-- column: protocol protocol
-- column: service text
WITH outside_connection AS NOT MATERIALIZED (
  SELECT capture, interface_no, interface_id, instance_id, direction = 'out' AS outward,
    protocol, client_key, server_key, client_port, server_port,
    CASE WHEN direction = 'in' THEN server_key ELSE peer_no(server_key, name_no) END AS peer,
    name_no, start, "end", seconds, bytes_out, records, refused
  FROM session_keys
  WHERE direction IN ('out', 'in')
    AND NOT translated
    AND protocol IN (6, 17, 1, 58)
    AND of(capture, $capture) AND within(start, $from, $to)
), interface AS (
  SELECT interface_no, any_value(interface_id) AS interface_id, any_value(capture) AS capture,
    count(instance_id) > 0 AS has_instance, min(start) AS first_start
  FROM outside_connection
  GROUP BY interface_no
), capture_start AS (
  SELECT capture, min(first_start) AS first_start FROM interface GROUP BY capture
), frequent_channel AS (
  SELECT interface_no, outward, protocol, client_key, peer, server_port, count(*) AS sessions,
    max(epoch_us("end") - epoch_us(start)) / 1000000 AS longest
  FROM outside_connection
  GROUP BY interface_no, outward, protocol, client_key, peer, server_port
  HAVING count(*) >= $sessions::BIGINT
    OR max(epoch_us("end") - epoch_us(start)) / 1000000 >= $hours::DOUBLE * 3600
), channel AS ( -- one that several interfaces saw is told of the one that saw it most
  SELECT row_number() OVER () AS channel_no, o.*, p.capture, p.interface_id, b.first_start
  FROM frequent_channel o
    JOIN interface p USING (interface_no)
    JOIN capture_start b ON b.capture = p.capture
  QUALIFY row_number() OVER (
    PARTITION BY p.capture, outward, protocol, client_key, peer, server_port
    ORDER BY sessions DESC, p.has_instance DESC, p.interface_id
  ) = 1
), call AS MATERIALIZED (
  SELECT c.channel_no, c.protocol, l.start, l.bytes_out, l.client_port,
    floor(epoch(l.start - c.first_start) / 86400)::INTEGER AS day,
    floor(epoch(l.start - c.first_start) / 3600)::INTEGER AS hour
  FROM outside_connection l
    JOIN (FROM channel WHERE sessions >= $sessions::BIGINT) c USING (
      interface_no, outward, protocol, client_key, peer, server_port
    )
), likely_channel AS ( -- enough calls in a day for a score that is shown, hardly more ports than one, or long connections
  SELECT channel_no
  FROM (SELECT channel_no, day, count(*) AS n FROM call GROUP BY ALL)
  GROUP BY channel_no
  HAVING least(1, ln(max(n)) / ln(48)) >= $least::DOUBLE
  UNION
  SELECT channel_no
  FROM (SELECT channel_no, client_port, count(*) AS n FROM call WHERE protocol = 6 GROUP BY ALL)
  GROUP BY channel_no
  HAVING count(*) * 4 < sum(n)
  UNION
  SELECT channel_no FROM channel WHERE longest >= $hours::DOUBLE * 3600
), spaced_call AS (
  SELECT channel_no, start, bytes_out, client_port, day, hour,
    epoch(start - lag(start) OVER (PARTITION BY channel_no ORDER BY start)) AS pause
  FROM call
    SEMI JOIN likely_channel USING (channel_no)
), channel_hour AS (
  SELECT channel_no, day, hour, count(*) AS n FROM spaced_call GROUP BY ALL
), hour_run AS (
  SELECT *, hour - row_number() OVER (PARTITION BY channel_no, day ORDER BY hour) AS island
  FROM channel_hour
), day_hours AS (
  SELECT channel_no, day,
    count(*) AS seen, sum(n) AS calls, list(n) AS counts, median(n) AS middle, max(length) AS longest_run
  FROM (SELECT *, count(*) OVER (PARTITION BY channel_no, day, island) AS length FROM hour_run)
  GROUP BY ALL
), channel_day AS (
  SELECT channel_no, day,
    count(*) AS n, count(DISTINCT client_port) AS ports, min(start) AS first_start, max(start) AS last_start,
    quantile_cont(pause, [0.25, 0.5, 0.75]) AS p, mad(pause) AS p_mad,
    quantile_cont(bytes_out, [0.25, 0.5, 0.75]) AS b, mad(bytes_out) AS b_mad
  FROM spaced_call
  GROUP BY ALL
  HAVING count(*) >= $sessions::BIGINT AND count(pause) > 2
), scored_day AS (
  SELECT d.*,
    (
      1
        - abs(
          CASE
            WHEN p[3] - p[1] < 10 OR p[2] IN (p[1], p[3]) THEN 0
            ELSE (p[1] + p[3] - 2 * p[2]) / (p[3] - p[1])
          END
        )
        + greatest(0, coalesce((p[2] - p_mad) / nullif(p[2], 0), 0))
    ) / 2 AS timing,
    coalesce(
      (
        1
          - abs(
            CASE
              WHEN b[3] - b[1] < 10 OR b[2] IN (b[1], b[3]) THEN 0
              ELSE (b[1] + b[3] - 2 * b[2]) / (b[3] - b[1])
            END
          )
          + greatest(0, coalesce((b[2] - b_mad) / nullif(b[2], 0), 0))
      ) / 2,
      0
    ) AS size,
    greatest(
      0,
      1
        - sqrt(greatest(0, list_sum(list_transform(h.counts, lambda x: x * x)) / 24 - (h.calls / 24) ** 2)) / (
            h.calls / 24
          ),
      CASE
        WHEN h.seen >= 11
          THEN (
            24
              - h.seen
              + len(list_filter(h.counts, lambda x: abs(x - h.middle) <= greatest(1, 0.2 * h.middle)))
          ) / 24
        ELSE 0
      END
    ) AS hourly,
    CASE
      WHEN h.seen >= 6 THEN least(1, greatest(epoch(last_start - d.first_start) / 86400, h.longest_run / 12))
      ELSE 0
    END AS duration
  FROM channel_day d
    JOIN day_hours h USING (channel_no, day)
), rated_channel AS (
  SELECT channel_no, count(*) AS days, median(n) AS calls, sum(ports) * 4 < sum(n) AS reused,
    median(p[2]) AS pause, median(p_mad) AS pause_mad, median(b[2]) AS bytes, median(timing) AS timing,
    median(size) AS size, median(hourly) AS hourly, median(duration) AS duration,
    median((timing + size + hourly + duration) / 4) AS raw
  FROM scored_day
  GROUP BY channel_no
), shown_channel AS (
  FROM channel
  WHERE longest >= $hours::DOUBLE * 3600
    OR channel_no IN (SELECT channel_no FROM rated_channel WHERE raw >= $least::DOUBLE)
), channel_sum AS (
  SELECT t.channel_no, any_value(t.capture) AS capture, any_value(t.interface_id) AS interface_id,
    any_value(CASE WHEN t.outward THEN 'out' ELSE 'in' END) AS direction,
    any_value(t.protocol) AS protocol, any_value(t.client_key) AS client_key,
    any_value(t.peer) AS peer, any_value(t.server_port) AS server_port, min(n.name) AS name,
    arg_max(l.server_key, (l.start, l.server_key)) AS server_key,
    max(v.service) AS service,
    bool_or((aws_own_service(nullif(v.service, '')) AND (n.name IS NULL OR aws_api_domain(n.name)))) AS aws_own,
    count(*) AS sessions, bool_and(l.refused) AS refused, sum(l.records) AS records,
    min(l.start) AS first_start, max(l."end") AS last_end, max(l.seconds) AS longest,
    arg_max(l.records, (l.seconds, l.records)) AS longest_records
  FROM outside_connection l
    JOIN shown_channel t USING (interface_no, outward, protocol, client_key, peer, server_port)
    LEFT JOIN answer_name n ON n.name_no = l.name_no
    LEFT JOIN service_address v ON v.server_key = l.server_key
  GROUP BY t.channel_no
), finding AS (
  SELECT w.*, r.* EXCLUDE (channel_no, reused), r.reused AND w.protocol = 6 AS one_port,
    CASE
      WHEN w.longest >= $hours::DOUBLE * 3600 AND coalesce(one_port, true) THEN 'long connection'
      WHEN one_port THEN 'window artefact'
      ELSE 'beacon'
    END AS outcome,
    least(1, ln(r.calls) / ln(48)) AS weight
  FROM channel_sum w
    LEFT JOIN rated_channel r USING (channel_no)
), scored AS (
  SELECT *,
    CASE outcome
      WHEN 'beacon' THEN raw * weight * CASE WHEN aws_own THEN 0.7 ELSE 1 END * CASE WHEN refused THEN 0.85 ELSE 1 END
      WHEN 'long connection' THEN 0.1 + 0.2 * least(1, longest / 43200)
      ELSE 0.1
    END AS score
  FROM finding
  WHERE outcome <> 'beacon' OR raw IS NOT NULL
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN outcome <> 'beacon' THEN 'info'
    WHEN aws_own THEN 'low'
    WHEN timing < 0.75 THEN 'low'
    WHEN score >= 0.8 AND timing >= 0.8 THEN 'high'
    ELSE 'medium'
  END AS severity,
  CASE outcome
    WHEN 'beacon'
      THEN format(
        '{} calls {}, {} a day in {} day(s), every {:.0f} s (MAD {:.0f} s), '
          || '{:.0f} bytes each: timing {:.2f}, size {:.2f}, hours {:.2f}, duration {:.2f}, '
          || 'weight of the number {:.2f}{}',
        sessions, direction, calls::BIGINT, days, pause, pause_mad, bytes, timing, size, hourly, duration, weight,
        CASE WHEN aws_own THEN ', 0.7 for a service of AWS (' || service || ')' ELSE '' END
          || CASE WHEN refused THEN ', 0.85 as every call was refused' ELSE '' END
      )
    WHEN 'long connection'
      THEN format(
        'one connection {} lasted {:.1f} h in {} records: what is inside it has no visible rhythm',
        direction, longest / 3600, longest_records
      )
    ELSE format(
      '{} calls {} from hardly more ports than one: the keep-alives of a connection, every {:.0f} s',
      sessions, direction, pause
    )
  END AS reason,
  key_text(client_key) AS src, key_text(server_key) AS dst,
  server_port AS dstport, name, interface_id, records::BIGINT AS "rows",
  first_start AS from_time, last_end AS to_time,
  outcome, direction, protocol, sessions, days, pause AS pause_seconds,
  round(timing, 3) AS timing, round(size, 3) AS size, round(hourly, 3) AS hourly, round(duration, 3) AS duration,
  service, capture
FROM scored
WHERE outcome <> 'beacon' AND longest >= $hours::DOUBLE * 3600
  OR outcome <> 'long connection'
      AND score >= $least::DOUBLE * CASE WHEN outcome = 'beacon' THEN 1 ELSE 0 END
      AND (outcome = 'beacon' OR raw >= $least::DOUBLE)
ORDER BY scored.score DESC, first_start, client_key, peer, server_port, protocol, interface_id, capture
