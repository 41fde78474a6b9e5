-- What stayed open for hours
--
-- Connections that lasted, in either direction and inside; those of one client to one place and
-- port are one row. What is inside one has no rhythm that could be seen, so that the hunt beacon
-- must leave it: here it is.
--
-- cannot: When somebody was really there: a connection that is kept alive looks the same in use and
-- idle. One without a packet for long falls apart. What began before the capture or went on after
-- it was longer than it is said to be.
--
-- method: Duration with the steps of RITA v5 (1, 4, 8 and 12 hours; formula only). Ours: sessions of the same
-- two ports whose pause is at most 30 minutes and whose later one has no SYN are one connection, so
-- that rare keep-alives do not hide it; connections that were refused are left out, as are time
-- servers; many such connections to one place are one row; places are names where one led there.
-- Score: up to 0.4 for the longest (full at 12 hours), 0.2 for the outside, 0.1 where it began within
-- the capture, 0.1 where no name led there or the client is outside, 0.1 for a port of remote
-- administration; half of that for AWS's own, and where half of the inside hosts, and ten of them, call the place.
-- That no name led there can only be said an hour into a Resolver log of the capture. Medium where it
-- began within the capture, lasted four hours or is remote administration, and came from the outside or went where
-- no name led.
--
-- false-positives: Databases, agents, message queues, VPN, mounted file systems, web sockets. Inside and to
-- AWS's own it is never more than info.
--
-- measured: found: planted acts 1 of 1. False findings in benign days, high and medium: two days of ctu-normal 0 and 0,
-- a generated day 0 and 0. False findings per million benign records, high and medium: ctu-normal 0 and 0, benign-dns 0
-- and 0, ordinary day 0 and 0.
--
-- not-proof: That anything wrong goes on in it.
--
-- attack: T1071, T1095, T1572, T1021
-- phase:  in entry, out home, inside none
-- kind:   duration
-- log:    flow
-- weight: in own, out support, inside support
-- needs:  connection_keys, answer_name, service_address, resolver_log
-- steps:  aws-own
-- param:  hours    number   = 1    at least so many hours: the first step of RITA
-- param:  pause    minutes  = 30   pauses of up to so many minutes do not end a connection that shows no new SYN
-- param:  skip     text     = 123  ports that do not count, with commas: time servers reuse one port for ever
-- param:  top      int      = 50   so many findings, the best; the reason says of how many
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   open_connection  connections that were let through
-- step:   lasting_ports  pairs of ports that were in use for long enough, with pauses or without
-- step:   whole_connection  connections that lasted
-- step:   dropped_entry  entries of skip that are no port
-- column: direction text
-- column: connections count
-- column: hours number
-- column: hours_in_all number
-- column: began_before flag
-- column: goes_on flag
-- column: parts count
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
-- column: callers count
-- column: protocol protocol
-- column: service text
WITH listed_port AS (
  SELECT trim(unnest(string_split($skip, ','))) AS entry
), skipped_port AS (
  SELECT unnest(port_list(entry)) AS port FROM listed_port
), dropped_entry AS (
  FROM listed_port WHERE entry <> '' AND len(port_list(entry)) = 0
), open_connection AS NOT MATERIALIZED (
  SELECT capture, interface_id, instance_id, direction, client_key, client_port, server_key,
    server_port, protocol, name_no, tcp_flags, bytes_out, bytes_in, records, start, "end",
    hash(capture, client_key, client_port, server_key, server_port, protocol) AS ports
  FROM connection_keys
  WHERE NOT refused
    AND NOT (protocol IN (6, 17) AND coalesce(server_port, 0) IN (SELECT port FROM skipped_port))
    AND of(capture, $capture) AND within(start, $from, $to)
), capture_span AS (
  SELECT capture, min(start) AS begun, max("end") AS ended FROM open_connection GROUP BY capture
), lasting_ports AS (
  SELECT ports
  FROM open_connection
  GROUP BY ports
  HAVING max(epoch_us("end")) - min(epoch_us(start)) >= $hours::DOUBLE * 3600000000
), broken_connection AS (
  SELECT l.*,
    coalesce(
      coalesce(l.tcp_flags, 0) & 2 = 2
        OR l.start > max(l."end") OVER (
          PARTITION BY l.capture, l.client_key, l.client_port, l.server_key, l.server_port, l.protocol
          ORDER BY l.start, l."end"
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
          + to_minutes($pause::BIGINT),
      true
    ) AS broken
  FROM open_connection l
    SEMI JOIN lasting_ports USING (ports)
), numbered_part AS (
  SELECT *,
    count(*) FILTER (broken) OVER (
      PARTITION BY capture, client_key, client_port, server_key, server_port, protocol
      ORDER BY start, "end"
      ROWS UNBOUNDED PRECEDING
    ) AS part
  FROM broken_connection
), whole_connection AS (
  SELECT capture, coalesce(min(interface_id) FILTER (instance_id IS NOT NULL), min(interface_id)) AS interface_id,
    min(direction) AS direction,
    client_key, client_port, p.server_key, server_port, protocol,
    min(n.name) AS name, max(v.service) AS service,
    bool_and(CASE WHEN p.name_no IS NULL THEN a.server_key IS NOT NULL ELSE m.name_no IS NOT NULL END) AS aws, count(*) AS parts,
    bounded(sum(bytes_out)) AS bytes_out, bounded(sum(bytes_in)) AS bytes_in,
    sum(records)::BIGINT AS records, min(start) AS first_start, max("end") AS last_end
  FROM numbered_part p
    LEFT JOIN answer_name n ON n.name_no = p.name_no
    LEFT JOIN aws_name m ON m.name_no = p.name_no
    LEFT JOIN aws_address a ON a.server_key = p.server_key
    LEFT JOIN service_address v ON v.server_key = p.server_key
  GROUP BY capture, client_key, client_port, p.server_key, server_port, protocol, part
  HAVING epoch(max("end") - min(start)) >= $hours::DOUBLE * 3600
), placed_connection AS (
  SELECT *, coalesce(name, key_text(server_key)) AS place FROM whole_connection
), lasting_place AS (
  SELECT capture, arg_max(interface_id, (last_end - first_start, interface_id)) AS interface_id,
    direction, client_key, place, min(name) AS name,
    arg_max(server_key, (last_end - first_start, server_key)) AS server_key,
    server_port, protocol,
    max(service) AS service, bool_and(aws) AS aws, count(*) AS connections, max(parts) AS parts,
    max(epoch(last_end - first_start)) / 3600 AS longest,
    sum(epoch(last_end - first_start)) / 3600 AS in_all,
    bounded(sum(bytes_out)) AS bytes_out, bounded(sum(bytes_in)) AS bytes_in,
    sum(records)::BIGINT AS records, min(first_start) AS first_start, max(last_end) AS last_end
  FROM placed_connection
  GROUP BY capture, direction, client_key, place, server_port, protocol
), place_callers AS (
  SELECT capture, place, count(DISTINCT client_key) AS callers FROM lasting_place WHERE direction = 'out' GROUP BY ALL
), capture_callers AS (
  SELECT capture, count(DISTINCT client_key) AS callers FROM open_connection WHERE direction = 'out' GROUP BY capture
), candidate AS (
  SELECT s.*,
    s.first_start < b.begun + INTERVAL 10 MINUTE AS began_before,
    s.last_end > b.ended - INTERVAL 10 MINUTE AS goes_on,
    s.direction <> 'inside' AS outside,
    s.server_port IN (22, 23, 3389, 5900, 5985, 5986) AS admin,
    s.direction = 'out' AND s.name IS NULL AND coalesce(s.first_start >= r.first_query + INTERVAL 1 HOUR, false) AS unnamed,
    coalesce(p.callers, 1) AS callers, coalesce(p.callers >= 10 AND p.callers * 2 >= e.callers, false) AS fleet
  FROM lasting_place s
    JOIN capture_span b USING (capture)
    LEFT JOIN resolver_log r ON r.capture = s.capture
    LEFT JOIN place_callers p ON s.direction = 'out' AND p.capture = s.capture AND p.place = s.place
    LEFT JOIN capture_callers e ON e.capture = s.capture
), scored AS (
  SELECT *,
    (
      0.4 * least(1, ln(1 + longest) / ln(13))
        + 0.2 * outside::INTEGER
        + 0.1 * (NOT began_before)::INTEGER
        + 0.1 * (direction = 'in' OR unnamed)::INTEGER
        + 0.1 * admin::INTEGER
    ) * CASE WHEN aws OR fleet THEN 0.5 ELSE 1 END AS score
  FROM candidate
), ranked AS (
  SELECT *,
    row_number() OVER (
      ORDER BY score DESC, in_all DESC, capture, client_key, place, server_port, protocol, direction
    ) AS rank,
    count(*) OVER () AS all_findings
  FROM scored
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN NOT outside OR aws THEN 'info'
    WHEN (longest >= 4 OR admin) AND NOT began_before AND NOT fleet AND (direction = 'in' OR unnamed) THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} from {} to {} lasted {:.1f} h{}{}{}; {:.1f} MB went from {} to {}, {:.1f} MB back{}{}{}{}{}',
    CASE
      WHEN connections = 1 THEN 'one connection'
      ELSE format('the longest of {} connections', connections)
    END,
    key_text(client_key), place, longest,
    CASE WHEN connections > 1 THEN format(', {:.1f} h in all', in_all) ELSE '' END,
    CASE
      WHEN began_before AND goes_on THEN ', as long as the capture'
      WHEN began_before THEN ', since the capture began or before'
      WHEN goes_on THEN ', to the end of the capture or longer'
      ELSE ''
    END,
    CASE WHEN parts > 1 THEN format(', in {} parts with pauses', parts) ELSE '' END,
    coalesce(bytes_out, 0) / 1e6, key_text(client_key), key_text(server_key), coalesce(bytes_in, 0) / 1e6,
    CASE WHEN unnamed THEN '; no name led there' ELSE '' END,
    CASE WHEN callers > 1 THEN format('; {} inside hosts have such', callers) ELSE '' END,
    CASE
      WHEN aws THEN '; a service of AWS' || coalesce(' (' || service || ')', '')
      ELSE ''
    END,
    shown_of($top, all_findings, 'findings'),
    coalesce((SELECT '; no port, in skip: ' || string_agg(entry, ' ' ORDER BY entry) FROM dropped_entry), '')
  ) AS reason,
  key_text(client_key) AS src, key_text(server_key) AS dst,
  server_port AS dstport, name, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  direction, connections,
  round(longest, 2) AS hours, round(in_all, 2) AS hours_in_all,
  began_before, goes_on, parts,
  CASE WHEN direction = 'in' THEN bytes_in ELSE bytes_out END AS bytes_to_peer,
  CASE WHEN direction = 'in' THEN bytes_out ELSE bytes_in END AS bytes_from_peer, callers, protocol, service, capture
FROM ranked
WHERE rank <= $top::BIGINT
ORDER BY rank
