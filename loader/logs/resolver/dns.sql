-- Route 53 Resolver query logs.
--
-- log:           dns
-- title:         Route 53 Resolver query logs
-- called:        Resolver log, Resolver query logs
-- records:       Resolver records
-- doc:           https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
-- doc:           https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs.html
-- view:          dns
-- time:          query_timestamp
-- source:        vpc_id
-- asker:         srcaddr
-- lead:          query_timestamp, srcaddr, query_name, query_type, rcode, answers_n
-- cite:          query_name, query_type
-- children:      dns_answer: Resolver answers
-- children-show: answer_no, rdata, type, class
-- children-lead: query_timestamp, srcaddr, query_name, rdata, type, rcode
-- silence:       none
-- shape:         query
-- blind:         repeats answered from the cache: the Resolver logs a query only when it is not answered from its cache:
--                counts are no frequencies, and a host may use a name that it asked for long before
-- blind:         names asked of another resolver, DNS over TLS or HTTPS: only queries that reach Amazon's resolver are
--                logged; ports 53, 853 and 443 in flow logs hint at others
-- blind:         hosts files and addresses written into a program: who needs no name asks for none
-- blind:         VPCs without query logging: a query logging configuration covers the VPCs that it was associated with;
--                there is no NODATA, so that a minute without records may be quiet, cached or not logged
-- blind:         the program that asked: a record names an address and, mostly, an instance; what a DNS Firewall rule
--                blocked may still say NOERROR

-- section: tables

CREATE TABLE store.dns_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  version VARCHAR, account_id VARCHAR, region VARCHAR, vpc_id VARCHAR,
  query_type VARCHAR, query_class VARCHAR, rcode VARCHAR, transport VARCHAR,
  src_instance VARCHAR, src_resolver_endpoint VARCHAR, src_resolver_network_interface VARCHAR,
  firewall_rule_action VARCHAR, firewall_rule_group_id VARCHAR, firewall_domain_list_id VARCHAR
);

-- What an answer is, beside its data.
CREATE TABLE store.dns_answer_context (
  context_id UINTEGER NOT NULL, type VARCHAR, class VARCHAR
);

