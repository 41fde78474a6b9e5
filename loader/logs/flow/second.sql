-- A second reading of flow logs, for a stock duckdb: of the fields as they stand in a line, after lines.sql. A first line that names
-- the fields is taken at its word; without one the fields are those of version 2.

-- view: flow
WITH header AS (
  SELECT object_id, CASE WHEN contains(line, 'srcaddr') THEN 1 ELSE 0 END AS is_there, string_split(
    CASE WHEN contains(line, 'srcaddr') THEN line ELSE 'version account-id interface-id srcaddr dstaddr srcport dstport protocol '
      || 'packets bytes start end action log-status' END, ' ') AS names
  FROM lines WHERE row_no = 1
), parts AS (
  SELECT object_id, row_no, string_split(line, ' ') AS part, names
  FROM lines JOIN header USING (object_id) WHERE row_no > is_there AND trim(line) <> ''
), fields AS (
  SELECT object_id, row_no, map(names, part) AS f FROM parts WHERE len(part) = len(names)
)
SELECT object_id, row_no,
  given(f['version']) AS version, given(f['account-id']) AS account_id, given(f['interface-id']) AS interface_id,
  address(given(f['srcaddr'])) AS srcaddr_n, address(given(f['dstaddr'])) AS dstaddr_n,
  given(f['srcport'])::INTEGER AS srcport, given(f['dstport'])::INTEGER AS dstport, given(f['protocol'])::INTEGER AS protocol,
  given(f['packets'])::BIGINT AS packets, given(f['bytes'])::BIGINT AS bytes,
  make_timestamp(given(f['start'])::BIGINT * 1000000) AS start, make_timestamp(given(f['end'])::BIGINT * 1000000) AS "end",
  given(f['action']) AS action, given(f['log-status']) AS log_status,
  given(f['vpc-id']) AS vpc_id, given(f['subnet-id']) AS subnet_id, given(f['instance-id']) AS instance_id,
  given(f['tcp-flags'])::INTEGER AS tcp_flags,
  given(f['type']) AS type, address(given(f['pkt-srcaddr'])) AS pkt_srcaddr_n, address(given(f['pkt-dstaddr'])) AS pkt_dstaddr_n,
  given(f['region']) AS region, given(f['az-id']) AS az_id, given(f['sublocation-type']) AS sublocation_type,
  given(f['sublocation-id']) AS sublocation_id, given(f['pkt-src-aws-service']) AS pkt_src_aws_service,
  given(f['pkt-dst-aws-service']) AS pkt_dst_aws_service, given(f['flow-direction']) AS flow_direction,
  given(f['traffic-path'])::INTEGER AS traffic_path
FROM fields ORDER BY object_id, row_no;
