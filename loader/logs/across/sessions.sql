-- Which records are one connection, as one interface saw it. Built anew after each load: a connection goes on in the next object.

-- section: tables

-- Derived: contexts by interface. number: capture and interface, or attachment of a Transit Gateway; side: the number above 41
-- bits; pause: a longer one ends a connection; named: the log says which interface it is.
CREATE TABLE derived.flow_side (
  context_id UINTEGER NOT NULL, number UINTEGER NOT NULL, side UBIGINT NOT NULL, cap USMALLINT NOT NULL,
  action VARCHAR, pause INTERVAL NOT NULL, named BOOLEAN NOT NULL
);

-- Derived: records of what another object has told already: two flow logs that watch the same interface, or one that is
-- delivered to two places. They are rows, and no sum counts them.
CREATE TABLE derived.again (object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL);

-- Derived: a connection as one interface saw it. context_id and record are those of its first record; told_by is how the client
-- was told from the server.
CREATE TABLE derived.flow_session (
  context_id UINTEGER NOT NULL, protocol SMALLINT,
  client_key UBIGINT NOT NULL, client_port INTEGER, server_key UBIGINT NOT NULL, server_port INTEGER,
  start TIMESTAMP NOT NULL, "end" TIMESTAMP NOT NULL, packets_out HUGEINT, packets_in HUGEINT, bytes_out HUGEINT, bytes_in HUGEINT,
  records INTEGER NOT NULL, refused INTEGER NOT NULL, tcp_flags SMALLINT, told_by UTINYINT NOT NULL,
  client_inside BOOLEAN NOT NULL, server_inside BOOLEAN NOT NULL, translated BOOLEAN NOT NULL,
  record UBIGINT NOT NULL, pair_id UINTEGER, name_no UINTEGER, asked_at TIMESTAMP
);

-- section: views

-- A flow record of two addresses under what is the same for both directions: the addresses of the packets as keys, the lower
-- one first, and interface, protocol and ports as one number. Where the format has one time only it is both; an end before
-- the start is taken as the start.
CREATE VIEW derived.flow_keyed AS
WITH sided AS (
  SELECT f.object_id, f.row_no, f.context_id, p.number, p.pause, p.action,
    p.side | (coalesce(f.protocol, 256)::UBIGINT << 32) AS side,
    coalesce(f.start, f."end") AS start, greatest(f.start, f."end") AS "end",
    f.packets, f.bytes, f.tcp_flags,
    coalesce(f.pkt_src4::UBIGINT, ps.key, f.src4::UBIGINT, s.key) AS src,
    coalesce(f.pkt_dst4::UBIGINT, pd.key, f.dst4::UBIGINT, d.key) AS dst,
    coalesce(f.srcport, 0)::UBIGINT AS srcport, coalesce(f.dstport, 0)::UBIGINT AS dstport
  FROM store.flow f
    JOIN derived.flow_side p USING (context_id)
    LEFT JOIN derived.address6 s ON s.address = f.src6
    LEFT JOIN derived.address6 d ON d.address = f.dst6
    LEFT JOIN derived.address6 ps ON ps.address = f.pkt_src6
    LEFT JOIN derived.address6 pd ON pd.address = f.pkt_dst6
  WHERE (f.start IS NOT NULL OR f."end" IS NOT NULL)
    AND (f.src4 IS NOT NULL OR f.src6 IS NOT NULL)
    AND (f.dst4 IS NOT NULL OR f.dst6 IS NOT NULL)
)
SELECT object_id, row_no, object_id::UBIGINT << 32 | row_no AS record, context_id, start, "end", packets, bytes, tcp_flags, action, pause,
  number + srcport + dstport AS lot, -- the same for both directions
  src < dst OR src = dst AND srcport <= dstport AS up,
  least(src, dst) AS lo, greatest(src, dst) AS hi,
  side
    | CASE
        WHEN src < dst OR src = dst AND srcport <= dstport THEN (srcport << 16) | dstport
        ELSE (dstport << 16) | srcport
      END AS ports
FROM sided;

