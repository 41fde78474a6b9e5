-- Two captures compared, place by place
--
-- A place is a name, or an address that was called without one. Each row is a place with what both
-- captures say about it: calls, refused attempts, queries, bytes, first and last time. Rows of what
-- 'total' sum up each part. level says how a place of one capture is known to the other: name,
-- address, registered domain, or /24 and port (IPv6: /64 and port), the most specific first; levels
-- has all that hold. Where the name is not the same, the left figures are of what the left capture
-- has at that level – every call to the address, names of the domain, addresses of the block – and
-- left_like says what that is. An address without a name that the other capture called by a name is
-- part of that match, and no row of its own; private addresses have rows only where both have them.
--
-- apart says what a place is set apart for, in this order: allow (the name, or every address, is on
-- the list), baseline (a baseline capture has its name; or, where either has no name for it, all
-- its addresses), AWS (a service of AWS's own), time (NTP). What customers run at AWS – S3, EC2,
-- load balancers, API Gateway – is not set apart.
--
-- The clocks agree (same_clock) where the medians of the pauses between calls lie within 10 % of one
-- another and their middle halves, each widened by 1 s or 1 %, overlap; the sizes (same_size),
-- where the same holds of the bytes sent. Both are of the client with most calls on each side; clock_by says whether calls were
-- timed or, where a side has hardly any, queries. Empty where a side has fewer than three pauses,
-- or, for sizes, where a side was refused.
--
-- Of outside addresses that only called in, those that the other capture has too and the 1,000 with
-- most connections of each capture are looked at; of_rows counts them all.
--
-- Names of one registered domain that were asked for, never called, and are in one capture only
-- are one row where they are more than ten; names says how many.
--
-- cannot: What the logs of either capture do not have: a capture without Resolver log has no
-- names, one without flow log no calls. Names that end in .arpa, .internal and .local are left out.
-- An address may have another owner by the time of the replay, and private addresses that are the
-- same number need not be the same machine. Traffic as seen at a NAT gateway is left out: it is
-- seen at the interface of the machine too, where that has a flow log.
--
-- needs:  capture, session, dns
-- param:  left      capture             the first capture; empty for all of role incident
-- param:  right     capture             the second capture; empty for all of role replay
-- param:  baseline  capture             a capture of a clean machine; empty for all of role baseline that
--                                     are not compared themselves
-- param:  allow     text                addresses, blocks and names to set apart, a line each
-- param:  most      int       = 1000    at most so many places of each part; of_rows says how many there are
-- column: what               text
-- column: found_in           text
-- column: apart              text
-- column: kind               text
-- column: level              text
-- column: levels             text
-- column: score              number
-- column: address            ip
-- column: addresses          count
-- column: refused_addresses  count
-- column: shared_addresses   count
-- column: first_call         time
-- column: names              count
-- column: same_names         count
-- column: ports              text
-- column: left_like          text
-- column: left_clients       count
-- column: left_connections   count
-- column: left_refused       count
-- column: left_queries       count
-- column: left_bytes         bytes
-- column: left_first         time
-- column: left_last          time
-- column: right_clients      count
-- column: right_connections  count
-- column: right_refused      count
-- column: right_records      count
-- column: right_queries      count
-- column: right_bytes        bytes
-- column: right_first        time
-- column: right_last         time
-- column: clock_by           text
-- column: same_clock         flag
-- column: left_pause         number
-- column: right_pause        number
-- column: same_size          flag
-- column: left_size          number
-- column: right_size         number
-- column: of_rows            count
WITH compared AS (
  SELECT name AS capture, 'left' AS side FROM capture WHERE CASE WHEN $left = '' THEN role = 'incident' ELSE name = $left END
  UNION ALL
  SELECT name, 'right' FROM capture WHERE CASE WHEN $right = '' THEN role = 'replay' ELSE name = $right END
), side AS (
  FROM compared UNION ALL SELECT name, 'baseline' FROM capture WHERE CASE WHEN $baseline = '' THEN role = 'baseline' AND name NOT IN (SELECT capture FROM compared) ELSE name = $baseline END
), outward AS (
  SELECT DISTINCT s.server_n FROM session s JOIN side d USING (capture) WHERE s.direction = 'out' AND NOT s.translated
), caller AS MATERIALIZED ( -- all the internet knocks: few of those who call in are looked at one by one
  SELECT s.client_n, count(*) FILTER (d.side = 'left') AS left_n, count(*) FILTER (d.side = 'right') AS right_n FROM session s JOIN side d USING (capture) WHERE s.direction = 'in' AND NOT s.translated GROUP BY s.client_n
), caller_kept AS MATERIALIZED (
  SELECT client_n FROM caller WHERE left_n > 0 AND right_n > 0
  UNION
  SELECT client_n FROM caller SEMI JOIN outward ON server_n = client_n
  UNION
  (SELECT client_n FROM caller WHERE left_n > 0 ORDER BY left_n DESC, client_n LIMIT 1000)
  UNION
  (SELECT client_n FROM caller WHERE right_n > 0 ORDER BY right_n DESC, client_n LIMIT 1000)
), caller_left_out AS (
  SELECT count(*) FILTER (left_n > 0) AS left_n, count(*) FILTER (right_n > 0) AS right_n FROM caller ANTI JOIN caller_kept USING (client_n)
), seen AS (
  SELECT d.side, s.capture, s.direction = 'in' AS inbound, s.direction = 'out' AS outward, s.interface_id, s.instance_id IS NOT NULL AS has_instance, CASE WHEN s.direction = 'in' THEN s.server_n ELSE s.client_n END AS own_n,
    CASE WHEN s.direction = 'in' THEN s.client_n ELSE s.server_n END AS place_n, s.server_port AS port, CASE WHEN s.direction <> 'in' THEN s.name END AS name, s.server_service AS service,
    s.start, s."end", s.refused, s.records, s.bytes_out
  FROM session s JOIN side d USING (capture) WHERE NOT s.translated AND (s.direction IN ('out', 'inside') OR s.direction = 'in' AND s.client_n IN (SELECT client_n FROM caller_kept))
), call AS MATERIALIZED (
  SELECT side, capture, inbound, outward, interface_id, own_n, place_n, port, name, max(service) AS service, count(*) AS connections, count(*) FILTER (refused) AS refused,
    sum(records)::BIGINT AS records, sum(bytes_out)::BIGINT AS bytes, min(start) AS first_time, max("end") AS last_time
  FROM seen GROUP BY side, capture, inbound, outward, interface_id, has_instance, own_n, place_n, port, name
  QUALIFY row_number() OVER (PARTITION BY capture, inbound, own_n, place_n, port, name ORDER BY has_instance DESC, count(*) DESC, interface_id) = 1
), asked AS MATERIALIZED (
  SELECT s.side, d.name, any_value(d.registered_domain) AS registered_domain, d.srcaddr_n AS own_n, count(*) AS queries, min(d.query_timestamp) AS first_time, max(d.query_timestamp) AS last_time
  FROM dns d JOIN side s USING (capture) WHERE d.name IS NOT NULL AND NOT regexp_matches(d.name, '(^|\.)(arpa|internal|local)$') GROUP BY s.side, d.name, d.srcaddr_n
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
), allowed AS (
  SELECT regexp_replace(regexp_replace(lower(entry), '^\*\.', ''), '\.$', '') AS entry, CASE WHEN regexp_matches(entry, '^[0-9./]+$|:') THEN cidr_first(entry) END AS first_n, CASE WHEN regexp_matches(entry, '^[0-9./]+$|:') THEN cidr_last(entry) END AS last_n
  FROM (SELECT trim(unnest(string_split($allow, chr(10)))) AS entry) WHERE entry <> ''
), suffix AS (
  SELECT place_id, unnest(list_transform(range(1, len(labels) + 1), lambda i: array_to_string(labels[i:], '.'))) AS suffix FROM (SELECT place_id, string_split(name, '.') AS labels FROM place WHERE name IS NOT NULL AND $allow <> '')
), allow_listed AS (
  SELECT s.place_id FROM suffix s SEMI JOIN (SELECT entry AS name FROM allowed WHERE first_n IS NULL) l ON l.name = s.suffix
  UNION
  SELECT a.place_id FROM met a LEFT JOIN allowed l ON a.place_n BETWEEN l.first_n AND l.last_n WHERE a.side <> 'baseline' AND $allow <> '' GROUP BY a.place_id HAVING bool_and(l.first_n IS NOT NULL)
), judged AS MATERIALIZED (
  SELECT p.*, d.registered_domain, a.address_n, coalesce(a.addresses, 0) AS addresses, a.block_key, array_to_string(a.ports, ', ') || CASE WHEN a.ports_n > 8 THEN format(' and {} more', a.ports_n - 8) ELSE '' END AS ports,
    list_filter([CASE WHEN p.name IS NOT NULL AND left_clients > 0 AND right_clients > 0 THEN 'name' END, CASE WHEN a.same_address THEN 'address' END,
      CASE WHEN b.registered_domain IS NOT NULL THEN 'registered domain' END, CASE WHEN a.same_block THEN CASE WHEN a.block_key.v4 THEN '/24 and port' ELSE '/64 and port' END END], lambda x: x IS NOT NULL) AS levels,
    CASE WHEN l.place_id IS NOT NULL THEN 'allow' WHEN p.name IS NOT NULL AND p.in_baseline OR a.clean THEN 'baseline'
      WHEN aws_name OR p.name IS NULL AND coalesce(a.service, '') NOT IN ('', 'EC2', 'CLOUDFRONT', 'S3', 'API_GATEWAY', 'GLOBALACCELERATOR') THEN 'AWS' WHEN a.all_time AND p.kind = 'out' THEN 'time' END AS apart
  FROM (SELECT *, coalesce(regexp_matches(name, '\.(amazonaws\.com(\.cn)?|api\.aws|aws\.dev)$')
      AND NOT regexp_matches(name, '(^|\.)(compute(-[0-9])?|elb|execute-api|s3|s3[.-][a-z0-9.-]+|lambda-url|appsync-api|elasticbeanstalk|rds|cache|es|iot|mq)\.'), false) AS aws_name FROM place) p
    LEFT JOIN address_of a USING (place_id) LEFT JOIN domain d USING (place_id) LEFT JOIN both_domain b USING (registered_domain) LEFT JOIN allow_listed l USING (place_id)
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
), busiest AS (
  SELECT m.place_id, m.side, m.own_n, arg_max(m.interface_id, (m.connections, m.interface_id)) AS interface_id FROM met m JOIN parted p USING (place_id) WHERE p.found_in = 'match' AND p.kind = 'out' AND m.side <> 'baseline' GROUP BY m.place_id, m.side, m.own_n
  QUALIFY row_number() OVER (PARTITION BY m.place_id, m.side ORDER BY sum(m.connections) DESC, m.own_n) = 1
), chosen AS MATERIALIZED ( -- whose calls are timed: the client with most of them on each side
  SELECT p.place_id, b.side, b.own_n, b.interface_id, p.name, p.bare_n AS address_n, false AS by_any_name FROM parted p JOIN busiest b USING (place_id) WHERE p.right_connections > 3 AND CASE WHEN p.level = 'address' THEN b.side = 'right' ELSE p.left_connections > 3 END
  UNION ALL
  SELECT p.place_id, 'left', l.client_n, l.interface_id, NULL, p.address_n, true FROM parted p JOIN alike l USING (place_id) WHERE p.kind = 'out' AND p.level = 'address' AND p.right_connections > 3 AND l.connections > 3
), timed AS (
  SELECT c.place_id, c.side, s.start, s.bytes_out, s.refused FROM seen s JOIN chosen c ON c.side = s.side AND c.own_n = s.own_n AND c.interface_id = s.interface_id AND c.name = s.name WHERE NOT s.inbound
  UNION ALL
  SELECT c.place_id, c.side, s.start, s.bytes_out, s.refused FROM seen s JOIN chosen c ON c.side = s.side AND c.own_n = s.own_n AND c.interface_id = s.interface_id AND c.address_n = s.place_n AND (c.by_any_name OR s.name IS NULL) WHERE NOT s.inbound AND c.name IS NULL
), asking AS MATERIALIZED (
  SELECT p.place_id, a.side, a.name, a.own_n FROM asked a JOIN parted p ON p.name = a.name
  WHERE p.found_in = 'match' AND a.side <> 'baseline' AND least(p.left_connections, p.right_connections) < 4 AND least(p.left_queries, p.right_queries) > 3
  QUALIFY row_number() OVER (PARTITION BY p.place_id, a.side ORDER BY a.queries DESC, a.own_n) = 1
), paused AS (
  SELECT place_id, side, 'calls' AS clock_by, epoch(start - lag(start) OVER (PARTITION BY place_id, side ORDER BY start)) AS pause, bytes_out, refused FROM timed
  UNION ALL
  SELECT place_id, side, 'queries', CASE WHEN pause > 2 THEN pause END, NULL, NULL FROM ( -- A and AAAA are asked for together
    SELECT a.place_id, a.side, epoch(d.query_timestamp - lag(d.query_timestamp) OVER (PARTITION BY a.place_id, a.side ORDER BY d.query_timestamp)) AS pause
    FROM dns d JOIN side s USING (capture) JOIN asking a ON a.side = s.side AND a.name = d.name AND a.own_n = d.srcaddr_n)
), paced AS (
  SELECT place_id, side, clock_by, count(pause) AS pauses, quantile_cont(pause, [0.25, 0.5, 0.75]) AS p, CASE WHEN bool_or(refused) THEN NULL ELSE quantile_cont(bytes_out, [0.25, 0.5, 0.75]) END AS b FROM paused GROUP BY ALL
), clock AS (
  SELECT l.place_id, l.clock_by, l.p AS lp, r.p AS rp, l.b AS lb, r.b AS rb FROM paced l JOIN paced r USING (place_id, clock_by)
  WHERE l.side = 'left' AND r.side = 'right' AND l.pauses > 2 AND r.pauses > 2
), hosts AS (
  SELECT count(DISTINCT own_n) FILTER (side = 'left') AS left_hosts, coalesce(bool_or(side = 'baseline'), false) AS has_baseline FROM used WHERE NOT inbound
), told AS MATERIALIZED (
  SELECT p.* EXCLUDE (left_clients, left_connections, left_refused, left_queries, left_bytes, left_first, left_last, levels), array_to_string(p.levels, ', ') AS levels, l.left_like,
    CASE WHEN l.place_id IS NULL THEN p.left_clients ELSE l.clients END AS left_clients, CASE WHEN l.place_id IS NULL THEN p.left_connections ELSE l.connections END AS left_connections,
    CASE WHEN l.place_id IS NULL THEN p.left_refused ELSE l.refused END AS left_refused, CASE WHEN l.place_id IS NULL THEN p.left_queries ELSE l.queries END AS left_queries,
    CASE WHEN l.place_id IS NULL THEN p.left_bytes ELSE l.bytes END AS left_bytes, coalesce(l.first_time, p.left_first) AS left_first, coalesce(l.last_time, p.left_last) AS left_last,
    c.clock_by, c.lp[2] AS left_pause, c.rp[2] AS right_pause, c.lb[2] AS left_size, c.rb[2] AS right_size,
    abs(c.lp[2] - c.rp[2]) <= 0.1 * greatest(c.lp[2], c.rp[2]) AND greatest(c.lp[1], c.rp[1]) - least(c.lp[3], c.rp[3]) <= 2 * greatest(1, 0.01 * c.lp[2]) AS same_clock,
    abs(c.lb[2] - c.rb[2]) <= 0.1 * greatest(c.lb[2], c.rb[2]) AND greatest(c.lb[1], c.rb[1]) - least(c.lb[3], c.rb[3]) <= 2 * greatest(1, 0.01 * c.lb[2]) AS same_size,
    CASE WHEN h.has_baseline THEN (p.apart IS NULL)::INTEGER WHEN h.left_hosts >= 5 THEN 1 - least(1, (greatest(p.left_clients, coalesce(l.clients, 0), 1) - 1) / (0.5 * h.left_hosts)) END AS rare
  FROM parted p LEFT JOIN alike l USING (place_id) LEFT JOIN clock c USING (place_id) CROSS JOIN hosts h
), scored AS (
  SELECT * EXCLUDE (kind), kind, CASE WHEN found_in = 'match' THEN CASE WHEN level IN ('name', 'address') THEN 0.35 WHEN level = 'registered domain' THEN 0.15 ELSE 0.1 END + coalesce(0.25 * rare, 0.1)
      + 0.2 * CASE WHEN same_clock THEN 1 WHEN same_clock IS NULL THEN 0.25 ELSE 0 END + 0.2 * least(1, ln(greatest(1, right_connections, right_queries)) / ln(200))
    ELSE coalesce(0.4 * rare, 0.2) + CASE kind WHEN 'asked' THEN 0 ELSE 0.1 END + CASE WHEN name IS NULL THEN 0.1 ELSE 0 END
      + 0.3 * least(1, ln(1 + greatest(coalesce(left_bytes, 0), coalesce(right_bytes, 0), 0)) / ln(1e9)) + 0.1 * least(1, ln(greatest(1, left_connections, left_queries, right_connections, right_queries)) / ln(200)) END AS score, 1 AS names
  FROM told
), folding AS ( -- names of one domain that one side asked for and nobody called: a tunnel's are thousands
  SELECT found_in, apart, registered_domain, count(*) AS names FROM scored WHERE kind = 'asked' AND found_in <> 'match' AND registered_domain IS NOT NULL GROUP BY found_in, apart, registered_domain HAVING count(*) > 10
), folded AS (
  SELECT s.found_in, s.apart, s.kind, s.name, s.registered_domain, s.level, s.levels, s.score, s.address_n, s.addresses, s.ports, s.left_like, s.left_clients, s.left_connections, s.left_refused, s.left_queries, s.left_bytes, s.left_first, s.left_last,
    s.right_clients, s.right_connections, s.right_refused, s.right_records, s.right_queries, s.right_bytes, s.right_first, s.right_last, s.clock_by, s.same_clock, s.left_pause, s.right_pause, s.same_size, s.left_size, s.right_size, s.place_id, 1 AS names
  FROM scored s ANTI JOIN folding f ON s.kind = 'asked' AND f.found_in = s.found_in AND f.apart IS NOT DISTINCT FROM s.apart AND f.registered_domain = s.registered_domain
  UNION ALL
  SELECT s.found_in, s.apart, s.kind, NULL, s.registered_domain, any_value(s.level), any_value(s.levels), least(1, max(s.score) + 0.5 * least(1, ln(count(*)) / ln(1000))), NULL, 0, NULL, NULL, max(s.left_clients), 0, 0, sum(s.left_queries)::BIGINT, NULL, min(s.left_first), max(s.left_last),
    max(s.right_clients), 0, 0, 0, sum(s.right_queries)::BIGINT, NULL, min(s.right_first), max(s.right_last), NULL, NULL, NULL, NULL, NULL, NULL, NULL, min(s.place_id), count(*)
  FROM scored s JOIN folding f ON s.kind = 'asked' AND f.found_in = s.found_in AND f.apart IS NOT DISTINCT FROM s.apart AND f.registered_domain = s.registered_domain GROUP BY s.found_in, s.apart, s.kind, s.registered_domain
), ranked AS (
  SELECT f.*, count(*) OVER part + CASE WHEN kind = 'in' AND apart IS NULL THEN CASE found_in WHEN 'only left' THEN o.left_n WHEN 'only right' THEN o.right_n ELSE 0 END ELSE 0 END AS of_rows FROM folded f CROSS JOIN caller_left_out o
  WINDOW part AS (PARTITION BY found_in, apart, kind = 'in', kind = 'inside')
  QUALIFY row_number() OVER (PARTITION BY found_in, apart, kind = 'in', kind = 'inside' ORDER BY score DESC, right_connections + left_connections DESC, right_queries + left_queries DESC, name, registered_domain, address_n) <= $most::BIGINT
), summed AS (
  SELECT g.part, apart, CASE kind WHEN 'asked' THEN 'out' ELSE kind END AS kind, count(*) AS of_rows, count(DISTINCT name) FILTER (left_queries + right_queries > 0) AS names, count(*) FILTER (level = 'name' AND right_queries > 0) AS same_names,
    sum(left_connections)::BIGINT AS left_connections, sum(left_refused)::BIGINT AS left_refused, sum(left_queries)::BIGINT AS left_queries, sum(left_bytes)::BIGINT AS left_bytes, min(left_first) AS left_first, max(left_last) AS left_last,
    sum(right_connections)::BIGINT AS right_connections, sum(right_refused)::BIGINT AS right_refused, sum(right_records)::BIGINT AS right_records, sum(right_queries)::BIGINT AS right_queries, sum(right_bytes)::BIGINT AS right_bytes, min(right_first) AS right_first, max(right_last) AS right_last
  FROM told t JOIN (VALUES ('match', 'match'), ('only left', 'only left'), ('only right', 'only right'), ('right', 'match'), ('right', 'only right')) g(part, found_in) USING (found_in) GROUP BY ALL
), called AS (
  SELECT g.part, t.apart, CASE t.kind WHEN 'asked' THEN 'out' ELSE t.kind END AS kind, count(DISTINCT m.place_n) AS addresses, count(DISTINCT m.place_n) FILTER (m.refused > 0) AS refused_addresses, count(DISTINCT b.place_n) AS shared_addresses, min(m.first_time) AS first_call
  FROM told t JOIN (VALUES ('match', 'match'), ('only left', 'only left'), ('only right', 'only right'), ('right', 'match'), ('right', 'only right')) g(part, found_in) USING (found_in)
    JOIN (SELECT place_id, side, place_n, sum(refused) AS refused, min(first_time) AS first_time FROM met GROUP BY place_id, side, place_n) m ON m.place_id = t.place_id AND m.side = CASE g.part WHEN 'only left' THEN 'left' ELSE 'right' END LEFT JOIN both_address b ON b.place_n = m.place_n GROUP BY ALL
), line AS (
  SELECT 'place' AS what, found_in, apart, kind, level, levels, round(score, 3)::DOUBLE AS score, name, registered_domain, CASE WHEN address_n IS NOT NULL THEN number_text(address_n) END AS address, addresses, NULL AS refused_addresses, NULL AS shared_addresses, NULL AS first_call, names, NULL AS same_names, ports, left_like,
    left_clients, left_connections, left_refused, left_queries, left_bytes, left_first, left_last, right_clients, right_connections, right_refused, right_records, right_queries, right_bytes, right_first, right_last,
    clock_by, same_clock, round(left_pause, 1) AS left_pause, round(right_pause, 1) AS right_pause, same_size, round(left_size, 1) AS left_size, round(right_size, 1) AS right_size, of_rows
  FROM ranked
  UNION ALL
  SELECT 'total', s.part, s.apart, s.kind, NULL, NULL, NULL, NULL, NULL, NULL, coalesce(c.addresses, 0), coalesce(c.refused_addresses, 0), coalesce(c.shared_addresses, 0), c.first_call, s.names, s.same_names, NULL, NULL,
    NULL, s.left_connections, s.left_refused, s.left_queries, s.left_bytes, s.left_first, s.left_last, NULL, s.right_connections, s.right_refused, s.right_records, s.right_queries, s.right_bytes, s.right_first, s.right_last,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, s.of_rows + CASE WHEN s.kind = 'in' AND s.apart IS NULL THEN CASE s.part WHEN 'only left' THEN o.left_n WHEN 'only right' THEN o.right_n WHEN 'right' THEN o.right_n ELSE 0 END ELSE 0 END
  FROM summed s CROSS JOIN caller_left_out o LEFT JOIN called c ON c.part = s.part AND c.apart IS NOT DISTINCT FROM s.apart AND c.kind = s.kind
)
SELECT * FROM line
ORDER BY what, found_in, kind = 'in', kind = 'inside', apart NULLS FIRST, score DESC, right_connections DESC, left_connections DESC, name, registered_domain, address, kind
