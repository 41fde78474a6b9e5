-- Which sessions are one connection, so that sums count it once. Built anew after each load.

-- section: derived tables

-- Derived: sessions of which another session is the connection. kind: 1 the same packets at another interface, 2 the way to a
-- NAT gateway and 3 the way from it, under the address of the gateway. witness: the connection's first record.
CREATE TABLE derived.sighting (record UBIGINT NOT NULL, witness UBIGINT NOT NULL, kind UTINYINT NOT NULL);

-- Derived: every record that no sum counts: those of flow_again, and those of sightings.
CREATE TABLE derived.flow_uncounted (object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL);

-- section: views

-- Sessions under the same numbers, with their interface.
CREATE VIEW store.session_keyed AS
SELECT s.record, p.cap, p.number, s.start, s."end", s.told_by, s.protocol,
  s.client_key, s.client_port, s.server_key, s.server_port,
  s.packets_out, s.packets_in, s.bytes_out, s.bytes_in, s.client_inside, s.server_inside,
  coalesce(s.bytes_out, 0) + coalesce(s.bytes_in, 0) AS bytes,
  least(s.client_key, s.server_key) AS lo, greatest(s.client_key, s.server_key) AS hi,
  (coalesce(s.protocol, 256)::UBIGINT << 32)
    | CASE
        WHEN s.client_key < s.server_key OR s.client_key = s.server_key AND s.client_port <= s.server_port
          THEN (s.client_port::UBIGINT << 16) | s.server_port::UBIGINT
        ELSE (s.server_port::UBIGINT << 16) | s.client_port::UBIGINT
      END AS ports,
  p.side, s.nearness
FROM derived.flow_session s
  JOIN derived.flow_side p USING (context_id);

-- Every connection once. Several interfaces may have seen it: the client's, the server's, and what is between them. Its witness
-- is the one nearest to the client, of those that saw at least 95% of the bytes that any of them saw; sighting has the
-- others. So has it the ways to and from a NAT gateway under the gateway's address, where the connection itself is known.
CREATE VIEW connection_keys AS
SELECT *
FROM session_keys
  ANTI JOIN (
    SELECT (record >> 32)::UINTEGER AS object_id, (record & 4294967295)::UINTEGER AS row_no FROM derived.sighting
  ) USING (object_id, row_no);

COMMENT ON VIEW connection_keys IS 'flow derived: every connection once, by numbers alone';

CREATE VIEW connection AS
SELECT s.*, 1 + coalesce(o.others, 0) AS sightings
FROM session s
  ANTI JOIN (
    SELECT (record >> 32)::UINTEGER AS object_id, (record & 4294967295)::UINTEGER AS row_no FROM derived.sighting
  ) USING (object_id, row_no)
  LEFT JOIN (
    SELECT (witness >> 32)::UINTEGER AS object_id, (witness & 4294967295)::UINTEGER AS row_no, count(*) AS others
    FROM derived.sighting
    GROUP BY ALL
  ) o USING (object_id, row_no);

COMMENT ON VIEW connection IS 'flow derived: every connection once, as the interface nearest to its client saw it';
COMMENT ON COLUMN connection.interface_id IS 'interface: the witness: the interface nearest to the client that saw it whole';
COMMENT ON COLUMN connection.translated IS
  'flag: one side is the address of a NAT gateway, and the true client is in no record';
COMMENT ON COLUMN connection.sightings IS 'count: sessions of it, this one and those in sighting';

CREATE VIEW sighting AS
SELECT s.*,
  ['another interface', 'way to a NAT gateway', 'way from a NAT gateway'][e.kind] AS seen_as,
  (e.witness >> 32)::UINTEGER AS connection_object_id, (e.witness & 4294967295)::UINTEGER AS connection_row_no
FROM session s
  JOIN (
    SELECT (record >> 32)::UINTEGER AS object_id, (record & 4294967295)::UINTEGER AS row_no, kind, witness
    FROM derived.sighting
  ) e USING (object_id, row_no);

COMMENT ON VIEW sighting IS 'flow derived: sessions of connections that another session stands for';
COMMENT ON COLUMN sighting.seen_as IS 'text: what this session is of the connection';
COMMENT ON COLUMN sighting.connection_object_id IS 'object: the connection''s first record: its object';
COMMENT ON COLUMN sighting.connection_row_no IS 'number: and its line or event there';

