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
-- in a quarter of the capture's hours or less; 0.6 of that for AWS's own places, and for steady senders.
--
-- false-positives: Log and metric shippers, backups, image pushes, replication, mail.
--
-- not-proof: That the data was taken. Whether it was unusual for the host is the hunt unusual-upload's.
--
-- attack: T1041, T1048, T1567
-- needs:  session
-- param:  ratio    number   = 0.8  producer-consumer ratio from -1 (only receiving) to 1 (only sending)
-- param:  mb       number   = 10   megabytes out at least: below, replies of a service can look like it
-- param:  clients  int      = 10   a port of ours with more outside clients is a public service
-- param:  top      int      = 50   so many findings, the best; the reason says of how many
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   looked  connections between inside and outside that were let through
-- step:   two_way  interfaces with bytes both ways
-- step:   channel  hosts and places with enough bytes out
-- step:   sending  of them mostly sending
-- column: direction text
-- column: connections count
-- column: bytes_out bytes
-- column: bytes_in bytes
-- column: ratio number
-- column: hours count
-- column: capture_hours count
-- column: service text
WITH looked AS (
  SELECT capture, interface_id, instance_id, direction, CASE WHEN direction = 'out' THEN client_n ELSE server_n END AS host_n, CASE WHEN direction = 'out' THEN server_n ELSE client_n END AS outside_n,
    CASE WHEN direction = 'out' THEN CASE WHEN name IS NULL THEN server_n ELSE hash(name)::UHUGEINT END ELSE client_n END AS place, CASE WHEN direction = 'out' THEN name END AS name, CASE WHEN direction = 'out' THEN server_service END AS service, server_port,
    coalesce(CASE WHEN direction = 'out' THEN bytes_out ELSE bytes_in END, 0) AS sent, coalesce(CASE WHEN direction = 'out' THEN bytes_in ELSE bytes_out END, 0) AS got, records, start, "end"
  FROM session
  WHERE direction IN ('out', 'in') AND NOT translated AND NOT refused
    AND ($capture = '' OR capture = $capture) AND ($from::TIMESTAMP IS NULL OR start >= $from::TIMESTAMP) AND ($to::TIMESTAMP IS NULL OR start < $to::TIMESTAMP)
), two_way AS (
  SELECT DISTINCT capture, interface_id FROM looked WHERE sent > 0 AND got > 0
), bounds AS (
  SELECT capture, date_diff('hour', min(start), max("end")) + 1 AS capture_hours FROM looked GROUP BY ALL
), channel AS (
  SELECT capture, interface_id, direction, host_n, place, server_port, min(name) AS name, arg_max(outside_n, (sent, outside_n)) AS outside_n, max(service) AS service, count(*) AS connections, count(instance_id) > 0 AS has_instance, sum(sent)::BIGINT AS sent, sum(got)::BIGINT AS got, sum(records)::BIGINT AS records,
    min(start) AS first_start, max("end") AS last_end
  FROM looked GROUP BY capture, interface_id, direction, host_n, place, server_port HAVING sum(sent) >= $mb::DOUBLE * 1000000
  QUALIFY row_number() OVER (PARTITION BY capture, direction, host_n, place, server_port ORDER BY count(instance_id) > 0 DESC, sum(sent) DESC, interface_id) = 1
), served AS (
  SELECT capture, host_n, server_port, count(DISTINCT outside_n) AS outside_clients FROM looked SEMI JOIN (FROM channel WHERE direction = 'in') USING (capture, host_n, server_port) WHERE direction = 'in' GROUP BY ALL
), sending AS (
  SELECT c.*, (c.sent - c.got) / (c.sent + c.got) AS pcr
  FROM channel c SEMI JOIN two_way USING (capture, interface_id) LEFT JOIN served s ON c.direction = 'in' AND s.capture = c.capture AND s.host_n = c.host_n AND s.server_port IS NOT DISTINCT FROM c.server_port
  WHERE (c.sent - c.got) / (c.sent + c.got) >= $ratio::DOUBLE AND coalesce(s.outside_clients, 0) <= $clients::BIGINT
), active AS (
  SELECT capture, interface_id, direction, host_n, place, server_port, count(DISTINCT hour) AS hours
  FROM (
    SELECT l.capture, l.interface_id, l.direction, l.host_n, l.place, l.server_port, unnest(generate_series(date_trunc('hour', l.start), l."end", INTERVAL 1 HOUR)) AS hour
    FROM looked l SEMI JOIN sending USING (capture, interface_id, direction, host_n, place, server_port) WHERE l.sent > 0
  ) GROUP BY ALL
), told AS (
  SELECT s.*, a.hours, b.capture_hours, b.capture_hours >= 6 AND a.hours >= 0.75 * b.capture_hours AS steady, a.hours <= greatest(1, 0.25 * b.capture_hours) AS burst,
    coalesce(s.service <> 'EC2', false) OR coalesce(regexp_matches(s.name, '\.amazonaws\.com(\.cn)?$') AND NOT regexp_matches(s.name, '\.(compute|elb)\.amazonaws\.com'), false) AS aws
  FROM sending s JOIN active a USING (capture, interface_id, direction, host_n, place, server_port) JOIN bounds b USING (capture)
), scored AS (
  SELECT *, (0.25 + 0.15 * greatest(0, (pcr - $ratio::DOUBLE) / greatest(0.001, 1 - $ratio::DOUBLE)) + 0.3 * least(1, greatest(0, ln(sent / 1e7) / ln(1000))) + 0.15 * (name IS NULL)::INTEGER + 0.15 * burst::INTEGER) * CASE WHEN aws OR steady THEN 0.6 ELSE 1 END AS score FROM told
), ranked AS (
  SELECT *, row_number() OVER (ORDER BY score DESC, sent DESC, capture, host_n, place, server_port, direction) AS rank, count(*) OVER () AS all_findings FROM scored
)
SELECT round(score, 3)::DOUBLE AS score, CASE WHEN aws AND steady THEN 'info' WHEN aws OR steady OR score < 0.5 THEN 'low' ELSE 'medium' END AS severity,
  format('{:.1f} MB went out and {:.1f} MB came back (ratio {:.2f}) in {} connections that {}, in {} of {} hours{}{}{}{}', sent / 1e6, got / 1e6, pcr, connections, CASE WHEN direction = 'out' THEN 'it opened' ELSE 'the outside opened' END, hours, capture_hours,
    CASE WHEN steady THEN ': steadily, as log shippers do' WHEN burst THEN ': in a burst' ELSE '' END, CASE WHEN direction = 'out' AND name IS NULL THEN '; no name led there' ELSE '' END, CASE WHEN aws THEN '; a place of AWS' || coalesce(' (' || service || ')', '') ELSE '' END,
    CASE WHEN all_findings > $top::BIGINT THEN format(' ({} of {} findings are shown)', $top::BIGINT, all_findings) ELSE '' END) AS reason,
  number_text(CASE WHEN direction = 'out' THEN host_n ELSE outside_n END) AS src, number_text(CASE WHEN direction = 'out' THEN outside_n ELSE host_n END) AS dst, server_port AS dstport, name, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  direction, connections, sent AS bytes_out, got AS bytes_in, round(pcr, 3) AS ratio, hours, capture_hours, service, capture
FROM ranked
WHERE rank <= $top::BIGINT
ORDER BY rank
