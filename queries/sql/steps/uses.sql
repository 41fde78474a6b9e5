-- Uses of names and addresses by the captures' machines
--
-- After one of callers-all and callers-called. call has the calls of the captures' machines, and those of kept_caller to the
-- machines (inbound). question has what was asked for. Each use is of a place: a name, or an address that was called
-- without one. Its number, place_no, is negative for a name, even for an address that was called, odd for one that called in.
-- A row of place_use is what one machine did with one place. Takes $from and $to, and reads connection_keys, dns and answer_name.
WITH seen_knock AS (
  SELECT any_value(d.side) AS side,
    coalesce(min(s.interface_no) FILTER (s.instance_id IS NOT NULL), min(s.interface_no)) AS interface_no,
    s.client_key, s.server_key, s.server_port AS port, d.side_no,
    max(CASE WHEN s.protocol NOT IN (6, 17, 33, 132, 136) THEN s.protocol END) AS portless,
    count(*) AS connections, count(*) FILTER (s.refused) AS refused,
    count(*) FILTER (s.packets_in > 0) AS answered, sum(s.records)::BIGINT AS records,
    bounded(sum(s.bytes_out)) AS bytes, min(s.start) AS first_time, max(s."end") AS last_time
  FROM connection_keys s
    JOIN side d USING (capture)
    SEMI JOIN kept_caller USING (client_key)
  WHERE s.direction = 'in' AND within(s.start, $from, $to)
  GROUP BY d.side_no, s.client_key, s.server_key, s.server_port
), call AS MATERIALIZED (
  SELECT
    CASE WHEN name_no IS NULL THEN 2 * server_key::BIGINT ELSE -1 - name_no::BIGINT END AS place_no,
    side, false AS inbound, outward, interface_no,
    client_key AS own_key, server_key AS place_key, port, portless, name_no,
    connections, refused, answered, records, bytes, first_time, last_time
  FROM seen_call
  UNION ALL
  SELECT 2 * client_key::BIGINT + 1, side, true, false, interface_no, server_key, client_key,
    port, portless, NULL, connections, refused, answered, records, bytes, first_time, last_time
  FROM seen_knock
), asked_name AS MATERIALIZED (
  SELECT s.side, d.name,
    any_value(d.registered_domain) AS registered_domain,
    d.srcaddr_n AS own_n, count(*) AS queries,
    min(d.query_timestamp) AS first_time, max(d.query_timestamp) AS last_time
  FROM dns d
    JOIN side s USING (capture)
  WHERE d.name NOT IN ('arpa', 'internal', 'local')
    AND NOT ends_with(d.name, '.arpa')
    AND NOT ends_with(d.name, '.internal')
    AND NOT ends_with(d.name, '.local')
    AND within(d.query_timestamp, $from, $to)
  GROUP BY s.side, d.name, d.srcaddr_n
), place_name AS MATERIALIZED ( -- names that were asked for have no number where no answer gave an address
  SELECT -1 - coalesce(w.name_no::BIGINT, 4294967296 + row_number() OVER ()) AS place_no, name, a.registered_domain
  FROM (
    SELECT name, any_value(registered_domain) AS registered_domain
    FROM asked_name
    GROUP BY name
  ) a
    FULL JOIN (FROM answer_name SEMI JOIN call USING (name_no)) w USING (name)
), asker AS MATERIALIZED ( -- and askers no key where they neither called nor were answered
  SELECT own_n, coalesce(key_of(own_n), 8589934592 + row_number() OVER ())::UBIGINT AS own_key
  FROM (SELECT DISTINCT own_n FROM asked_name WHERE own_n IS NOT NULL)
), question AS MATERIALIZED (
  SELECT n.place_no, q.side, k.own_key, q.queries, q.first_time, q.last_time
  FROM asked_name q
    JOIN place_name n USING (name)
    LEFT JOIN asker k USING (own_n)
), place_use AS MATERIALIZED (
  SELECT place_no, side, own_key,
    bool_or(outward) AS out, bool_or(NOT outward) AS inside,
    sum(connections)::BIGINT AS connections, sum(refused)::BIGINT AS refused,
    sum(answered)::BIGINT AS answered, sum(records)::BIGINT AS records, bounded(sum(bytes)) AS bytes,
    sum(queries)::BIGINT AS queries, min(first_time) AS first_time, max(last_time) AS last_time
  FROM (
    SELECT place_no, side, own_key, outward, connections, refused, answered, records, bytes, 0 AS queries, first_time,
      last_time
    FROM call
    UNION ALL
    SELECT place_no, side, own_key, NULL, 0, 0, 0, 0, NULL, queries, first_time, last_time
    FROM question
  )
  GROUP BY place_no, side, own_key
)
