-- What name led to an address: the answers that each client was given. Built anew after each load: an answer that is
-- loaded later names flows that were loaded before.

-- section: derived tables

-- Derived: the names that gave an address, numbered in the order of the alphabet.
CREATE TABLE derived.answer_name (name_no UINTEGER NOT NULL, name VARCHAR NOT NULL);

-- Derived: a client and an address that it was ever given. spans: the names that gave it, each with the time in which no
-- 24 hours passed without that answer, ordered by name and time; chain: the CNAMEs of the last such answer.
CREATE TABLE derived.answer_pair (
  pair_id UINTEGER NOT NULL, capture VARCHAR NOT NULL, client UHUGEINT NOT NULL, address UHUGEINT NOT NULL,
  spans STRUCT(span_no UINTEGER, name VARCHAR, since TIMESTAMP, until TIMESTAMP, chain VARCHAR)[] NOT NULL
);

-- Derived: the pairs of two addresses (keys), whichever of them asked: one look-up for both directions. up: lo asked for hi.
CREATE TABLE derived.answer_sides (cap USMALLINT NOT NULL, lo UBIGINT NOT NULL, hi UBIGINT NOT NULL, up UINTEGER, down UINTEGER);

-- Derived: when a pair was answered. record: object_id * 2^32 + row_no of the record.
CREATE TABLE derived.answer_time (
  pair_id UINTEGER NOT NULL, asked_at TIMESTAMP NOT NULL, span_no UINTEGER NOT NULL, name_no UINTEGER NOT NULL, record UBIGINT NOT NULL
);

-- Derived: the last answer before a flow, for flows that have one.
CREATE TABLE derived.flow_name (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, pair_id UINTEGER NOT NULL, span_no UINTEGER NOT NULL,
  asked_at TIMESTAMP NOT NULL, record UBIGINT NOT NULL
);

-- section: views

-- A place as one number: a name that led there, beyond every key, else the address.
CREATE MACRO name_peer(name_no) AS (1099511627776 + name_no);
CREATE MACRO peer_no(server_key, name_no) AS (CASE WHEN name_no IS NULL THEN server_key ELSE name_peer(name_no) END);

CREATE VIEW answer_name AS SELECT name_no, name FROM derived.answer_name;

COMMENT ON VIEW answer_name IS 'derived: the names that gave an address, numbered until the next load';
COMMENT ON COLUMN answer_name.name_no IS 'number: a name that gave an address, as a number until the next load';
COMMENT ON COLUMN answer_name.name IS 'name: the name';

-- When a capture's Resolver log begins, of the whole capture: VPCs may have begun to log later.
CREATE VIEW resolver_log AS
SELECT capture, min(minute) AS first_query, max(minute) AS last_query
FROM derived.minute
WHERE log_type = 'dns'
GROUP BY capture;

COMMENT ON VIEW resolver_log IS 'derived: when a capture''s Resolver log begins and ends';
COMMENT ON COLUMN resolver_log.first_query IS 'time: minute of the first query in the Resolver log';
COMMENT ON COLUMN resolver_log.last_query IS 'time: minute of the last query in the Resolver log';

-- Every flow with the names that led to it. The client is the side that asked; where each had asked for the other, the one
-- with the higher port. Addresses of packets go first, those of interfaces second.
CREATE VIEW flow_named AS
SELECT f.*, p.spans[n.span_no].name AS name, n.asked_at, epoch(f.start - n.asked_at) AS seconds_before,
  list_sort(
    list_distinct(
      list_transform(
        list_filter(p.spans, lambda x: f.start BETWEEN x.since - INTERVAL 60 SECOND AND x.until + INTERVAL 24 HOUR),
        lambda x: x.name
      )
    )
  ) AS names,
  p.spans[n.span_no].chain AS name_chain, number_text(p.client) AS asked_by,
  n.pair_id IS NULL AND (r.first_query IS NULL OR f.start < r.first_query + INTERVAL 24 HOUR) AS window_starts_too_late,
  (n.record >> 32)::UINTEGER AS answer_object_id, (n.record & 4294967295)::UINTEGER AS answer_row_no
