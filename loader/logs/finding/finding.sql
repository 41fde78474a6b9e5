-- GuardDuty findings.
--
-- log:     finding
-- title:   GuardDuty findings
-- called:  finding log, finding logs
-- records: GuardDuty findings
-- doc:     https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html
-- doc:     https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
-- view:    finding
-- time:    updated_at
-- source:  account_id
-- asker:   remote_ip
-- lead:    updated_at, severity, type, instance_id, private_ip, remote_ip, remote_port, domain_name, count
-- cite:    type, title
-- silence: none
-- shape:   event
-- blind:   what GuardDuty does not look for, or did not see: a finding points at records, and no finding says nothing
-- blind:   suppressed findings: what a filter put away before the export is not in it
-- blind:   single events: one finding stands for many, between first and last seen

-- section: tables

CREATE TABLE store.finding_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  schema_version VARCHAR, account_id VARCHAR, region VARCHAR, type VARCHAR, severity VARCHAR, resource_type VARCHAR, resource_role VARCHAR,
  action_type VARCHAR, instance_id VARCHAR, interface_id VARCHAR, vpc_id VARCHAR, detector_id VARCHAR, archived VARCHAR
);

CREATE TABLE store.finding (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  updated_at TIMESTAMP NOT NULL, created_at TIMESTAMP, event_first_seen TIMESTAMP, event_last_seen TIMESTAMP,
  finding_id VARCHAR, title VARCHAR, description VARCHAR, private4 UINTEGER, private6 UHUGEINT, public4 UINTEGER, public6 UHUGEINT,
  local_port INTEGER, remote4 UINTEGER, remote6 UHUGEINT, remote_port INTEGER, direction VARCHAR, transport VARCHAR, blocked VARCHAR,
  domain_name VARCHAR, api VARCHAR, count BIGINT, action_details VARCHAR, resource_details VARCHAR,
  extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW finding AS
SELECT f.updated_at, f.finding_id, c.type, TRY_CAST(c.severity AS DOUBLE) AS severity, f.title, f.description,
  f.event_first_seen, f.event_last_seen, f.count, f.created_at,
  row_number() OVER (PARTITION BY c.capture, f.finding_id ORDER BY f.updated_at DESC, f.object_id DESC, f.row_no DESC) = 1 AS last_version,
  c.resource_type, c.resource_role, c.instance_id, c.interface_id, c.vpc_id,
  addr_text(f.private4, f.private6) AS private_ip, addr_text(f.public4, f.public6) AS public_ip, f.local_port,
  c.action_type, addr_text(f.remote4, f.remote6) AS remote_ip, f.remote_port, f.direction, f.transport, f.blocked = 'true' AS blocked,
  f.domain_name, f.api, c.archived = 'true' AS archived, c.account_id, c.region, c.detector_id, c.schema_version,
  f.action_details, f.resource_details,
  f.extra, c.capture, c.log_group, c.log_stream, f.object_id, f.row_no, f.utf8_escaped,
  addr_number(f.private4, f.private6) AS private_ip_n, addr_number(f.remote4, f.remote6) AS remote_ip_n
FROM store.finding f JOIN store.finding_context c USING (context_id);

COMMENT ON VIEW finding IS 'finding: every version of every GuardDuty finding';
COMMENT ON COLUMN finding.updated_at IS 'time: when this version was written';
COMMENT ON COLUMN finding.finding_id IS 'finding: the finding; one that is seen again is updated: see last_version';
COMMENT ON COLUMN finding.type IS 'text: what was found, PURPOSE:RESOURCE/FAMILY';
COMMENT ON COLUMN finding.severity IS 'text: 1 to 10';
COMMENT ON COLUMN finding.title IS 'text: the finding in a line';
COMMENT ON COLUMN finding.description IS 'text: the finding in a sentence';
COMMENT ON COLUMN finding.event_first_seen IS 'time: first event that it stands for';
COMMENT ON COLUMN finding.event_last_seen IS 'time: last event that it stands for, so far';
COMMENT ON COLUMN finding.count IS 'count: how many events, so far';
COMMENT ON COLUMN finding.created_at IS 'time: when the finding was made';
COMMENT ON COLUMN finding.last_version IS 'flag: no later version of it is in the capture';
COMMENT ON COLUMN finding.resource_type IS 'text: Instance, AccessKey, S3Bucket …';
COMMENT ON COLUMN finding.resource_role IS 'text: TARGET or ACTOR: whether the resource was acted upon, or acted';
COMMENT ON COLUMN finding.instance_id IS 'instance: the instance';
COMMENT ON COLUMN finding.interface_id IS 'interface: its first network interface';
COMMENT ON COLUMN finding.vpc_id IS 'vpc: VPC of that';
COMMENT ON COLUMN finding.private_ip IS 'ip: address of the instance that was spoken with; else the first of its interface';
COMMENT ON COLUMN finding.public_ip IS 'ip: public address of the instance';
COMMENT ON COLUMN finding.local_port IS 'port: port of the instance';
COMMENT ON COLUMN finding.action_type IS 'text: NETWORK_CONNECTION, PORT_PROBE, DNS_REQUEST, AWS_API_CALL …';
COMMENT ON COLUMN finding.remote_ip IS 'ip: the other side; of several the first';
COMMENT ON COLUMN finding.remote_port IS 'port: its port';
COMMENT ON COLUMN finding.direction IS 'text: INBOUND, OUTBOUND or UNKNOWN';
COMMENT ON COLUMN finding.transport IS 'text: TCP or UDP';
COMMENT ON COLUMN finding.blocked IS 'flag: the connection, or the answer, was blocked';
COMMENT ON COLUMN finding.domain_name IS 'name: name that was asked for';
COMMENT ON COLUMN finding.api IS 'text: call that was made';
COMMENT ON COLUMN finding.archived IS 'flag: somebody has put the finding away';
COMMENT ON COLUMN finding.account_id IS 'account: account of the resource';
COMMENT ON COLUMN finding.region IS 'text: region';
COMMENT ON COLUMN finding.detector_id IS 'text: detector that found it';
COMMENT ON COLUMN finding.schema_version IS 'text: format version of the record';
COMMENT ON COLUMN finding.action_details IS 'json: the action, whole';
COMMENT ON COLUMN finding.resource_details IS 'json: the resource, whole';
COMMENT ON COLUMN finding.extra IS 'json: the record''s other members';
COMMENT ON COLUMN finding.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN finding.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN finding.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN finding.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN finding.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN finding.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN finding.private_ip_n IS 'number: private_ip as a number';
COMMENT ON COLUMN finding.remote_ip_n IS 'number: remote_ip as a number';

-- section: derived

-- derived: finding_minute needs store.finding
INSERT INTO derived.minute
SELECT 'finding', capture, account_id, coalesce(type, '-'), make_timestamp(60000000 * minute), sum(records), NULL
FROM (
  SELECT context_id, epoch_us(updated_at) // 60000000 AS minute, count(*) AS records
  FROM store.finding WHERE object_id > $after GROUP BY ALL
) JOIN store.finding_context USING (context_id)
GROUP BY ALL;
