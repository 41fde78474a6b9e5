-- Calls of the captures' machines, to the outside and among themselves
--
-- After sides and the step that says which sides are looked at. A row of seen_call is all connections from one address to
-- another and a port, by one name. portless is the protocol where it has no ports: flow logs write port 0 for
-- ICMP. Takes $from and $to, and reads connection_keys.
WITH seen_call AS MATERIALIZED (
  SELECT any_value(d.side) AS side, any_value(s.direction = 'out') AS outward,
    coalesce(min(s.interface_no) FILTER (s.instance_id IS NOT NULL), min(s.interface_no)) AS interface_no,
    s.client_key, s.server_key, s.server_port AS port, s.name_no, d.side_no,
    max(CASE WHEN s.protocol NOT IN (6, 17, 33, 132, 136) THEN s.protocol END) AS portless,
    count(*) AS connections, count(*) FILTER (s.refused) AS refused,
    count(*) FILTER (s.packets_in > 0) AS answered, sum(s.records)::BIGINT AS records,
    bounded(sum(s.bytes_out)) AS bytes, min(s.start) AS first_time, max(s."end") AS last_time
  FROM connection_keys s
    JOIN side d USING (capture)
  WHERE s.direction IN ('out', 'inside') AND within(s.start, $from, $to)
  GROUP BY d.side_no, s.client_key, s.server_key, s.server_port, s.name_no
)