FROM flow f
  LEFT JOIN derived.flow_name n ON n.object_id = f.object_id AND n.row_no = f.row_no
  LEFT JOIN derived.answer_pair p ON p.pair_id = n.pair_id
  LEFT JOIN resolver_log r ON r.capture = f.capture;

COMMENT ON VIEW flow_named IS 'flow derived: every flow record with the names that led to it';
COMMENT ON COLUMN flow_named.name IS 'name: the name that the client last resolved to this address before, in 24 hours';
COMMENT ON COLUMN flow_named.asked_at IS 'time: when that was';
COMMENT ON COLUMN flow_named.seconds_before IS
  'number: seconds from that answer to the flow; start may be 60 s late, so -60 is still before';
COMMENT ON COLUMN flow_named.names IS 'text: every name that gave the client this address in the 24 hours before';
COMMENT ON COLUMN flow_named.name_chain IS 'text: the CNAMEs between the name and the address, as last answered';
COMMENT ON COLUMN flow_named.asked_by IS 'ip: the side that asked';
COMMENT ON COLUMN flow_named.window_starts_too_late IS
  'flag: no name, and the Resolver log begins less than 24 hours before, or there is none';
COMMENT ON COLUMN flow_named.answer_object_id IS 'object: source object of the answer';
COMMENT ON COLUMN flow_named.answer_row_no IS 'number: its line or event there';

-- section: derived

-- derived: answer_name needs store.dns_answer
DELETE FROM derived.answer_name;
INSERT INTO derived.answer_name
SELECT row_number() OVER (ORDER BY name), name
FROM (
  SELECT DISTINCT name
  FROM store.dns_answer
  WHERE (rdata4 IS NOT NULL OR rdata6 IS NOT NULL) AND name IS NOT NULL
);

-- derived: answer_pair needs store.dns_answer
-- Answers to the same question at the same moment are one; of several names at one moment the first in the order of the
-- alphabet is the pair's. Nearly every pair has one name that was never silent for a day: these need no looking for spans.
CREATE OR REPLACE TEMP TABLE asked AS
SELECT n.cap, coalesce(a.src4::UBIGINT, s.key) AS client, coalesce(a.rdata4::UBIGINT, r.key) AS address,
  w.name_no, a.query_timestamp AS asked_at, a.object_id::UBIGINT << 32 | a.row_no AS record
FROM store.dns_answer a
  JOIN store.dns_context c USING (context_id)
  JOIN derived.capture_no n ON n.capture = c.capture
  JOIN derived.answer_name w USING (name)
  LEFT JOIN derived.address6 s ON s.address = a.src6
  LEFT JOIN derived.address6 r ON r.address = a.rdata6
WHERE (a.src4 IS NOT NULL OR a.src6 IS NOT NULL) AND (a.rdata4 IS NOT NULL OR a.rdata6 IS NOT NULL);
CREATE OR REPLACE TEMP TABLE named AS
SELECT cap, client, address, name_no, min(asked_at) AS since, max(asked_at) AS until,
  -- the last answer, its lowest record
  max(epoch_us(asked_at)::HUGEINT * 18446744073709551616 + (18446744073709551615 - record)) AS latest
FROM asked
GROUP BY cap, client, address, name_no;
CREATE OR REPLACE TEMP TABLE pair AS
SELECT (row_number() OVER ())::UINTEGER AS pair_id, *
FROM (
  SELECT cap, client, address,
    count(*) = 1 AND NOT bool_or(until - since > INTERVAL 24 HOUR) AS plain,
    min(name_no) AS name_no, min(since) AS since, max(until) AS until, max(latest) AS latest
  FROM named
  GROUP BY cap, client, address
);
CREATE OR REPLACE TEMP TABLE parted AS
WITH answer AS (
  SELECT p.pair_id, a.name_no, a.asked_at, min(a.record) AS record
  FROM asked a
    JOIN (FROM pair WHERE NOT plain) p USING (cap, client, address)
  GROUP BY ALL
)
SELECT pair_id, name_no, asked_at, record,
  count(*) FILTER (apart) OVER (PARTITION BY pair_id, name_no ORDER BY asked_at ROWS UNBOUNDED PRECEDING) AS part
