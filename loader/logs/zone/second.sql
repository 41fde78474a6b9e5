-- A second reading of public zone query logs, for a stock duckdb: of the fields as they stand in a line, after lines.sql.

-- view: zone
WITH parts AS (SELECT object_id, row_no, string_split(line, ' ') AS f FROM lines)
SELECT object_id, row_no, given(f[1]) AS version, TRY_CAST(f[2] AS TIMESTAMP) AS query_timestamp, given(f[3]) AS hosted_zone_id,
  given(f[4]) AS query_name,
  given(f[5]) AS query_type, given(f[6]) AS response_code, given(f[7]) AS protocol, given(f[8]) AS edge_location,
  address(given(f[9])) AS resolver_ip_n, given(f[10]) AS edns_client_subnet
FROM parts WHERE len(f) = 10 AND TRY_CAST(f[2] AS TIMESTAMP) IS NOT NULL ORDER BY object_id, row_no;
