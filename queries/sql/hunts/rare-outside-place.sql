-- Which outside places does hardly anybody use, and since when
--
-- Out: a registered domain, or an address that no name led to, that few inside hosts called. In: an outside
-- address that was answered at a door which few others use. With t0, only what nobody called before; without, whatever is
-- rare, with the time that lies before its first call: what was there from the begin of the capture is rare all the
-- same, and may be old.
--
-- cannot: What lies before the capture: a weekly job is new here. Flow logs never record queries to
-- the Amazon DNS server, instance metadata (169.254.169.254), time sync, DHCP and ARP.
--
-- method: Prevalence of at most 2% of the inside hosts, or one host (RITA v5 raises a score for that and for a first call
-- that is not long ago; formula only). Ours: names are taken by registered domain, so that the many hosts of
-- a service are one place; callers are held against the door they come to, as everybody is rare at a
-- public one: doors with at most 5 outside addresses; what was refused is left out, as are time servers.
-- Score: 0.25 for passing, 0.15 where one host of at least ten calls it, up to 0.2 for the hours of the day
-- in which it was called (full at 6), up to 0.25 for bytes (from 100 kB, full at 1 GB), 0.15 where no name is known.
-- Times 0.6 to 1 by the hours of the capture before the first call, or before T0 (full at 12); by half for AWS's
-- own, and with fewer than four hosts, where prevalence says nothing. Medium from 0.6 with six hours before.
--
-- false-positives: Browsing, updates, a new tool; hosts with one purpose are rare in all they do.
--
-- measured: found: planted acts 1 of 2. False findings in benign days, high and medium: two days of ctu-normal 0 and 0,
-- a generated day 0 and 0. False findings per million benign records, high and medium: ctu-normal 0 and 0, benign-dns 0
-- and 0, ordinary day 0 and 0.
--
-- not-proof: That a place is bad: it is new and has few friends.
--
-- attack: T1071.001, T1102, T1105, T1571
-- phase:  in knock, out home, inside none
-- kind:   rarity
-- log:    flow
-- weight: support
-- needs:  connection_keys, answer_name, service_address, resolver_log
-- uses:   dns
-- needs-all: connection_keys
-- steps:  aws-own, attempts
-- param:  t0       time            the moment of the break-in; without it every rare place is shown
-- param:  share    number   = 0.02 a place is rare that at most this share of inside hosts calls, or one host
-- param:  doors    int      = 5    a door is rare that at most so many outside addresses were answered at
-- param:  top      int      = 50   so many findings, the best, at most ten of a host; the reason says of how many
-- param:  from     time            only what begins at or after this moment: must lie before T0
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   outside_connection  connections between inside and outside that were let through
-- step:   place  outside places that were perhaps not called before T0, and callers of doors that few use
-- step:   rare_place  of them rare
-- step:   fresh_place  of those only since T0, where it is given
-- column: direction text
-- column: connections count
-- column: hosts count
-- column: all_hosts count
-- column: hours count
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
-- column: hours_before number
-- column: t0_given flag
-- column: service text
WITH outside_connection AS (
  SELECT capture, interface_id, instance_id, direction,
    CASE WHEN direction = 'out' THEN client_key ELSE server_key END AS host_key,
    CASE WHEN direction = 'out' THEN server_key ELSE client_key END AS outside_key,
    CASE WHEN direction = 'out' THEN peer_no(server_key, name_no) ELSE client_key END AS peer,
    CASE WHEN direction = 'out' THEN name_no END AS name_no,
    server_key, server_port,
    CASE WHEN direction = 'in' THEN server_port END AS door,
    CASE WHEN direction = 'out' THEN bytes_out ELSE bytes_in END AS bytes_out,
    CASE WHEN direction = 'out' THEN bytes_in ELSE bytes_out END AS bytes_in,
    records, start, "end"
  FROM attempt
  WHERE direction IN ('out', 'in')
    AND answer <> 'refused'
    AND server_port <> ntp_port()
    AND (direction = 'out' OR answer = 'answered')
), capture_bounds AS MATERIALIZED (
  SELECT capture, min(start) AS begun,
    count(DISTINCT host_key) FILTER (direction = 'out') AS all_hosts
  FROM outside_connection
  GROUP BY capture
), place_name AS MATERIALIZED ( -- names by registered domain, which has the number of its first name
  SELECT name_no, name_peer(name_no) AS peer, name, domain, name_peer(min(name_no) OVER (PARTITION BY domain)) AS place_no
  FROM (
    SELECT n.name_no, n.name, coalesce(any_value(d.registered_domain), n.name) AS domain
    FROM answer_name n
      SEMI JOIN (SELECT DISTINCT name_no FROM outside_connection) c ON c.name_no = n.name_no
      LEFT JOIN (SELECT DISTINCT name, registered_domain FROM dns) d ON d.name = n.name
    GROUP BY n.name_no, n.name
  )
), old_place AS MATERIALIZED ( -- places that somebody called before T0
  SELECT DISTINCT m.capture, coalesce(n.place_no, m.peer) AS place_no
  FROM (
    SELECT DISTINCT capture, peer
    FROM outside_connection
    WHERE direction = 'out' AND start < $t0::TIMESTAMP
  ) m
    LEFT JOIN place_name n ON n.peer = m.peer
), public_door AS MATERIALIZED (
  SELECT capture, host_key, door
  FROM (
    SELECT DISTINCT capture, host_key, door, peer
    FROM outside_connection
    WHERE direction = 'in'
  )
  GROUP BY capture, host_key, door
  HAVING count(*) > $doors::BIGINT
), likely_connection AS (
  SELECT l.*, coalesce(n.place_no, l.peer) AS place_no
  FROM (FROM outside_connection WHERE direction = 'out') l
    LEFT JOIN (SELECT peer, place_no FROM place_name) n USING (peer)
    ANTI JOIN old_place b ON b.capture = l.capture AND b.place_no = coalesce(n.place_no, l.peer)
  UNION ALL
  SELECT l.*, l.peer
  FROM (FROM outside_connection WHERE direction = 'in') l
    ANTI JOIN public_door d ON d.capture = l.capture AND d.host_key = l.host_key AND d.door = l.door
), pair AS (
  SELECT l.capture, coalesce(min(l.interface_id) FILTER (l.instance_id IS NOT NULL), min(l.interface_id)) AS interface_id,
    l.direction, l.host_key, l.door, l.peer, l.place_no,
    any_value(l.name_no) AS name_no, min(l.outside_key) AS outside_key,
    min(l.server_port) AS lowest_port, max(l.server_port) AS highest_port,
    max(v.service) AS service,
    bool_and(CASE WHEN l.name_no IS NULL THEN a.server_key IS NOT NULL ELSE w.name_no IS NOT NULL END) AS aws, count(*) AS connections,
    bit_or(1::UINTEGER << hour(l.start)::UINTEGER) AS hours,
    bounded(sum(l.bytes_out)) AS bytes_out, bounded(sum(l.bytes_in)) AS bytes_in,
    sum(l.records)::BIGINT AS records, min(l.start) AS first_start, max(l."end") AS last_end
  FROM likely_connection l
    LEFT JOIN service_address v ON v.server_key = l.outside_key
    LEFT JOIN aws_address a ON a.server_key = l.outside_key
    LEFT JOIN aws_name w ON w.name_no = l.name_no
  GROUP BY l.capture, l.direction, l.host_key, l.door, l.peer, l.place_no
), place AS (
  SELECT p.capture, p.direction, p.place_no, any_value(n.domain) AS domain,
    CASE WHEN p.direction = 'in' THEN p.host_key END AS door_key,
    p.door,
    arg_max(n.name, (p.connections, p.outside_key, p.host_key, n.name, p.interface_id)) AS name,
    arg_max(p.outside_key, (p.connections, p.outside_key, p.host_key, n.name, p.interface_id)) AS outside_key,
    arg_max(p.host_key, (p.connections, p.outside_key, p.host_key, n.name, p.interface_id)) AS host_key,
    arg_max(p.interface_id, (p.connections, p.outside_key, p.host_key, n.name, p.interface_id)) AS interface_id,
    count(DISTINCT p.host_key) AS hosts, min(p.lowest_port) AS lowest_port, max(p.highest_port) AS highest_port,
    max(p.service) AS service, bool_and(p.aws) AS aws, sum(p.connections)::BIGINT AS connections, bit_count(bit_or(p.hours)) AS hours,
    bounded(sum(p.bytes_out)) AS bytes_out, bounded(sum(p.bytes_in)) AS bytes_in,
    sum(p.records)::BIGINT AS records, min(p.first_start) AS first_start, max(p.last_end) AS last_end
  FROM pair p
    LEFT JOIN place_name n USING (name_no)
  GROUP BY p.capture, p.direction, p.place_no, CASE WHEN p.direction = 'in' THEN p.host_key END, p.door
), rare_place AS (
  SELECT p.*, b.begun, b.all_hosts, count(*) OVER (PARTITION BY p.capture, p.direction, p.door_key, p.door) AS callers
  FROM place p
    JOIN capture_bounds b USING (capture)
  QUALIFY CASE
    WHEN p.direction = 'out' THEN p.hosts <= greatest(1, $share::DOUBLE * b.all_hosts)
    ELSE callers <= $doors::BIGINT
  END
), fresh_place AS (
  SELECT *, coalesce(domain, key_text(outside_key)) AS place,
    $t0::TIMESTAMP IS NOT NULL AS given,
    greatest(0, epoch(coalesce($t0::TIMESTAMP, first_start) - begun) / 3600) AS baseline
  FROM rare_place
  WHERE $t0::TIMESTAMP IS NULL OR first_start >= $t0::TIMESTAMP
), scored AS (
  SELECT *,
    CASE WHEN direction = 'out' THEN all_hosts < 4 ELSE false END AS few,
    (
      0.25
        + 0.15 * CASE WHEN direction = 'out' THEN hosts = 1 AND all_hosts >= 10 ELSE callers = 1 END::INTEGER
        + 0.2 * least(1, hours / 6)
        + 0.25 * least(1, greatest(0, ln(greatest(1, coalesce(bytes_out, 0) + coalesce(bytes_in, 0)) / 100000) / ln(10000)))
        + 0.15 * (name IS NULL)::INTEGER
    )
      * CASE WHEN aws THEN 0.5 ELSE 1 END
      * CASE WHEN direction = 'out' AND all_hosts < 4 THEN 0.5 ELSE 1 END
      * (0.6 + 0.4 * least(1, baseline / 12)) AS score
  FROM fresh_place
), ranked AS (
  SELECT *,
    row_number() OVER (ORDER BY score DESC, connections DESC, capture, place, direction, door_key, door) AS rank
  FROM (
    SELECT *, count(*) OVER () AS all_findings
    FROM scored
    QUALIFY row_number() OVER (
      PARTITION BY capture, direction, host_key
      ORDER BY score DESC, connections DESC, place, door_key, door
    ) <= 10
  )
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN few OR given AND baseline < 6 THEN 'info'
    WHEN aws OR score < 0.6 OR baseline < 6 THEN 'low'
    ELSE 'medium'
  END AS severity,
  CASE
    WHEN direction = 'out' THEN format('{} of {} inside hosts called {}', hosts, all_hosts, place)
    ELSE format('{} is one of {} outside addresses that port {} of {} answered', place, callers, door, key_text(host_key))
  END
    || format(
      ', first at {}, {}: {} connections in {} different hours of the day, {:.2f} MB to it, '
        || '{:.2f} MB from it{}{}{}{}{}',
      strftime(first_start, '%Y-%m-%d %H:%M'),
      CASE
        WHEN given
          THEN format(
            'after T0 ({}) and not in the {:.1f} h of the capture before it',
            strftime($t0::TIMESTAMP, '%m-%d %H:%M'), baseline
          )
        ELSE format('{:.1f} h after the first connection of the capture', baseline)
      END,
      connections, hours, coalesce(bytes_out, 0) / 1e6, coalesce(bytes_in, 0) / 1e6,
      CASE
        WHEN direction = 'in' OR name IS NOT NULL THEN ''
        WHEN r.capture IS NULL THEN '; there is no Resolver log that could name it'
        ELSE '; no name led there'
      END,
      CASE
        WHEN aws THEN '; a service of AWS' || coalesce(' (' || service || ')', '')
        ELSE ''
      END,
      CASE WHEN few THEN '; with so few hosts everything is rare' ELSE '' END,
      CASE
        WHEN baseline < 6 AND given THEN '; that is too short to know'
        WHEN baseline < 6 THEN '; rare, but too early to say that it is new'
        ELSE ''
      END,
      shown_of($top, all_findings, 'findings')
    ) AS reason,
  CASE WHEN direction = 'out' THEN key_text(host_key) ELSE key_text(outside_key) END AS src,
  CASE WHEN direction = 'out' THEN key_text(outside_key) ELSE key_text(host_key) END AS dst,
  CASE WHEN lowest_port = highest_port THEN lowest_port END AS dstport,
  name, domain AS registered_domain, interface_id,
  records AS "rows", first_start AS from_time, last_end AS to_time, direction, connections,
  CASE WHEN direction = 'out' THEN hosts ELSE callers END AS hosts,
  all_hosts, hours, bytes_out AS bytes_to_peer, bytes_in AS bytes_from_peer, round(baseline, 1) AS hours_before,
  given AS t0_given, service, ranked.capture
FROM ranked
  LEFT JOIN resolver_log r ON r.capture = ranked.capture
WHERE rank <= $top::BIGINT
ORDER BY rank