FROM (
  SELECT *, asked_at - lag(asked_at) OVER (PARTITION BY pair_id, name_no ORDER BY asked_at) > INTERVAL 24 HOUR AS apart
  FROM answer
);
CREATE OR REPLACE TEMP TABLE span AS
SELECT pair_id, name_no, part,
  (row_number() OVER (PARTITION BY pair_id ORDER BY name_no, part))::UINTEGER AS span_no,
  min(asked_at) AS since, max(asked_at) AS until, arg_max(record, asked_at) AS record
FROM parted
GROUP BY pair_id, name_no, part;
CREATE OR REPLACE TEMP TABLE linked AS
WITH alias AS NOT MATERIALIZED (
  SELECT object_id::UBIGINT << 32 | row_no AS record, answer_no, rdata
  FROM store.dns_answer
  WHERE answer_context_id IN (SELECT context_id FROM store.dns_answer_context WHERE type = 'CNAME')
), cname AS (
  SELECT record, count(*) AS links, max(rdata) AS chain FROM alias GROUP BY ALL
)
SELECT record, chain
FROM cname
WHERE links = 1
UNION ALL
SELECT record, string_agg(rdata, ' ' ORDER BY answer_no)
FROM alias
  SEMI JOIN (FROM cname WHERE links > 1) USING (record)
GROUP BY 1;
DELETE FROM derived.answer_pair;
INSERT INTO derived.answer_pair
WITH plain_pair AS (
  SELECT pair_id, cap, client, address, name_no, since, until,
    (18446744073709551615 - latest % 18446744073709551616)::UBIGINT AS record
  FROM pair
  WHERE plain
), pair_spans AS (
  SELECT s.pair_id,
    list_sort(list({'span_no': s.span_no, 'name': w.name, 'since': s.since, 'until': s.until, 'chain': l.chain})) AS spans
  FROM span s
    JOIN derived.answer_name w USING (name_no)
    LEFT JOIN linked l USING (record)
  GROUP BY s.pair_id
), spanned_pair AS (
  SELECT p.pair_id, p.cap, p.client, p.address,
    [{'span_no': 1::UINTEGER, 'name': w.name, 'since': p.since, 'until': p.until, 'chain': l.chain}] AS spans
  FROM plain_pair p
    JOIN derived.answer_name w USING (name_no)
    LEFT JOIN linked l USING (record)
  UNION ALL
  SELECT p.pair_id, p.cap, p.client, p.address, s.spans
  FROM pair p
    JOIN pair_spans s USING (pair_id)
)
SELECT p.pair_id, n.capture,
  coalesce(c.address, addr_number(p.client, NULL)), coalesce(a.address, addr_number(p.address, NULL)), p.spans
FROM spanned_pair p
  JOIN derived.capture_no n USING (cap)
  LEFT JOIN derived.address6 c ON c.key = p.client
  LEFT JOIN derived.address6 a ON a.key = p.address;
DELETE FROM derived.answer_sides;
INSERT INTO derived.answer_sides
SELECT cap, least(client, address) AS lo, greatest(client, address) AS hi,
  max(pair_id) FILTER (client <= address), max(pair_id) FILTER (client > address)
FROM pair
GROUP BY ALL;
DELETE FROM derived.answer_time;
INSERT INTO derived.answer_time
SELECT p.pair_id, a.asked_at, 1, any_value(p.name_no), min(a.record)
FROM asked a
  JOIN (FROM pair WHERE plain) p USING (cap, client, address)
