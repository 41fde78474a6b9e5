-- Gaps in the logs that a call explains, or may explain
--
-- A call that stops a log, changes it, deletes what it wrote or ends a host, beside the time in which a source of such a log is silent.
-- certainty says how far the two agree: named where the call names this source (its flow log, VPC, load balancer, web ACL,
-- log group, stream or instance), possible where time, account, region and kind of log agree and whom the call meant can't be
-- told, or where it deletes what there was before: there may have been nothing; attempt where the call failed: then it explains
-- nothing. because says why.
--
-- cannot: Show what no trail recorded, a log that a host's owner stopped on the host, or that the call was why: a log may have
-- fallen silent in the same minutes for another reason. A gap that is not here is not explained.
--
-- needs:  change, minute
-- uses:   flow, dns, flow_span, flow_log, asset, object_part
-- param:  minutes  minutes  = 10  gaps of at least so many minutes, and of four times the usual pause of the source
-- param:  from     time           only calls at or after this moment
-- param:  to       time           only calls before this moment
-- param:  capture  capture        only this capture; empty for all
-- column: log_type     text
-- column: source       text
-- column: silent_from  time
-- column: silent_to    time
-- column: gap_minutes  count
-- column: comes_back   flag
-- column: certainty    text
-- column: because      text
-- column: calls        count
WITH spoken_minute AS (
  SELECT DISTINCT log_type, capture, coalesce(source, '-') AS source, minute
  FROM (
    SELECT log_type, capture, source, minute FROM minute WHERE log_type <> 'flow'
    UNION ALL
    SELECT 'flow', capture, interface_id, minute FROM flow_span
  )
  WHERE of(capture, $capture)
), speaker AS ( -- step: its usual pause from minute to minute, where it has spoken often enough to have one
  SELECT log_type, capture, source, min(minute) AS first_minute, CASE WHEN count(*) >= 10 THEN median(step) ELSE 1 END AS step
  FROM (
    SELECT *, date_diff('minute', lag(minute) OVER (PARTITION BY log_type, capture, source ORDER BY minute), minute) AS step
    FROM spoken_minute
  )
  GROUP BY ALL
), capture_span AS (
  SELECT capture, min(minute) AS begins, max(minute) AS ends FROM spoken_minute GROUP BY capture
), concern(called, log_type, side) AS ( -- which log a call concerns; *: any of which the case knows group, bucket or instance
  VALUES ('DeleteFlowLogs', 'flow', 'after'), ('DeleteResolverQueryLogConfig', 'dns', 'after'),
    ('DisassociateResolverQueryLogConfig', 'dns', 'after'), ('DeleteQueryLoggingConfig', 'zone', 'after'),
    ('StopLogging', 'change', 'after'), ('DeleteTrail', 'change', 'after'), ('UpdateTrail', 'change', 'after'),
    ('PutEventSelectors', 'change', 'after'), ('ModifyLoadBalancerAttributes', 'alb', 'after'),
    ('ModifyLoadBalancerAttributes', 'tls', 'after'), ('UpdateDistribution', 'cloudfront', 'after'), ('UpdateStage', 'apigw', 'after'),
    ('DeleteLoggingConfiguration', 'waf', 'after'), ('PutLoggingConfiguration', 'waf', 'after'), ('PutBucketLogging', 's3_access', 'after'),
    ('DeleteDetector', 'finding', 'after'), ('UpdateDetector', 'finding', 'after'), ('CreateFilter', 'finding', 'after'),
    ('DeleteDelivery', 'alb', 'after'), ('DeleteDelivery', 'tls', 'after'), ('DeleteDelivery', 'cloudfront', 'after'),
    ('DeleteDeliverySource', 'alb', 'after'), ('DeleteDeliverySource', 'tls', 'after'), ('DeleteDeliverySource', 'cloudfront', 'after'),
    ('DeleteDeliveryDestination', 'alb', 'after'), ('DeleteDeliveryDestination', 'tls', 'after'),
    ('DeleteDeliveryDestination', 'cloudfront', 'after'),
    ('DeleteLogGroup', '*', 'after'), ('DeleteLogStream', '*', 'after'),
    ('StopInstances', '*', 'after'), ('TerminateInstances', '*', 'after'),
    ('DeleteLogGroup', '*', 'before'), ('DeleteLogStream', '*', 'before'), ('PutRetentionPolicy', '*', 'before'),
    ('DeleteBucket', '*', 'before'), ('DeleteObjects', '*', 'before'), ('PutBucketLifecycle', '*', 'before'),
    ('PutBucketLifecycleConfiguration', '*', 'before'), ('DeleteObject', '*', 'within')
), call AS (
  SELECT *, regexp_replace(event_name, '[0-9_]+$', '') AS called, coalesce(request_parameters, '') AS asked,
    regexp_extract(request_parameters, '"logGroupName":\s*"([^"]+)"', 1) AS group_asked,
    regexp_extract(request_parameters, '"logStreamName":\s*"([^"]+)"', 1) AS stream_asked,
    regexp_extract(request_parameters, '"bucketName":\s*"([^"]+)"', 1) AS bucket_asked,
    regexp_extract(request_parameters, '"key":\s*"([^"]+)"', 1) AS key_asked,
    try_cast(regexp_extract(request_parameters, '"retentionInDays":\s*([0-9]+)', 1) AS BIGINT) AS days_kept,
    regexp_extract_all(request_parameters, '\bi-[0-9a-f]+\b') AS instances_asked,
    regexp_extract_all(request_parameters, '\bfl-[0-9a-z]+\b') AS flow_logs_asked
  FROM change
  WHERE of(capture, $capture) AND within(event_time, $from, $to)
), telling_call AS ( -- those that concern a log, by what they ask for
  SELECT g.*, c.log_type AS concerns, c.side
  FROM call g
    JOIN concern c USING (called)
  WHERE CASE g.called
    WHEN 'ModifyLoadBalancerAttributes'
      THEN regexp_matches(asked, CASE c.log_type WHEN 'alb' THEN '"access_logs' ELSE '"connection_logs' END
        || '\.s3\.enabled",\s*"value":\s*"false"|"value":\s*"false",\s*"key":\s*'
        || CASE c.log_type
          WHEN 'alb' THEN '"access_logs\.s3\.enabled"|"accessLog":\s*\{[^}]*"enabled":\s*false'
          ELSE '"connection_logs\.s3\.enabled"'
        END)
    WHEN 'UpdateStage' THEN regexp_matches(asked, '(?i)accessLogSettings')
    WHEN 'UpdateDistribution' THEN regexp_matches(asked, '"logging":\s*\{[^}]*"enabled":\s*false')
    WHEN 'PutBucketLogging' THEN NOT contains(asked, 'LoggingEnabled')
    WHEN 'UpdateDetector' THEN regexp_matches(asked, '"enable":\s*false')
    ELSE true
  END
), placed_part AS (
  SELECT capture, log_type, log_group, log_stream, regexp_extract(uri, '^s3://([^/]+)/', 1) AS bucket,
    nullif(regexp_extract(uri, '/AWSLogs/(?:o-[a-z0-9]+/)?([0-9]{12})/|^cwlogs://([0-9]{12})/', ['a', 'b']).a
      || regexp_extract(uri, '/AWSLogs/(?:o-[a-z0-9]+/)?([0-9]{12})/|^cwlogs://([0-9]{12})/', ['a', 'b']).b, '') AS account_id,
    nullif(regexp_extract(
      uri, '(?:/AWSLogs/(?:o-[a-z0-9]+/)?[0-9]{12}/[^/]+/|^cwlogs://[0-9]*/)([a-z]{2}(?:-[a-z]+)+-[0-9])/', 1), '') AS region
  FROM object_part
  WHERE rows > 0
), type_place AS (
  SELECT capture, log_type, list(DISTINCT account_id) FILTER (account_id IS NOT NULL) AS accounts,
    list(DISTINCT region) FILTER (region IS NOT NULL) AS regions,
    list(DISTINCT log_group) FILTER (log_group IS NOT NULL) AS groups, list(DISTINCT bucket) FILTER (bucket <> '') AS buckets
  FROM placed_part
  GROUP BY ALL
), stream_group AS (
  SELECT capture, log_type, CASE log_type WHEN 'host_log' THEN log_group || ':' ELSE '' END || log_stream AS source,
    list(DISTINCT log_group) AS own_groups
  FROM placed_part
  WHERE log_stream IS NOT NULL AND log_group IS NOT NULL
  GROUP BY ALL
), interface AS (
  SELECT capture, interface_id AS source, min(account_id) AS account_id, list(DISTINCT instance_id) AS instances,
    list_distinct(flatten(list([interface_id, vpc_id, subnet_id]))) AS resources
  FROM asset
  WHERE interface_id IS NOT NULL AND capture IS NOT NULL
  GROUP BY ALL
), recorded_region AS ( -- of an interface and of its instance, where flow records say
  SELECT capture, interface_id, instance_id, list(DISTINCT region) AS regions
  FROM flow
  WHERE region IS NOT NULL AND interface_id IS NOT NULL AND of(capture, $capture)
  GROUP BY ALL
), interface_region AS (
  SELECT capture, interface_id AS source, list_distinct(flatten(list(regions))) AS regions FROM recorded_region GROUP BY ALL
), instance_region AS (
  SELECT capture, instance_id, list_distinct(flatten(list(regions))) AS regions
  FROM recorded_region
  WHERE instance_id IS NOT NULL
  GROUP BY ALL
), vpc AS (
  SELECT capture, vpc_id AS source, min(account_id) AS account_id, min(region) AS region
  FROM dns
  WHERE vpc_id IS NOT NULL
  GROUP BY ALL
), known_speaker AS (
  SELECT s.*, p.begins, p.ends, t.groups, t.buckets, g.own_groups, i.instances, i.resources,
    CASE
      WHEN s.log_type IN ('change', 'finding') AND s.source <> '-' THEN [s.source]
      WHEN starts_with(s.source, 'arn:') THEN [split_part(s.source, ':', 5)]
      WHEN coalesce(i.account_id, v.account_id) IS NOT NULL THEN [coalesce(i.account_id, v.account_id)]
      ELSE coalesce(t.accounts, [])
    END AS accounts,
    CASE
      WHEN s.log_type IN ('change', 'zone', 'cloudfront', 's3_access') THEN []
      WHEN starts_with(s.source, 'arn:') THEN [split_part(s.source, ':', 4)]
      WHEN v.region IS NOT NULL THEN [v.region]
      WHEN coalesce(ir.regions, nr.regions) IS NOT NULL THEN coalesce(ir.regions, nr.regions)
      ELSE coalesce(t.regions, [])
    END AS regions
  FROM speaker s
    JOIN capture_span p USING (capture)
    LEFT JOIN type_place t USING (capture, log_type)
    LEFT JOIN stream_group g USING (capture, log_type, source)
    LEFT JOIN interface i ON s.log_type = 'flow' AND i.capture = s.capture AND i.source = s.source
    LEFT JOIN vpc v ON s.log_type = 'dns' AND v.capture = s.capture AND v.source = s.source
    LEFT JOIN interface_region ir ON s.log_type = 'flow' AND ir.capture = s.capture AND ir.source = s.source
    LEFT JOIN instance_region nr ON s.log_type IN ('host_log', 'httpd')
      AND nr.capture = s.capture
      AND nr.instance_id = regexp_extract(s.source, '\bi-[0-9a-f]+\b')
), pair AS ( -- a call and a source of such a log, whose account and region do not speak against it
  SELECT g.capture, g.event_time, g.event_name, g.called, g.side, g.resource, g.user_identity_arn, g.source_ip_address, g.aws_region,
    g.recipient_account_id, g.object_id, g.row_no, g.asked, g.group_asked, g.stream_asked, g.bucket_asked, g.key_asked,
    g.instances_asked, g.flow_logs_asked, s.log_type, s.source, s.first_minute, s.step, s.begins, s.ends,
    s.groups, s.buckets, s.own_groups, s.instances, s.resources,
    coalesce(
      g.error_code,
      CASE WHEN regexp_matches(g.response_elements, '"unsuccessful":\s*(\{|\[\s*\{)') THEN 'unsuccessful' END
    ) AS error_code,
    len(s.accounts) = 1
      AND (len(s.regions) = 1 OR s.log_type IN ('change', 'zone', 'cloudfront', 's3_access')) AS place_known,
    CASE g.side
      WHEN 'within' THEN try_strptime(regexp_extract(g.key_asked, '(20[0-9]{6}T[0-9]{4})Z', 1), '%Y%m%dT%H%M')
      ELSE g.event_time + INTERVAL 10 MINUTE
    END AS silent_by,
    g.event_time - CASE g.called
      WHEN 'PutRetentionPolicy' THEN to_days(least(coalesce(g.days_kept, 0), 3653)::INTEGER + 1)
      ELSE INTERVAL 10 MINUTE
    END AS kept_since
  FROM telling_call g
    JOIN known_speaker s ON s.capture = g.capture AND g.concerns IN (s.log_type, '*')
  WHERE (len(s.accounts) = 0 OR g.recipient_account_id IS NULL OR list_contains(s.accounts, g.recipient_account_id))
    AND (len(s.regions) = 0 OR g.aws_region IS NULL OR g.called IN ('DeleteObject', 'DeleteObjects', 'DeleteBucket')
      OR list_contains(s.regions, g.aws_region))
), meant_pair AS ( -- target: whether the call names the source
  SELECT *,
    CASE
      WHEN len(instances_asked) > 0 AND called IN ('StopInstances', 'TerminateInstances')
        THEN CASE
          WHEN list_has_any(instances, instances_asked)
            OR len(list_filter(instances_asked, lambda i: contains(source, i))) > 0 THEN 'yes'
          ELSE 'no'
        END
      WHEN called = 'DeleteLogStream'
        THEN CASE
          WHEN list_contains(coalesce(own_groups, groups), group_asked) IS NOT TRUE THEN 'no'
          WHEN source IN (stream_asked, group_asked || ':' || stream_asked) OR starts_with(stream_asked, source || '-') THEN 'yes'
          WHEN log_type IN ('httpd', 'host_log') OR log_type = 'flow' AND starts_with(stream_asked, 'eni-') THEN 'no'
          ELSE 'unknown'
        END
      WHEN called IN ('DeleteLogGroup', 'PutRetentionPolicy')
        THEN CASE
          WHEN list_contains(coalesce(own_groups, groups), group_asked) IS NOT TRUE THEN 'no'
          WHEN len(coalesce(own_groups, groups)) = 1 THEN 'yes'
          ELSE 'unknown'
        END
      WHEN called IN ('DeleteBucket', 'DeleteObjects', 'PutBucketLifecycle', 'PutBucketLifecycleConfiguration')
        THEN CASE WHEN list_contains(buckets, bucket_asked) THEN 'unknown' ELSE 'no' END
      WHEN called = 'DeleteObject'
        THEN CASE
          WHEN NOT regexp_matches(key_asked, CASE log_type
            WHEN 'flow' THEN '/vpcflowlogs/' WHEN 'dns' THEN '/vpcdnsquerylogs/' WHEN 'alb' THEN '/elasticloadbalancing/'
            WHEN 'tls' THEN '/elasticloadbalancing/' WHEN 'waf' THEN '/WAFLogs/' WHEN 'change' THEN '/CloudTrail/'
            WHEN 'finding' THEN '/GuardDuty/' ELSE '^$'
          END) THEN 'no'
          WHEN contains(key_asked, replace(source, '/', '.')) THEN 'yes'
          ELSE 'unknown'
        END
      WHEN log_type = 'dns' AND contains(asked, '"vpc-')
        OR log_type IN ('alb', 'tls') AND regexp_matches(asked, 'loadbalancer/|"loadBalancerName"')
        OR log_type = 'waf' AND contains(asked, 'webacl/')
        OR log_type = 's3_access'
        OR log_type = 'apigw' AND regexp_matches(asked, '(?i)apiId"')
        THEN CASE WHEN regexp_matches(asked, '["/]' || regexp_escape(source) || '"') THEN 'yes' ELSE 'no' END
      WHEN log_type IN ('zone', 'cloudfront') AND contains(asked, '"' || source || '"') THEN 'yes'
      ELSE 'unknown'
    END AS target
  FROM pair
  WHERE silent_by IS NOT NULL
), last_spoken AS (
  SELECT p.*, m.minute AS last_minute
  FROM (FROM meant_pair WHERE target <> 'no') p
    ASOF LEFT JOIN spoken_minute m ON m.log_type = p.log_type AND m.capture = p.capture AND m.source = p.source AND p.silent_by >= m.minute
), next_spoken AS (
  SELECT p.*, m.minute AS next_minute
  FROM last_spoken p
    ASOF LEFT JOIN spoken_minute m ON m.log_type = p.log_type AND m.capture = p.capture AND m.source = p.source AND p.silent_by < m.minute
), gap AS (
  SELECT * EXCLUDE (last_minute, next_minute),
    CASE side WHEN 'before' THEN begins ELSE last_minute + INTERVAL 1 MINUTE END AS silent_from,
    CASE side WHEN 'before' THEN first_minute ELSE coalesce(next_minute, ends + INTERVAL 1 MINUTE) END AS silent_to,
    side = 'before' OR next_minute IS NOT NULL AS comes_back
  FROM next_spoken
), long_gap AS (
  SELECT *, date_diff('minute', silent_from, silent_to) AS gap_minutes
  FROM gap
  WHERE date_diff('minute', silent_from, silent_to) >= greatest($minutes::BIGINT, 1, 4 * step)
    AND CASE side
      WHEN 'after' THEN silent_from >= event_time - to_minutes(greatest(15, 4 * step)::BIGINT)
      WHEN 'before' THEN CASE
        WHEN called IN ('DeleteLogGroup', 'DeleteLogStream', 'PutRetentionPolicy') THEN first_minute >= kept_since
        ELSE first_minute <= event_time
      END
      ELSE true
    END
), flow_before AS ( -- where the last records before a gap of a flow log came from
  SELECT g.capture, g.source, g.silent_from, list(DISTINCT f.object_id) AS objects
  FROM flow f
    JOIN (SELECT DISTINCT capture, source, silent_from FROM long_gap WHERE log_type = 'flow' AND called = 'DeleteFlowLogs') g
      ON f.capture = g.capture AND f.interface_id = g.source
  WHERE f.start >= g.silent_from - INTERVAL 30 MINUTE AND f.start < g.silent_from
  GROUP BY ALL
), flow_log_before AS ( -- S3 names its objects after the flow log
  SELECT b.capture, b.source, b.silent_from,
    list(DISTINCT regexp_extract(o.uri, '_(fl-[0-9a-z]+)_', 1)) FILTER (regexp_matches(o.uri, '_fl-[0-9a-z]+_')) AS flow_logs
  FROM (SELECT *, unnest(objects) AS object_id FROM flow_before) b
    LEFT JOIN object_part o USING (object_id)
  GROUP BY ALL
), described_asked AS ( -- flow logs that a call names, and whether all were described; kinds: of what they are
  SELECT a.flow_logs_asked, count(DISTINCT d.flow_log_id) AS known, list(DISTINCT split_part(d.resource_id, '-', 1)) AS kinds
  FROM (
    SELECT flow_logs_asked, unnest(flow_logs_asked) AS flow_log_id
    FROM (SELECT DISTINCT flow_logs_asked FROM long_gap WHERE called = 'DeleteFlowLogs')
  ) a
    JOIN flow_log d USING (flow_log_id)
  GROUP BY a.flow_logs_asked
), matched AS (
  SELECT g.* EXCLUDE (kinds) REPLACE (
    CASE
      WHEN g.called <> 'DeleteFlowLogs' THEN g.target
      WHEN list_has_any(b.flow_logs, g.flow_logs_asked) THEN 'yes'
      WHEN EXISTS (FROM flow_log d WHERE list_contains(g.flow_logs_asked, d.flow_log_id) AND list_contains(g.resources, d.resource_id))
        THEN 'yes'
      WHEN len(b.flow_logs) > 0 THEN 'no'
      WHEN d.known = len(list_distinct(g.flow_logs_asked)) AND list_has_all(list_concat(['eni'], g.kinds), d.kinds) THEN 'no'
      ELSE 'unknown'
    END AS target)
  FROM (FROM long_gap SELECT *, list_transform(resources, lambda r: split_part(r, '-', 1)) AS kinds) g
    LEFT JOIN described_asked d ON d.flow_logs_asked = g.flow_logs_asked
    LEFT JOIN flow_log_before b ON g.log_type = 'flow' AND b.capture = g.capture AND b.source = g.source AND b.silent_from = g.silent_from
)
SELECT log_type, source, silent_from, silent_to, gap_minutes, comes_back,
  CASE
    WHEN error_code IS NOT NULL THEN 'attempt'
    WHEN side = 'before' THEN 'possible'
    WHEN target = 'yes' AND (place_known OR regexp_matches(source, '^(eni|vpc)-|^arn:|^(app|net)/')) THEN 'named'
    ELSE 'possible'
  END AS certainty,
  concat_ws(', ',
    CASE WHEN error_code IS NOT NULL THEN 'the call failed (' || error_code || ')' END,
    CASE target
      WHEN 'yes' THEN 'the call names what this log is of'
      ELSE 'neither the call nor the log says whether it meant this one'
    END,
    CASE WHEN NOT place_known THEN 'account and region of this log are not both known' END,
    CASE
      WHEN side = 'within' THEN 'the object that it deleted was of that time'
      WHEN side = 'before' THEN 'it deletes what there was before, if there was any'
    END,
    CASE
      WHEN called IN ('UpdateTrail', 'PutEventSelectors', 'PutLoggingConfiguration', 'CreateFilter')
        THEN 'it changes what is logged, and may have left this in'
    END
  ) AS because,
  min(event_time) AS event_time, event_name, count(*) AS calls, min(resource) AS resource, user_identity_arn, source_ip_address, error_code,
  aws_region, recipient_account_id, capture, arg_min(object_id, (event_time, object_id, row_no)) AS object_id,
  arg_min(row_no, (event_time, object_id, row_no)) AS row_no
FROM matched
WHERE target <> 'no'
GROUP BY ALL
ORDER BY capture, log_type, source, silent_from, certainty, event_time, event_name, object_id, row_no
