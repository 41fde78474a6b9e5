-- Who sent far more out than it ever does
--
-- Bytes per inside host, outside place and hour, against the same host's usual hour. A place is a
-- name where the Resolver log gives one, else an address. A connection's bytes are spread evenly
-- over the hours it lasted; of one that claims more than a year only the first year is looked at.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of
-- flows. What was sent, and whether it was data or a replay of what came in.
--
-- method: Robust z of the fullest hour: (x - median) / (1.4826 MAD + 1 MB) over every hour of the
-- host that has traffic, each with its largest place; at least 6 and 50 MB. Named after
-- TrafficVolumeUnusual of GuardDuty. Score: 0.25 for z (full at 100), 0.25 for the size
-- (full at 5 GB), 0.25 where nothing like it went there on another day, 0.15 for sending
-- more than nine times what came back (producer-consumer ratio, Bullard and Gerth, FloCon
-- 2014), 0.1 for an address without a name; 0.6 of that for AWS's own places.
--
-- false-positives: Backups, shipping of logs, image pushes, migrations. To S3 and AWS's own services
-- it is never more than medium: the account behind it cannot be seen.
--
-- not-proof: That the data was taken: only that it left. An hour of many megabytes to a new place
-- deserves a question to the owner.
--
-- attack: T1048, T1041, T1567.002, T1537, T1030
-- needs:  session_keys, answer_name, service_address
-- param:  z        number   = 6   how unusual at least
-- param:  mb       number   = 50  megabytes in the fullest hour at least
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   connection  connections that sent something out
-- step:   place_hour  hosts, places and hours
-- step:   unusual_place  hosts and places with such an hour
-- column: bytes_out bytes
-- column: bytes_in bytes
-- column: fullest_hour time
-- column: fullest_bytes bytes
-- column: z number
-- column: is_new flag
-- column: service text
WITH connection AS (
  SELECT capture, interface_no, interface_id, instance_id,
    CASE WHEN direction = 'out' THEN client_key ELSE server_key END AS host,
    CASE WHEN direction = 'out' THEN server_key ELSE client_key END AS outside_key,
    CASE WHEN direction = 'out' THEN peer_no(server_key, name_no) ELSE client_key END AS place,
    CASE WHEN direction = 'out' THEN name_no END AS name_no,
    direction = 'out' AS outward,
    CASE WHEN direction = 'out' THEN server_port ELSE client_port END AS port,
    coalesce(CASE WHEN direction = 'out' THEN bytes_out ELSE bytes_in END, 0) AS sent,
    coalesce(CASE WHEN direction = 'out' THEN bytes_in ELSE bytes_out END, 0) AS got,
    records, start, "end", epoch_us(start) // 3600000000 AS hour
  FROM session_keys
  WHERE direction IN ('out', 'in')
    AND NOT translated
    AND coalesce(CASE WHEN direction = 'out' THEN bytes_out ELSE bytes_in END, 0) > 0
    AND of(capture, $capture) AND within(start, $from, $to)
), host_interface AS (
  SELECT any_value(capture) AS capture, interface_no, any_value(interface_id) AS interface_id, host
  FROM connection
  GROUP BY interface_no, host
  QUALIFY row_number() OVER (
    PARTITION BY any_value(capture), host
    ORDER BY count(instance_id) DESC, sum(sent) DESC, any_value(interface_id)
  ) = 1
), sent_part AS (
  SELECT interface_no, host, place, sent::DOUBLE AS sent, hour
  FROM connection
  WHERE epoch_us("end") // 3600000000 = hour
  UNION ALL
  SELECT interface_no, host, place, sent / (date_diff('hour', start, "end") + 1),
    epoch_us(
      unnest(generate_series(date_trunc('hour', start), least("end", start + INTERVAL 366 DAY), INTERVAL 1 HOUR))
    ) // 3600000000
  FROM connection
  WHERE epoch_us("end") // 3600000000 <> hour
), place_hour AS MATERIALIZED (
  SELECT interface_no, host, place, hour, sum(sent) AS sent
  FROM sent_part
    SEMI JOIN host_interface USING (interface_no, host)
  GROUP BY interface_no, host, place, hour
), usual_hour AS (
  SELECT interface_no, host, median(most) AS middle, mad(most) AS spread, count(*) AS hours
  FROM (SELECT interface_no, host, hour, max(sent) AS most FROM place_hour GROUP BY ALL)
  GROUP BY ALL
), peak AS (
  SELECT interface_no, host, place, max(sent) AS most, arg_max(hour, (sent, hour)) AS hour
  FROM place_hour
    SEMI JOIN (FROM place_hour WHERE sent >= $mb::DOUBLE * 1000000) USING (interface_no, host, place)
  GROUP BY interface_no, host, place
), unusual_place AS (
  SELECT f.*, u.middle, u.spread, u.hours, (f.most - u.middle) / (1.4826 * u.spread + 1000000) AS z,
    NOT EXISTS (
      FROM place_hour h
      WHERE h.interface_no = f.interface_no
        AND h.host = f.host
        AND h.place = f.place
        AND h.sent > f.most / 10
        AND abs(h.hour - f.hour) > 12
    ) AS is_new
  FROM peak f
    JOIN usual_hour u USING (interface_no, host)
  WHERE (f.most - u.middle) / (1.4826 * u.spread + 1000000) >= $z::DOUBLE
), upload AS (
  SELECT any_value(l.capture) AS capture, any_value(l.interface_id) AS interface_id,
    u.host, u.place, any_value(u.most) AS most,
    make_timestamp(any_value(u.hour) * 3600000000) AS hour,
    any_value(u.middle) AS middle, any_value(u.z) AS z, any_value(u.is_new) AS is_new,
    sum(l.sent)::BIGINT AS sent, sum(l.got)::BIGINT AS got,
    min(n.name) AS name, max(v.service) FILTER (l.outward) AS service,
    arg_max(l.outside_key, (l.sent, l.outside_key, l.port)) AS outside_key,
    arg_max(l.port, (l.sent, l.outside_key, l.port)) AS port,
    sum(l.records)::BIGINT AS records, min(l.start) AS first_start, max(l."end") AS last_end
  FROM unusual_place u
    JOIN connection l USING (interface_no, host, place)
    LEFT JOIN answer_name n ON n.name_no = l.name_no
    LEFT JOIN service_address v ON v.server_key = l.outside_key
  GROUP BY u.interface_no, u.host, u.place
), scored AS (
  SELECT *,
    coalesce(service <> 'EC2', false)
      OR coalesce(amazonaws_domain(name) AND NOT aws_compute_name(name), false) AS aws,
    0.25 * least(1, ln(z) / ln(100))
      + 0.25 * least(1, greatest(0, ln(most / 50000000) / ln(100)))
      + 0.25 * is_new::INTEGER
      + 0.15 * (sent > 9 * got)::INTEGER
      + 0.1 * (name IS NULL)::INTEGER AS raw
  FROM upload
)
SELECT round(raw * CASE WHEN aws THEN 0.6 ELSE 1 END, 3)::DOUBLE AS score,
  CASE
    WHEN aws THEN CASE WHEN is_new AND raw >= 0.6 THEN 'medium' ELSE 'low' END
    WHEN NOT is_new THEN 'low'
    WHEN raw >= 0.7 THEN 'high'
    WHEN raw >= 0.4 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{:.0f} MB in the hour from {}, usual {:.1f} MB (z {:.0f}); '
      || '{:.0f} MB sent in all, {:.0f} MB came back; {}{}{}',
    most / 1e6, strftime(hour, '%m-%d %H:%M'), middle / 1e6, z, sent / 1e6, got / 1e6,
    CASE
      WHEN is_new THEN 'nothing like it on another day'
      ELSE 'the like went there at other times'
    END,
    CASE WHEN name IS NULL THEN '; no name led there' ELSE '' END,
    CASE
      WHEN aws THEN '; a place of AWS' || coalesce(' (' || service || ')', '')
      ELSE ''
    END
  ) AS reason,
  key_text(host) AS src, key_text(outside_key) AS dst,
  port AS dstport, name, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  sent AS bytes_out, got AS bytes_in, hour AS fullest_hour, most::BIGINT AS fullest_bytes, round(z, 1) AS z,
  is_new, service, capture
FROM scored
ORDER BY 1 DESC, sent DESC, host, place, capture
