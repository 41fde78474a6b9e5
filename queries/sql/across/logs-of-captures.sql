-- Which logs each capture has, and of when
--
-- One row per capture, log type and source: an interface with its instance and addresses, or the
-- VPC or hosted zone, with how many connections to the outside it recorded and when the first was.
-- first_record and last_record are those of the capture and log type, over all sources. Of a flow log
-- accepted, refused and nodata count its records; traffic_type is what aws ec2 describe-flow-logs said of
-- the flow logs of the interface, its subnet and its VPC, where such a description was loaded.
--
-- cannot: Whether a log that is not here was not kept, not pulled, or never switched on. The minutes in
-- which a source has records are no coverage: see coverage-of-sources. What a capture's clock
-- begins with is its first record, not the start of the machine.
--
-- needs:  capture, object_part, minute, flow_span, flow_log, asset, connection, flow, dns
-- param:  capture  capture  only this capture; empty for all
-- column: role           text
-- column: log_type       text
-- column: source         text
-- column: addresses      text
-- column: first_minute   time
-- column: last_minute    time
-- column: records        count
-- column: calls_out      count
-- column: refused_out    count
-- column: first_record   time
-- column: last_record    time
-- column: first_call     time
-- column: first_query    time
-- column: instances      text
-- column: accepted       count
-- column: refused        count
-- column: nodata         count
-- column: traffic_type   text
WITH log_source AS (
  SELECT log_type, capture, source, sum(records)::BIGINT AS records, min(minute) AS first_minute, max(minute) AS last_minute
  FROM minute
  WHERE of(capture, $capture)
  GROUP BY ALL
), interface_span AS (
  SELECT 'flow' AS log_type, capture, interface_id AS source, min(minute) AS first_minute, max(minute) AS last_minute
  FROM flow_span
  WHERE of(capture, $capture)
  GROUP BY ALL
), interface_owner AS (
  SELECT capture, interface_id AS source,
    string_agg(DISTINCT instance_id, ', ' ORDER BY instance_id) AS instances,
    string_agg(DISTINCT address, ', ' ORDER BY address) AS addresses
  FROM asset
  WHERE capture IS NOT NULL
  GROUP BY ALL
), record_kind AS (
  SELECT capture, interface_id AS source,
    count(*) FILTER (action = 'ACCEPT') AS accepted, count(*) FILTER (action = 'REJECT') AS refused,
    count(*) FILTER (log_status = 'NODATA') AS nodata
  FROM flow
  WHERE of(capture, $capture)
  GROUP BY ALL
), described AS (
  SELECT a.capture, a.source, string_agg(DISTINCT f.traffic_type, ', ' ORDER BY f.traffic_type) AS traffic_type
  FROM (
    SELECT capture, interface_id AS source, unnest([interface_id, subnet_id, vpc_id]) AS resource_id
    FROM asset
    WHERE capture IS NOT NULL
  ) a
    JOIN flow_log f USING (resource_id)
  GROUP BY ALL
), calls_out AS (
  SELECT capture, interface_id AS source,
    count(*) AS calls_out, count(*) FILTER (refused) AS refused_out, min(start) AS first_call
  FROM connection
  WHERE direction = 'out' AND of(capture, $capture)
  GROUP BY ALL
), vpc_queries AS (
  SELECT capture, vpc_id AS source,
    string_agg(DISTINCT src_instance, ', ' ORDER BY src_instance) AS instances,
    min(query_timestamp) AS first_query
  FROM dns
  WHERE of(capture, $capture)
  GROUP BY ALL
), log_span AS (
  SELECT capture, log_type, min(first_time) AS first_record, max(last_time) AS last_record
  FROM object_part
  WHERE of(capture, $capture)
  GROUP BY ALL
)
SELECT k.role, s.capture, s.log_type, s.source, coalesce(o.instances, a.instances) AS instances,
  o.addresses, s.records,
  least(s.first_minute, p.first_minute) AS first_minute,
  greatest(s.last_minute, p.last_minute) AS last_minute,
  coalesce(c.calls_out, 0) AS calls_out, coalesce(c.refused_out, 0) AS refused_out,
  w.first_record, w.last_record, c.first_call, a.first_query,
  r.accepted, r.refused, r.nodata, d.traffic_type
FROM log_source s
  JOIN capture k ON k.name = s.capture
  LEFT JOIN interface_span p ON p.log_type = s.log_type AND p.capture = s.capture AND p.source IS NOT DISTINCT FROM s.source
  LEFT JOIN interface_owner o ON s.log_type = 'flow' AND o.capture = s.capture AND o.source = s.source
  LEFT JOIN calls_out c ON s.log_type = 'flow' AND c.capture = s.capture AND c.source IS NOT DISTINCT FROM s.source
  LEFT JOIN vpc_queries a ON s.log_type = 'dns' AND a.capture = s.capture AND a.source IS NOT DISTINCT FROM s.source
  LEFT JOIN record_kind r ON s.log_type = 'flow' AND r.capture = s.capture AND r.source IS NOT DISTINCT FROM s.source
  LEFT JOIN described d ON s.log_type = 'flow' AND d.capture = s.capture AND d.source = s.source
  LEFT JOIN log_span w ON w.capture = s.capture AND w.log_type = s.log_type
ORDER BY s.capture, s.log_type, s.source
