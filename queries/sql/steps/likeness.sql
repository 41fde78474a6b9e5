-- Matches: what the left side has of each, and whether both keep the same clock
--
-- After places. found_place says where a place is: match, only left or only right. A row of compared_place is such a place
-- with the left figures of what the left side has at that level, the clocks of the busiest client on each side, and how rare
-- it is on the left: 0 to 1, NULL where that cannot be told. Takes $from and $to, and reads connection_keys and dns.
WITH found_place AS MATERIALIZED (
  SELECT *, levels[1] AS level,
    CASE
      WHEN right_clients = 0 THEN 'only left'
      WHEN len(levels) > 0 THEN 'match'
      ELSE 'only right'
    END AS found_in
  FROM judged_place
  WHERE NOT (right_clients = 0 AND name IS NULL AND list_contains(levels, 'address'))
    AND (kind <> 'inside' OR len(levels) > 0)
), left_address AS ( -- every call of the left to an address, whatever the name
  SELECT m.place_key, min(n.name) AS left_like, count(DISTINCT m.own_key) AS clients,
    sum(m.connections)::BIGINT AS connections, sum(m.refused)::BIGINT AS refused,
    bounded(sum(m.bytes)) AS bytes, min(m.first_time) AS first_time, max(m.last_time) AS last_time,
    max(m.rank) & 8589934591 AS own_key, arg_max(m.interface_no, (m.rank, m.interface_no)) AS interface_no
  FROM placed_call m
    SEMI JOIN (FROM found_place WHERE found_in = 'match' AND level = 'address') p ON p.address_key = m.place_key
    LEFT JOIN place_name n USING (place_no)
  WHERE m.side = 'left'
  GROUP BY m.place_key
), left_domain AS (
  SELECT j.registered_domain, count(DISTINCT j.name) AS names, min(j.name) AS name,
    count(DISTINCT u.own_key) AS clients, sum(u.connections)::BIGINT AS connections,
    sum(u.refused)::BIGINT AS refused, sum(u.queries)::BIGINT AS queries,
    bounded(sum(u.bytes)) AS bytes, min(u.first_time) AS first_time, max(u.last_time) AS last_time
  FROM judged_place j
    SEMI JOIN (FROM found_place WHERE left_clients = 0 AND level = 'registered domain') p USING (registered_domain)
    JOIN place_use u ON u.place_no = j.place_no AND u.side = 'left'
  GROUP BY j.registered_domain
), left_block AS (
  SELECT m.v4, m.block, m.port,
    count(DISTINCT m.place_key) AS addresses, min(m.place_key) AS place_key, count(DISTINCT m.own_key) AS clients,
    sum(m.connections)::BIGINT AS connections, sum(m.refused)::BIGINT AS refused,
    bounded(sum(m.bytes)) AS bytes, min(m.first_time) AS first_time, max(m.last_time) AS last_time
  FROM placed_call m
    SEMI JOIN (FROM found_place WHERE left_clients = 0 AND level IN ('/24 and port', '/64 and port')) p ON p.spot_v4 = m.v4
      AND p.spot_block = m.block
      AND p.spot_port = m.port
  WHERE m.side = 'left' AND m.outward
  GROUP BY m.v4, m.block, m.port
), left_likeness AS MATERIALIZED ( -- what the left has of a place that it does not have itself
  SELECT p.place_no, a.left_like, a.clients, a.connections, a.refused, 0 AS queries,
    a.bytes, a.first_time, a.last_time, a.own_key, a.interface_no
  FROM found_place p
    JOIN left_address a ON a.place_key = p.address_key
  WHERE p.found_in = 'match' AND p.level = 'address'
  UNION ALL
  SELECT p.place_no,
    format('{} name(s) under {}, such as {}', d.names, d.registered_domain, d.name),
    d.clients, d.connections, d.refused, d.queries, d.bytes, d.first_time, d.last_time, NULL, NULL
  FROM found_place p
    JOIN left_domain d USING (registered_domain)
  WHERE p.left_clients = 0 AND p.level = 'registered domain'
  UNION ALL
  SELECT p.place_no,
    format('{} address(es) of the block, such as {}', b.addresses, key_text(b.place_key)),
    b.clients, b.connections, b.refused, 0, b.bytes, b.first_time, b.last_time, NULL, NULL
  FROM found_place p
    JOIN left_block b ON b.v4 = p.spot_v4 AND b.block = p.spot_block AND b.port = p.spot_port
  WHERE p.left_clients = 0 AND p.level IN ('/24 and port', '/64 and port')
), busiest_client AS (
  SELECT place_no, side,
    arg_max(own_key, (connections, -own_key::BIGINT)) AS own_key,
    arg_max(interface_no, (connections, -own_key::BIGINT)) AS interface_no
  FROM (
    SELECT m.place_no, m.side, m.own_key, sum(m.connections) AS connections,
      arg_max(m.interface_no, (m.connections, m.interface_no)) AS interface_no
    FROM placed_call m
      SEMI JOIN (FROM found_place WHERE found_in = 'match' AND kind = 'out' AND right_connections > 3) p USING (place_no)
    GROUP BY m.place_no, m.side, m.own_key
  )
  GROUP BY place_no, side
), timed_client AS MATERIALIZED ( -- whose calls are timed: the client with most of them on each side
  SELECT p.place_no, b.side, b.own_key, b.interface_no, p.place_no AS called_no, NULL AS called_key
  FROM found_place p
    JOIN busiest_client b USING (place_no)
  WHERE CASE WHEN p.level = 'address' THEN b.side = 'right' ELSE p.left_connections > 3 END
  UNION ALL
  SELECT p.place_no, 'left', l.own_key, l.interface_no, NULL, p.address_key
  FROM found_place p
    JOIN left_likeness l USING (place_no)
  WHERE p.kind = 'out' AND p.level = 'address' AND p.right_connections > 3 AND l.connections > 3
), call_time AS (
  SELECT d.side, s.interface_no, s.client_key AS own_key, s.server_key AS place_key,
    CASE
      WHEN s.name_no IS NULL THEN 2 * s.server_key::BIGINT
      ELSE -1 - s.name_no::BIGINT
    END AS place_no,
    s.start, s.bytes_out, s.refused
  FROM connection_keys s
    JOIN side d USING (capture)
  WHERE s.direction IN ('out', 'inside') AND within(s.start, $from, $to)
), timed_call AS (
  SELECT c.place_no, c.side, t.start, t.bytes_out, t.refused
  FROM call_time t
    JOIN timed_client c ON c.called_no = t.place_no
      AND c.side = t.side
      AND c.own_key = t.own_key
      AND c.interface_no = t.interface_no
  UNION ALL
  SELECT c.place_no, c.side, t.start, t.bytes_out, t.refused
  FROM call_time t
    JOIN timed_client c ON c.called_key = t.place_key
      AND c.side = t.side
      AND c.own_key = t.own_key
      AND c.interface_no = t.interface_no
), timed_asker AS MATERIALIZED (
  SELECT q.place_no, q.side, p.name, k.own_n
  FROM question q
    JOIN found_place p USING (place_no)
    JOIN asker k USING (own_key)
  WHERE p.found_in = 'match'
    AND q.side <> 'baseline'
    AND least(p.left_connections, p.right_connections) < 4
    AND least(p.left_queries, p.right_queries) > 3
  QUALIFY row_number() OVER (PARTITION BY q.place_no, q.side ORDER BY q.queries DESC, k.own_n) = 1
), pause_between AS (
  SELECT place_no, side, 'calls' AS clock_by,
    epoch(start - lag(start) OVER (PARTITION BY place_no, side ORDER BY start)) AS pause,
    bytes_out, refused
  FROM timed_call
  UNION ALL
  SELECT place_no, side, 'queries', CASE WHEN pause > 2 THEN pause END, NULL, NULL
  FROM ( -- A and AAAA are asked for together
    SELECT a.place_no, a.side,
      epoch(
        d.query_timestamp
          - lag(d.query_timestamp) OVER (PARTITION BY a.place_no, a.side ORDER BY d.query_timestamp)
      ) AS pause
    FROM dns d
      JOIN side s USING (capture)
      JOIN timed_asker a ON a.side = s.side AND a.name = d.name AND a.own_n = d.srcaddr_n
  )
), pace AS (
  SELECT place_no, side, clock_by,
    count(pause) AS pauses, quantile_cont(pause, [0.25, 0.5, 0.75]) AS p,
    CASE
      WHEN bool_or(refused) THEN NULL
      ELSE quantile_cont(bytes_out, [0.25, 0.5, 0.75])
    END AS b
  FROM pause_between
  GROUP BY ALL
), clock AS (
  SELECT place_no, l.clock_by, l.p AS lp, r.p AS rp, l.b AS lb, r.b AS rb
  FROM pace l
    JOIN pace r USING (place_no, clock_by)
  WHERE l.side = 'left' AND r.side = 'right' AND l.pauses > 2 AND r.pauses > 2
), host_count AS (
  SELECT count(DISTINCT own_key) FILTER (side = 'left') AS left_hosts,
    coalesce(bool_or(side = 'baseline'), false) AS has_baseline
  FROM place_use
  WHERE place_no < 0 OR place_no % 2 = 0
), compared_place AS MATERIALIZED (
  SELECT
    p.* EXCLUDE (left_clients, left_connections, left_refused, left_queries, left_bytes, left_first, left_last, levels),
    array_to_string(p.levels, ', ') AS levels, l.left_like,
    CASE WHEN l.place_no IS NULL THEN p.left_clients ELSE l.clients END AS left_clients,
    CASE WHEN l.place_no IS NULL THEN p.left_connections ELSE l.connections END AS left_connections,
    CASE WHEN l.place_no IS NULL THEN p.left_refused ELSE l.refused END AS left_refused,
    CASE WHEN l.place_no IS NULL THEN p.left_queries ELSE l.queries END AS left_queries,
    CASE WHEN l.place_no IS NULL THEN p.left_bytes ELSE l.bytes END AS left_bytes,
    coalesce(l.first_time, p.left_first) AS left_first, coalesce(l.last_time, p.left_last) AS left_last,
    c.clock_by, c.lp[2] AS left_pause, c.rp[2] AS right_pause, c.lb[2] AS left_size, c.rb[2] AS right_size,
    abs(c.lp[2] - c.rp[2]) <= 0.1 * greatest(c.lp[2], c.rp[2])
      AND greatest(c.lp[1], c.rp[1]) - least(c.lp[3], c.rp[3]) <= 2 * greatest(1, 0.01 * c.lp[2]) AS same_clock,
    abs(c.lb[2] - c.rb[2]) <= 0.1 * greatest(c.lb[2], c.rb[2])
      AND greatest(c.lb[1], c.rb[1]) - least(c.lb[3], c.rb[3]) <= 2 * greatest(1, 0.01 * c.lb[2]) AS same_size,
    h.has_baseline,
    CASE
      WHEN h.has_baseline THEN (p.apart IS NULL)::INTEGER
      WHEN h.left_hosts >= 5
        THEN 1
          - least(1, (greatest(p.left_clients, coalesce(l.clients, 0), 1) - 1) / (0.5 * h.left_hosts))
    END AS rare
  FROM found_place p
    LEFT JOIN left_likeness l USING (place_no)
    LEFT JOIN clock c USING (place_no)
    CROSS JOIN host_count h
)