-- name is query_name in lower case without its final dot; query_name is kept only where it is not name and a dot.
CREATE TABLE store.dns (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  query_timestamp TIMESTAMP NOT NULL, name VARCHAR, query_name VARCHAR, registered_domain VARCHAR,
  labels SMALLINT, longest_label SMALLINT, entropy FLOAT,
  src4 UINTEGER, src6 UHUGEINT, srcport INTEGER, answers_n INTEGER,
  extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

CREATE TABLE store.dns_answer (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, answer_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  query_timestamp TIMESTAMP NOT NULL, name VARCHAR, src4 UINTEGER, src6 UHUGEINT,
  rdata VARCHAR, answer_context_id UINTEGER NOT NULL, rdata4 UINTEGER, rdata6 UHUGEINT, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW dns AS
SELECT c.version, c.account_id, c.region, c.vpc_id, d.query_timestamp,
  coalesce(d.query_name, d.name || '.') AS query_name, c.query_type, c.query_class, c.rcode,
  addr_text(d.src4, d.src6) AS srcaddr, d.srcport, c.transport,
  c.src_instance, c.src_resolver_endpoint, c.src_resolver_network_interface,
  c.firewall_rule_action, c.firewall_rule_group_id, c.firewall_domain_list_id,
  d.answers_n, d.name, d.registered_domain, d.labels, d.longest_label, d.entropy,
  d.extra, c.capture, c.log_group, c.log_stream, d.object_id, d.row_no, d.utf8_escaped,
  addr_number(d.src4, d.src6) AS srcaddr_n
FROM store.dns d JOIN store.dns_context c USING (context_id);

COMMENT ON VIEW dns IS 'dns: every query that the Resolver logged';
COMMENT ON COLUMN dns.version IS 'text: format version of the record';
COMMENT ON COLUMN dns.account_id IS 'account: account that created the VPC';
COMMENT ON COLUMN dns.region IS 'text: region';
COMMENT ON COLUMN dns.vpc_id IS 'vpc: VPC that the query came from';
COMMENT ON COLUMN dns.query_timestamp IS 'time: when the query was made';
COMMENT ON COLUMN dns.query_name IS 'name: the name asked for, as logged';
COMMENT ON COLUMN dns.query_type IS 'text: DNS type asked for';
COMMENT ON COLUMN dns.query_class IS 'text: DNS class';
COMMENT ON COLUMN dns.rcode IS 'text: response code; NOERROR may still be a firewall''s answer';
COMMENT ON COLUMN dns.srcaddr IS 'ip: address that asked';
COMMENT ON COLUMN dns.srcport IS 'port: port that asked';
COMMENT ON COLUMN dns.transport IS 'text: UDP or TCP';
COMMENT ON COLUMN dns.src_instance IS 'instance: instance that asked; missing in the first minutes of its life';
COMMENT ON COLUMN dns.src_resolver_endpoint IS 'text: Resolver endpoint that passed the query on';
COMMENT ON COLUMN dns.src_resolver_network_interface IS 'text: Resolver endpoint''s interface';
COMMENT ON COLUMN dns.firewall_rule_action IS 'text: DNS Firewall: ALERT or BLOCK when a rule matched';
COMMENT ON COLUMN dns.firewall_rule_group_id IS 'text: DNS Firewall rule group';
COMMENT ON COLUMN dns.firewall_domain_list_id IS 'text: DNS Firewall domain list';
COMMENT ON COLUMN dns.answers_n IS 'count: number of answers, which are rows of dns_answer; NULL where the record has no list of them';
COMMENT ON COLUMN dns.name IS 'name: query_name in lower case without the final dot: compare with this one';
COMMENT ON COLUMN dns.registered_domain IS 'domain: public suffix and one label more';
COMMENT ON COLUMN dns.labels IS 'count: labels in the name';
COMMENT ON COLUMN dns.longest_label IS 'count: bytes in the longest label';
COMMENT ON COLUMN dns.entropy IS
  'number: Shannon entropy, bits per byte, of what stands before the registered domain '
  '(of the whole name where it has none), dots left out';
COMMENT ON COLUMN dns.extra IS 'json: keys that case53 does not know, as a JSON object';
COMMENT ON COLUMN dns.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN dns.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN dns.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN dns.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN dns.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN dns.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN dns.srcaddr_n IS 'number: srcaddr as a number, for ip() and in_cidr()';

CREATE VIEW dns_answer AS
SELECT a.query_timestamp, a.name || '.' AS query_name, a.answer_no, a.rdata, k.type, k.class,
  addr_text(a.src4, a.src6) AS srcaddr, c.vpc_id, c.src_instance, c.query_type, c.rcode, c.firewall_rule_action,
  a.name, c.capture, a.object_id, a.row_no, a.utf8_escaped,
  addr_number(a.rdata4, a.rdata6) AS rdata_n, addr_number(a.src4, a.src6) AS srcaddr_n
FROM store.dns_answer a JOIN store.dns_context c USING (context_id) JOIN store.dns_answer_context k ON k.context_id = a.answer_context_id;

COMMENT ON VIEW dns_answer IS 'dns: every answer to a query, a row each';
COMMENT ON COLUMN dns_answer.query_timestamp IS 'time: when the query was made';
COMMENT ON COLUMN dns_answer.query_name IS 'name: the name asked for, in lower case; the records do not say which name an answer is about';
COMMENT ON COLUMN dns_answer.answer_no IS 'number: place of the answer in the response, from 1';
COMMENT ON COLUMN dns_answer.rdata IS 'rdata: the answer: an address, a name or text';
COMMENT ON COLUMN dns_answer.type IS 'text: DNS type of the answer';
COMMENT ON COLUMN dns_answer.class IS 'text: DNS class of the answer';
COMMENT ON COLUMN dns_answer.srcaddr IS 'ip: address that asked';
COMMENT ON COLUMN dns_answer.vpc_id IS 'vpc: VPC that the query came from';
COMMENT ON COLUMN dns_answer.src_instance IS 'instance: instance that asked; missing in the first minutes of its life';
COMMENT ON COLUMN dns_answer.query_type IS 'text: DNS type asked for';
COMMENT ON COLUMN dns_answer.rcode IS 'text: response code; NOERROR may still be a firewall''s answer';
COMMENT ON COLUMN dns_answer.firewall_rule_action IS 'text: DNS Firewall: ALERT or BLOCK when a rule matched';
COMMENT ON COLUMN dns_answer.name IS 'name: query_name in lower case without the final dot: compare with this one';
COMMENT ON COLUMN dns_answer.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN dns_answer.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN dns_answer.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN dns_answer.utf8_escaped IS 'flag: some text of the answer or its query was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN dns_answer.rdata_n IS 'number: rdata as a number where it is an address';
COMMENT ON COLUMN dns_answer.srcaddr_n IS 'number: srcaddr as a number, for ip() and in_cidr()';

-- section: derived

-- derived: dns_minute needs store.dns
INSERT INTO derived.minute
SELECT 'dns', capture, vpc_id, coalesce(rcode, '-'), make_timestamp(60000000 * minute), sum(records), NULL
FROM (
  SELECT context_id, epoch_us(query_timestamp) // 60000000 AS minute, count(*) AS records
  FROM store.dns WHERE object_id > $after GROUP BY ALL
) JOIN store.dns_context USING (context_id)
GROUP BY ALL;