-- Every connection by numbers alone, for what groups and joins millions of them: key_text(), answer_name and service_address
-- say afterwards what the numbers stand for. The numbers hold until the next load.
CREATE VIEW session_keys AS
SELECT s.start, s."end", epoch(s."end" - s.start) AS seconds, s.client_key, s.client_port, s.server_key, s.server_port,
  s.protocol, bounded(s.bytes_out) AS bytes_out, bounded(s.bytes_in) AS bytes_in,
  bounded(s.packets_out) AS packets_out, bounded(s.packets_in) AS packets_in, s.records,
  s.refused AS refused_records, s.refused = s.records AS refused, s.tcp_flags,
  CASE
    WHEN s.client_inside THEN CASE WHEN s.server_inside THEN 'inside' ELSE 'out' END
    WHEN s.server_inside THEN 'in'
    ELSE 'through'
  END AS direction,
  ['SYN without ACK', 'SYN-ACK from the server', 'refused without reply', 'ports', 'first record', 'lower address']
    [s.told_by] AS initiator_reason,
  s.translated, s.name_no, s.asked_at, s.pair_id, p.number AS interface_no,
  c.interface_id, c.instance_id, c.vpc_id, c.account_id, c.capture,
  (s.record >> 32)::UINTEGER AS object_id, (s.record & 4294967295)::UINTEGER AS row_no
FROM derived.flow_session s
  JOIN store.flow_context c USING (context_id)
  JOIN derived.flow_side p USING (context_id);

COMMENT ON VIEW session_keys IS 'flow derived: every connection by numbers alone';
COMMENT ON COLUMN session_keys.start IS 'time: as in session, like all that is not named here';
COMMENT ON COLUMN session_keys."end" IS 'time: last packet of the connection that was recorded';
COMMENT ON COLUMN session_keys.client_key IS 'number: client as a short number: see key_text()';
COMMENT ON COLUMN session_keys.server_key IS 'number: server as such a number';
COMMENT ON COLUMN session_keys.name_no IS 'number: name as a number: see answer_name';
COMMENT ON COLUMN session_keys.pair_id IS 'number: client and server, where the client was ever given the address of the server';
COMMENT ON COLUMN session_keys.interface_no IS 'number: capture and interface';