-- Every flow record that sums count, so that each packet is counted once: not what another object has told already, and not
-- what belongs to a sighting.
CREATE VIEW flow_once AS
SELECT * FROM flow ANTI JOIN derived.flow_uncounted USING (object_id, row_no);

COMMENT ON VIEW flow_once IS 'flow derived: every flow record but those whose packets another record has counted';

-- section: derived

-- derived: sighting needs derived.flow_session; grows with store.flow
-- Only what more than one interface can have seen is compared: sessions between two addresses inside, and those that an
-- interface saw which has neither address. Sessions of one key that touch in time, over all interfaces, are one connection
-- (or several, as the witness says).
CREATE OR REPLACE TEMP TABLE seen AS
WITH shared AS (
  SELECT cap, lo, hi, ports
  FROM store.session_keyed
  WHERE nearness = 3 OR client_inside AND server_inside
  GROUP BY ALL
)
SELECT s.* FROM store.session_keyed s SEMI JOIN shared USING (cap, lo, hi, ports);
CREATE OR REPLACE TEMP TABLE sight AS
WITH several AS (
  SELECT cap, lo, hi, ports FROM seen GROUP BY ALL HAVING min(number) <> max(number)
), spaced AS (
  SELECT cap, lo, hi, ports, record, number, nearness, told_by, start, bytes,
    start > max("end") OVER (
      PARTITION BY cap, lo, hi, ports
      ORDER BY start, "end", record
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
      + INTERVAL 60 SECOND AS apart
  FROM seen
    SEMI JOIN several USING (cap, lo, hi, ports)
), clustered AS (
  SELECT *, count(*) FILTER (apart) OVER (PARTITION BY cap, lo, hi, ports ORDER BY start, record) AS cluster
  FROM spaced
), watcher AS (
  SELECT cap, lo, hi, ports, cluster, number, min(nearness) AS nearness, min(told_by) AS told_by, sum(bytes) AS bytes,
    arg_min(record, (start, record)) AS first_record,
    max(sum(bytes)) OVER (PARTITION BY cap, lo, hi, ports, cluster) AS most
  FROM clustered
  GROUP BY cap, lo, hi, ports, cluster, number
), witness AS (
  SELECT *
  FROM watcher
  QUALIFY row_number() OVER (
    PARTITION BY cap, lo, hi, ports, cluster
    ORDER BY bytes < 0.95 * most, nearness, told_by, number
  ) = 1
)
SELECT c.record, w.first_record AS witness, 1 AS kind
FROM clustered c
  JOIN witness w USING (cap, lo, hi, ports, cluster)
WHERE c.number <> w.number;
-- A log without the addresses of packets tells of the way to a NAT gateway under the gateway's address: the same client, ports
-- and counts as a call of the client's own interface to somewhere outside.
CREATE OR REPLACE TEMP TABLE way_in AS
SELECT w.record, h.record AS witness, w.number, h.server_key, h.server_port, h.protocol, h.start, h."end",
  h.packets_out, h.packets_in, h.bytes_out, h.bytes_in
FROM (
  SELECT * FROM seen ANTI JOIN sight USING (record) WHERE nearness = 2 AND client_inside
) w
  JOIN store.session_keyed h ON h.cap = w.cap
    AND h.client_key = w.client_key
    AND h.client_port = w.client_port
    AND h.server_port = w.server_port
    AND h.protocol IS NOT DISTINCT FROM w.protocol
    AND h.nearness = 1
    AND NOT h.server_inside
    AND h.start <= w."end" + INTERVAL 60 SECOND
    AND w.start <= h."end" + INTERVAL 60 SECOND
    AND abs(h.bytes - w.bytes) <= 0.05 * greatest(h.bytes, w.bytes)
QUALIFY row_number() OVER (PARTITION BY w.record ORDER BY abs(h.bytes - w.bytes), abs(epoch(h.start - w.start)), h.record) = 1;
-- What a gateway passed on, by where to and how much. Equal counts are matched in the order of time. What is left, as a window was
-- lost on one side, is compared as a sum over the time in which there was always something: what goes out is what came in
-- where it is not over a tenth more.
CREATE OR REPLACE TEMP TABLE passed AS
SELECT number, server_key, server_port, protocol, start, "end", bytes, packets_out, coalesce(x.witness, s.record) AS witness
FROM seen s
  LEFT JOIN sight x USING (record)
WHERE nearness = 3 AND number IN (SELECT number FROM store.own_key WHERE translates)
UNION ALL
SELECT number, server_key, server_port, protocol, start, "end", coalesce(bytes_out, 0) + coalesce(bytes_in, 0), packets_out, witness
FROM way_in;
CREATE OR REPLACE TEMP TABLE way_out AS
WITH sent AS (
  SELECT record, number, server_key, server_port, protocol, start, "end", bytes, packets_out
  FROM store.session_keyed
  WHERE nearness = 1 AND number IN (SELECT number FROM passed)
), equal_sent AS (
  SELECT *,
    row_number() OVER (PARTITION BY number, server_key, server_port, protocol, bytes, packets_out ORDER BY start, record) AS place
  FROM sent
), equal_passed AS (
  SELECT *,
    row_number() OVER (PARTITION BY number, server_key, server_port, protocol, bytes, packets_out ORDER BY start, witness) AS place
  FROM passed
), equal AS (
  SELECT s.record, p.witness
  FROM equal_sent s
    JOIN equal_passed p ON p.number = s.number
      AND p.server_key = s.server_key
      AND p.server_port = s.server_port
      AND p.protocol IS NOT DISTINCT FROM s.protocol
      AND p.bytes = s.bytes
      AND p.packets_out IS NOT DISTINCT FROM s.packets_out
      AND p.place = s.place
  WHERE p.start <= s."end" + INTERVAL 60 SECOND AND s.start <= p."end" + INTERVAL 60 SECOND
), leftover AS (
  SELECT number, server_key, server_port, protocol, start, "end", record, NULL AS witness, bytes AS sent, 0 AS passed
  FROM sent
    ANTI JOIN equal USING (record)
  UNION ALL
  SELECT number, server_key, server_port, protocol, start, "end", NULL, witness, 0, bytes
  FROM passed
    ANTI JOIN equal USING (witness)
), spaced AS (
  SELECT *,
    start > max("end") OVER (
      PARTITION BY number, server_key, server_port, protocol
      ORDER BY start, "end"
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
      + INTERVAL 60 SECOND AS apart
  FROM leftover
), clustered AS (
  SELECT *,
    count(*) FILTER (apart) OVER (
      PARTITION BY number, server_key, server_port, protocol
      ORDER BY start, "end"
      ROWS UNBOUNDED PRECEDING
    ) AS cluster
  FROM spaced
), balanced AS (
  SELECT *, arg_min(witness, (start, witness)) OVER together AS first_witness
  FROM clustered
  WINDOW together AS (PARTITION BY number, server_key, server_port, protocol, cluster)
  QUALIFY sum(sent) OVER together <= 1.1 * sum(passed) OVER together
)
FROM equal
UNION ALL
SELECT record, first_witness FROM balanced WHERE record IS NOT NULL;
DELETE FROM derived.sighting;
INSERT INTO derived.sighting
FROM sight
UNION ALL
SELECT record, witness, 2 FROM way_in WHERE number IN (SELECT number FROM store.session_keyed SEMI JOIN way_out USING (record))
UNION ALL
SELECT record, witness, 3 FROM way_out;
DROP TABLE seen;
DROP TABLE sight;
DROP TABLE way_in;
DROP TABLE passed;
DROP TABLE way_out;

-- derived: flow_uncounted needs store.flow
DELETE FROM derived.flow_uncounted;
INSERT INTO derived.flow_uncounted
FROM derived.again
UNION ALL
SELECT k.object_id, k.row_no
FROM store.flow_keyed k
  ANTI JOIN derived.again USING (object_id, row_no)
  JOIN derived.flow_side p USING (context_id)
  JOIN (FROM store.session_keyed SEMI JOIN derived.sighting USING (record)) s
    ON s.lo = least(k.src, k.dst)
      AND s.hi = greatest(k.src, k.dst)
      AND s.side = p.side
      AND s.ports = (k.protocol::UBIGINT << 32)
        | CASE
            WHEN k.src < k.dst OR k.src = k.dst AND k.srcport <= k.dstport THEN (k.srcport::UBIGINT << 16) | k.dstport
            ELSE (k.dstport::UBIGINT << 16) | k.srcport
          END
      AND k.start BETWEEN s.start AND s."end";
