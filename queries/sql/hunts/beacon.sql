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
-- method: A channel's calls fall into spells, parted by pauses of more than half an hour and eight times
-- the channel's middle pause; its best spell counts, so that neither the length of the capture nor
-- silent days matter. Score: 0.4 for keeping to the clock, the share of pauses within 30% (or 2 s) of
-- the middle one or of twice it, from 30%, which calls at random reach, full at 70%, and less where
-- so many middle pauses fill less than half of the spell, as in bursts; 0.25 each for timing
-- and size, half of 1 - |Bowley skewness| and half of (median - MAD) / median of the pauses and of
-- the bytes sent (from RITA v5, activecm/rita; formula only); 0.1 for lasting, the spell against the
-- time of which its interface has records, at most 12 hours. The whole is weighed by the number of calls, ln n / ln 48 up to 1,
-- by 0.7 for AWS's own, by 0.85 where every call was refused, and by 0.85 where half of the inside
-- hosts, and ten of them, call there: what a whole fleet calls is the fleet's own agent, mostly (RITA v5 takes
-- 0.15 off for it). With too few calls for the score to pass, a channel that keeps its clock is shown
-- as low, with what is missing. Severity is low for AWS's own and a fleet's, and where less than 60% of the pauses
-- keep to the clock, or less than 90% with a timing below 0.75; high from 0.8 in score, timing and size: a program
-- that waits for orders says the same each time, one that delivers does not; never high for calls to a door of ours that ten
-- outside addresses call, where a clock is a health check mostly.
--
-- false-positives: Agents that report in (SSM, CloudWatch), update checks, health checks from
-- outside, time servers, mail that is fetched.
--
-- measured: found: planted acts 1 of 1, NjRAT 1 of 1, clocks 8 of 8. False findings in benign days, high and medium:
-- two days of ctu-normal 0 and 10, a generated day 0 and 16. False findings per million benign records,
-- high and medium: ctu-normal 0 and 142, benign-dns 0 and 0, ordinary day 0 and 27.
--
-- not-proof: That a machine is controlled: it shows a clock and a place, not what is said. A person
-- may answer at the other end of a long connection.
--
-- attack: T1071.001, T1095, T1571, T1573
-- phase:  in entry, out home, inside none
-- kind:   clock
-- log:    flow
-- weight: own channel
-- needs:  connection_keys, answer_name, service_address, flow_span
-- uses:   dns
-- needs-all: connection_keys
-- steps:  aws-own
-- param:  sessions  int      = 10   at least so many calls in a spell
-- param:  least     number   = 0.7  show beacons from this score on
-- param:  hours     number   = 1    show connections that lasted at least so many hours
-- param:  from      time            only what begins at or after this moment
-- param:  to        time            only what begins before this moment
-- param:  capture   capture         only this capture; empty for all
-- step:   outside_connection  connections between inside and outside
-- step:   several_calls  channels of four calls and more, or with a connection that lasted
-- step:   short_channel  of them too short for a score: fewer calls, or all within ten minutes
-- step:   spell  spells of the others with calls enough for a score
-- column: outcome text
-- column: direction text
-- column: sessions count
-- column: spells count
-- column: calls count
-- column: spell_hours number
-- column: covered_hours number
-- column: callers count
-- column: pause_seconds number
-- column: regular number
-- column: timing number
-- column: size number
-- column: protocol protocol
-- column: service text
WITH outside_connection AS NOT MATERIALIZED (
  SELECT capture, interface_no, interface_id, instance_id, direction = 'out' AS outward,
    protocol, client_key, server_key, client_port, server_port,
    CASE WHEN direction = 'in' THEN server_key ELSE peer_no(server_key, name_no) END AS peer,
    CASE WHEN direction = 'out' THEN name_no END AS name_no, start, "end", seconds, bytes_out, records, refused
  FROM connection_keys
  WHERE direction IN ('out', 'in')
    AND protocol IN (6, 17, 1, 58)
    AND of(capture, $capture) AND within(start, $from, $to)
), interface AS (
  SELECT interface_no, any_value(interface_id) AS interface_id, any_value(capture) AS capture,
    epoch(max("end") - min(start)) / 3600 AS hours
  FROM outside_connection
  GROUP BY interface_no
), covered_interface AS ( -- minutes that an interface's records speak about
  SELECT capture, interface_id, count(DISTINCT minute) / 60 AS hours
  FROM flow_span
  WHERE log_status <> 'SKIPDATA' AND of(capture, $capture) AND within(minute, $from, $to)
  GROUP BY capture, interface_id
), several_calls AS (
  SELECT capture, outward, protocol, client_key, peer, server_port, count(*) AS sessions,
    coalesce(min(interface_no) FILTER (instance_id IS NOT NULL), min(interface_no)) AS interface_no,
    max(epoch_us("end") - epoch_us(start)) / 1000000 AS longest
  FROM outside_connection
  GROUP BY capture, outward, protocol, client_key, peer, server_port
  HAVING count(*) >= 4 OR max(epoch_us("end") - epoch_us(start)) / 1000000 >= $hours::DOUBLE * 3600
), place_callers AS (
  SELECT capture, peer, server_port, count(DISTINCT client_key) AS callers
  FROM several_calls
  WHERE outward
  GROUP BY ALL
), capture_callers AS (
  SELECT capture, count(DISTINCT client_key) AS callers FROM outside_connection WHERE outward GROUP BY capture
), channel AS (
  SELECT row_number() OVER () AS channel_no, o.*, p.interface_id,
    coalesce(c.hours, p.hours) AS covered_hours
  FROM several_calls o
    JOIN interface p USING (interface_no)
    LEFT JOIN covered_interface c ON c.capture = p.capture AND c.interface_id = p.interface_id
  WHERE o.sessions >= $sessions::BIGINT OR o.longest >= $hours::DOUBLE * 3600
), call AS (
  SELECT c.channel_no, l.start, l.bytes_out, l.client_port,
    epoch(l.start - lag(l.start) OVER (PARTITION BY c.channel_no ORDER BY l.start)) AS pause
  FROM outside_connection l
    JOIN (FROM channel WHERE sessions >= $sessions::BIGINT) c USING (
      capture, outward, protocol, client_key, peer, server_port
    )
), paced_call AS MATERIALIZED (
  FROM call
), channel_pace AS (
  SELECT channel_no, greatest(1800, 8 * median(pause)) AS longest_pause, max(pause) AS longest
  FROM paced_call
  GROUP BY channel_no
), spell_call AS (
  SELECT l.channel_no, l.start, l.bytes_out, l.client_port, l.pause, 0 AS spell_no
  FROM paced_call l
    SEMI JOIN (FROM channel_pace WHERE longest <= longest_pause) p USING (channel_no)
  UNION ALL
  SELECT l.channel_no, l.start, l.bytes_out, l.client_port,
    CASE WHEN l.pause <= p.longest_pause THEN l.pause END,
    count(*) FILTER (l.pause > p.longest_pause) OVER (PARTITION BY l.channel_no ORDER BY l.start ROWS UNBOUNDED PRECEDING)
  FROM paced_call l
    JOIN (FROM channel_pace WHERE longest > longest_pause) p USING (channel_no)
), spell AS (
  SELECT channel_no, spell_no,
    count(*) AS calls, count(DISTINCT client_port) AS ports, min(start) AS first_start, max(start) AS last_start,
    quantile_cont(pause, [0.25, 0.5, 0.75]) AS p, mad(pause) AS p_mad, list(pause) AS pauses,
    quantile_cont(bytes_out, [0.25, 0.5, 0.75]) AS b, mad(bytes_out) AS b_mad
  FROM spell_call
  GROUP BY channel_no, spell_no
  HAVING count(*) >= $sessions::BIGINT
    AND max(start) - min(start) >= INTERVAL 10 MINUTE
    AND median(pause) >= 2
), short_channel AS (
  SELECT capture, outward, protocol, client_key, peer, server_port
  FROM several_calls
  WHERE sessions < $sessions::BIGINT
  UNION ALL
  SELECT capture, outward, protocol, client_key, peer, server_port
  FROM channel
    ANTI JOIN spell USING (channel_no)
), scored_spell AS (
  SELECT *, epoch(last_start - first_start) / 3600 AS spell_hours,
    list_count(
      list_filter(
        pauses,
        lambda x: abs(x - p[2]) <= greatest(2, 0.3 * p[2]) OR abs(x - 2 * p[2]) <= greatest(2, 0.3 * p[2])
      )
    ) / (calls - 1) AS kept,
    (calls - 1) * p[2] / epoch(last_start - first_start) AS filled,
    greatest(0, least(1, (kept - 0.3) / 0.4)) * least(1, 2 * filled) AS regular,
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
    ) AS size
  FROM spell
), rated_spell AS (
  SELECT s.*, c.covered_hours,
    0.4 * regular
      + 0.25 * timing
      + 0.25 * size
      + 0.1 * least(1, spell_hours / greatest(0.1, least(12, c.covered_hours))) AS raw,
    least(1, ln(calls) / ln(48)) AS weight,
    count(*) OVER (PARTITION BY channel_no) AS spells
  FROM scored_spell s
    JOIN channel c USING (channel_no)
  QUALIFY row_number() OVER (PARTITION BY channel_no ORDER BY raw * weight DESC, calls DESC, first_start) = 1
), shown_channel AS (
  FROM channel
  WHERE longest >= $hours::DOUBLE * 3600
    OR channel_no IN (
      SELECT channel_no
      FROM rated_spell
      WHERE raw * weight >= $least::DOUBLE OR raw >= greatest(0.85, $least::DOUBLE)
    )
), public_door AS ( -- doors of ours that ten outside addresses call
  SELECT l.capture, l.peer, l.server_port, count(DISTINCT l.client_key) AS callers
  FROM outside_connection l
    SEMI JOIN (FROM shown_channel WHERE NOT outward) t USING (capture, peer, server_port)
  WHERE NOT l.outward
  GROUP BY ALL
  HAVING count(DISTINCT l.client_key) >= 10
), channel_sum AS (
  SELECT t.channel_no, any_value(t.capture) AS capture, any_value(t.interface_id) AS interface_id,
    any_value(CASE WHEN t.outward THEN 'out' ELSE 'in' END) AS direction,
    any_value(t.protocol) AS protocol, any_value(t.client_key) AS client_key,
    any_value(t.peer) AS peer, any_value(t.server_port) AS server_port, any_value(l.name_no) AS name_no,
    arg_max(l.server_key, (l.start, l.server_key)) AS server_key,
    max(a.service) AS service, bool_and(a.server_key IS NOT NULL) AS aws_addresses,
    count(*) AS sessions, bool_and(l.refused) AS refused, sum(l.records) AS records,
    min(l.start) AS first_start, max(l."end") AS last_end, max(l.seconds) AS longest,
    arg_max(l.records, (l.seconds, l.records)) AS longest_records
  FROM outside_connection l
    JOIN shown_channel t USING (capture, outward, protocol, client_key, peer, server_port)
    LEFT JOIN aws_address a ON a.server_key = CASE WHEN l.outward THEN l.server_key ELSE l.client_key END
  GROUP BY t.channel_no
), named_channel AS (
  SELECT s.*, n.name, d.registered_domain,
    CASE WHEN s.name_no IS NULL THEN s.aws_addresses ELSE a.name_no IS NOT NULL END AS aws_own,
    coalesce(p.callers, 1) AS callers, c.callers AS all_callers, o.callers AS door_callers
  FROM channel_sum s
    LEFT JOIN answer_name n USING (name_no)
    LEFT JOIN aws_name a USING (name_no)
    LEFT JOIN place_callers p ON s.direction = 'out'
      AND p.capture = s.capture
      AND p.peer = s.peer
      AND p.server_port = s.server_port
    LEFT JOIN capture_callers c ON c.capture = s.capture
    LEFT JOIN public_door o ON s.direction = 'in'
      AND o.capture = s.capture
      AND o.peer = s.peer
      AND o.server_port IS NOT DISTINCT FROM s.server_port
    LEFT JOIN (
      SELECT name, any_value(registered_domain) AS registered_domain
      FROM dns
        SEMI JOIN (SELECT name FROM answer_name SEMI JOIN channel_sum USING (name_no)) USING (name)
      GROUP BY name
    ) d ON d.name = n.name
), finding AS (
  SELECT w.*, r.* EXCLUDE (channel_no, first_start, last_start),
    r.first_start AS spell_start, r.last_start AS spell_end,
    r.ports * 4 < r.calls AND w.protocol = 6 AS one_port,
    w.callers >= 10 AND w.callers * 2 >= w.all_callers AS fleet,
    CASE
      WHEN w.longest >= $hours::DOUBLE * 3600 AND coalesce(one_port, true) THEN 'long connection'
      WHEN one_port THEN 'window artefact'
      ELSE 'beacon'
    END AS outcome
  FROM named_channel w
    LEFT JOIN rated_spell r USING (channel_no)
), weighed AS (
  SELECT *,
    CASE WHEN aws_own THEN 0.7 ELSE 1 END
      * CASE WHEN refused THEN 0.85 ELSE 1 END
      * CASE WHEN fleet THEN 0.85 ELSE 1 END AS factor
  FROM finding
  WHERE outcome <> 'beacon' OR raw IS NOT NULL
), scored AS (
  SELECT *,
    CASE outcome
      WHEN 'beacon' THEN raw * weight * factor
      WHEN 'long connection' THEN 0.1 + 0.2 * least(1, longest / 43200)
      ELSE 0.1
    END AS score,
    outcome = 'beacon' AND raw * weight < $least::DOUBLE AND raw >= greatest(0.85, $least::DOUBLE) AS too_few,
    ceil(exp($least::DOUBLE / raw * ln(48)))::BIGINT AS enough
  FROM weighed
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN outcome <> 'beacon' THEN 'info'
    WHEN aws_own OR fleet OR too_few THEN 'low'
    WHEN kept < 0.6 OR timing < 0.75 AND kept < 0.9 THEN 'low'
    WHEN score >= 0.8 AND timing >= 0.8 AND size >= 0.8 AND door_callers IS NULL THEN 'high'
    ELSE 'medium'
  END AS severity,
  CASE outcome
    WHEN 'beacon'
      THEN format(
        '{} calls {} in {:.1f} h{}, every {:.0f} s (MAD {:.0f} s), {:.0f} bytes each: '
          || '{:.0f}% of the pauses keep to it ({:.2f}), timing {:.2f}, size {:.2f}, weight of the number {:.2f}{}',
        calls, direction, spell_hours,
        CASE
          WHEN sessions = calls THEN ''
          ELSE format(
            ', from {} to {}, the best spell of {} calls in all',
            strftime(spell_start, '%m-%d %H:%M'), strftime(spell_end, '%m-%d %H:%M'), sessions
          )
        END,
        p[2], p_mad, b[2], 100 * kept, regular, timing, size, weight,
        CASE WHEN aws_own THEN ', 0.7 for AWS''s own' || coalesce(' (' || nullif(service, '') || ')', '') ELSE '' END
          || CASE WHEN refused THEN ', 0.85 as every call was refused' ELSE '' END
          || CASE
            WHEN fleet THEN format(', 0.85 as {} of {} inside hosts call there', callers, all_callers)
            ELSE ''
          END
          || coalesce(format('; the door is public, {} outside addresses call it', door_callers), '')
          || CASE
            WHEN too_few
              THEN format('; too few calls to be told from chance: {} like these would pass {:.2f}', enough, $least::DOUBLE)
            ELSE ''
          END
      )
    WHEN 'long connection'
      THEN format(
        'one connection {} lasted {:.1f} h in {} records: what is inside it has no visible rhythm',
        direction, longest / 3600, longest_records
      )
    ELSE format(
      '{} calls {} from hardly more ports than one: the keep-alives of a connection, every {:.0f} s',
      sessions, direction, p[2]
    )
  END AS reason,
  key_text(client_key) AS src, key_text(server_key) AS dst,
  server_port AS dstport, name, registered_domain, interface_id, records::BIGINT AS "rows",
  first_start AS from_time, last_end AS to_time,
  outcome, direction, protocol, sessions, spells, calls, round(spell_hours, 2) AS spell_hours,
  round(covered_hours, 2) AS covered_hours, callers, p[2] AS pause_seconds,
  round(regular, 3) AS regular, round(timing, 3) AS timing, round(size, 3) AS size,
  service, capture
FROM scored
WHERE outcome = 'long connection' AND longest >= $hours::DOUBLE * 3600
  OR outcome = 'window artefact' AND (longest >= $hours::DOUBLE * 3600 OR raw >= $least::DOUBLE)
  OR outcome = 'beacon' AND (score >= $least::DOUBLE OR too_few)
ORDER BY scored.score DESC, first_start, client_key, peer, server_port, protocol, interface_id, capture
