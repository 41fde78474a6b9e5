-- Places and how each side knows them
--
-- After uses. A row of judged_place is a name, or an address called without one, with what both sides did there. levels says
-- how the other side knows it: name, address, registered domain, /24 and port (IPv6: /64 and port); apart, what sets it
-- apart: baseline, AWS or time. own_client is the machine of the right that used it most. Reads service_address.
WITH place AS MATERIALIZED (
  SELECT *,
    CASE
      WHEN place_no >= 0 AND place_no % 2 = 1 THEN 'in'
      WHEN out THEN 'out'
      WHEN inside THEN 'inside'
      ELSE 'asked'
    END AS kind
  FROM (
    SELECT place_no,
      coalesce(bool_or(out) FILTER (side <> 'baseline'), false) AS out,
      coalesce(bool_or(inside) FILTER (side <> 'baseline'), false) AS inside,
      bool_or(side = 'baseline') AS in_baseline,
      count(own_key) FILTER (side = 'left') AS left_clients,
      coalesce(sum(connections) FILTER (side = 'left'), 0)::BIGINT AS left_connections,
      coalesce(sum(refused) FILTER (side = 'left'), 0)::BIGINT AS left_refused,
      coalesce(sum(queries) FILTER (side = 'left'), 0)::BIGINT AS left_queries,
      (sum(bytes) FILTER (side = 'left'))::BIGINT AS left_bytes,
      min(first_time) FILTER (side = 'left') AS left_first,
      max(last_time) FILTER (side = 'left') AS left_last,
      count(own_key) FILTER (side = 'right') AS right_clients,
      coalesce(sum(connections) FILTER (side = 'right'), 0)::BIGINT AS right_connections,
      coalesce(sum(refused) FILTER (side = 'right'), 0)::BIGINT AS right_refused,
      coalesce(sum(records) FILTER (side = 'right'), 0)::BIGINT AS right_records,
      coalesce(sum(queries) FILTER (side = 'right'), 0)::BIGINT AS right_queries,
      (sum(bytes) FILTER (side = 'right'))::BIGINT AS right_bytes,
      min(first_time) FILTER (side = 'right') AS right_first, max(last_time) FILTER (side = 'right') AS right_last,
      sum(answered) FILTER (side = 'left') AS left_answered, sum(answered) FILTER (side = 'right') AS right_answered
    FROM place_use
    GROUP BY place_no
  )
  WHERE left_clients + right_clients > 0
), address_block AS MATERIALIZED ( -- the block of every address: /24, IPv6 /64
  SELECT place_key, place_key < 4294967296 AS v4,
    CASE
      WHEN place_key < 4294967296 THEN place_key >> 8
      ELSE (key_number(place_key) >> 64::UHUGEINT)::UBIGINT
    END AS block
  FROM (SELECT DISTINCT place_key FROM call)
), placed_call AS MATERIALIZED (
  SELECT c.place_no, c.side, c.own_key, c.place_key, c.port, c.portless, s.v4, s.block, c.outward,
    c.interface_no, c.connections, c.refused, c.bytes, c.first_time, c.last_time,
    (least(c.connections, 268435455)::UBIGINT << 33) | c.own_key AS rank -- most connections, then the higher address
  FROM call c
    JOIN address_block s USING (place_key)
  WHERE c.side <> 'baseline'
), shared_address AS MATERIALIZED (
  SELECT place_key
  FROM placed_call
  GROUP BY place_key
  HAVING bool_or(side = 'left') AND bool_or(side = 'right')
), shared_block AS (
  SELECT v4, block, port, true AS outward
  FROM placed_call
  WHERE outward AND portless IS NULL
  GROUP BY v4, block, port
  HAVING bool_or(side = 'left') AND bool_or(side = 'right')
), baseline_address AS (
  SELECT place_key, bool_or(name_no IS NULL) AS bare
  FROM call
  WHERE side = 'baseline'
  GROUP BY place_key
), place_address AS ( -- an address that both have first, then the right's, then that of most calls; of a block likewise
  SELECT m.place_no,
    max(
      ((b.place_key IS NOT NULL)::UBIGINT << 62)
        | ((m.side = 'right')::UBIGINT << 61)
        | (least(m.connections, 268435455)::UBIGINT << 33)
        | m.place_key
    ) AS best_address,
    bool_or(b.place_key IS NOT NULL) AS same_address,
    max(
      ((k.block IS NOT NULL)::UHUGEINT << 77::UHUGEINT)
        | (least(m.connections, 268435455)::UHUGEINT << 49::UHUGEINT)
        | (m.place_key::UHUGEINT << 16::UHUGEINT)
        | m.port::UHUGEINT
    ) AS best_spot,
    bool_or(k.block IS NOT NULL) AS same_block,
    max(v.service) AS service, bool_and(m.port = ntp_port()) AS all_time,
    bool_and(c.place_key IS NOT NULL AND (m.place_no >= 0 OR c.bare)) AS clean
  FROM placed_call m
    LEFT JOIN shared_address b USING (place_key)
    LEFT JOIN shared_block k USING (v4, block, port, outward)
    LEFT JOIN baseline_address c USING (place_key)
    LEFT JOIN service_address v ON v.server_key = CASE
      WHEN m.place_no >= 0 AND m.place_no % 2 = 1 THEN m.own_key
      ELSE m.place_key
    END
  GROUP BY m.place_no
), shared_domain AS (
  SELECT n.registered_domain
  FROM place p
    JOIN place_name n USING (place_no)
  WHERE p.kind <> 'inside' AND n.registered_domain IS NOT NULL
  GROUP BY n.registered_domain
  HAVING bool_or(p.left_clients > 0) AND bool_or(p.right_clients > 0)
), judged_place AS MATERIALIZED (
  SELECT p.*, n.name, n.registered_domain, a.best_address & 8589934591 AS address_key,
    (a.best_spot & 65535::UHUGEINT)::INTEGER AS spot_port,
    s.v4 AS spot_v4, s.block AS spot_block,
    list_filter(
      [
        CASE
          WHEN n.name IS NOT NULL AND left_clients > 0 AND right_clients > 0 THEN 'name'
        END,
        CASE WHEN a.same_address THEN 'address' END,
        CASE WHEN b.registered_domain IS NOT NULL THEN 'registered domain' END,
        CASE
          WHEN a.same_block THEN CASE WHEN s.v4 THEN '/24 and port' ELSE '/64 and port' END
        END
      ],
      lambda x: x IS NOT NULL
    ) AS levels,
    CASE
      WHEN n.name IS NOT NULL AND p.in_baseline OR a.clean THEN 'baseline'
      WHEN coalesce(aws_domain(n.name) AND NOT (aws_customer_name(n.name) OR aws_data_name(n.name)), false)
          OR n.name IS NULL AND aws_own_service(nullif(a.service, ''))
        THEN 'AWS'
      WHEN a.all_time AND p.kind = 'out' THEN 'time'
    END AS apart
  FROM place p
    LEFT JOIN place_address a USING (place_no)
    LEFT JOIN address_block s ON s.place_key = ((a.best_spot >> 16::UHUGEINT) & 8589934591::UHUGEINT)::UBIGINT
    LEFT JOIN (
      SELECT place_no, name, CASE WHEN kind <> 'inside' THEN registered_domain END AS registered_domain
      FROM place_name
        JOIN place USING (place_no)
    ) n USING (place_no)
    LEFT JOIN shared_domain b ON b.registered_domain = n.registered_domain
), own_client AS ( -- the client with most calls on the right, or else with most queries
  SELECT place_no, coalesce(c.own_n, a.own_n) AS own_n, i.interface_id
  FROM (
    SELECT place_no, key_number(max(rank) & 8589934591) AS own_n,
      arg_max(interface_no, (rank, interface_no)) AS interface_no
    FROM placed_call
    WHERE side = 'right'
    GROUP BY place_no
  ) c
    FULL JOIN (
      SELECT q.place_no, k.own_n
      FROM (
        SELECT place_no, max((least(queries, 536870911)::UBIGINT << 34) | own_key) & 17179869183 AS own_key
        FROM question
        WHERE side = 'right'
        GROUP BY place_no
      ) q
        JOIN asker k USING (own_key)
    ) a USING (place_no)
    LEFT JOIN (
      SELECT interface_no, any_value(interface_id) AS interface_id
      FROM connection_keys
        JOIN side USING (capture)
      GROUP BY interface_no
    ) i USING (interface_no)
), right_capture AS (
  SELECT min(capture) AS capture FROM side WHERE side = 'right'
)
