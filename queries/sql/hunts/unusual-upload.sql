-- Who sent far more out than it ever does
--
-- Three ways to send much, each against what the same host usually does: in one hour to one place; in all to one
-- place that nobody else calls, steadily or in pieces; and in small pieces to many such places. A place is a
-- name where the Resolver log gives one, else an address. A connection's bytes are spread evenly
-- over the hours it lasted; of one that claims more than a year only the first year is looked at.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of
-- flows. What was sent, and whether it was data or a replay of what came in.
--
-- method: By the hour: robust z of the fullest hour, (x - median) / (1.4826 MAD + 1 MB) over every hour of the
-- host that has traffic, each with its largest place; at least 6 and 50 MB. In all: the same z of the sum over the
-- host's places, at least 6 and 100 MB, where no other inside host calls the place. In pieces: the sum over places that it
-- called and no other host calls, that got less than 100 MB each and more than came back from them; at least three and 100 MB. Named after
-- TrafficVolumeUnusual of GuardDuty. Score: 0.25 for z (full at 100), 0.25 for the size
-- (of the hour from 50 MB, full at 5 GB; of the sum from 100 MB, full at 10 GB), up to 0.25 where nothing like it went
-- there before, or more than twelve hours from the hour: as much of it as there are hours to compare with, full at 12; 0.15 for sending
-- more than nine times what came back (producer-consumer ratio, Bullard and Gerth, FloCon
-- 2014), 0.1 for an address without a name; 0.6 of that for places of AWS. Low where more came back than was sent, or the
-- like went there before; high from 0.7, unless three hosts or more call the place.
--
-- false-positives: Backups, shipping of logs, image pushes, migrations, files that people send. To S3 and AWS's own services
-- it is never more than medium: S3 is rented by anybody, but the account behind it cannot be seen, and most of what goes there
-- is a backup.
--
-- measured: found: planted acts 6 of 6. False findings in benign days, high and medium: two days of ctu-normal 0 and 0,
-- a generated day 0 and 3. False findings per million benign records, high and medium: ctu-normal 0 and 0, benign-dns 0
-- and 0, ordinary day 0 and 5.
--
-- not-proof: That the data was taken: only that it left. An hour of many megabytes to a new place
-- deserves a question to the owner.
--
-- attack: T1048, T1041, T1567.002, T1537, T1030
-- phase:  leave
-- kind:   volume
-- log:    flow
-- weight: own
-- needs:  connection_keys, answer_name, service_address
-- uses:   dns
-- needs-all: connection_keys
-- steps:  aws-own
-- param:  z        number   = 6    how unusual at least
-- param:  mb       number   = 50   megabytes in the fullest hour at least; in all at least twice as many
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   outside_connection  connections that sent something out
-- step:   place_sum  hosts and places
-- step:   unusual_place  hosts and places with an unusual hour or sum
-- step:   piece  places of too little for that, which no other host calls
-- column: kind text
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
-- column: places count
-- column: fullest_hour time
-- column: fullest_bytes bytes
-- column: z number
-- column: is_new flag
-- column: compared_hours number
-- column: callers count
-- column: service text
WITH outside_connection AS (
  SELECT capture, interface_id, instance_id,
    CASE WHEN direction = 'out' THEN client_key ELSE server_key END AS host,
    CASE WHEN direction = 'out' THEN server_key ELSE client_key END AS outside_key,
    CASE WHEN direction = 'out' THEN peer_no(server_key, name_no) ELSE client_key END AS place,
    CASE WHEN direction = 'out' THEN name_no END AS name_no,
    direction = 'out' AS outward,
    CASE WHEN direction = 'out' THEN server_port ELSE client_port END AS port,
    coalesce(CASE WHEN direction = 'out' THEN bytes_out ELSE bytes_in END, 0) AS sent,
    coalesce(CASE WHEN direction = 'out' THEN bytes_in ELSE bytes_out END, 0) AS got,
    records, start, "end", epoch_us(start) // 3600000000 AS hour
  FROM connection_keys
  WHERE direction IN ('out', 'in')
    AND coalesce(CASE WHEN direction = 'out' THEN bytes_out ELSE bytes_in END, 0) > 0
    AND of(capture, $capture) AND within(start, $from, $to)
), sending_host AS (
  SELECT capture, host, min(start) AS first_start,
    coalesce(min(interface_id) FILTER (instance_id IS NOT NULL), min(interface_id)) AS interface_id
  FROM outside_connection
  GROUP BY capture, host
), sent_part AS (
  SELECT capture, host, place, sent::DOUBLE AS sent, hour
  FROM outside_connection
  WHERE epoch_us("end") // 3600000000 = hour
  UNION ALL
  SELECT capture, host, place, sent / (date_diff('hour', start, "end") + 1),
    epoch_us(
      unnest(generate_series(date_trunc('hour', start), least("end", start + INTERVAL 366 DAY), INTERVAL 1 HOUR))
    ) // 3600000000
  FROM outside_connection
  WHERE epoch_us("end") // 3600000000 <> hour
), place_hour AS MATERIALIZED (
  SELECT capture, host, place, hour, sum(sent) AS sent
  FROM sent_part
  GROUP BY capture, host, place, hour
), host_hour AS (
  SELECT capture, host, hour, max(sent) AS most FROM place_hour GROUP BY capture, host, hour
), usual_hour AS (
  SELECT capture, host, median(most) AS middle, mad(most) AS spread, count(*) AS hours
  FROM host_hour
  GROUP BY capture, host
), place_sum AS MATERIALIZED (
  SELECT capture, host, place, bool_and(outward) AS outward, bounded(sum(sent)) AS sent, sum(got)::BIGINT AS got,
    sum(records)::BIGINT AS records, min(start) AS first_start, max("end") AS last_end
  FROM outside_connection
  GROUP BY capture, host, place
), place_callers AS (
  SELECT capture, place, count(DISTINCT host) AS callers FROM place_sum GROUP BY capture, place
), usual_sum AS (
  SELECT capture, host, median(sent) AS middle, mad(sent) AS spread, count(*) AS places
  FROM place_sum
  GROUP BY capture, host
), peak AS (
  SELECT capture, host, place, max(sent) AS most, arg_max(hour, (sent, hour)) AS hour
  FROM place_hour
    SEMI JOIN (FROM place_sum WHERE sent >= $mb::DOUBLE * 1000000) USING (capture, host, place)
  GROUP BY capture, host, place
), judged_place AS (
  SELECT p.*, k.most, k.hour, i.interface_id, c.callers, u.middle, u.hours, t.middle AS middle_sum, t.places,
    (k.most - u.middle) / (1.4826 * u.spread + 1000000) AS z_hour,
    (p.sent - t.middle) / (1.4826 * t.spread + 1000000) AS z_sum,
    k.most >= $mb::DOUBLE * 1000000 AND z_hour >= $z::DOUBLE AS by_hour,
    p.sent >= 2000000 * $mb::DOUBLE AND z_sum >= $z::DOUBLE AND c.callers = 1 AND t.places > 1 AS by_sum,
    epoch(p.first_start - i.first_start) / 3600 AS hours_before
  FROM place_sum p
    JOIN peak k USING (capture, host, place)
    JOIN sending_host i USING (capture, host)
    JOIN usual_hour u USING (capture, host)
    JOIN usual_sum t USING (capture, host)
    JOIN place_callers c ON c.capture = i.capture AND c.place = p.place
), unusual_place AS (
  FROM judged_place WHERE by_hour OR by_sum
), other_hours AS ( -- of the host, before it first called the place or twelve hours from the fullest, and what went there then
  SELECT u.capture, u.host, u.place, count(DISTINCT h.hour) AS hours, max(p.sent) AS most
  FROM unusual_place u
    JOIN host_hour h ON h.capture = u.capture
      AND h.host = u.host
      AND (abs(h.hour - u.hour) > 12 OR h.hour < epoch_us(u.first_start) // 3600000000)
    LEFT JOIN place_hour p ON p.capture = u.capture
      AND p.host = u.host
      AND p.place = u.place
      AND p.hour = h.hour
  GROUP BY ALL
), compared_place AS (
  SELECT u.*, coalesce(o.most, 0) <= u.most / 10 OR u.hours_before >= 12 AS is_new,
    coalesce(o.hours, 0) AS compared_hours
  FROM unusual_place u
    LEFT JOIN other_hours o USING (capture, host, place)
), upload AS (
  SELECT u.capture, u.host, u.place, any_value(n.name) AS name, any_value(n.name_no) AS name_no,
    max(v.service) FILTER (l.outward) AS service,
    bool_and(CASE WHEN l.name_no IS NULL THEN l.outward AND a.server_key IS NOT NULL ELSE m.name_no IS NOT NULL END) AS own,
    arg_max(l.outside_key, (l.sent, l.outside_key, l.port)) AS outside_key,
    arg_max(l.port, (l.sent, l.outside_key, l.port)) AS port
  FROM unusual_place u
    JOIN outside_connection l USING (capture, host, place)
    LEFT JOIN answer_name n ON n.name_no = l.name_no
    LEFT JOIN aws_name m ON m.name_no = l.name_no
    LEFT JOIN aws_address a ON a.server_key = l.outside_key
    LEFT JOIN service_address v ON v.server_key = l.outside_key
  GROUP BY u.capture, u.host, u.place
), piece AS (
  SELECT p.*, i.interface_id, i.first_start AS host_start
  FROM place_sum p
    JOIN sending_host i USING (capture, host)
    JOIN place_callers c ON c.capture = i.capture AND c.place = p.place
    ANTI JOIN unusual_place u ON u.capture = p.capture AND u.host = p.host AND u.place = p.place
  WHERE p.outward AND c.callers = 1 AND p.sent < 2000000 * $mb::DOUBLE AND p.sent > p.got
), pieces AS (
  SELECT capture, host, any_value(interface_id) AS interface_id, count(*) AS places,
    bounded(sum(sent)) AS sent, sum(got)::BIGINT AS got, max(sent) AS most, sum(records)::BIGINT AS records,
    count(*) FILTER (place < name_peer(0)) AS unnamed,
    min(first_start) AS first_start, max(last_end) AS last_end,
    epoch(min(first_start) - any_value(host_start)) / 3600 AS hours_before
  FROM piece
  GROUP BY capture, host
  HAVING sum(sent) >= 2000000 * $mb::DOUBLE AND count(*) >= 3
), finding AS (
  SELECT CASE WHEN c.by_hour THEN 'hour' ELSE 'in all' END AS kind,
    c.capture, c.interface_id, c.host, u.outside_key, u.port, u.name, c.place, 1 AS places, c.sent, c.got, c.records,
    c.first_start, c.last_end, c.most, c.hour, c.middle, c.hours, c.middle_sum, c.places AS other_places, c.callers,
    CASE WHEN c.by_hour THEN c.z_hour ELSE c.z_sum END AS z, c.is_new, c.compared_hours, u.service,
    u.own OR coalesce(u.service = 'S3', false) OR coalesce(regexp_matches(u.name, '(^|\.)s3[.-].*amazonaws\.com'), false) AS aws,
    greatest(
      ln(c.most / ($mb::DOUBLE * 1000000)) / ln(100),
      CASE WHEN c.by_sum THEN ln(c.sent / (2000000 * $mb::DOUBLE)) / ln(100) ELSE 0 END
    ) AS size
  FROM compared_place c
    JOIN upload u USING (capture, host, place)
  UNION ALL
  SELECT 'pieces', p.capture, p.interface_id, p.host, NULL, NULL, NULL, NULL, p.places, p.sent, p.got, p.records,
    p.first_start, p.last_end, p.most, NULL, u.middle, u.hours, t.middle, t.places, 1,
    (p.sent - t.middle) / (1.4826 * t.spread + 1000000), true, p.hours_before, NULL, false,
    ln(p.sent / (2000000 * $mb::DOUBLE)) / ln(100)
  FROM pieces p
    JOIN usual_hour u USING (capture, host)
    JOIN usual_sum t USING (capture, host)
), scored AS (
  SELECT *,
    0.25 * greatest(0, least(1, ln(z) / ln(100)))
      + 0.25 * greatest(0, least(1, size))
      + 0.25 * CASE WHEN is_new THEN least(1, compared_hours / 12) ELSE 0 END
      + 0.15 * (sent > 9 * got)::INTEGER
      + 0.1 * (name IS NULL)::INTEGER AS raw
  FROM finding
  WHERE z > 0
), described AS (
  SELECT s.*, d.registered_domain, key_text(s.host) AS host_text,
    coalesce(s.name, key_text(s.outside_key)) AS place_text
  FROM scored s
    LEFT JOIN (
      SELECT name, any_value(registered_domain) AS registered_domain
      FROM dns
        SEMI JOIN (SELECT name FROM finding) USING (name)
      GROUP BY name
    ) d ON d.name = s.name
)
SELECT round(raw * CASE WHEN aws THEN 0.6 ELSE 1 END, 3)::DOUBLE AS score,
  CASE
    WHEN got >= sent OR NOT is_new THEN 'low'
    WHEN aws THEN CASE WHEN raw >= 0.6 THEN 'medium' ELSE 'low' END
    WHEN raw >= 0.7 AND callers < 3 THEN 'high'
    WHEN raw >= 0.4 THEN 'medium'
    ELSE 'low'
  END AS severity,
  CASE kind
    WHEN 'hour'
      THEN format(
        '{} sent {:.0f} MB to {} in the hour from {}; its usual hour has {:.1f} MB, of {} hours with traffic (z {:.0f}); '
          || '{:.0f} MB to it in all, {:.0f} MB from it',
        host_text, most / 1e6, place_text, strftime(make_timestamp(hour * 3600000000), '%m-%d %H:%M'),
        middle / 1e6, hours, z, sent / 1e6, got / 1e6
      )
    WHEN 'in all'
      THEN format(
        '{} sent {:.0f} MB in all to {}, which no other inside host calls, at most {:.0f} MB in an hour; '
          || '{:.1f} MB went to its middle place of {} (z {:.0f}); {:.0f} MB from it',
        host_text, sent / 1e6, place_text, most / 1e6, middle_sum / 1e6, other_places, z, got / 1e6
      )
    ELSE format(
      '{} sent {:.0f} MB in pieces of at most {:.1f} MB to {} places that no other inside host calls; '
        || '{:.0f} MB came from them (z {:.0f})',
      host_text, sent / 1e6, most / 1e6, places, got / 1e6, z
    )
  END
    || CASE
      WHEN NOT is_new THEN '; the like went there at other times'
      WHEN compared_hours < 1 THEN '; there is hardly an hour to compare with'
      WHEN kind = 'pieces' THEN format('; the first {:.0f} h after its first record', compared_hours)
      ELSE format('; nothing like it went there in {:.0f} other hours of its records', compared_hours)
    END
    || CASE WHEN got >= sent THEN '; more came back than was sent' ELSE '' END
    || CASE WHEN name IS NULL AND kind <> 'pieces' THEN '; no name led there' ELSE '' END
    || CASE WHEN callers > 1 THEN format('; {} inside hosts call it', callers) ELSE '' END
    || CASE
      WHEN aws THEN '; a place of AWS' || coalesce(' (' || service || ')', '')
      ELSE ''
    END AS reason,
  host_text AS src, key_text(outside_key) AS dst,
  port AS dstport, name, registered_domain, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  kind, sent AS bytes_to_peer, got AS bytes_from_peer, places,
  CASE WHEN hour IS NOT NULL THEN make_timestamp(hour * 3600000000) END AS fullest_hour,
  CASE WHEN hour IS NOT NULL THEN most::BIGINT END AS fullest_bytes, round(z, 1) AS z,
  is_new, round(compared_hours, 1) AS compared_hours, callers, service, capture
FROM described
ORDER BY 1 DESC, sent DESC, host, place, capture
