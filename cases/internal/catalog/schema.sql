-- What every case has, whatever logs are in it. Log types add their own (loader/logs/*.sql).

-- section: tables

CREATE SCHEMA store;

CREATE TABLE store.meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);

-- The log types that this case can hold, in the order in which they are told. header is what the type says of itself: its
-- columns, what silence means, what such a log never shows.
CREATE TABLE store.log_type (
  ordinal UTINYINT NOT NULL, name VARCHAR NOT NULL, title VARCHAR NOT NULL, silence VARCHAR NOT NULL, header VARCHAR NOT NULL
);

CREATE TABLE store.capture (
  name VARCHAR NOT NULL, role VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL
);

-- A source object: a file, an S3 object, a page of a CloudWatch Logs answer. Its bytes are raw/<sha256[:2]>/<sha256>.
CREATE TABLE store.object (
  object_id UINTEGER NOT NULL, sha256 VARCHAR NOT NULL, size BIGINT NOT NULL,
  source_kind VARCHAR NOT NULL, uri VARCHAR NOT NULL, version_id VARCHAR, etag VARCHAR, last_modified TIMESTAMP,
  acquired_at TIMESTAMP NOT NULL, provenance VARCHAR,
  capture VARCHAR NOT NULL, log_type VARCHAR NOT NULL, format VARCHAR, envelope VARCHAR, decoded_size BIGINT,
  window_from TIMESTAMP, window_to TIMESTAMP, narrowed VARCHAR,
  "read" BIGINT NOT NULL, rows BIGINT NOT NULL, headers BIGINT NOT NULL, blank BIGINT NOT NULL,
  outside BIGINT NOT NULL, duplicate BIGINT NOT NULL, unread BIGINT NOT NULL, not_kept BIGINT NOT NULL DEFAULT 0, rejected BIGINT NOT NULL,
  first_time TIMESTAMP, last_time TIMESTAMP, problem VARCHAR
);

-- The records of an object that belong together: those of one log stream, or all where they name none. Each part has a log type
-- of its own; log_type unknown: no type reads them, and format says what they look like. The object's counts are their sums.
CREATE TABLE store.object_part (
  object_id UINTEGER NOT NULL, log_type VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR, format VARCHAR,
  "read" BIGINT NOT NULL, rows BIGINT NOT NULL, headers BIGINT NOT NULL, blank BIGINT NOT NULL,
  outside BIGINT NOT NULL, duplicate BIGINT NOT NULL, unread BIGINT NOT NULL, not_kept BIGINT NOT NULL DEFAULT 0, rejected BIGINT NOT NULL,
  first_time TIMESTAMP, last_time TIMESTAMP
);

CREATE TABLE store.reject (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, reason VARCHAR NOT NULL, size BIGINT NOT NULL, bytes BLOB
);

-- Content digests: of the rows that a table has of an object. Tables without a row of it have no line.
CREATE TABLE store.digest (object_id UINTEGER NOT NULL, name VARCHAR NOT NULL, rows BIGINT NOT NULL, sha256 VARCHAR NOT NULL);

-- CloudWatch Logs' own facts about a record that came through it.
CREATE TABLE store.event (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, event_key UHUGEINT NOT NULL,
  event_id VARCHAR NOT NULL, event_timestamp TIMESTAMP, ingestion_time TIMESTAMP
);

-- A pull: one command that read remote sources, however often it was interrupted. plan is what was asked for; two commands
-- with the same plan are the same pull. ended_at is NULL until it has come to its end.
CREATE TABLE store.pull (
  pull_id UINTEGER NOT NULL, plan VARCHAR NOT NULL, provenance VARCHAR NOT NULL, capture VARCHAR NOT NULL,
  began_at TIMESTAMP NOT NULL, ended_at TIMESTAMP
);

-- A part of a source's window that was read as one. Later rows stand above earlier ones of the same span.
CREATE TABLE store.slice (
  pull_id UINTEGER NOT NULL, source VARCHAR NOT NULL, from_time TIMESTAMP, to_time TIMESTAMP, state VARCHAR NOT NULL, reason VARCHAR,
  objects BIGINT NOT NULL, records BIGINT, bytes BIGINT NOT NULL, digest VARCHAR, reads BIGINT NOT NULL, settled_at TIMESTAMP NOT NULL
);

-- What aws ec2 describe-flow-logs said: a flow log a row.
CREATE TABLE store.flow_log (
  described_at TIMESTAMP NOT NULL, flow_log_id VARCHAR NOT NULL, resource_id VARCHAR, traffic_type VARCHAR, destination_type VARCHAR,
  log_group VARCHAR, destination VARCHAR, log_format VARCHAR, max_aggregation_interval INTEGER, created_at TIMESTAMP, status VARCHAR,
  deliver_status VARCHAR, deliver_error VARCHAR, sha256 VARCHAR NOT NULL
);

-- What aws ec2 describe-network-interfaces said: an address of an interface a row.
CREATE TABLE store.asset (
  described_at TIMESTAMP NOT NULL, interface_id VARCHAR NOT NULL,
  address VARCHAR NOT NULL, "primary" BOOLEAN NOT NULL, public_address VARCHAR, private_name VARCHAR,
  instance_id VARCHAR, account_id VARCHAR, vpc_id VARCHAR, subnet_id VARCHAR, az VARCHAR,
  interface_type VARCHAR, mac VARCHAR, status VARCHAR,
  description VARCHAR, security_groups VARCHAR, requester_id VARCHAR, attached_at TIMESTAMP, name VARCHAR, sha256 VARCHAR NOT NULL
);

-- A file that says whose addresses are: a MaxMind DB (mmdb) or AWS's ip-ranges.json (ip-ranges), as the user supplied it.
CREATE TABLE store.network_file (
  file_id UINTEGER NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL, database_type VARCHAR NOT NULL,
  built_at TIMESTAMP NOT NULL, added_at TIMESTAMP NOT NULL,
  networks BIGINT NOT NULL, size BIGINT NOT NULL, sha256 VARCHAR NOT NULL
);

-- Its networks, in order and apart: first and last are in it.
CREATE TABLE store.network (
  file_id UINTEGER NOT NULL, first UHUGEINT NOT NULL, last UHUGEINT NOT NULL, country VARCHAR, subdivision VARCHAR, city VARCHAR,
  asn UINTEGER, as_org VARCHAR, aws_service VARCHAR, aws_region VARCHAR
);

-- A load or pull that has begun and has not come to its end: a row while it is under way, and after it was interrupted.
CREATE TABLE store.unfinished (
  what VARCHAR NOT NULL, plan VARCHAR NOT NULL, began_at TIMESTAMP NOT NULL, accepted_at TIMESTAMP
);

-- The custody log when the case was last written: how many lines it had, and the SHA-256 of the last of them. A commit adds a row
-- of the log before its own lines; the end of the writing leaves one row. A log that lacks this line has been cut or replaced.
CREATE TABLE store.custody (lines BIGINT NOT NULL, head VARCHAR NOT NULL);

-- section: derived tables

-- What the file was built of: which case.duckdb, and by which tables and statements. Of another it is built anew.
CREATE TABLE derived.source (database_id VARCHAR NOT NULL, program VARCHAR NOT NULL);

-- How far each step has been built: every object up to this one is in its tables. objects and digest are of those objects. A step
-- that has not been built has no row; one that was built bit by bit has several, and the last counts.
CREATE TABLE derived.step (name VARCHAR NOT NULL, upto UINTEGER NOT NULL, objects BIGINT NOT NULL, digest VARCHAR NOT NULL);

-- Derived: records per minute, for histograms and coverage. source: interface_id, vpc_id or hosted_zone_id.
CREATE TABLE derived.minute (
  log_type VARCHAR NOT NULL, capture VARCHAR NOT NULL, source VARCHAR, status VARCHAR NOT NULL,
  minute TIMESTAMP NOT NULL, records BIGINT NOT NULL, bytes HUGEINT
);

-- Derived: the minutes that records of a source speak about, where the log itself says how much of them is there.
CREATE TABLE derived.span (log_type VARCHAR NOT NULL, capture VARCHAR NOT NULL, source VARCHAR, status VARCHAR, minute TIMESTAMP NOT NULL);

-- section: views

-- What nearly every query is narrowed to. A window without a beginning or without an end is NULL there, and a capture that
-- is not chosen is the empty text: then the condition is gone before a row is read.

-- Of a capture: the one that was chosen, or any.
CREATE MACRO of(capture, chosen) AS (chosen = '' OR capture = chosen);

-- A moment within a window; its end is not in it.
CREATE MACRO within(moment, since, until) AS (
  (since::TIMESTAMP IS NULL OR moment >= since::TIMESTAMP) AND (until::TIMESTAMP IS NULL OR moment < until::TIMESTAMP)
);

-- A record that speaks about the time from first to last, where some of that is within the window. Some records have but one of
-- the two: the condition on each column alone is for the table scan, which can leave out whole row groups by it.
CREATE MACRO touches(first, last, since, until) AS (
  (since::TIMESTAMP IS NULL OR (last >= since::TIMESTAMP OR last IS NULL) AND coalesce(last, first) >= since::TIMESTAMP)
  AND (until::TIMESTAMP IS NULL OR (first < until::TIMESTAMP OR first IS NULL) AND coalesce(first, last) < until::TIMESTAMP)
);

-- A sum that two of can be added: a record may claim up to 2^63 bytes, and what a log says must not make a query fail. No real
-- traffic comes near 2^61.
CREATE MACRO bounded(n) AS (CASE WHEN n < 2305843009213693951 THEN n WHEN n IS NOT NULL THEN 2305843009213693951 END::BIGINT);

-- A moment at most so many minutes before or after another.
CREATE MACRO around(moment, middle, minutes) AS (
  moment BETWEEN middle::TIMESTAMP - to_minutes(minutes::BIGINT) AND middle::TIMESTAMP + to_minutes(minutes::BIGINT)
);

-- The full hours that a moment is in: one begins on the hour, the other on the half hour.
CREATE MACRO hours_of(moment) AS (
  [time_bucket(INTERVAL 1 HOUR, moment), time_bucket(INTERVAL 1 HOUR, moment - INTERVAL 30 MINUTE) + INTERVAL 30 MINUTE]
);

-- What is AWS's own, and what its customers run there. A service is as a flow record marks an address, NULL where none does.
CREATE MACRO aws_own_service(service) AS (
  coalesce(service, 'EC2') NOT IN ('EC2', 'CLOUDFRONT', 'S3', 'API_GATEWAY', 'GLOBALACCELERATOR')
);
CREATE MACRO amazonaws_domain(name) AS (ends_with(name, '.amazonaws.com') OR ends_with(name, '.amazonaws.com.cn'));
CREATE MACRO aws_api_domain(name) AS (amazonaws_domain(name) OR ends_with(name, '.api.aws'));
CREATE MACRO aws_domain(name) AS (aws_api_domain(name) OR ends_with(name, '.aws.dev'));
CREATE MACRO aws_compute_name(name) AS (regexp_matches(name, '\.(compute|elb)\.amazonaws\.com'));
CREATE MACRO aws_customer_name(name) AS (regexp_matches(name,
  '(^|\.)(compute(-[0-9])?|elb|execute-api|s3|s3[.-][a-z0-9.-]+|lambda-url|appsync-api|elasticbeanstalk)\.'
));
CREATE MACRO aws_data_name(name) AS (regexp_matches(name, '(^|\.)(rds|cache|es|iot|mq)\.'));

-- The port of time servers.
CREATE MACRO ntp_port() AS (123);

-- Lists as users give them: ports with commas, domains with commas, and an entry that is an address, a block or a name.
CREATE MACRO port_list(ports) AS (
  list_transform(list_filter(string_split(ports, ','), lambda p: TRY_CAST(p AS INTEGER)::VARCHAR = p), lambda p: p::INTEGER)
);
CREATE MACRO domain_list(domains) AS (
  list_filter(list_transform(string_split(domains, ','), lambda d: lower(trim(d, ' .*'))), lambda d: d <> '')
);
CREATE MACRO is_block(entry) AS (regexp_matches(entry, '^[0-9./]+$|:'));
CREATE MACRO bare_name(entry) AS (regexp_replace(regexp_replace(lower(entry), '^\*\.', ''), '\.$', ''));

-- Parts of sentences: the s of a plural, and that a list was cut.
CREATE MACRO plural(n) AS (CASE WHEN n = 1 THEN '' ELSE 's' END);
CREATE MACRO shown_of(top, n, things) AS (
  CASE WHEN n > top::BIGINT THEN format(' ({} of {} {} are shown)', top::BIGINT, n, things) ELSE '' END
);

-- Addresses as numbers: an IPv4 address is its IPv4-mapped IPv6 number (RFC 4291, 2.5.5.2), so one order holds for both.
CREATE MACRO addr_number(v4, v6) AS (CASE WHEN v4 IS NOT NULL THEN 281470681743360::UHUGEINT + v4::UHUGEINT ELSE v6 END);

CREATE MACRO v4_text(n) AS (concat(
  (n >> 24)::UTINYINT, '.', ((n >> 16) & 255)::UTINYINT, '.', ((n >> 8) & 255)::UTINYINT, '.', (n & 255)::UTINYINT
));

-- A macro repeats its argument wherever it is named, so what is computed once is bound by a lambda: [x] -> f(x).

-- The longest run of two or more zero groups, the first of equals, becomes "::" (RFC 5952, 4.2).
CREATE MACRO v6_text(n) AS (list_transform(
  [lower(concat_ws(':',
    to_hex(((n >> 112::UHUGEINT) & 65535::UHUGEINT)::UINTEGER),
    to_hex(((n >> 96::UHUGEINT) & 65535::UHUGEINT)::UINTEGER),
    to_hex(((n >> 80::UHUGEINT) & 65535::UHUGEINT)::UINTEGER),
    to_hex(((n >> 64::UHUGEINT) & 65535::UHUGEINT)::UINTEGER),
    to_hex(((n >> 48::UHUGEINT) & 65535::UHUGEINT)::UINTEGER),
    to_hex(((n >> 32::UHUGEINT) & 65535::UHUGEINT)::UINTEGER),
    to_hex(((n >> 16::UHUGEINT) & 65535::UHUGEINT)::UINTEGER),
    to_hex(((n >> 0::UHUGEINT) & 65535::UHUGEINT)::UINTEGER)
  ))],
  lambda s: list_transform(
    [list_max(regexp_extract_all(s, '\b0(:0)+\b'))],
    lambda zeros: CASE
      WHEN zeros IS NULL THEN s
      ELSE concat(
        substr(s, 1, instr(concat(':', s, ':'), concat(':', zeros, ':')) - 2),
        '::',
        substr(s, instr(concat(':', s, ':'), concat(':', zeros, ':')) + len(zeros) + 1)
      )
    END
  )[1]
)[1]);

CREATE MACRO addr_text(v4, v6) AS (CASE WHEN v4 IS NOT NULL THEN v4_text(v4) WHEN v6 IS NOT NULL THEN v6_text(v6) END);

CREATE MACRO number_text(n) AS (CASE
  WHEN n BETWEEN 281470681743360::UHUGEINT AND 281474976710655::UHUGEINT
    THEN v4_text((n - 281470681743360::UHUGEINT)::UINTEGER)
  WHEN n IS NOT NULL THEN v6_text(n)
END);

-- A text that is no address fails in a cast, so that the message names it; error() would keep DuckDB from computing
-- ip('…') once, before it reads a row.
CREATE MACRO v4_number(a) AS (list_transform(
  [string_split(a, '.')],
  lambda p: CASE
    WHEN regexp_full_match(a, '\d{1,3}(\.\d{1,3}){3}')
      THEN p[1]::UTINYINT::UHUGEINT * 16777216
        + p[2]::UTINYINT::UHUGEINT * 65536
        + p[3]::UTINYINT::UHUGEINT * 256
        + p[4]::UTINYINT::UHUGEINT
    ELSE ('not an IPv4 address: ' || a)::UHUGEINT
  END
)[1]);

-- A dotted tail as two groups of hexadecimal digits: ::ffff:10.0.0.1 -> ::ffff:a00:1
CREATE MACRO v6_undotted(a) AS (CASE
  WHEN contains(a, '.')
    THEN list_transform(
      [v4_number(regexp_extract(a, '[^:]*$'))],
      lambda n: concat(regexp_extract(a, '^(.*:)[^:]*$', 1), to_hex(n // 65536), ':', to_hex(n % 65536))
    )[1]
  ELSE a
END);

CREATE MACRO v6_side(s) AS (CASE WHEN s = '' THEN []::VARCHAR[] ELSE string_split(s, ':') END);

CREATE MACRO v6_groups(a) AS (list_transform(
  [[v6_side(split_part(a, '::', 1)), v6_side(split_part(a, '::', 2))]],
  lambda p: CASE
    WHEN contains(a, '::') THEN p[1] || list_resize([]::VARCHAR[], greatest(8 - len(p[1]) - len(p[2]), 1), '0') || p[2]
    ELSE p[1]
  END
)[1]);

CREATE MACRO v6_number(a) AS (list_transform(
  [v6_groups(a)],
  lambda groups: CASE
    WHEN len(groups) = 8 AND len(string_split(a, '::')) < 3
      THEN list_reduce(
        list_transform(groups, lambda g: ('0x' || g)::USMALLINT::UHUGEINT),
        lambda n, g: n * 65536::UHUGEINT + g
      )
    ELSE ('not an IPv6 address: ' || a)::UHUGEINT
  END
)[1]);

-- ip('10.0.0.1'), ip('2001:db8::1'): an address as the number that the …_n columns hold.
CREATE MACRO ip(a) AS (CASE
  WHEN contains(a, ':') THEN list_transform([v6_undotted(a)], lambda s: v6_number(s))[1]
  ELSE v4_number(a) + 281470681743360::UHUGEINT
END);

-- An address given as a number or as text; NULL where the text is no address.
CREATE MACRO addr_of(a) AS (coalesce(TRY_CAST(a AS UHUGEINT), TRY(ip(a::VARCHAR))));

-- The number of host bits of a block; an address alone is a block of one.
CREATE MACRO cidr_host_bits(c) AS (CASE
  WHEN contains(c, '/') THEN (CASE WHEN contains(c, ':') THEN 128 ELSE 32 END) - split_part(c, '/', 2)::UTINYINT::INTEGER
  ELSE 0
END);

-- First address and size of a block, as [n, size]; 0.0.0.0/0 of IPv6 has no size that fits, so ::/0 gives [0, 0].
CREATE MACRO cidr_block(c) AS (list_transform(
  [cidr_host_bits(c)],
  lambda bits: CASE
    WHEN bits = 128 THEN [0::UHUGEINT, 0::UHUGEINT]
    WHEN bits < 0 OR bits > 128 THEN [('not a CIDR block: ' || c)::UHUGEINT]
    ELSE list_transform(
      [1::UHUGEINT << bits::UHUGEINT],
      lambda size: list_transform([ip(split_part(c, '/', 1))], lambda n: [n - n % size, size])[1]
    )[1]
  END
)[1]);

CREATE MACRO cidr_first(c) AS (cidr_block(c)[1]);

CREATE MACRO cidr_last(c) AS (list_transform(
  [cidr_block(c)],
  lambda b: CASE WHEN b[2] = 0 THEN 340282366920938463463374607431768211455::UHUGEINT ELSE b[1] + (b[2] - 1) END
)[1]);

-- in_cidr(srcaddr_n, '10.0.0.0/8') is fast; in_cidr(srcaddr, …) reads the text of every row.
CREATE MACRO in_cidr(a, c) AS (addr_of(a) BETWEEN cidr_first(c) AND cidr_last(c));

-- Not routed on the internet: RFC 1918, RFC 6598 (CGNAT), loopback, link-local, this host, unique local, multicast.
CREATE MACRO private_number(n) AS (
  n BETWEEN 281470849515520::UHUGEINT AND 281470866292735::UHUGEINT -- 10.0.0.0/8
  OR n BETWEEN 281473568473088::UHUGEINT AND 281473569521663::UHUGEINT -- 172.16.0.0/12
  OR n BETWEEN 281473913978880::UHUGEINT AND 281473914044415::UHUGEINT -- 192.168.0.0/16
  OR n BETWEEN 281472363659264::UHUGEINT AND 281472367853567::UHUGEINT -- 100.64.0.0/10
  OR n BETWEEN 281472812449792::UHUGEINT AND 281472829227007::UHUGEINT -- 127.0.0.0/8
  OR n BETWEEN 281473533739008::UHUGEINT AND 281473533804543::UHUGEINT -- 169.254.0.0/16
  OR n BETWEEN 281470681743360::UHUGEINT AND 281470698520575::UHUGEINT -- 0.0.0.0/8
  OR n BETWEEN 281474439839744::UHUGEINT AND 281474708275199::UHUGEINT -- 224.0.0.0/4
  OR n BETWEEN 281474976710655::UHUGEINT AND 281474976710655::UHUGEINT -- 255.255.255.255/32
  OR n BETWEEN 0::UHUGEINT AND 1::UHUGEINT -- ::/127
  OR n BETWEEN 334965454937798799971759379190646833152::UHUGEINT AND 337623910929368631717566993311207522303::UHUGEINT -- fc00::/7
  OR n BETWEEN 338288524927261089654018896841347694592::UHUGEINT AND 338620831926207318622244848606417780735::UHUGEINT -- fe80::/10
  OR n BETWEEN 338953138925153547590470800371487866880::UHUGEINT AND 340282366920938463463374607431768211455::UHUGEINT -- ff00::/8
);

CREATE MACRO is_private(a) AS (list_transform([addr_of(a)], lambda n: private_number(n))[1]);

CREATE VIEW log_type AS SELECT name, title, silence, header FROM store.log_type ORDER BY ordinal;

CREATE VIEW capture AS SELECT name, role, created_at FROM store.capture;

CREATE VIEW object AS SELECT * FROM store.object;

CREATE VIEW object_part AS SELECT p.*, o.capture, o.uri FROM store.object_part p JOIN store.object o USING (object_id);

CREATE VIEW reject AS
SELECT r.object_id, r.row_no, r.reason, r.size, r.bytes, o.uri, o.log_type, o.capture
FROM store.reject r
  JOIN store.object o USING (object_id);

CREATE VIEW event AS SELECT object_id, row_no, event_id, event_timestamp, ingestion_time FROM store.event;

CREATE VIEW pull AS SELECT pull_id, capture, began_at, ended_at, plan, provenance FROM store.pull;

CREATE VIEW slice AS
SELECT source, from_time, to_time, state, reason, objects, records, bytes, reads, settled_at, pull_id FROM store.slice
QUALIFY row_number() OVER (PARTITION BY source, from_time, to_time ORDER BY pull_id DESC, settled_at DESC, reads DESC) = 1;

CREATE VIEW flow_log AS SELECT * EXCLUDE (sha256) FROM store.flow_log;

-- current: of files of the same type, the one that was built last.
CREATE VIEW network_file AS
SELECT file_id, kind, name, database_type, built_at, added_at, networks, size, sha256,
  row_number() OVER (PARTITION BY kind, database_type ORDER BY built_at DESC, file_id DESC) = 1 AS current
FROM store.network_file;

-- Whose addresses they are, as the files say that the user supplied. Of one file, no network lies over another.
CREATE VIEW network AS
SELECT number_text(n.first) AS first_address, number_text(n.last) AS last_address,
  n.country, n.subdivision, n.city, n.asn, n.as_org, n.aws_service, n.aws_region,
  f.name AS file, f.database_type, f.built_at, f.current, n.file_id, n.first AS first_n, n.last AS last_n
FROM store.network n
  JOIN network_file f USING (file_id);

CREATE VIEW asset AS SELECT DISTINCT * EXCLUDE (sha256) FROM store.asset;

CREATE VIEW minute AS
SELECT log_type, capture, source, status, minute, sum(records)::BIGINT AS records, sum(bytes) AS bytes FROM derived.minute GROUP BY ALL;

COMMENT ON VIEW log_type IS 'case: the log types that this case can hold';
COMMENT ON VIEW capture IS 'case: the captures and their roles';
COMMENT ON VIEW object IS 'case: every source object, and what became of its records';
COMMENT ON VIEW object_part IS 'case: the records of an object by log stream, and what became of them';
COMMENT ON VIEW reject IS 'case: every record that could not be decoded, word for word';
COMMENT ON VIEW event IS 'case: what CloudWatch Logs said of a record that came through it';
COMMENT ON VIEW pull IS 'case: the commands that read remote sources';
COMMENT ON VIEW slice IS 'case: how completely each part of a remote source was read';
COMMENT ON VIEW flow_log IS 'case: what aws ec2 describe-flow-logs said';
COMMENT ON VIEW network_file IS 'case: the files that say whose addresses are';
COMMENT ON VIEW network IS 'case: whose addresses they are';
COMMENT ON VIEW asset IS 'case: what aws ec2 describe-network-interfaces said';
COMMENT ON VIEW minute IS 'derived: records per minute and source';
COMMENT ON COLUMN log_type.title IS 'text: what AWS calls it';
COMMENT ON COLUMN log_type.silence IS 'text: what a window without a record is: absent (the log says when there is nothing), or none';
COMMENT ON COLUMN log_type.header IS 'text: what the type says of itself';
COMMENT ON COLUMN object.object_id IS 'object: number of the source object in this case';
COMMENT ON COLUMN object.sha256 IS 'sha256: SHA-256 of its bytes as received; names the file in raw/';
COMMENT ON COLUMN object.uri IS 'uri: where it came from';
COMMENT ON COLUMN object.capture IS 'capture: the capture it was loaded into';
COMMENT ON COLUMN object.acquired_at IS 'time: when its bytes were stored, by this machine''s clock';
COMMENT ON COLUMN object.narrowed IS
  'text: what its records were narrowed to before they came, by the word of who loaded them; NULL where nobody said so';
COMMENT ON COLUMN object.first_time IS 'time: earliest record kept';
COMMENT ON COLUMN object.last_time IS 'time: latest record kept';
COMMENT ON COLUMN object."read" IS 'count: records read = rows + headers + blank + outside + duplicate + unread + not_kept + rejected';
COMMENT ON COLUMN object.unread IS 'count: records that no log type reads';
COMMENT ON COLUMN object.not_kept IS 'count: records of what their log type does not keep';
COMMENT ON COLUMN object_part.log_type IS 'text: log type of the stream; unknown where no type reads it';
COMMENT ON COLUMN object_part.format IS 'text: how its records were read; of unknown ones, what they look like';
COMMENT ON COLUMN object_part.unread IS 'count: records that no log type reads';
COMMENT ON COLUMN object_part.not_kept IS 'count: records of what their log type does not keep';
COMMENT ON COLUMN reject.reason IS 'text: why the record could not be decoded';
COMMENT ON COLUMN reject.bytes IS 'bytes: the record, word for word; its first MiB when size is larger (the whole is in raw/)';
COMMENT ON COLUMN slice.source IS 'text: log group or prefix that was read';
COMMENT ON COLUMN slice.from_time IS
  'time: start of the span that was read; it reaches beyond the window asked for, as records are delivered late';
COMMENT ON COLUMN slice.to_time IS 'time: end of the span, not in it';
COMMENT ON COLUMN slice.state IS 'text: complete (read to its end, and a second count agrees), complete-unverified, partial';
COMMENT ON COLUMN slice.reason IS 'text: why it is partial, or what else is to be known';
COMMENT ON COLUMN slice.records IS 'count: events, where the source says so';
COMMENT ON COLUMN slice.reads IS 'count: how often it was read to its end';
COMMENT ON COLUMN slice.settled_at IS 'time: when its last object became part of the case';
COMMENT ON COLUMN pull.ended_at IS 'time: when it came to its end; NULL where it was interrupted';
COMMENT ON COLUMN flow_log.flow_log_id IS 'text: as aws ec2 describe-flow-logs gave it';
COMMENT ON COLUMN flow_log.max_aggregation_interval IS 'count: seconds that a record may span';
COMMENT ON COLUMN flow_log.deliver_status IS 'text: SUCCESS or FAILED; a failed delivery is a gap';
COMMENT ON COLUMN asset.interface_id IS 'interface: as aws ec2 describe-network-interfaces gave it';
COMMENT ON COLUMN asset.address IS 'ip: a private address, or an IPv6 address, of the interface';
COMMENT ON COLUMN asset.public_address IS 'ip: public address that belongs to it';
COMMENT ON COLUMN asset.instance_id IS 'instance: what the interface is attached to';
COMMENT ON COLUMN asset.vpc_id IS 'vpc: its VPC';
COMMENT ON COLUMN asset.account_id IS 'account: owner of the interface';
COMMENT ON COLUMN minute.minute IS 'time: start of the minute, UTC';
COMMENT ON COLUMN minute.source IS 'text: interface_id, vpc_id or hosted_zone_id';
COMMENT ON COLUMN event.event_id IS 'text: CloudWatch Logs eventId';
COMMENT ON COLUMN event.ingestion_time IS 'time: when CloudWatch Logs received the event';
COMMENT ON COLUMN network_file.file_id IS 'number: number of the file in this case';
COMMENT ON COLUMN network_file.kind IS 'text: mmdb (MaxMind DB) or ip-ranges (AWS)';
COMMENT ON COLUMN network_file.database_type IS 'text: what the file says it is, such as GeoLite2-City';
COMMENT ON COLUMN network_file.built_at IS 'time: when its maker made it';
COMMENT ON COLUMN network_file.added_at IS 'time: when it was added to the case';
COMMENT ON COLUMN network_file.networks IS 'count: networks in it';
COMMENT ON COLUMN network_file.sha256 IS 'sha256: SHA-256 of the file; names it in raw/';
COMMENT ON COLUMN network_file.current IS 'flag: no file of the same type was made later';
COMMENT ON COLUMN network.first_address IS 'ip: first address of the network';
COMMENT ON COLUMN network.last_address IS 'ip: last address of the network';
COMMENT ON COLUMN network.country IS 'text: ISO 3166 code of the country';
COMMENT ON COLUMN network.subdivision IS 'text: state, province or county';
COMMENT ON COLUMN network.city IS 'text: city, as far as the file says; often only where the network is administered';
COMMENT ON COLUMN network.asn IS 'number: number of the autonomous system that announces the network';
COMMENT ON COLUMN network.as_org IS 'text: organization of that autonomous system';
COMMENT ON COLUMN network.aws_service IS 'text: services in ip-ranges.json; AMAZON where it names no other';
COMMENT ON COLUMN network.aws_region IS 'text: region in ip-ranges.json';
COMMENT ON COLUMN network.file IS 'text: name of the file that says so';
COMMENT ON COLUMN network.first_n IS 'number: first address as a number, sorted within a file';
COMMENT ON COLUMN network.last_n IS 'number: last address as a number';

-- What is there of each source, in windows of ten minutes from the first to the last record of its log type and capture. A
-- window counts as its worst minute: SKIPDATA, then OK, then NODATA. Windows without anything, one after the other, are one
-- row: a record that claims another century must not make millions. Where a log has no NODATA such a row is none, and may be
-- quiet, cached or not logged.
CREATE VIEW coverage AS
WITH spoken_minute AS (
  SELECT log_type, capture, coalesce(source, '-') AS source, minute,
    CASE status
      WHEN 'SKIPDATA' THEN 3
      WHEN 'NODATA' THEN 1
      ELSE 2
    END AS rank
  FROM derived.span
  UNION ALL
  SELECT log_type, capture, coalesce(source, '-'), minute, 4
  FROM derived.minute
  WHERE log_type IN (SELECT name FROM store.log_type WHERE silence = 'none')
), spoken_window AS (
  SELECT log_type, capture, source,
    time_bucket(INTERVAL 10 MINUTE, minute) AS start, max(rank) AS rank, count(DISTINCT minute) AS minutes
  FROM spoken_minute
  GROUP BY ALL
), log_span AS (
  SELECT log_type, capture, min(start) AS first_start, max(start) AS last_start
  FROM spoken_window
  GROUP BY log_type, capture
), laid_window AS (
  SELECT b.*, p.first_start, p.last_start,
    coalesce(lag(b.start) OVER source + INTERVAL 10 MINUTE, p.first_start) AS nothing_from,
    lead(b.start) OVER source IS NULL AS is_last
  FROM spoken_window b
    JOIN log_span p USING (log_type, capture)
  WINDOW source AS (PARTITION BY b.log_type, b.capture, b.source ORDER BY b.start)
), type_silence AS (
  SELECT name AS log_type, silence FROM store.log_type
)
SELECT log_type, capture, source, start, start + INTERVAL 10 MINUTE AS "end",
  ['NODATA', 'OK', 'SKIPDATA', 'records'][rank] AS status,
  minutes
FROM laid_window
UNION ALL
SELECT log_type, capture, source, nothing_from, start, silence, 0
FROM laid_window
  JOIN type_silence USING (log_type)
WHERE nothing_from < start
UNION ALL
SELECT log_type, capture, source, start + INTERVAL 10 MINUTE, last_start + INTERVAL 10 MINUTE, silence, 0
FROM laid_window
  JOIN type_silence USING (log_type)
WHERE is_last AND start < last_start;

COMMENT ON VIEW coverage IS 'derived: what is there of each source, in windows of ten minutes';
COMMENT ON COLUMN coverage.source IS 'text: interface_id, vpc_id or hosted_zone_id';
COMMENT ON COLUMN coverage.start IS 'time: start of the window, or of the windows without anything';
COMMENT ON COLUMN coverage."end" IS 'time: its end, not in it';
COMMENT ON COLUMN coverage.status IS 'text: OK, NODATA, SKIPDATA or absent; of a log without NODATA records or none';
COMMENT ON COLUMN coverage.minutes IS 'count: minutes of the window that records speak about';
