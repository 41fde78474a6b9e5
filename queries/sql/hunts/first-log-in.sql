-- Log-ins from outside by somebody who never came before
--
-- The first log-in of an address from outside on a host, as the host's own log has it, with what it tried before and the
-- connection that it came by.
--
-- cannot: Tell a thief with the right key from its owner in another place. Session Manager leaves no line in an auth log, and
-- whoever owns a host can write or remove its lines.
--
-- method: Lines of sshd and the like that somebody was accepted, from an address outside. Told is the first of each address
-- on each host in the whole case, where the host's log is there for at least so many hours before. Refused are tries of the same
-- address on the same host in the day before: lines Failed …, and one for each port of the client that has other refusals only, as
-- sshd and PAM write several lines of one try. The connection is that from the same address and port to any address of the host,
-- where flow records have it. Score: 0.2; 0.3 for five refusals; 0.2 for a password; 0.1 where no address outside came to the host
-- before; 0.1 where the connection is there; 0.1 where it stayed for ten minutes. High for five refusals before, medium for a
-- password, low else.
--
-- false-positives: Administrators on the road, a new office, a deployment service that moves.
--
-- measured: found: planted guesses 1 of 1. False findings per million benign records, high and medium: ordinary
-- requests 0 and 0.
--
-- not-proof: That the user did not log in himself.
--
-- attack: T1078, T1110, T1021.004
-- phase:  entry
-- kind:   log-in
-- log:    host_log, flow
-- weight: own
-- needs:  host_log
-- uses:   connection, asset
-- needs-all: host_log
-- param:  hours    number   = 2  the host's log is there for at least so many hours before
-- param:  from     time          only what begins at or after this moment
-- param:  to       time          only what begins before this moment
-- param:  capture  capture       only this capture; empty for all
-- step:   line  lines of log-ins, taken and refused
-- step:   first_in  the first of each address on each host
-- step:   newcomer  those within the window, with a log that is there before
-- column: user text
-- column: way_in text
-- column: refused_before count
-- column: outside_before count
-- column: connection_minutes number
-- column: log_from time
-- column: host name
WITH line AS (
  SELECT capture, coalesce(instance_id, host, stream, '') AS machine, instance_id, host, time, action, "user", client_ip_n,
    client_port, message, object_id, row_no,
    CASE action WHEN 'accepted' THEN regexp_extract(message, 'Accepted ([a-z/-]+)', 1) END AS way_in
  FROM host_log
  WHERE action IN ('accepted', 'failed', 'invalid user') AND client_ip_n IS NOT NULL AND of(capture, $capture)
), log_begin AS (
  SELECT capture, coalesce(instance_id, host, stream, '') AS machine, min(time) AS log_from
  FROM host_log
  WHERE of(capture, $capture)
  GROUP BY ALL
), first_in AS (
  SELECT *, row_number() OVER (PARTITION BY capture, machine ORDER BY time, object_id, row_no) - 1 AS outside_before
  FROM (
    FROM line
    WHERE action = 'accepted' AND NOT private_number(client_ip_n)
    QUALIFY row_number() OVER (PARTITION BY capture, machine, client_ip_n ORDER BY time, object_id, row_no) = 1
  )
), newcomer AS (
  SELECT f.*, b.log_from
  FROM first_in f
    JOIN log_begin b USING (capture, machine)
  WHERE f.time >= b.log_from + to_milliseconds((3600000 * greatest($hours::DOUBLE, 0))::BIGINT)
), told AS (
  SELECT * FROM newcomer WHERE within(time, $from, $to)
), refused_at_port AS (
  SELECT t.capture, t.machine, t.client_ip_n, l.client_port, count(*) AS lines,
    count(*) FILTER (regexp_matches(l.message, 'Failed \S+ for ')) AS failed_lines
  FROM told t
    JOIN line l ON l.capture = t.capture
      AND l.machine = t.machine
      AND l.client_ip_n = t.client_ip_n
      AND l.action <> 'accepted'
      AND (l.time, l.object_id, l.row_no) < (t.time, t.object_id, t.row_no)
      AND l.time > t.time - INTERVAL 1 DAY
  GROUP BY ALL
), refused AS (
  SELECT capture, machine, client_ip_n, sum(lines)::BIGINT AS lines,
    coalesce(sum(greatest(failed_lines, 1)) FILTER (client_port IS NOT NULL), sum(lines))::BIGINT AS refusals
  FROM refused_at_port
  GROUP BY ALL
), owner AS (
  SELECT t.capture, t.machine, t.client_ip_n, a.address_n, sum(a.records) AS records
  FROM told t
    JOIN asset a ON a.instance_id = t.instance_id
      AND coalesce(a.capture, t.capture) = t.capture
      AND (a.address_n < 281474976710656::UHUGEINT) = (t.client_ip_n < 281474976710656::UHUGEINT)
  GROUP BY ALL
), likeliest_owner AS (
  SELECT capture, machine, client_ip_n, arg_min(address_n, (-coalesce(records, 0), address_n)) AS address_n,
    count(*) AS addresses
  FROM owner
  GROUP BY ALL
), by_connection AS (
  SELECT t.capture, t.machine, t.client_ip_n, max(epoch(c."end" - c.start)) / 60 AS minutes, count(*) AS connections,
    arg_max(c.server_n, (c."end" - c.start, c.server_n)) AS server_n, arg_max(c.server_port, (c."end" - c.start, c.server_n)) AS port
  FROM told t
    JOIN owner o USING (capture, machine, client_ip_n)
    JOIN connection c ON c.capture = t.capture
      AND c.client_n = t.client_ip_n
      AND c.server_n = o.address_n
      AND c.client_port = t.client_port
      AND c.start <= t.time + INTERVAL 1 MINUTE
      AND c."end" >= t.time - INTERVAL 2 MINUTE
  GROUP BY ALL
), scored AS (
  SELECT t.*, coalesce(r.refusals, 0) AS refusals, coalesce(r.lines, 0) AS lines, c.minutes, c.port,
    coalesce(c.connections, 0) AS connections, coalesce(c.server_n, o.address_n) AS address_n, coalesce(o.addresses, 0) AS addresses,
    0.2
      + 0.3 * (coalesce(r.refusals, 0) >= 5)::INTEGER
      + 0.2 * coalesce(t.way_in = 'password', false)::INTEGER
      + 0.1 * (t.outside_before = 0)::INTEGER
      + 0.1 * (c.connections IS NOT NULL)::INTEGER
      + 0.1 * coalesce(c.minutes >= 10, false)::INTEGER AS score
  FROM told t
    LEFT JOIN refused r USING (capture, machine, client_ip_n)
    LEFT JOIN by_connection c USING (capture, machine, client_ip_n)
    LEFT JOIN likeliest_owner o USING (capture, machine, client_ip_n)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE WHEN refusals >= 5 THEN 'high' WHEN way_in = 'password' THEN 'medium' ELSE 'low' END AS severity,
  format(
    '{} logged in to {} as {} by {} at {}, for the first time in this case; before, it was refused {} time{}, and {} other outside '
      || 'address{} had come{}',
    number_text(client_ip_n), coalesce(nullif(machine, ''), 'a host that the log does not name'), coalesce("user", '-'),
    coalesce(nullif(way_in, ''), 'an unknown way'), strftime(time, '%Y-%m-%d %H:%M:%S'), refusals, plural(refusals), outside_before,
    CASE WHEN outside_before = 1 THEN '' ELSE 'es' END,
    CASE
      WHEN connections > 0 THEN format('; its connection (port {} of the client) stayed {:.0f} minutes', client_port, minutes)
      WHEN addresses > 1 THEN format('; no flow record has its connection, or says to which of {} addresses of the host it was', addresses)
      ELSE '; no flow record has its connection'
    END
  ) AS reason,
  number_text(client_ip_n) AS src, number_text(address_n) AS dst, port AS dstport,
  1 + lines AS "rows", time AS from_time, time AS to_time,
  "user", way_in, refusals AS refused_before, outside_before, round(minutes, 1) AS connection_minutes, log_from, host, capture
FROM scored
ORDER BY scored.score DESC, time, client_ip_n, machine, capture
