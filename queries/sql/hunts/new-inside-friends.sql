-- Which inside hosts talk to each other only since the break-in, or for the first time
--
-- Pairs of inside hosts and a port that had no connection before T0 and were answered after it. Where t0 is not given,
-- each pair has its own: two hours before it first talked, so that whoever goes through a network within two hours is not
-- known by his own first step.
--
-- cannot: What lies before the capture: a pair that talks once a month is new here. Traffic within one
-- instance or between containers of one interface is in no flow log; a SKIPDATA interval hides an
-- unknown number of flows.
--
-- method: Pairs by client, server and port after T0 minus those before. Ours, as addresses come and go: a
-- pair counts for less where another host of the client's subnet used that port of the server's subnet
-- before (a deployment, a scaled-out group), where the client used that port elsewhere inside before, or
-- where one of the two is a new machine itself; only what was answered counts, so that sweeps stay with
-- port-sweep, and a reset is no answer; high ports are one port, as passive FTP and RPC take any. Score: 0.3 for passing, 0.25 for
-- a port of remote services (SSH, RDP, WinRM, SMB, VNC, telnet, RPC, Docker, kubelet), 0.1 of that where
-- it is not new between the subnets, 0.15 where it is, 0.15 where the client had not used the port inside before, 0.15 where
-- both hosts were there before T0. Times 0.5 to 1 by the hours of the capture before T0 (full at six). High only
-- with a remote service, new between subnets, both hosts old, and a T0 that was given with six hours before it or that has
-- a whole day; medium with a remote service and an hour before T0, or with six hours; what is not new between subnets is low,
-- and info what has less before it.
--
-- false-positives: Deployments, scaling, backups and reports that run weekly, an administrator's first
-- look at a host.
--
-- measured: found: planted acts 2 of 2. False findings in benign days, high and medium: two days of ctu-normal 0 and 0,
-- a generated day 0 and 0. False findings per million benign records, high and medium: ctu-normal 0 and 0, benign-dns 0
-- and 0, ordinary day 0 and 0.
--
-- not-proof: That somebody moved through the network: an administrator's new way looks the same.
--
-- attack: T1021, T1021.001, T1021.002, T1021.004, T1021.006, T1570
-- phase:  spread
-- kind:   novelty-inside
-- log:    flow
-- weight: own
-- needs:  connection, asset
-- needs-all: connection
-- param:  t0       time            the moment of the break-in; without it two hours before each pair first talked
-- param:  least    int      = 1    at least so many answered connections after T0: one is enough to log in
-- param:  top      int      = 50   so many pairs, the best; the reason says of how many
-- param:  from     time            only what begins at or after this moment: must lie before T0
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   inside_attempt  connections between inside hosts
-- step:   pair  pairs of hosts and a port
-- step:   fresh_pair  of them answered, only since T0, and with some of the capture before that
-- column: direction text
-- column: connections count
-- column: t0_used time
-- column: t0_given flag
-- column: baseline_hours number
-- column: new_between_subnets flag
-- column: new_port_for_client flag
-- column: both_old flag
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
-- column: longest_seconds number
-- column: protocol protocol
WITH inside_attempt AS (
  SELECT capture, interface_id, client_n, server_n, server_port, protocol,
    CASE
      WHEN protocol IN (6, 17) AND server_port >= 32768 THEN 32768
      ELSE server_port
    END AS port,
    CASE
      WHEN refused OR coalesce(packets_in, 0) = 0 THEN false
      WHEN protocol <> 6 OR tcp_flags & 16 = 16 THEN true
      ELSE coalesce(tcp_flags & 6, 0) <> 6
        AND bytes_in > CASE WHEN server_n BETWEEN ip('0.0.0.0') AND ip('255.255.255.255') THEN 40 ELSE 60 END::HUGEINT * packets_in
    END AS answered,
    bytes_out, bytes_in, seconds, records, start, "end"
  FROM connection
  WHERE direction = 'inside' AND of(capture, $capture) AND within(start, $from, $to)
), capture_bounds AS (
  SELECT capture, min(start) AS begun FROM inside_attempt GROUP BY ALL
), pair AS (
  SELECT l.capture, min(l.interface_id) AS interface_id, l.client_n, l.server_n, l.port, l.protocol,
    min(l.server_port) AS server_port, min(l.start) AS first_try,
    count(*) FILTER (l.answered) AS connections,
    bounded(sum(l.bytes_out) FILTER (l.answered)) AS bytes_out,
    bounded(sum(l.bytes_in) FILTER (l.answered)) AS bytes_in,
    max(l.seconds) FILTER (l.answered) AS longest,
    sum(l.records) FILTER (l.answered)::BIGINT AS records,
    min(l.start) FILTER (l.answered) AS first_start, max(l."end") FILTER (l.answered) AS last_end
  FROM inside_attempt l
  GROUP BY l.capture, l.client_n, l.server_n, l.port, l.protocol
), placed_address AS (
  SELECT capture, address_n, min(subnet_id) AS subnet, min(first_seen) AS first_seen
  FROM asset
  WHERE capture IS NOT NULL
  GROUP BY ALL
), host AS (
  SELECT h.capture, h.address_n, least(min(h.first_try), min(p.first_seen)) AS first_seen,
    coalesce(
      min(p.subnet),
      (CASE WHEN h.address_n >> 32 = 65535 THEN h.address_n >> 8 ELSE h.address_n >> 64 END)::VARCHAR
    ) AS subnet
  FROM (
    SELECT capture, client_n AS address_n, first_try FROM pair
    UNION ALL
    SELECT capture, server_n, first_start FROM pair WHERE first_start IS NOT NULL
  ) h
    LEFT JOIN placed_address p ON p.capture = h.capture AND p.address_n = h.address_n
  GROUP BY h.capture, h.address_n
), placed_pair AS ( -- and when the like was first answered: of the pair, of its subnets, of its client
  SELECT p.*, c.subnet AS client_subnet, s.subnet AS server_subnet, c.first_seen AS client_seen, s.first_seen AS server_seen,
    p.first_start AS pair_first,
    min(p.first_start) OVER (PARTITION BY p.capture, c.subnet, s.subnet, p.port, p.protocol) AS subnets_first,
    min(p.first_start) OVER (PARTITION BY p.capture, p.client_n, p.port, p.protocol) AS user_first
  FROM pair p
    JOIN host c ON c.capture = p.capture AND c.address_n = p.client_n
    JOIN host s ON s.capture = p.capture AND s.address_n = p.server_n
), dated_pair AS (
  SELECT p.*, coalesce($t0::TIMESTAMP, p.pair_first - INTERVAL 2 HOUR) AS t0, b.begun
  FROM placed_pair p
    JOIN capture_bounds b USING (capture)
  WHERE p.connections >= $least::BIGINT
), fresh_pair AS (
  SELECT *
  FROM dated_pair
  WHERE pair_first >= t0 AND t0 > begun
), candidate AS (
  SELECT *, $t0::TIMESTAMP IS NOT NULL AS given, epoch(t0 - begun) / 3600 AS baseline,
    protocol = 6 AND port IN (22, 23, 135, 139, 445, 2375, 2376, 3389, 5900, 5985, 5986, 10250) AS remote,
    subnets_first >= t0 AS new_subnets, user_first >= t0 AS new_port, client_seen < t0 AND server_seen < t0 AS both_old
  FROM fresh_pair
), scored AS (
  SELECT *,
    (
      0.3
        + CASE
            WHEN NOT remote THEN 0
            WHEN new_subnets THEN 0.25
            ELSE 0.1
          END
        + 0.15 * new_subnets::INTEGER
        + 0.15 * new_port::INTEGER
        + 0.15 * both_old::INTEGER
    ) * (0.5 + 0.5 * least(1, baseline / 6)) AS score
  FROM candidate
), ranked AS (
  SELECT *,
    row_number() OVER (
      ORDER BY score DESC, coalesce(bytes_out, 0) + coalesce(bytes_in, 0) DESC, capture, client_n, server_n, port, protocol
    ) AS rank,
    count(*) OVER () AS all_pairs
  FROM scored
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN baseline < 1 OR baseline < 6 AND (given OR NOT remote) THEN 'info'
    WHEN remote AND new_subnets AND both_old AND (given OR baseline >= 23.5) THEN 'high'
    WHEN new_subnets AND (remote AND (both_old OR baseline >= 6) OR both_old AND new_port) THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} first answered {} at {}, {:.1f} h after {}, and never in the {:.1f} h of the capture before that: {} connection{}, the '
      || 'longest {:.0f} s, {:.2f} MB to the server, {:.2f} MB from it; {}{}{}{}{}',
    number_text(server_n), number_text(client_n), strftime(first_start, '%Y-%m-%d %H:%M'),
    epoch(first_start - CASE WHEN given THEN t0 ELSE begun END) / 3600,
    CASE WHEN given THEN 'T0' ELSE 'the first connection inside' END,
    CASE WHEN given THEN baseline ELSE baseline + 2 END, connections, plural(connections), longest,
    coalesce(bytes_out, 0) / 1e6, coalesce(bytes_in, 0) / 1e6,
    CASE WHEN remote THEN 'a port of remote services; ' ELSE '' END,
    CASE
      WHEN new_subnets THEN 'new between their subnets' || CASE WHEN given THEN '' ELSE ' in these two hours' END
      ELSE 'others of their subnets did so before'
    END,
    CASE
      WHEN new_port THEN ', a new port for the client'
      ELSE ', the client used that port elsewhere before'
    END,
    CASE
      WHEN both_old THEN ', both hosts were there before'
      WHEN client_seen >= t0 AND server_seen >= t0 THEN ', both are new machines'
      WHEN client_seen >= t0 THEN ', the client is a new machine'
      ELSE ', the server is a new machine'
    END,
    CASE
      WHEN baseline < 6 AND given THEN format('; only {:.1f} h lie before T0: too short to know', baseline)
      WHEN baseline < 6 THEN format('; only {:.1f} h lie before these two hours', baseline)
      ELSE ''
    END
      || shown_of($top, all_pairs, 'pairs')
  ) AS reason,
  number_text(client_n) AS src, number_text(server_n) AS dst,
  server_port AS dstport, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  'inside' AS direction, connections, t0 AS t0_used, given AS t0_given, round(baseline, 1) AS baseline_hours,
  new_subnets AS new_between_subnets, new_port AS new_port_for_client,
  both_old, bytes_out AS bytes_to_peer, bytes_in AS bytes_from_peer, longest AS longest_seconds, protocol, capture
FROM ranked
WHERE rank <= $top::BIGINT
ORDER BY rank