-- Every connection, as one interface saw it: records of the same addresses, ports and protocol, both directions, joined as
-- long as the pause between them is short (twice the interface's aggregation window). Addresses are those of the packets.
CREATE VIEW session AS
SELECT s.start, s."end", s.seconds,
  CASE
    WHEN s.client_key < 4294967296 THEN v4_text(s.client_key)
    ELSE v6_text(ca.address)
  END AS client,
  s.client_port,
  CASE
    WHEN s.server_key < 4294967296 THEN v4_text(s.server_key)
    ELSE v6_text(sa.address)
  END AS server,
  s.server_port,
  s.protocol, bounded(s.bytes_out) AS bytes_out, bounded(s.bytes_in) AS bytes_in,
  bounded(s.packets_out) AS packets_out, bounded(s.packets_in) AS packets_in,
  s.records, s.refused_records, s.refused, s.tcp_flags,
  s.direction, s.initiator_reason, s.translated, w.name, s.asked_at,
  list_sort(
    list_distinct(
      list_transform(
        list_filter(p.spans, lambda x: s.start BETWEEN x.since - INTERVAL 60 SECOND AND x.until + INTERVAL 24 HOUR),
        lambda x: x.name
      )
    )
  ) AS names,
  v.service AS server_service, s.interface_id, s.instance_id, s.vpc_id, s.account_id, s.capture, s.object_id, s.row_no,
  CASE
    WHEN s.client_key < 4294967296 THEN 281470681743360::UHUGEINT + s.client_key::UHUGEINT
    ELSE ca.address
  END AS client_n,
  CASE
    WHEN s.server_key < 4294967296 THEN 281470681743360::UHUGEINT + s.server_key::UHUGEINT
    ELSE sa.address
  END AS server_n
FROM session_keys s
  LEFT JOIN derived.address6 ca ON ca.key = s.client_key
  LEFT JOIN derived.address6 sa ON sa.key = s.server_key
  LEFT JOIN derived.answer_name w ON w.name_no = s.name_no
  LEFT JOIN derived.answer_pair p ON p.pair_id = s.pair_id
  LEFT JOIN derived.service_address v ON v.key = s.server_key;

COMMENT ON VIEW session IS 'flow derived: every connection, as one interface saw it';
COMMENT ON COLUMN session.start IS 'time: first packet of the connection';
COMMENT ON COLUMN session."end" IS 'time: last packet of the connection that was recorded';
COMMENT ON COLUMN session.seconds IS 'number: how long it lasted';
COMMENT ON COLUMN session.client IS 'ip: the side that opened it, as far as can be told: see initiator_reason';
COMMENT ON COLUMN session.client_port IS 'port: port of the client';
COMMENT ON COLUMN session.server IS 'ip: the side that was called';
COMMENT ON COLUMN session.server_port IS 'port: port of the server';
COMMENT ON COLUMN session.protocol IS 'protocol: IANA protocol number';
COMMENT ON COLUMN session.bytes_out IS 'bytes: from client to server';
COMMENT ON COLUMN session.bytes_in IS 'bytes: from server to client';
COMMENT ON COLUMN session.packets_out IS 'count: from client to server';
COMMENT ON COLUMN session.packets_in IS 'count: from server to client';
COMMENT ON COLUMN session.records IS 'count: flow records of it';
COMMENT ON COLUMN session.refused_records IS 'count: flow records of it with the action REJECT';
COMMENT ON COLUMN session.refused IS 'flag: every record was REJECT';
COMMENT ON COLUMN session.tcp_flags IS 'number: TCP flags of both sides, OR-ed';
COMMENT ON COLUMN session.direction IS 'text: out (inside to outside), in, inside, or through (neither side is inside)';
COMMENT ON COLUMN session.initiator_reason IS 'text: what says which side is the client';
COMMENT ON COLUMN session.translated IS 'flag: one side is the address of a NAT gateway: the true client is in another session';
COMMENT ON COLUMN session.name IS
  'name: the name that the client last resolved to this server before, in 24 hours; '
  'where only the server had asked for the client, that name';
COMMENT ON COLUMN session.asked_at IS 'time: when that was';
COMMENT ON COLUMN session.names IS 'text: every name that gave the client this address in the 24 hours before';
COMMENT ON COLUMN session.server_service IS 'text: AWS service that the server''s address belongs to, where any record says so';
COMMENT ON COLUMN session.client_n IS 'number: client as a number';
COMMENT ON COLUMN session.server_n IS 'number: server as a number';

CREATE VIEW flow_again AS
SELECT f.* FROM flow f SEMI JOIN derived.again USING (object_id, row_no);

COMMENT ON VIEW flow_again IS 'flow derived: flow records that say again what a record of another object says';

-- section: derived

-- derived: flow_side needs store.flow
-- A pause of more than twice the interface's window ends a connection; the window is taken from its longest record: 60 s or
-- 600 s.
DELETE FROM derived.flow_side;
INSERT INTO derived.flow_side
WITH context_side AS (
  SELECT dense_rank() OVER (ORDER BY c.capture, c.interface_id, c.tgw_attachment_id) AS number, c.context_id, n.cap, c.action,
    coalesce(c.interface_id, c.tgw_attachment_id) IS NOT NULL AS named, w.longest
  FROM store.flow_context c
    JOIN derived.capture_no n USING (capture)
    LEFT JOIN (SELECT context_id, max("end" - start) AS longest FROM store.flow GROUP BY context_id) w USING (context_id)
)
SELECT context_id, number, number::UBIGINT << 41, cap, action,
  CASE
    WHEN max(longest) OVER (PARTITION BY number) > INTERVAL 60 SECOND THEN INTERVAL 660 SECOND
    ELSE INTERVAL 120 SECOND
  END,
  named
FROM context_side;

-- derived: again needs store.flow
-- Only where objects tell of the same interface and time need records be compared. Of equal ones in several objects those of
-- the object that has most of them count, of these the first: equal lines of one object are records of their own.
DELETE FROM derived.again;
CREATE OR REPLACE TEMP TABLE told_twice AS
WITH context_span AS (
  SELECT context_id, object_id, min(start) AS first, max(start) AS last
  FROM store.flow
  WHERE start IS NOT NULL
  GROUP BY ALL
), span AS (
  SELECT p.number, c.object_id, min(c.first) AS first, max(c.last) AS last
  FROM context_span c
    JOIN derived.flow_side p USING (context_id)
  WHERE p.named
  GROUP BY ALL
)
SELECT number, object_id,
  max(last) OVER (PARTITION BY number ORDER BY first, object_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until,
  min(first) OVER (PARTITION BY number ORDER BY first, object_id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS since
FROM span
QUALIFY until >= first OR since <= last;
INSERT INTO derived.again
WITH suspect AS (
  SELECT f.*, p.number, p.action
  FROM store.flow f
    JOIN derived.flow_side p USING (context_id)
    JOIN told_twice t ON t.number = p.number AND t.object_id = f.object_id
  WHERE (f.start <= t.until OR f.start >= t.since)
    AND (f.src4 IS NOT NULL OR f.src6 IS NOT NULL)
    AND (p.number + coalesce(f.srcport, 0) + coalesce(f.dstport, 0)) % $parts::BIGINT = $part::BIGINT
), told AS (
  SELECT number, action, src4, src6, dst4, dst6, srcport, dstport, protocol, start, "end", packets, bytes, object_id,
    count(*) AS n, list(row_no) AS row_nos
  FROM suspect
  GROUP BY ALL
), placed AS (
  SELECT object_id, row_nos,
    row_number() OVER (
      PARTITION BY number, action, src4, src6, dst4, dst6, srcport, dstport, protocol, start, "end", packets, bytes
      ORDER BY n DESC, object_id
    ) AS place
  FROM told
)
SELECT object_id, unnest(row_nos) FROM placed WHERE place > 1;

-- derived: flow_session needs store.flow
-- Keys whose records all lie closer together than the pause need no looking for pauses, and they are nearly all. The client is
-- told by the first of these that applies: a SYN without ACK; the other side's SYN-ACK; what was refused and had no reply; a
-- port that is no ephemeral one against one that is; the first record; the lower address.
DELETE FROM derived.flow_session;
INSERT INTO derived.flow_session
WITH keyed_record AS (
  SELECT *, action IS NOT DISTINCT FROM 'REJECT' AS refused
  FROM derived.flow_keyed
    ANTI JOIN derived.again USING (object_id, row_no)
  WHERE lot % $parts::BIGINT = $part::BIGINT
), whole_session AS MATERIALIZED (
  SELECT lo, hi, ports, 0 AS part,
    max(start) - min("end") > any_value(pause) AS spread,
    min(start) AS start, max("end") AS "end",
    sum(packets) FILTER (up) AS packets_up,
    sum(packets) FILTER (NOT up) AS packets_down,
    sum(bytes) FILTER (up) AS bytes_up, sum(bytes) FILTER (NOT up) AS bytes_down,
    count(*)::INTEGER AS records, count(*) FILTER (refused)::INTEGER AS refused,
    bit_or(tcp_flags) AS tcp_flags, min(record) AS record, min(context_id) AS context_id,
    min(start) FILTER (up) AS start_up, min(start) FILTER (NOT up) AS start_down,
    bool_or(tcp_flags & 18 = 2) FILTER (up) AS syn_up, bool_or(tcp_flags & 18 = 2) FILTER (NOT up) AS syn_down,
    bool_or(tcp_flags & 18 = 18) FILTER (up) AS ack_up, bool_or(tcp_flags & 18 = 18) FILTER (NOT up) AS ack_down
  FROM keyed_record
  GROUP BY lo, hi, ports
), spaced_record AS (
  SELECT *,
    start > max("end") OVER (
      PARTITION BY lo, hi, ports
      ORDER BY start, "end"
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
      + pause AS broken
  FROM keyed_record
    SEMI JOIN (FROM whole_session WHERE spread) USING (lo, hi, ports)
), numbered_record AS (
  SELECT * EXCLUDE (broken),
    count(*) FILTER (broken) OVER (PARTITION BY lo, hi, ports ORDER BY start, "end" ROWS UNBOUNDED PRECEDING) AS part
  FROM spaced_record
), session_sum AS (
  FROM whole_session WHERE NOT spread
  UNION ALL
  SELECT lo, hi, ports, part, true, min(start), max("end"), sum(packets) FILTER (up),
    sum(packets) FILTER (NOT up), sum(bytes) FILTER (up),
    sum(bytes) FILTER (NOT up), count(*)::INTEGER, count(*) FILTER (refused)::INTEGER,
    bit_or(tcp_flags), min(record), min(context_id), min(start) FILTER (up), min(start) FILTER (NOT up),
    bool_or(tcp_flags & 18 = 2) FILTER (up), bool_or(tcp_flags & 18 = 2) FILTER (NOT up),
    bool_or(tcp_flags & 18 = 18) FILTER (up), bool_or(tcp_flags & 18 = 18) FILTER (NOT up)
  FROM numbered_record
  GROUP BY lo, hi, ports, part
), unpacked_session AS (
  SELECT * EXCLUDE (ports, syn_up, syn_down, ack_up, ack_down),
    nullif((ports >> 32) & 511, 256)::SMALLINT AS protocol,
    ((ports >> 16) & 65535)::INTEGER AS lo_port, (ports & 65535)::INTEGER AS hi_port,
    coalesce(syn_up, false) AS syn_up, coalesce(syn_down, false) AS syn_down,
    coalesce(ack_up, false) AS ack_up, coalesce(ack_down, false) AS ack_down
  FROM session_sum
), opened_session AS (
  SELECT *,
    CASE
      WHEN syn_up <> syn_down THEN 1
      WHEN ack_up <> ack_down THEN 2
      WHEN refused = records AND (start_up IS NULL) <> (start_down IS NULL) THEN 3
      WHEN protocol IN (6, 17)
          AND lo_port <> hi_port
          AND (least(lo_port, hi_port) < 1024
            OR least(lo_port, hi_port) < 32768 AND greatest(lo_port, hi_port) >= 32768)
        THEN 4
      WHEN coalesce(start_up, TIMESTAMP 'infinity') <> coalesce(start_down, TIMESTAMP 'infinity') THEN 5
      ELSE 6
    END::UTINYINT AS told_by
  FROM unpacked_session
), sided_session AS (
  SELECT *,
    CASE told_by
      WHEN 1 THEN syn_up
      WHEN 2 THEN ack_down
      WHEN 3 THEN start_up IS NOT NULL
      WHEN 4 THEN hi_port < lo_port
      WHEN 5 THEN coalesce(start_up, TIMESTAMP 'infinity') < coalesce(start_down, TIMESTAMP 'infinity')
      ELSE true
    END AS by_lo
  FROM opened_session
), keyed_session AS (
  SELECT s.*, n.cap, n.capture,
    CASE WHEN by_lo THEN s.lo ELSE s.hi END AS client_key,
    CASE WHEN by_lo THEN lo_port ELSE hi_port END AS client_port,
    CASE WHEN by_lo THEN s.hi ELSE s.lo END AS server_key,
    CASE WHEN by_lo THEN hi_port ELSE lo_port END AS server_port,
    coalesce(c.address, addr_number(client_key, NULL)) AS client,
    coalesce(v.address, addr_number(server_key, NULL)) AS server,
    CASE WHEN by_lo THEN a.up ELSE a.down END AS asked_pair,
    CASE WHEN by_lo THEN a.down ELSE a.up END AS other_pair
  FROM sided_session s
    JOIN derived.flow_side p USING (context_id)
    JOIN derived.capture_no n ON n.cap = p.cap
    LEFT JOIN derived.address6 c ON c.key = CASE WHEN by_lo THEN s.lo ELSE s.hi END
    LEFT JOIN derived.address6 v ON v.key = CASE WHEN by_lo THEN s.hi ELSE s.lo END
    LEFT JOIN derived.answer_sides a ON a.cap = p.cap AND a.lo = s.lo AND a.hi = s.hi
), own_address AS (
  SELECT capture, address, bool_or(translates) AS translates
  FROM derived.interface_address
  GROUP BY ALL
), own_block AS (
  SELECT DISTINCT capture, address >> 72::UHUGEINT AS block
  FROM own_address
  WHERE address > 281474976710655::UHUGEINT
), placed_session AS (
  SELECT t.*,
    private_number(t.client) OR oc.address IS NOT NULL OR bc.block IS NOT NULL AS client_inside,
    private_number(t.server) OR os.address IS NOT NULL OR bs.block IS NOT NULL AS server_inside,
    coalesce(oc.translates, false) OR coalesce(os.translates, false) AS translated,
    coalesce(asked_pair, other_pair) AS pair_id
  FROM keyed_session t
    LEFT JOIN own_address oc ON oc.capture = t.capture AND oc.address = t.client
    LEFT JOIN own_address os ON os.capture = t.capture AND os.address = t.server
    LEFT JOIN own_block bc ON bc.capture = t.capture AND bc.block = t.client >> 72::UHUGEINT
    LEFT JOIN own_block bs ON bs.capture = t.capture AND bs.block = t.server >> 72::UHUGEINT
), answer AS (
  SELECT pair_id, asked_at - INTERVAL 60 SECOND AS known, asked_at, name_no
  FROM derived.answer_time
)
SELECT context_id, protocol, client_key, client_port, server_key, server_port, start, "end",
  CASE WHEN by_lo THEN packets_up ELSE packets_down END,
  CASE WHEN by_lo THEN packets_down ELSE packets_up END,
  CASE WHEN by_lo THEN bytes_up ELSE bytes_down END,
  CASE WHEN by_lo THEN bytes_down ELSE bytes_up END,
  records, refused, tcp_flags, told_by, client_inside, server_inside, translated, record,
  CASE WHEN asked_at >= start - INTERVAL 24 HOUR THEN pair_id END,
  CASE WHEN asked_at >= start - INTERVAL 24 HOUR THEN name_no END,
  CASE WHEN asked_at >= start - INTERVAL 24 HOUR THEN asked_at END
FROM (
  SELECT p.*, a.asked_at, a.name_no
  FROM (FROM placed_session WHERE pair_id IS NOT NULL) p
    ASOF LEFT JOIN answer a ON a.pair_id = p.pair_id AND p.start >= a.known
  UNION ALL
  SELECT *, NULL, NULL FROM placed_session WHERE pair_id IS NULL
);

-- derived: session_sums needs store.flow
-- Every record of two addresses is in exactly one session, or says again what another says. Where the sums differ a record
-- was lost on the way (seen once, with DuckDB 1.5.5, in a build that spilled to disk), and nothing is to be told from such
-- tables.
SELECT
  CASE
    WHEN s.records <> f.records OR s.packets <> f.packets OR s.bytes <> f.bytes
      THEN error(
        format(
          'connections have {} records, {} packets and {} bytes, '
            || 'their flow records are {} with {} packets and {} bytes: the tables of this load are wrong'
            || chr(10)
            || 'hint: case53 derive builds them again; if it stays, report it with case53 version',
          s.records, s.packets::VARCHAR, s.bytes::VARCHAR, f.records, f.packets::VARCHAR, f.bytes::VARCHAR
        )
      )
  END
FROM (
  SELECT coalesce(sum(records), 0)::BIGINT AS records,
    coalesce(sum(packets_out), 0) + coalesce(sum(packets_in), 0) AS packets,
    coalesce(sum(bytes_out), 0) + coalesce(sum(bytes_in), 0) AS bytes
  FROM derived.flow_session
) s, (
  SELECT count(*) AS records, coalesce(sum(packets), 0) AS packets, coalesce(sum(bytes), 0) AS bytes
  FROM store.flow
    ANTI JOIN derived.again USING (object_id, row_no)
  WHERE (start IS NOT NULL OR "end" IS NOT NULL)
    AND (src4 IS NOT NULL OR src6 IS NOT NULL)
    AND (dst4 IS NOT NULL OR dst6 IS NOT NULL)
) f;
