-- CloudTrail: the calls that explain what a log has, or lacks.
--
-- log:     change
-- title:   CloudTrail changes
-- called:  change log, change logs
-- records: Changes
-- doc:     https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
-- doc:     https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
-- view:    change
-- time:    event_time
-- source:  recipient_account_id
-- asker:   source_ip
-- lead:    event_time, event_name, effect, resource, user_identity_arn, source_ip_address, error_code
-- cite:    event_name, resource, user_identity_arn
-- silence: none
-- shape:   event
-- blind:   all calls but those that start, stop or change a log, delete what it wrote, open a way in, or run something on
--          a host: the others are counted as not kept, and are in the raw objects only
-- blind:   calls on data (S3 objects, functions): they are only in trails whose event selectors ask for them
-- blind:   what no trail recorded: calls while no trail was logging, or in a region or account that none covers
-- blind:   what was done on a host: stopping an agent or removing a file is no call
-- blind:   late calls: CloudTrail delivers within about 15 minutes, and promises no order

-- section: tables

CREATE TABLE store.change_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  event_version VARCHAR, event_type VARCHAR, event_source VARCHAR, event_name VARCHAR, effect VARCHAR,
  aws_region VARCHAR, recipient_account_id VARCHAR, user_agent VARCHAR, error_code VARCHAR,
  user_identity_type VARCHAR, user_identity_arn VARCHAR, user_identity_account_id VARCHAR,
  user_identity_access_key_id VARCHAR, user_identity_user_name VARCHAR
);

CREATE TABLE store.change (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  event_time TIMESTAMP NOT NULL, event_id VARCHAR, source_ip_address VARCHAR, source4 UINTEGER, source6 UHUGEINT,
  resource VARCHAR, error_message VARCHAR, user_identity VARCHAR, request_parameters VARCHAR, response_elements VARCHAR,
  extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: views

CREATE VIEW change AS
SELECT g.event_time, c.event_source, c.event_name, g.resource,
  CASE WHEN c.error_code IS NULL THEN c.effect ELSE 'failed' END AS effect,
  c.user_identity_type, c.user_identity_arn, c.user_identity_account_id, c.user_identity_access_key_id, c.user_identity_user_name,
  g.source_ip_address, addr_text(g.source4, g.source6) AS source_ip, c.user_agent, c.error_code, g.error_message,
  c.aws_region, c.recipient_account_id, c.event_version, c.event_type, g.event_id,
  g.user_identity, g.request_parameters, g.response_elements,
  g.extra, c.capture, c.log_group, c.log_stream, g.object_id, g.row_no, g.utf8_escaped,
  addr_number(g.source4, g.source6) AS source_ip_n
FROM store.change g JOIN store.change_context c USING (context_id);

COMMENT ON VIEW change IS 'change: calls that started, stopped or changed a log, deleted what it wrote, or changed a host or a way in';
COMMENT ON COLUMN change.event_time IS 'time: when the call was made';
COMMENT ON COLUMN change.event_source IS 'text: service that was called';
COMMENT ON COLUMN change.event_name IS 'text: the call';
COMMENT ON COLUMN change.resource IS 'text: what it was about: the surest identifier in requestParameters; NULL where none is known';
COMMENT ON COLUMN change.effect IS
  'text: what such a call does: stops, starts or changes a log, deletes records, changes a host or a way in; '
  'failed where it did not happen';
COMMENT ON COLUMN change.user_identity_type IS 'text: IAMUser, AssumedRole, Root, AWSService …';
COMMENT ON COLUMN change.user_identity_arn IS 'text: who called';
COMMENT ON COLUMN change.user_identity_account_id IS 'account: account of who called';
COMMENT ON COLUMN change.user_identity_access_key_id IS 'text: access key of who called';
COMMENT ON COLUMN change.user_identity_user_name IS 'text: name of the user; of a role, of the one who issued its session';
COMMENT ON COLUMN change.source_ip_address IS 'text: where the call came from, as logged: an address, or the name of a service';
COMMENT ON COLUMN change.source_ip IS 'ip: where the call came from, where that is an address';
COMMENT ON COLUMN change.user_agent IS 'text: program that called, by its own word';
COMMENT ON COLUMN change.error_code IS 'text: why the call failed: then it did not happen';
COMMENT ON COLUMN change.error_message IS 'text: the same in words';
COMMENT ON COLUMN change.aws_region IS 'text: region that was called';
COMMENT ON COLUMN change.recipient_account_id IS 'account: account that the log is of';
COMMENT ON COLUMN change.event_version IS 'text: format version of the record';
COMMENT ON COLUMN change.event_type IS 'text: AwsApiCall, AwsServiceEvent, AwsConsoleAction …';
COMMENT ON COLUMN change.event_id IS 'text: id of the record';
COMMENT ON COLUMN change.user_identity IS 'json: who called, whole';
COMMENT ON COLUMN change.request_parameters IS 'json: what was asked for';
COMMENT ON COLUMN change.response_elements IS 'json: what the service answered';
COMMENT ON COLUMN change.extra IS 'json: the record''s other members';
COMMENT ON COLUMN change.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN change.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN change.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN change.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN change.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN change.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN change.source_ip_n IS 'number: source_ip as a number';

-- section: derived

-- derived: change_minute needs store.change
INSERT INTO derived.minute
SELECT 'change', capture, recipient_account_id, coalesce(event_name, '-'), make_timestamp(60000000 * minute), sum(records), NULL
FROM (
  SELECT context_id, epoch_us(event_time) // 60000000 AS minute, count(*) AS records
  FROM store.change WHERE object_id > $after GROUP BY ALL
) JOIN store.change_context USING (context_id)
GROUP BY ALL;
