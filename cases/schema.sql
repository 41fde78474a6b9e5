-- What every case has, whatever logs are in it. Log types add their own (loader/logs/*.sql).

-- section: tables

CREATE SCHEMA store;

CREATE TABLE store.meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);

CREATE TABLE store.capture (
  name VARCHAR NOT NULL, role VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL
);

-- A source object: a file, an S3 object, a page of a CloudWatch Logs answer. Its bytes are raw/<sha256[:2]>/<sha256>.
CREATE TABLE store.object (
  object_id UINTEGER NOT NULL, sha256 VARCHAR NOT NULL, size BIGINT NOT NULL,
  source_kind VARCHAR NOT NULL, uri VARCHAR NOT NULL, version_id VARCHAR, etag VARCHAR, last_modified TIMESTAMP,
  acquired_at TIMESTAMP NOT NULL, provenance VARCHAR,
  capture VARCHAR NOT NULL, log_type VARCHAR NOT NULL, format VARCHAR, envelope VARCHAR, decoded_size BIGINT,
  window_from TIMESTAMP, window_to TIMESTAMP,
  "read" BIGINT NOT NULL, rows BIGINT NOT NULL, headers BIGINT NOT NULL, blank BIGINT NOT NULL,
  outside BIGINT NOT NULL, duplicate BIGINT NOT NULL, rejected BIGINT NOT NULL,
  first_time TIMESTAMP, last_time TIMESTAMP, problem VARCHAR
);

CREATE TABLE store.reject (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, reason VARCHAR NOT NULL, size BIGINT NOT NULL, bytes BLOB
);

-- CloudWatch Logs' own facts about a record that came through it.
CREATE TABLE store.event (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, event_key UHUGEINT NOT NULL,
  event_id VARCHAR NOT NULL, event_timestamp TIMESTAMP, ingestion_time TIMESTAMP
);

-- How far each derived table has been built: every object up to this one is in it.
CREATE TABLE store.derived (name VARCHAR NOT NULL, upto UINTEGER NOT NULL);

-- Derived: records per minute, for histograms and coverage. source: interface_id, vpc_id or hosted_zone_id.
CREATE TABLE store.minute (
  log_type VARCHAR NOT NULL, capture VARCHAR NOT NULL, source VARCHAR, status VARCHAR NOT NULL,
  minute TIMESTAMP NOT NULL, records BIGINT NOT NULL, bytes HUGEINT
);

-- section: views

-- Addresses are numbers: an IPv4 address as its IPv4-mapped IPv6 number (RFC 4291, 2.5.5.2), so that one order holds for both.
CREATE MACRO v4_number(a) AS (
  split_part(a, '.', 1)::UTINYINT::UHUGEINT * 16777216 + split_part(a, '.', 2)::UTINYINT::UHUGEINT * 65536
  + split_part(a, '.', 3)::UTINYINT::UHUGEINT * 256 + split_part(a, '.', 4)::UTINYINT::UHUGEINT + 281470681743360);