GROUP BY p.pair_id, a.asked_at
UNION ALL
SELECT p.pair_id, p.asked_at, min(s.span_no), arg_min(p.name_no, s.span_no), arg_min(p.record, s.span_no)
FROM parted p
  JOIN span s USING (pair_id, name_no, part)
GROUP BY p.pair_id, p.asked_at
ORDER BY 1, 2;
DROP TABLE asked;
DROP TABLE named;
DROP TABLE pair;
DROP TABLE parted;
DROP TABLE span;
DROP TABLE linked;

-- derived: flow_name needs store.flow, derived.answer_time; grows with store.flow, store.dns_answer
DELETE FROM derived.flow_name;
INSERT INTO derived.flow_name
WITH flow_record AS (
  SELECT f.object_id, f.row_no, f.start, n.cap, coalesce(f.dstport, 0) <= coalesce(f.srcport, 0) AS outward,
    coalesce(f.src4::UBIGINT, s.key) AS src, coalesce(f.dst4::UBIGINT, d.key) AS dst,
    f.pkt_src4 <> f.src4 OR f.pkt_dst4 <> f.dst4 OR f.pkt_src6 <> f.src6 OR f.pkt_dst6 <> f.dst6 AS differs,
    CASE WHEN differs THEN coalesce(f.pkt_src4::UBIGINT, ps.key) END AS pkt_src,
    CASE WHEN differs THEN coalesce(f.pkt_dst4::UBIGINT, pd.key) END AS pkt_dst,
    CASE
      WHEN pkt_src IS NOT NULL AND pkt_dst IS NOT NULL THEN least(pkt_src, pkt_dst)
    END AS pkt_lo,
    CASE
      WHEN pkt_src IS NOT NULL AND pkt_dst IS NOT NULL THEN greatest(pkt_src, pkt_dst)
    END AS pkt_hi
  FROM store.flow f
    JOIN store.flow_context c USING (context_id)
    JOIN derived.capture_no n ON n.capture = c.capture
    LEFT JOIN derived.address6 s ON s.address = f.src6
    LEFT JOIN derived.address6 d ON d.address = f.dst6
    LEFT JOIN derived.address6 ps ON ps.address = f.pkt_src6
    LEFT JOIN derived.address6 pd ON pd.address = f.pkt_dst6
  WHERE f.start IS NOT NULL AND f.object_id % $parts::BIGINT = $part::BIGINT
), record_pairs AS (
  SELECT r.object_id, r.row_no, r.start, outward,
    CASE WHEN r.pkt_src <= r.pkt_dst THEN p.up ELSE p.down END AS pkt_out,
    CASE WHEN r.pkt_src < r.pkt_dst THEN p.down ELSE p.up END AS pkt_back,
    CASE WHEN r.src <= r.dst THEN a.up ELSE a.down END AS addr_out,
    CASE WHEN r.src < r.dst THEN a.down ELSE a.up END AS addr_back
  FROM flow_record r
    LEFT JOIN derived.answer_sides a ON a.cap = r.cap AND a.lo = least(r.src, r.dst) AND a.hi = greatest(r.src, r.dst)
    LEFT JOIN derived.answer_sides p ON p.cap = r.cap AND p.lo = r.pkt_lo AND p.hi = r.pkt_hi
), record_pair AS (
  SELECT object_id, row_no, start,
    coalesce(
      CASE WHEN outward THEN pkt_out ELSE pkt_back END,
      pkt_out, pkt_back,
      CASE WHEN outward THEN addr_out ELSE addr_back END,
      addr_out, addr_back
    ) AS pair_id
  FROM record_pairs
), answer AS (
  SELECT pair_id, asked_at - INTERVAL 60 SECOND AS known, asked_at, span_no, record
  FROM derived.answer_time
)
SELECT p.object_id, p.row_no, p.pair_id, a.span_no, a.asked_at, a.record
FROM (FROM record_pair WHERE pair_id IS NOT NULL) p
  ASOF JOIN answer a ON a.pair_id = p.pair_id AND p.start >= a.known
WHERE a.asked_at >= p.start - INTERVAL 24 HOUR;
