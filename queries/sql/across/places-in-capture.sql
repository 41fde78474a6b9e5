-- Is any of these addresses, blocks and names in a capture at all?
--
-- One row per entry: flow records that name the address – in any field, any direction, accepted or
-- refused – and Resolver queries for the name or a name under it. A row of zeros is what a
-- statement that something is not there rests on; it needs the capture's coverage beside it.
--
-- cannot: What the capture's logs never record. An address may have been reached by another one: a
-- proxy, a NAT gateway without pkt-dstaddr, a relay. A name that a cache or a hosts file answered
-- was not logged.
--
-- needs:  flow_by_addr, dns
-- param:  capture  capture  required  the capture
-- param:  places   text     required  addresses, blocks and names, a line each
-- column: place         text
-- column: is_name       flag
-- column: flow_records  count
-- column: refused       count
-- column: flow_first    time
-- column: flow_last     time
-- column: queries       count
-- column: query_first   time
-- column: query_last    time
WITH entry AS (
  SELECT DISTINCT place,
    CASE WHEN is_block(place) THEN cidr_first(place) END AS first_n,
    CASE WHEN is_block(place) THEN cidr_last(place) END AS last_n,
    bare_name(place) AS name
  FROM (SELECT trim(unnest(string_split($places, chr(10)))) AS place)
  WHERE place <> ''
), entry_flow AS (
  SELECT e.place, f.object_id, f.row_no, f.action, f.start, f."end"
  FROM flow_by_addr f
    JOIN entry e ON f.addr_n = e.first_n
  WHERE e.first_n = e.last_n AND f.capture = $capture
  UNION ALL
  SELECT e.place, f.object_id, f.row_no, f.action, f.start, f."end"
  FROM flow_by_addr f
    JOIN entry e ON f.addr_n BETWEEN e.first_n AND e.last_n
  WHERE e.first_n < e.last_n AND f.capture = $capture
), entry_flows AS ( -- a record may name an address in several fields
  SELECT place,
    count(DISTINCT (object_id, row_no)) AS flow_records,
    count(DISTINCT (object_id, row_no)) FILTER (action = 'REJECT') AS refused,
    min(start) AS flow_first, max("end") AS flow_last
  FROM entry_flow
  GROUP BY place
), asked_name AS (
  SELECT name, count(*) AS queries, min(query_timestamp) AS first_time, max(query_timestamp) AS last_time
  FROM dns
  WHERE capture = $capture AND name IS NOT NULL
  GROUP BY name
), entry_queries AS (
  SELECT e.place, sum(a.queries)::BIGINT AS queries, min(a.first_time) AS query_first, max(a.last_time) AS query_last
  FROM asked_name a
    JOIN entry e ON a.name = e.name OR ends_with(a.name, '.' || e.name)
  WHERE e.first_n IS NULL
  GROUP BY e.place
)
SELECT e.place, e.first_n IS NULL AS is_name,
  coalesce(f.flow_records, 0) AS flow_records, coalesce(f.refused, 0) AS refused,
  f.flow_first, f.flow_last, coalesce(n.queries, 0) AS queries,
  n.query_first, n.query_last
FROM entry e
  LEFT JOIN entry_flows f USING (place)
  LEFT JOIN entry_queries n USING (place)
ORDER BY e.place
