-- Which outside places only receive from us
--
-- Per inside host and outside place, whoever opened the connections: nearly all bytes went out. A
-- place is a name where one led there, else an address.
--
-- cannot: What was sent. Bytes are those of packets: an upload has acknowledgements that come back, a
-- compressed reply weighs little. A log of one direction cannot show it: interfaces without any
-- connection that has bytes both ways are left out.
--
-- method: Producer-consumer ratio (out - in) / (out + in) of at least 0.8 and at least 10 MB out (Bullard and
-- Gerth, FloCon 2014). Ours: a port of ours that more than ten outside addresses were served at is a
-- service that hands out files, and left out; sending in nearly every hour, as log shippers do, is told
-- apart from sending in few. Score: 0.25 for passing, up to 0.15 for the ratio (full at 1), up to 0.3
-- for bytes (full at 10 GB), 0.15 where no name led there or the outside fetched it, 0.15 where it was
-- in a quarter of the capture's hours or less; 0.6 of that for places of AWS, for steady senders, and where half of the
-- inside hosts, and ten of them, call the place. It is never more than medium, and low in these
-- three cases and below 100 MB to a name: what it
-- shows is a balance, and whether that is unusual is the hunt unusual-upload's. Places of AWS are its own, and S3, where most
-- of what goes there is a backup.
--
-- false-positives: Log and metric shippers, backups, image pushes, replication, mail.
--
-- measured: false findings in benign days, high and medium: two days of ctu-normal 0 and 0, a generated day 0 and 2.
-- False findings per million benign records, high and medium: ctu-normal 0 and 0, benign-dns 0 and 0, ordinary day 0
-- and 3.
--
-- not-proof: That the data was taken. Whether it was unusual for the host is the hunt unusual-upload's.
--
-- attack: T1041, T1048, T1567
-- phase:  leave
-- kind:   balance
-- log:    flow
-- weight: own
-- needs:  connection_keys, answer_name, service_address
-- steps:  aws-own
-- param:  ratio    number   = 0.8  producer-consumer ratio from -1 (only receiving) to 1 (only sending)
-- param:  mb       number   = 10   megabytes out at least: below, replies of a service can look like it
-- param:  clients  int      = 10   a port of ours with more outside clients is a public service
-- param:  top      int      = 50   so many findings, the best; the reason says of how many
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   outside_connection  connections between inside and outside that were let through
-- step:   two_way_interface  interfaces with bytes both ways
-- step:   channel  hosts and places with enough bytes out
-- step:   sending_channel  of them mostly sending
-- column: direction text
-- column: connections count
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
-- column: callers count
-- column: ratio number
-- column: hours count
-- column: capture_hours count
-- column: service text
WITH outside_connection AS NOT MATERIALIZED (
  SELECT capture, interface_no, interface_id, direction = 'out' AS outward,
    CASE WHEN direction = 'out' THEN client_key ELSE server_key END AS host_key,
    CASE WHEN direction = 'out' THEN server_key ELSE client_key END AS outside_key,
    CASE WHEN direction = 'in' THEN client_key ELSE peer_no(server_key, name_no) END AS place,
    CASE WHEN direction = 'out' THEN name_no END AS name_no,
    server_port,
    coalesce(CASE WHEN direction = 'out' THEN bytes_out ELSE bytes_in END, 0) AS sent,
    coalesce(CASE WHEN direction = 'out' THEN bytes_in ELSE bytes_out END, 0) AS got,
    records, start, "end"
  FROM connection_keys
  WHERE direction IN ('out', 'in')
    AND NOT refused
    AND of(capture, $capture) AND within(start, $from, $to)
), interface AS (
  SELECT interface_no, any_value(interface_id) AS interface_id, any_value(capture) AS capture,
    bool_or(sent > 0 AND got > 0) AS two_way,
    min(start) AS first_start, max("end") AS last_end
  FROM outside_connection
  GROUP BY interface_no
), capture_span AS (
  SELECT capture, date_diff('hour', min(first_start), max(last_end)) + 1 AS capture_hours
  FROM interface
  GROUP BY capture
), two_way_interface AS (
  FROM interface WHERE two_way
), channel AS ( -- told of the interface that sent most
  SELECT row_number() OVER () AS channel_no, e.*, a.interface_id, a.two_way, (e.sent - e.got) / (e.sent + e.got) AS pcr
  FROM (
    SELECT capture, outward, host_key, place, server_port,
      bounded(sum(sent)) AS sent, sum(got)::BIGINT AS got, arg_max(interface_no, (sent, interface_no)) AS interface_no
    FROM outside_connection
    GROUP BY capture, outward, host_key, place, server_port
    HAVING sum(sent) >= $mb::DOUBLE * 1000000
  ) e
    JOIN interface a USING (interface_no)
), place_callers AS (
  SELECT capture, place, count(DISTINCT host_key) AS callers
  FROM outside_connection
    SEMI JOIN (FROM channel WHERE outward) c USING (place)
  WHERE outward
  GROUP BY capture, place
), capture_callers AS (
  SELECT capture, count(DISTINCT host_key) AS callers FROM outside_connection WHERE outward GROUP BY capture
), served_port AS (
  SELECT capture, host_key, server_port, count(*) AS outside_clients
  FROM (
    SELECT DISTINCT capture, host_key, server_port, outside_key
    FROM outside_connection
      SEMI JOIN (FROM channel WHERE NOT outward) USING (capture, host_key, server_port)
    WHERE NOT outward
  )
  GROUP BY ALL
), sending_channel AS (
  SELECT c.*
  FROM channel c
    LEFT JOIN served_port s ON NOT c.outward
      AND s.capture = c.capture
      AND s.host_key = c.host_key
      AND s.server_port IS NOT DISTINCT FROM c.server_port
  WHERE c.two_way AND c.pcr >= $ratio::DOUBLE AND coalesce(s.outside_clients, 0) <= $clients::BIGINT
), sent_connection AS MATERIALIZED (
  SELECT s.channel_no, s.outward, l.name_no, l.outside_key, l.sent, l.records, l.start, l."end"
  FROM outside_connection l
    JOIN sending_channel s ON s.capture = l.capture
      AND s.outward = l.outward
      AND s.host_key = l.host_key
      AND s.place = l.place
      AND s.server_port IS NOT DISTINCT FROM l.server_port
), channel_sum AS (
  SELECT channel_no, min(n.name) AS name,
    bool_and(CASE WHEN t.name_no IS NULL THEN t.outward AND a.server_key IS NOT NULL ELSE m.name_no IS NOT NULL END) AS own,
    arg_max(outside_key, (sent, outside_key)) AS outside_key,
    max(v.service) AS service, count(*) AS connections,
    sum(records)::BIGINT AS records, min(start) AS first_start, max("end") AS last_end
  FROM sent_connection t
    LEFT JOIN answer_name n USING (name_no)
    LEFT JOIN aws_name m USING (name_no)
    LEFT JOIN aws_address a ON a.server_key = t.outside_key
    LEFT JOIN service_address v ON t.outward AND v.server_key = t.outside_key
  GROUP BY channel_no
), channel_hours AS (
  SELECT channel_no, count(DISTINCT hour) AS hours
  FROM (
    SELECT channel_no,
      unnest(generate_series(date_trunc('hour', start), least("end", start + INTERVAL 366 DAY), INTERVAL 1 HOUR)) AS hour
    FROM sent_connection
    WHERE sent > 0
  )
  GROUP BY channel_no
), candidate AS (
  SELECT s.*, a.hours, b.capture_hours,
    b.capture_hours >= 6 AND a.hours >= 0.75 * b.capture_hours AS steady,
    a.hours <= greatest(1, 0.25 * b.capture_hours) AS burst,
    s.own OR coalesce(s.service = 'S3', false) OR coalesce(regexp_matches(s.name, '(^|\.)s3[.-].*amazonaws\.com'), false) AS aws,
    coalesce(p.callers, 1) AS callers, coalesce(p.callers >= 10 AND p.callers * 2 >= e.callers, false) AS fleet
  FROM (
    SELECT s.*, w.* EXCLUDE (channel_no), CASE WHEN s.outward THEN 'out' ELSE 'in' END AS direction
    FROM sending_channel s
      JOIN channel_sum w USING (channel_no)
  ) s
    JOIN channel_hours a USING (channel_no)
    JOIN capture_span b USING (capture)
    LEFT JOIN place_callers p ON s.direction = 'out' AND p.capture = s.capture AND p.place = s.place
    LEFT JOIN capture_callers e ON e.capture = s.capture
), scored AS (
  SELECT *,
    (
      0.25
        + 0.15 * greatest(0, (pcr - $ratio::DOUBLE) / greatest(0.001, 1 - $ratio::DOUBLE))
        + 0.3 * least(1, greatest(0, ln(sent / 1e7) / ln(1000)))
        + 0.15 * (name IS NULL)::INTEGER
        + 0.15 * burst::INTEGER
    ) * CASE WHEN aws OR steady OR fleet THEN 0.6 ELSE 1 END AS score
  FROM candidate
), ranked AS (
  SELECT *,
    row_number() OVER (ORDER BY score DESC, sent DESC, capture, host_key, place, server_port, direction) AS rank,
    count(*) OVER () AS all_findings
  FROM scored
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN aws AND steady THEN 'info'
    WHEN aws OR steady OR fleet OR score < 0.5 OR name IS NOT NULL AND sent < 100000000 THEN 'low'
    ELSE 'medium'
  END AS severity,
  format(
    '{} sent {:.1f} MB to {} and got {:.1f} MB from it (ratio {:.2f}) in {} connection{} that {} opened, '
      || 'in {} of {} hours{}{}{}{}{}',
    key_text(host_key), sent / 1e6, coalesce(name, key_text(outside_key)), got / 1e6, pcr, connections, plural(connections),
    CASE WHEN direction = 'out' THEN key_text(host_key) ELSE key_text(outside_key) END,
    hours, capture_hours,
    CASE
      WHEN steady THEN ': steadily, as log shippers do'
      WHEN burst THEN ': in a burst'
      ELSE ''
    END,
    CASE WHEN direction = 'out' AND name IS NULL THEN '; no name led there' ELSE '' END,
    CASE
      WHEN aws THEN '; a place of AWS' || coalesce(' (' || service || ')', '')
      ELSE ''
    END,
    CASE WHEN callers > 1 THEN format('; {} inside hosts call it', callers) ELSE '' END,
    shown_of($top, all_findings, 'findings')
  ) AS reason,
  key_text(CASE WHEN direction = 'out' THEN host_key ELSE outside_key END) AS src,
  key_text(CASE WHEN direction = 'out' THEN outside_key ELSE host_key END) AS dst,
  server_port AS dstport, name, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  direction, connections, sent AS bytes_to_peer, got AS bytes_from_peer, callers, round(pcr, 3) AS ratio,
  hours, capture_hours, service, capture
FROM ranked
WHERE rank <= $top::BIGINT
ORDER BY rank
