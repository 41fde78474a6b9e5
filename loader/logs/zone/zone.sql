-- Route 53 public hosted-zone query logs.
--
-- log:     zone
-- title:   Route 53 public zone query logs
-- called:  public zone query log, public zone query logs
-- records: Zone records
-- doc:     https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
-- view:    zone
-- time:    query_timestamp
-- source:  hosted_zone_id
-- asker:   resolver_ip
-- lead:    query_timestamp, resolver_ip, query_name, query_type, response_code, edge_location
-- cite:    query_name, query_type
-- silence: none
-- shape:   visit
-- blind:   most of the queries: recursive resolvers answer from their caches: a log may have one query of several
--          thousand
-- blind:   who asked: the log names the resolver; the subnet of its client only where that resolver passes it on
-- blind:   the answers: a record has a response code and no data
-- blind:   private hosted zones and zones without query logging: only public hosted zones can log, from when it was
--          switched on

-- section: tables

CREATE TABLE store.zone_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  version VARCHAR, hosted_zone_id VARCHAR, query_type VARCHAR, response_code VARCHAR, protocol VARCHAR, edge_location VARCHAR
);

CREATE TABLE store.zone (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  query_timestamp TIMESTAMP NOT NULL, name VARCHAR, query_name VARCHAR, registered_domain VARCHAR,
  labels SMALLINT, longest_label SMALLINT, entropy FLOAT,
  resolver4 UINTEGER, resolver6 UHUGEINT, edns_client_subnet VARCHAR, edns_first UHUGEINT, edns_last UHUGEINT,
  extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW zone AS
SELECT c.version, z.query_timestamp, c.hosted_zone_id, coalesce(z.query_name, z.name) AS query_name,
  c.query_type, c.response_code, c.protocol, c.edge_location,
  addr_text(z.resolver4, z.resolver6) AS resolver_ip, z.edns_client_subnet,
  z.name, z.registered_domain, z.labels, z.longest_label, z.entropy,
  z.extra, c.capture, c.log_group, c.log_stream, z.object_id, z.row_no, z.utf8_escaped,
  addr_number(z.resolver4, z.resolver6) AS resolver_ip_n,
  CASE WHEN NOT ends_with(z.edns_client_subnet, '/0') THEN z.edns_first END AS edns_first_n,
  CASE WHEN NOT ends_with(z.edns_client_subnet, '/0') THEN z.edns_last END AS edns_last_n
FROM store.zone z JOIN store.zone_context c USING (context_id);

COMMENT ON VIEW zone IS 'zone: every query that a public hosted zone answered and logged';
COMMENT ON COLUMN zone.version IS 'text: format version of the record';
COMMENT ON COLUMN zone.query_timestamp IS 'time: when Route 53 answered';
COMMENT ON COLUMN zone.hosted_zone_id IS 'hosted_zone: hosted zone';
COMMENT ON COLUMN zone.query_name IS 'name: the name asked for, as logged';
COMMENT ON COLUMN zone.query_type IS 'text: DNS type asked for';
COMMENT ON COLUMN zone.response_code IS 'text: response code';
COMMENT ON COLUMN zone.protocol IS 'text: UDP or TCP';
COMMENT ON COLUMN zone.edge_location IS 'text: Route 53 edge location that answered';
COMMENT ON COLUMN zone.resolver_ip IS 'ip: the recursive resolver that asked; not the client behind it';
COMMENT ON COLUMN zone.edns_client_subnet IS 'cidr: part of the client''s address, where the resolver passed it on';
COMMENT ON COLUMN zone.name IS 'name: query_name in lower case without a final dot: compare with this one';
COMMENT ON COLUMN zone.registered_domain IS 'domain: public suffix and one label more';
COMMENT ON COLUMN zone.labels IS 'count: labels in the name';
COMMENT ON COLUMN zone.longest_label IS 'count: bytes in the longest label';
COMMENT ON COLUMN zone.entropy IS
  'number: Shannon entropy, bits per byte, of what stands before the registered domain '
  '(of the whole name where it has none), dots left out';
COMMENT ON COLUMN zone.extra IS 'json: fields after the tenth, as a JSON object';
COMMENT ON COLUMN zone.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN zone.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN zone.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN zone.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN zone.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN zone.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN zone.resolver_ip_n IS 'number: resolver_ip as a number';
COMMENT ON COLUMN zone.edns_first_n IS 'number: first address of edns_client_subnet; none of 0.0.0.0/0, which passes no client on';
COMMENT ON COLUMN zone.edns_last_n IS 'number: last address of edns_client_subnet; none of 0.0.0.0/0';

-- section: derived

-- derived: zone_minute needs store.zone
INSERT INTO derived.minute
SELECT 'zone', capture, hosted_zone_id, coalesce(response_code, '-'), make_timestamp(60000000 * minute), sum(records), NULL
FROM (
  SELECT context_id, epoch_us(query_timestamp) // 60000000 AS minute, count(*) AS records
  FROM store.zone WHERE object_id > $after GROUP BY ALL
) JOIN store.zone_context USING (context_id)
GROUP BY ALL;
