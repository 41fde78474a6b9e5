-- Which records are one connection, as one interface saw it. Built anew after each load: a connection goes on in the next object.

-- section: derived tables

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
-- was told from the server. nearness: 1 the interface has the client's address, 2 the server's, 3 it is on the way. Sums are
-- bounded(): DuckDB takes fifty times as long to read a HUGEINT.
CREATE TABLE derived.flow_session (
  context_id UINTEGER NOT NULL, protocol SMALLINT,
  client_key UBIGINT NOT NULL, client_port INTEGER, server_key UBIGINT NOT NULL, server_port INTEGER,
  start TIMESTAMP NOT NULL, "end" TIMESTAMP NOT NULL, packets_out BIGINT, packets_in BIGINT, bytes_out BIGINT, bytes_in BIGINT,
  records INTEGER NOT NULL, refused INTEGER NOT NULL, tcp_flags SMALLINT, told_by UTINYINT NOT NULL,
  client_inside BOOLEAN NOT NULL, server_inside BOOLEAN NOT NULL, translated BOOLEAN NOT NULL, nearness UTINYINT NOT NULL,
  record UBIGINT NOT NULL, pair_id UINTEGER, name_no UINTEGER, asked_at TIMESTAMP
);

-- section: views

-- A flow record of two addresses: those of the packets, as keys. Where the format has one time only it is both; an end before
-- the start is taken as the start. protocol 256: none.
CREATE VIEW store.flow_keyed AS
SELECT object_id, row_no, object_id::UBIGINT << 32 | row_no AS record, context_id,
  coalesce(start, "end") AS start, greatest(start, "end") AS "end",
  src4::UBIGINT AS src, dst4::UBIGINT AS dst,
  coalesce(srcport, 0)::USMALLINT AS srcport, coalesce(dstport, 0)::USMALLINT AS dstport, coalesce(protocol, 256)::USMALLINT AS protocol,
  packets, bytes, NULL::SMALLINT AS tcp_flags
FROM store.flow_plain
WHERE (start IS NOT NULL OR "end" IS NOT NULL) AND src4 IS NOT NULL AND dst4 IS NOT NULL
UNION ALL
SELECT f.object_id, f.row_no, f.object_id::UBIGINT << 32 | f.row_no, f.context_id,
  coalesce(f.start, f."end"), greatest(f.start, f."end"),
  coalesce(f.pkt_src4::UBIGINT, ps.key, f.src4::UBIGINT, s.key), coalesce(f.pkt_dst4::UBIGINT, pd.key, f.dst4::UBIGINT, d.key),
  coalesce(f.srcport, 0)::USMALLINT, coalesce(f.dstport, 0)::USMALLINT, coalesce(f.protocol, 256)::USMALLINT,
  f.packets, f.bytes, f.tcp_flags
FROM store.flow_full f
  LEFT JOIN derived.address6 s ON s.address = f.src6
  LEFT JOIN derived.address6 d ON d.address = f.dst6
  LEFT JOIN derived.address6 ps ON ps.address = f.pkt_src6
  LEFT JOIN derived.address6 pd ON pd.address = f.pkt_dst6
WHERE (f.start IS NOT NULL OR f."end" IS NOT NULL)
  AND (f.src4 IS NOT NULL OR f.src6 IS NOT NULL)
  AND (f.dst4 IS NOT NULL OR f.dst6 IS NOT NULL);

-- The addresses of interfaces as keys.
CREATE VIEW store.own_key AS
SELECT DISTINCT p.cap, p.number, a.translates,
  CASE
    WHEN a.address BETWEEN 281470681743360::UHUGEINT AND 281474976710655::UHUGEINT
      THEN (a.address - 281470681743360::UHUGEINT)::UBIGINT
    ELSE six.key
  END AS key
FROM derived.interface_address a
  JOIN store.flow_context c USING (capture, interface_id)
  JOIN derived.flow_side p USING (context_id)
  LEFT JOIN derived.address6 six ON six.address = a.address;

-- Every connection by numbers alone, for what groups and joins millions of them: key_text(), answer_name and service_address
-- say afterwards what the numbers stand for. The numbers hold until the next load.
CREATE VIEW session_keys AS
SELECT s.start, s."end", epoch(s."end" - s.start) AS seconds, s.client_key, s.client_port, s.server_key, s.server_port,
  s.protocol, s.bytes_out, s.bytes_in, s.packets_out, s.packets_in, s.records,
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
  s.protocol, s.bytes_out, s.bytes_in, s.packets_out, s.packets_in,
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

-- derived: flow_session needs store.flow; grows with store.flow, store.dns_answer
-- Filled by Go: see connections.go.
DELETE FROM derived.flow_session;

-- derived: session_sums needs store.flow; grows with store.flow, store.dns_answer
-- Every record of two addresses is in exactly one session, or says again what another says. Where the sums differ a record
-- was lost on the way (seen once, with DuckDB 1.5.5, in a build that spilled to disk), and nothing is to be told from such
-- tables.
SELECT
  CASE
    WHEN s.records <> f.records OR NOT s.bounded AND (s.packets <> f.packets OR s.bytes <> f.bytes)
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
    coalesce(sum(bytes_out), 0) + coalesce(sum(bytes_in), 0) AS bytes,
    coalesce(max(greatest(packets_out, packets_in, bytes_out, bytes_in)), 0) = bounded(9223372036854775807) AS bounded
  FROM derived.flow_session
) s, (
  SELECT count(*) AS records, coalesce(sum(packets), 0) AS packets, coalesce(sum(bytes), 0) AS bytes
  FROM store.flow
    ANTI JOIN derived.again USING (object_id, row_no)
  WHERE (start IS NOT NULL OR "end" IS NOT NULL)
    AND (src4 IS NOT NULL OR src6 IS NOT NULL)
    AND (dst4 IS NOT NULL OR dst6 IS NOT NULL)
) f;
