-- What changed between two captures, and what may have changed it
--
-- Names and addresses that one capture has and the other does not, and those that both have but that
-- fared otherwise: refused now, without a reply now, asked for and no longer called, no longer
-- resolved, resolved to a private address now (a sinkhole). AWS's own services and what a baseline
-- has are left out.
--
-- cannot: Why something is gone: a machine that was not started again, a program that waits, a day of
-- the week. A replay without a way out has refused or unanswered records only, and no bytes to
-- compare. How often a name was asked for is not how often it was used: caches answer unlogged.
--
-- method: Full outer join of both captures by name, and by address where there is none; a status for each
-- place, with the hint that the logs give. Score: new 0.5 and called before only asked for, to
-- a private address now 0.5, other changes 0.4, gone 0.2; and 0.1 each where one machine only has it
-- and for bytes or tries (full at 1 GB or 200). A picture, not an accusation: nothing here is more than low.
--
-- false-positives: All of it, in a sense: two captures of different length and isolation differ.
--
-- not-proof: That an intruder changed it, or that what is gone will not come back.
--
-- attack: T1071.001, T1071.004, T1008
-- needs:  capture, session, dns, dns_answer, minute
-- param:  left      capture            the capture to compare with; empty for all of role incident
-- param:  right     capture            the capture that is asked about; empty for all of role replay
-- param:  baseline  capture            a capture of a clean machine; empty for all of role baseline
-- param:  from      time               only what begins at or after this moment
-- param:  to        time               only what begins before this moment
-- param:  most      int       = 50     at most so many places of each status; the reason says of how many
-- step:   used  uses of names and addresses by machines of the captures
-- step:   judged  names and addresses that the two captures have
-- step:   changed  of them gone, new or faring otherwise, neither in a baseline nor AWS's own
-- column: status text
-- column: kind text
-- column: level text
-- column: connections count
-- column: refused count
-- column: queries count
-- column: left_connections count
-- column: left_refused count
-- column: left_queries count
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
    s.start, s."end", s.refused, s.packets_in, s.records, s.bytes_out
  FROM session s JOIN side d USING (capture) WHERE NOT s.translated AND (s.direction IN ('out', 'inside') OR s.direction = 'in' AND s.client_n IN (SELECT client_n FROM caller_kept))
    AND ($from::TIMESTAMP IS NULL OR s.start >= $from::TIMESTAMP) AND ($to::TIMESTAMP IS NULL OR s.start < $to::TIMESTAMP)
), call AS MATERIALIZED (
  SELECT side, capture, inbound, outward, interface_id, own_n, place_n, port, name, max(service) AS service, count(*) AS connections, count(*) FILTER (refused) AS refused, count(*) FILTER (packets_in > 0) AS answered,
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
), fared AS (
  SELECT place_id, sum(answered) FILTER (side = 'left') AS left_answered, sum(answered) FILTER (side = 'right') AS right_answered FROM (
    SELECT p.place_id, c.side, c.answered FROM call c JOIN place p ON p.inbound = c.inbound AND p.name IS NOT DISTINCT FROM c.name AND p.bare_n IS NOT DISTINCT FROM CASE WHEN c.name IS NULL THEN c.place_n END WHERE p.left_connections > 0 AND p.right_connections > 0
  ) GROUP BY place_id
), resolved AS (
  SELECT a.name, count(*) FILTER (s.side = 'left' AND NOT private_number(a.rdata_n)) AS left_outside, count(*) FILTER (s.side = 'right' AND NOT private_number(a.rdata_n)) AS right_outside,
    count(*) FILTER (s.side = 'right' AND private_number(a.rdata_n)) AS right_inside
  FROM dns_answer a JOIN side s USING (capture) WHERE a.rdata_n IS NOT NULL AND a.name IS NOT NULL GROUP BY a.name
), spanned AS (
  SELECT min(m.minute) AS first_minute, max(m.minute) AS last_minute FROM minute m JOIN side s USING (capture) WHERE s.side = 'right' AND ($from::TIMESTAMP IS NULL OR m.minute >= $from::TIMESTAMP) AND ($to::TIMESTAMP IS NULL OR m.minute < $to::TIMESTAMP)
), changed AS (
  SELECT p.*, p.levels[1] AS level, coalesce(o.own_n, a.own_n) AS own_n, o.interface_id, r.capture,
    CASE WHEN p.right_clients = 0 THEN 'gone' WHEN p.left_clients = 0 THEN 'new'
      WHEN n.left_outside > 0 AND n.right_inside > 0 AND n.right_outside = 0 THEN 'resolves to a private address now'
      WHEN n.left_outside > 0 AND p.right_queries > 0 AND n.right_outside + n.right_inside = 0 THEN 'does not resolve now'
      WHEN p.left_connections > p.left_refused AND p.right_connections > 0 AND p.right_refused = p.right_connections THEN 'refused now'
      WHEN f.left_answered > 0 AND f.right_answered = 0 THEN 'no reply now'
      WHEN p.left_connections > 0 AND p.right_connections = 0 THEN 'asked for and not called now'
      WHEN p.left_connections = 0 AND p.right_connections > 0 AND p.left_queries > 0 THEN 'called now, only asked for before' END AS status
  FROM judged p LEFT JOIN own o USING (place_id) LEFT JOIN asker a ON a.name = p.name LEFT JOIN fared f USING (place_id) LEFT JOIN resolved n ON n.name = p.name CROSS JOIN right_capture r
  WHERE p.apart IS NULL AND p.kind IN ('out', 'asked') AND r.capture IS NOT NULL AND NOT (p.right_clients = 0 AND p.name IS NULL AND list_contains(p.levels, 'address'))
), counted AS ( -- names of one domain that one side asked for and nobody called: a tunnel's are thousands
  SELECT *, kind = 'asked' AND status IN ('gone', 'new') AND registered_domain IS NOT NULL AND count(*) OVER (PARTITION BY status, kind, registered_domain) > 10 AS fold FROM changed WHERE status IS NOT NULL
), folded AS (
  SELECT * EXCLUDE (left_queries, right_queries), count(*) OVER alike AS names, CASE WHEN fold THEN sum(left_queries) OVER alike ELSE left_queries END::BIGINT AS left_queries, CASE WHEN fold THEN sum(right_queries) OVER alike ELSE right_queries END::BIGINT AS right_queries,
    min(right_first) OVER alike AS fold_first, max(right_last) OVER alike AS fold_last
  FROM counted WINDOW alike AS (PARTITION BY status, fold, CASE WHEN fold THEN registered_domain END, CASE WHEN NOT fold THEN place_id END)
  QUALIFY row_number() OVER (PARTITION BY status, fold, CASE WHEN fold THEN registered_domain END, CASE WHEN NOT fold THEN place_id END ORDER BY name) = 1
), rated AS (
  SELECT *, CASE WHEN status IN ('new', 'called now, only asked for before', 'resolves to a private address now') THEN 0.5 WHEN status = 'gone' THEN 0.2 ELSE 0.4 END AS weight, CASE WHEN greatest(left_clients, right_clients) = 1 THEN 0.1 ELSE 0 END AS alone,
    0.1 * least(1, greatest(ln(greatest(1, left_connections, left_queries, right_connections, right_queries)) / ln(200), ln(1 + greatest(coalesce(left_bytes, 0), coalesce(right_bytes, 0))) / ln(1e9))) AS much
  FROM folded
), told AS (
  SELECT *, weight + alone + much AS score, count(*) OVER (PARTITION BY status) AS of_rows FROM rated
  QUALIFY row_number() OVER (PARTITION BY status ORDER BY weight + alone + much DESC, left_connections + right_connections DESC, left_queries + right_queries DESC, place_id) <= $most::BIGINT
)
SELECT round(score, 3)::DOUBLE AS score, CASE WHEN status = 'gone' THEN 'info' ELSE 'low' END AS severity,
  format('{}{}: before {} calls, {} of them refused, and {} queries by {} host(s){}; now {} calls, {} refused, {} queries{}{}; one of {} of this kind; parts: kind {:.1f}, one host {:.1f}, size {:.2f}', status, CASE WHEN fold THEN format(', {} names of the domain', names) ELSE '' END,
    left_connections, left_refused, left_queries, left_clients, CASE WHEN left_first IS NULL THEN '' ELSE strftime(left_first, ', first at %Y-%m-%d %H:%M:%S') END, right_connections, right_refused, right_queries,
    CASE WHEN right_first IS NULL THEN '' ELSE strftime(CASE WHEN fold THEN fold_first ELSE right_first END, ', first at %Y-%m-%d %H:%M:%S') END,
    CASE WHEN level IN ('registered domain', '/24 and port', '/64 and port') THEN '; the other capture has the same ' || level ELSE '' END, of_rows, weight, alone, much) AS reason,
  CASE WHEN own_n IS NOT NULL THEN number_text(own_n) END AS src, CASE WHEN address_n IS NOT NULL AND (right_connections > 0 OR name IS NULL) THEN number_text(address_n) END AS dst, block_key.port AS dstport, CASE WHEN NOT fold THEN name END AS name, registered_domain, interface_id,
  CASE WHEN status = 'gone' THEN left_connections + left_queries ELSE right_records + right_queries END::BIGINT AS "rows",
  CASE WHEN right_first IS NULL THEN first_minute WHEN fold THEN fold_first ELSE right_first END AS from_time, CASE WHEN right_first IS NULL THEN last_minute WHEN fold THEN fold_last ELSE right_last END AS to_time,
  status, kind, level, right_connections AS connections, right_refused AS refused, right_queries AS queries, left_connections, left_refused, left_queries, capture
FROM told CROSS JOIN spanned WHERE spanned.first_minute IS NOT NULL
ORDER BY told.score DESC, left_connections + right_connections DESC, left_queries + right_queries DESC, name, registered_domain, address_n, place_id
