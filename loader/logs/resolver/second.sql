-- A second reading of Resolver query logs, for a stock duckdb: of the members of a JSON object a line, after lines.sql.

-- view: dns
WITH members AS (SELECT object_id, row_no, line::JSON AS j FROM lines WHERE json_valid(line))
SELECT object_id, row_no, given(j->>'version') AS version, given(j->>'account_id') AS account_id, given(j->>'region') AS region,
  given(j->>'vpc_id') AS vpc_id,
  (j->>'query_timestamp')::TIMESTAMP AS query_timestamp, j->>'query_name' AS query_name, given(j->>'query_type') AS query_type,
  given(j->>'query_class') AS query_class, given(j->>'rcode') AS rcode, address(given(j->>'srcaddr')) AS srcaddr_n,
  given(j->>'srcport')::INTEGER AS srcport, given(j->>'transport') AS transport, given(j->>'$.srcids.instance') AS src_instance,
  given(j->>'$.srcids.resolver_endpoint') AS src_resolver_endpoint,
  given(j->>'$.srcids.resolver_network_interface') AS src_resolver_network_interface,
  given(j->>'firewall_rule_action') AS firewall_rule_action, given(j->>'firewall_rule_group_id') AS firewall_rule_group_id,
  given(j->>'firewall_domain_list_id') AS firewall_domain_list_id, json_array_length(j, '$.answers') AS answers_n
FROM members WHERE j->>'query_timestamp' IS NOT NULL ORDER BY object_id, row_no;

-- view: dns_answer
WITH members AS (SELECT object_id, row_no, line::JSON AS j FROM lines WHERE json_valid(line)), answers AS (
  SELECT object_id, row_no, (j->>'query_timestamp')::TIMESTAMP AS query_timestamp, a.no AS answer_no,
    j->('$.answers[' || (a.no - 1) || ']') AS a
  FROM members, unnest(range(1, 1 + coalesce(json_array_length(j, '$.answers')::BIGINT, 0))) AS a(no)
)
SELECT object_id, row_no, answer_no, query_timestamp, a->>'Rdata' AS rdata, given(a->>'Type') AS type, given(a->>'Class') AS class
FROM answers ORDER BY object_id, row_no, answer_no;
