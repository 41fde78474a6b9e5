-- A second reading of a source object by a stock duckdb: its lines, and what the readings of log types share. Set file and
-- compression (none, gzip or zstd) before, as variables; events is true for a page of CloudWatch Logs (see FORMAT.md, section 10).
-- object may be set to a number that stands before each row: lines of several objects can then be read together.

CREATE OR REPLACE TEMP TABLE stored AS
SELECT row_number() OVER () AS line_no, rtrim(line, chr(13)) AS line FROM read_csv(
  getvariable('file'), compression = getvariable('compression'), columns = {'line': 'VARCHAR'}, auto_detect = false, header = false,
  delim = chr(1), quote = '', escape = '', comment = '', nullstr = chr(2), null_padding = false, parallel = false, max_line_size = 33554432
);

CREATE OR REPLACE TEMP TABLE lines AS
SELECT coalesce(getvariable('object')::BIGINT, 0) AS object_id, e.no AS row_no,
  json_extract_string(line, '$.events[' || (e.no - 1) || '].message') AS line
FROM stored, unnest(range(1, 1 + json_array_length(line, '$.events')::BIGINT)) AS e(no)
WHERE getvariable('events')
UNION ALL
SELECT coalesce(getvariable('object')::BIGINT, 0), line_no, line FROM stored WHERE NOT getvariable('events');

-- What a field says; NULL where it says "-" or is not there.
CREATE OR REPLACE TEMP MACRO given(text) AS nullif(text, '-');

-- The groups of an IPv6 address, those of :: written out.
CREATE OR REPLACE TEMP MACRO sixteens(text) AS (
  string_split(CASE WHEN contains(text, '::') THEN trim(replace(text, '::', repeat(':0', 8 - len(list_filter(
    string_split(text, ':'), lambda g: g <> ''))) || ':'), ':') ELSE text END, ':')
);

-- The number of an address: of IPv4 that of its IPv4-mapped IPv6 address; NULL where it is none.
CREATE OR REPLACE TEMP MACRO address(text) AS (CASE
  WHEN regexp_full_match(regexp_replace(text, '^::ffff:', ''), '\d+\.\d+\.\d+\.\d+') THEN 281470681743360::UHUGEINT + list_reduce(
    list_transform(string_split(regexp_replace(text, '^::ffff:', ''), '.'), lambda p: p::UHUGEINT), lambda n, p: n * 256 + p)
  WHEN contains(text, ':') THEN list_reduce(
    list_transform(sixteens(text), lambda g: ('0x' || g)::UBIGINT::UHUGEINT), lambda n, g: n * 65536 + g)
END);
