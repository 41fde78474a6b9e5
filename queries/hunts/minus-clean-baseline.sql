-- What is left of the replay when a clean machine's traffic is taken away
--
-- Names and addresses of the replay that no capture with the role baseline has, AWS's own services
-- left out. Without a baseline it finds nothing: called-out and same-as-the-incident do without.
--
-- cannot: What a clean machine does less often than the baseline is long. A place that is in the
-- baseline by chance – a shared address, a public service that an intruder uses too – is taken away
-- with it; captures-compared has it, set apart.
--
-- method: Anti-join by name; where either side has no name for it, by address, and then every address of
-- the place has to be in the baseline. Score: 0.3 for being left, 0.3 where the incident has the
-- same name or address (0.15 for the registered domain or the block), 0.2 for the number of tries
-- (full at 200), 0.1 where it called and did not only ask, 0.1 where the baseline has neither its
-- registered domain nor its /24 (IPv6: /64) and port. High takes the incident's name or address, ten
-- tries, and a domain and block that are not in the baseline.
--
-- false-positives: A baseline that is shorter than the pauses of updates and agents; one of another image.
--
-- not-proof: That what is left is malicious, or that what was taken away is not.
--
-- attack: T1071.001, T1071.004, T1571
-- needs:  capture, session, dns
-- param:  left      capture            the capture to compare with; empty for all of role incident
-- param:  right     capture            the capture that is asked about; empty for all of role replay
-- param:  baseline  capture            a capture of a clean machine; empty for all of role baseline
-- param:  from      time               only what begins at or after this moment
-- param:  to        time               only what begins before this moment
-- param:  least     number    = 0.3    show from this score on
-- step:   clean  captures with the role baseline that are not compared themselves
-- step:   looked  names and addresses of the replay
-- step:   left_over  of them neither in a baseline nor AWS's own
-- column: kind text
-- column: level text
-- column: connections count
-- column: refused count
-- column: queries count
WITH compared AS (
  SELECT name AS capture, 'left' AS side FROM capture WHERE CASE WHEN $left = '' THEN role = 'incident' ELSE name = $left END
  UNION ALL
  SELECT name, 'right' FROM capture WHERE CASE WHEN $right = '' THEN role = 'replay' ELSE name = $right END
), side AS (
  FROM compared UNION ALL SELECT name, 'baseline' FROM capture WHERE CASE WHEN $baseline = '' THEN role = 'baseline' AND name NOT IN (SELECT capture FROM compared) ELSE name = $baseline END
), outward AS (
  SELECT DISTINCT s.server_n FROM session s JOIN side d USING (capture) WHERE s.direction = 'out' AND NOT s.translated
), caller AS (
  SELECT DISTINCT s.client_n FROM session s JOIN side d USING (capture) WHERE s.direction = 'in' AND NOT s.translated
), caller_kept AS MATERIALIZED (
  SELECT client_n FROM caller SEMI JOIN outward ON server_n = client_n
), seen AS (
  SELECT d.side, s.capture, s.direction = 'in' AS inbound, s.direction = 'out' AS outward, s.interface_id, s.instance_id IS NOT NULL AS has_instance, CASE WHEN s.direction = 'in' THEN s.server_n ELSE s.client_n END AS own_n,
    CASE WHEN s.direction = 'in' THEN s.client_n ELSE s.server_n END AS place_n, s.server_port AS port, CASE WHEN s.direction <> 'in' THEN s.name END AS name, s.server_service AS service,
    s.start, s."end", s.refused, s.records, s.bytes_out
  FROM session s JOIN side d USING (capture) WHERE NOT s.translated AND (s.direction IN ('out', 'inside') OR s.direction = 'in' AND s.client_n IN (SELECT client_n FROM caller_kept))
    AND ($from::TIMESTAMP IS NULL OR s.start >= $from::TIMESTAMP) AND ($to::TIMESTAMP IS NULL OR s.start < $to::TIMESTAMP)
), call AS MATERIALIZED (
  SELECT side, capture, inbound, outward, interface_id, own_n, place_n, port, name, max(service) AS service, count(*) AS connections, count(*) FILTER (refused) AS refused,
    sum(records)::BIGINT AS records, sum(bytes_out)::BIGINT AS bytes, min(start) AS first_time, max("end") AS last_time
  FROM seen GROUP BY side, capture, inbound, outward, interface_id, has_instance, own_n, place_n, port, name
  QUALIFY row_number() OVER (PARTITION BY capture, inbound, own_n, place_n, port, name ORDER BY has_instance DESC, count(*) DESC, interface_id) = 1
), asked AS MATERIALIZED (
  SELECT s.side, d.name, any_value(d.registered_domain) AS registered_domain, d.srcaddr_n AS own_n, count(*) AS queries, min(d.query_timestamp) AS first_time, max(d.query_timestamp) AS last_time
  FROM dns d JOIN side s USING (capture) WHERE d.name IS NOT NULL AND NOT regexp_matches(d.name, '(^|\.)(arpa|internal|local)$')
    AND ($from::TIMESTAMP IS NULL OR d.query_timestamp >= $from::TIMESTAMP) AND ($to::TIMESTAMP IS NULL OR d.query_timestamp < $to::TIMESTAMP) GROUP BY s.side, d.name, d.srcaddr_n
), used AS MATERIALIZED (
  SELECT side, inbound, name, CASE WHEN name IS NULL THEN place_n END AS bare_n, own_n, outward, connections, refused, records, bytes, 0 AS queries, first_time, last_time FROM call
  UNION ALL
  SELECT side, false, name, NULL, own_n, NULL, 0, 0, 0, NULL, queries, first_time, last_time FROM asked
), place AS MATERIALIZED (
  SELECT (row_number() OVER ())::INTEGER AS place_id, *, CASE WHEN inbound THEN 'in' WHEN out THEN 'out' WHEN inside THEN 'inside' ELSE 'asked' END AS kind
  FROM (
    SELECT inbound, name, bare_n, coalesce(bool_or(outward) FILTER (side <> 'baseline'), false) AS out, coalesce(bool_or(NOT outward) FILTER (side <> 'baseline'), false) AS inside, bool_or(side = 'baseline') AS in_baseline,
      count(DISTINCT own_n) FILTER (side = 'left') AS left_clients, coalesce(sum(connections) FILTER (side = 'left'), 0)::BIGINT AS left_connections, coalesce(sum(refused) FILTER (side = 'left'), 0)::BIGINT AS left_refused,
      coalesce(sum(queries) FILTER (side = 'left'), 0)::BIGINT AS left_queries, (sum(bytes) FILTER (side = 'left'))::BIGINT AS left_bytes, min(first_time) FILTER (side = 'left') AS left_first, max(last_time) FILTER (side = 'left') AS left_last,
      count(DISTINCT own_n) FILTER (side = 'right') AS right_clients, coalesce(sum(connections) FILTER (side = 'right'), 0)::BIGINT AS right_connections, coalesce(sum(refused) FILTER (side = 'right'), 0)::BIGINT AS right_refused,
      coalesce(sum(records) FILTER (side = 'right'), 0)::BIGINT AS right_records, coalesce(sum(queries) FILTER (side = 'right'), 0)::BIGINT AS right_queries, (sum(bytes) FILTER (side = 'right'))::BIGINT AS right_bytes,
      min(first_time) FILTER (side = 'right') AS right_first, max(last_time) FILTER (side = 'right') AS right_last
    FROM used GROUP BY inbound, name, bare_n
  ) WHERE left_clients + right_clients > 0
), met AS MATERIALIZED (
  SELECT p.place_id, p.name IS NULL AS bare, c.side, c.place_n, c.port, c.place_n >> CASE WHEN c.place_n BETWEEN 281470681743360::UHUGEINT AND 281474976710655::UHUGEINT THEN 8 ELSE 64 END::UHUGEINT AS block,
    c.place_n BETWEEN 281470681743360::UHUGEINT AND 281474976710655::UHUGEINT AS v4, c.outward, c.interface_id, c.own_n, c.connections, c.refused, c.bytes, c.service, c.first_time, c.last_time
  FROM call c JOIN place p ON p.inbound = c.inbound AND p.name IS NOT DISTINCT FROM c.name AND p.bare_n IS NOT DISTINCT FROM CASE WHEN c.name IS NULL THEN c.place_n END
), domain AS MATERIALIZED (
  SELECT p.place_id, a.registered_domain FROM place p JOIN (SELECT name, any_value(registered_domain) AS registered_domain FROM asked GROUP BY name) a ON a.name = p.name WHERE a.registered_domain IS NOT NULL AND p.kind <> 'inside'
), both_address AS (
  SELECT place_n FROM met GROUP BY place_n HAVING bool_or(side = 'left') AND bool_or(side = 'right')
), both_block AS (
  SELECT v4, block, port FROM met WHERE outward GROUP BY v4, block, port HAVING bool_or(side = 'left') AND bool_or(side = 'right')
), both_domain AS (
  SELECT d.registered_domain FROM domain d JOIN place p USING (place_id) GROUP BY d.registered_domain HAVING bool_or(p.left_clients > 0) AND bool_or(p.right_clients > 0)
), clean_address AS (
  SELECT place_n, bool_or(name IS NULL) AS bare FROM call WHERE side = 'baseline' GROUP BY place_n
), address_of AS (
  SELECT a.place_id, arg_max(a.place_n, (b.place_n IS NOT NULL, a.side = 'right', a.connections, a.place_n)) AS address_n, count(DISTINCT a.place_n) AS addresses, bool_or(b.place_n IS NOT NULL) AS same_address,
    bool_or(k.block IS NOT NULL) AS same_block, arg_max({'v4': a.v4, 'block': a.block, 'port': a.port}, (k.block IS NOT NULL, a.connections, a.place_n, a.port)) AS block_key, max(a.service) AS service, bool_and(a.port = 123) AS all_time,
    bool_and(c.place_n IS NOT NULL AND (a.bare OR c.bare)) AS clean, list_sort(list_distinct(list(DISTINCT a.port)))[:8] AS ports, count(DISTINCT a.port) AS ports_n
  FROM met a LEFT JOIN both_address b ON b.place_n = a.place_n LEFT JOIN both_block k ON k.v4 = a.v4 AND k.block = a.block AND k.port = a.port AND a.outward LEFT JOIN clean_address c ON c.place_n = a.place_n
  WHERE a.side <> 'baseline' GROUP BY a.place_id
), judged AS MATERIALIZED (
  SELECT p.*, d.registered_domain, a.address_n, coalesce(a.addresses, 0) AS addresses, a.block_key, array_to_string(a.ports, ', ') || CASE WHEN a.ports_n > 8 THEN format(' and {} more', a.ports_n - 8) ELSE '' END AS ports,
    list_filter([CASE WHEN p.name IS NOT NULL AND left_clients > 0 AND right_clients > 0 THEN 'name' END, CASE WHEN a.same_address THEN 'address' END,
      CASE WHEN b.registered_domain IS NOT NULL THEN 'registered domain' END, CASE WHEN a.same_block THEN CASE WHEN a.block_key.v4 THEN '/24 and port' ELSE '/64 and port' END END], lambda x: x IS NOT NULL) AS levels,
    CASE WHEN p.name IS NOT NULL AND p.in_baseline OR a.clean THEN 'baseline'
      WHEN aws_name OR p.name IS NULL AND coalesce(a.service, '') NOT IN ('', 'EC2', 'CLOUDFRONT', 'S3', 'API_GATEWAY', 'GLOBALACCELERATOR') THEN 'AWS' WHEN a.all_time AND p.kind = 'out' THEN 'time' END AS apart
  FROM (SELECT *, coalesce(regexp_matches(name, '\.(amazonaws\.com(\.cn)?|api\.aws|aws\.dev)$')
      AND NOT regexp_matches(name, '(^|\.)(compute(-[0-9])?|elb|execute-api|s3|s3[.-][a-z0-9.-]+|lambda-url|appsync-api|elasticbeanstalk|rds|cache|es|iot|mq)\.'), false) AS aws_name FROM place) p
    LEFT JOIN address_of a USING (place_id) LEFT JOIN domain d USING (place_id) LEFT JOIN both_domain b USING (registered_domain)
), parted AS MATERIALIZED (
  SELECT *, levels[1] AS level, CASE WHEN right_clients = 0 THEN 'only left' WHEN len(levels) > 0 THEN 'match' ELSE 'only right' END AS found_in
  FROM judged WHERE NOT (right_clients = 0 AND name IS NULL AND list_contains(levels, 'address')) AND (kind <> 'inside' OR len(levels) > 0)
), alike AS ( -- what the left has of a place that it does not have itself
  SELECT p.place_id, min(o.name) AS left_like, count(DISTINCT m.own_n) AS clients, sum(m.connections)::BIGINT AS connections, sum(m.refused)::BIGINT AS refused, 0 AS queries,
    sum(m.bytes)::BIGINT AS bytes, min(m.first_time) AS first_time, max(m.last_time) AS last_time, arg_max(m.own_n, (m.connections, m.own_n)) AS client_n, arg_max(m.interface_id, (m.connections, m.own_n)) AS interface_id
  FROM parted p JOIN met m ON m.side = 'left' AND m.place_n = p.address_n JOIN place o ON o.place_id = m.place_id WHERE p.found_in = 'match' AND p.level = 'address' GROUP BY p.place_id
  UNION ALL
  SELECT p.place_id, format('{} name(s) under {}, such as {}', count(DISTINCT u.name), any_value(p.registered_domain), min(u.name)), count(DISTINCT u.own_n), sum(u.connections)::BIGINT, sum(u.refused)::BIGINT, sum(u.queries)::BIGINT,
    sum(u.bytes)::BIGINT, min(u.first_time), max(u.last_time), NULL, NULL
  FROM parted p JOIN domain d ON d.registered_domain = p.registered_domain JOIN place o ON o.place_id = d.place_id JOIN used u ON u.name = o.name AND u.side = 'left' WHERE p.left_clients = 0 AND p.level = 'registered domain' GROUP BY p.place_id
  UNION ALL
  SELECT p.place_id, format('{} address(es) of the block, such as {}', count(DISTINCT m.place_n), any_value(number_text(m.place_n))), count(DISTINCT m.own_n), sum(m.connections)::BIGINT, sum(m.refused)::BIGINT, 0,
    sum(m.bytes)::BIGINT, min(m.first_time), max(m.last_time), NULL, NULL
  FROM parted p JOIN met m ON m.side = 'left' AND m.outward AND m.v4 = p.block_key.v4 AND m.block = p.block_key.block AND m.port = p.block_key.port WHERE p.left_clients = 0 AND p.level IN ('/24 and port', '/64 and port') GROUP BY p.place_id
), own AS ( -- whose it is on the right: the client with most calls, or queries
  SELECT place_id, arg_max(own_n, (connections, own_n)) AS own_n, arg_max(interface_id, (connections, own_n)) AS interface_id FROM met WHERE side = 'right' GROUP BY place_id
), asker AS (
  SELECT name, arg_max(own_n, (queries, own_n)) AS own_n FROM asked WHERE side = 'right' GROUP BY name
), right_capture AS (
  SELECT min(capture) AS capture FROM side WHERE side = 'right'
), clean AS (
  SELECT capture FROM side WHERE side = 'baseline'
), clean_block AS (
  SELECT DISTINCT v4, block, port FROM (SELECT place_n BETWEEN 281470681743360::UHUGEINT AND 281474976710655::UHUGEINT AS v4, place_n >> CASE WHEN place_n BETWEEN 281470681743360::UHUGEINT AND 281474976710655::UHUGEINT THEN 8 ELSE 64 END::UHUGEINT AS block, port FROM call WHERE side = 'baseline' AND outward)
), clean_domain AS (
  SELECT DISTINCT registered_domain FROM asked WHERE side = 'baseline'
), looked AS (
  SELECT * FROM judged WHERE right_clients > 0 AND kind IN ('out', 'asked')
), left_over AS (
  SELECT p.*, p.levels[1] AS level, coalesce(o.own_n, a.own_n) AS own_n, o.interface_id, r.capture, b.block IS NOT NULL OR d.registered_domain IS NOT NULL AS near_clean
  FROM looked p LEFT JOIN own o USING (place_id) LEFT JOIN asker a ON a.name = p.name LEFT JOIN clean_block b ON b.v4 = p.block_key.v4 AND b.block = p.block_key.block AND b.port = p.block_key.port
    LEFT JOIN clean_domain d ON d.registered_domain = p.registered_domain CROSS JOIN right_capture r WHERE p.apart IS NULL AND EXISTS (FROM clean)
), rated AS (
  SELECT *, greatest(right_connections, right_queries) AS n, CASE WHEN level IN ('name', 'address') THEN 0.3 WHEN level IS NOT NULL THEN 0.15 ELSE 0 END AS known,
    0.2 * least(1, ln(greatest(1, right_connections, right_queries)) / ln(200)) AS tries, CASE WHEN right_connections > 0 THEN 0.1 ELSE 0 END AS reached, CASE WHEN near_clean THEN 0 ELSE 0.1 END AS far
  FROM left_over
), told AS (
  SELECT *, 0.3 + known + tries + reached + far AS score FROM rated
)
SELECT round(score, 3)::DOUBLE AS score, CASE WHEN level IN ('name', 'address') AND n >= 10 AND NOT near_clean THEN 'high' WHEN (level IS NOT NULL OR right_connections > 0) AND NOT near_clean THEN 'medium' ELSE 'low' END AS severity,
  format('not in the baseline{}: {} calls, {} of them refused, {} queries; {}; parts: left 0.30, incident {:.2f}, tries {:.2f}, called {:.2f}, far from the baseline {:.2f}', CASE WHEN near_clean THEN ', which has its domain or block' ELSE '' END,
    right_connections, right_refused, right_queries, coalesce('in the incident too: ' || level, 'not in the incident'), known, tries, reached, far) AS reason,
  CASE WHEN own_n IS NOT NULL THEN number_text(own_n) END AS src, CASE WHEN right_connections > 0 THEN number_text(address_n) END AS dst, CASE WHEN right_connections > 0 THEN block_key.port END AS dstport, name, registered_domain, interface_id,
  (right_records + right_queries)::BIGINT AS "rows", right_first AS from_time, right_last AS to_time, kind, level, right_connections AS connections, right_refused AS refused, right_queries AS queries, capture
FROM told
WHERE score >= $least::DOUBLE
ORDER BY told.score DESC, n DESC, name, address_n, place_id
