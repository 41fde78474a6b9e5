-- Requests as ECS documents
--
-- view:  http
-- part:  alb, httpd, cloudfront, s3_access, apigw, waf
-- time:  time
-- file:  logs-case53.http-case53
-- set:   event.kind "event"
-- set:   network.protocol "http"
-- set:   network.transport "tcp"
-- limit: the client may be a proxy or load balancer before the log: what a client says of itself (user agent, referrer) is its own word
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN time IS NULL THEN 'the log has no time of it' END AS "@omit",
  time AS "@timestamp",
  CASE WHEN log = 'waf' THEN ['web', 'intrusion_detection'] ELSE ['web'] END AS "event.category",
  CASE log WHEN 'httpd' THEN 'apache' ELSE 'aws' END AS "event.module",
  CASE log WHEN 'alb' THEN 'aws.elb_logs' WHEN 'cloudfront' THEN 'aws.cloudfront_logs' WHEN 'waf' THEN 'aws.waf'
    WHEN 'apigw' THEN 'aws.apigateway_logs' WHEN 's3_access' THEN 'aws.s3access' WHEN 'httpd' THEN 'apache.access' ELSE 'aws.' || log END
    AS "event.dataset",
  CASE
    WHEN log = 'waf' AND action = 'block' THEN ['access', 'denied']
    WHEN log = 'waf' AND action = 'allow' THEN ['access', 'allowed']
    WHEN status >= 400 THEN ['access', 'error']
    ELSE ['access']
  END AS "event.type",
  coalesce(lower(action), lower(method)) AS "event.action",
  CASE WHEN status < 400 THEN 'success' WHEN status >= 400 THEN 'failure' END AS "event.outcome",
  log AS "event.provider",
  CASE WHEN seconds BETWEEN 0 AND 9000000000 THEN (seconds * 1000000000)::BIGINT END AS "event.duration",
  client_ip AS "source.ip", client_ip AS "source.address", client_port AS "source.port", bytes_in AS "source.bytes",
  target_ip AS "destination.ip", coalesce(target_ip, host) AS "destination.address", target_port AS "destination.port",
  host AS "destination.domain", bytes_out AS "destination.bytes",
  account_id AS "cloud.account.id", region AS "cloud.region", instance_id AS "cloud.instance.id",
  url AS "url.original", scheme AS "url.scheme", host AS "url.domain", path AS "url.path", query AS "url.query",
  method AS "http.request.method", referer AS "http.request.referrer", request_id AS "http.request.id", bytes_in AS "http.request.bytes",
  status AS "http.response.status_code", bytes_out AS "http.response.bytes",
  user_agent AS "user_agent.original", trace_id AS "trace.id",
  elb AS "aws.elb.name", target_status AS "aws.elb.target_status", action AS "aws.elb.action",
  x_forwarded_for AS "aws.elb.x_forwarded_for", attack AS "aws.elb.attack", time_kind AS "aws.elb.time_kind"
FROM source
