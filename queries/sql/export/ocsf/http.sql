-- Requests as HTTP Activity (4002)
--
-- view:  http
-- part:  alb, httpd, cloudfront, s3_access, apigw, waf
-- time:  time
-- set:   category_uid 4
-- set:   category_name "Network Activity"
-- set:   class_uid 4002
-- set:   class_name "HTTP Activity"
-- limit: the client may be a proxy or load balancer before the log: what a client says of itself (user agent, referrer, forwarded for) is
--        its own word
-- limit: status_code, requests and answers are as the log has them: a request that no target answered has the status of the balancer
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE
    WHEN time IS NULL THEN 'the log has no time of it'
    WHEN coalesce(method, url, path, user_agent, referer, x_forwarded_for, request_id, status::VARCHAR) IS NULL
      THEN 'neither a request nor an answer is in the log'
  END AS "@omit",
  epoch_ms(time) AS "time",
  activity[1] AS activity_id, activity[2] AS activity_name, 400200 + activity[1] AS type_uid, 'HTTP Activity: ' || activity[2] AS type_name,
  CASE WHEN verdict = 'block' THEN 2 ELSE 1 END AS severity_id, CASE WHEN verdict = 'block' THEN 'Low' ELSE 'Informational' END AS severity,
  CASE log WHEN 'waf' THEN ['cloud', 'security_control'] WHEN 'httpd' THEN NULL ELSE ['cloud'] END AS "metadata.profiles",
  CASE WHEN log <> 'httpd' THEN 'AWS' END AS "metadata.product.vendor_name",
  CASE log WHEN 'alb' THEN 'Elastic Load Balancing' WHEN 'cloudfront' THEN 'Amazon CloudFront' WHEN 'waf' THEN 'AWS WAF'
    WHEN 'apigw' THEN 'Amazon API Gateway' WHEN 's3_access' THEN 'Amazon S3' WHEN 'httpd' THEN 'Apache or nginx' ELSE log END
    AS "metadata.product.name",
  'Access Logs' AS "metadata.product.feature.name", elb AS "metadata.log_name",
  CASE WHEN log = 'waf' THEN CASE verdict WHEN 'allow' THEN 1 WHEN 'block' THEN 2 WHEN 'captcha' THEN 2 WHEN 'challenge' THEN 2
    WHEN 'count' THEN 3 ELSE 0 END END AS action_id,
  CASE WHEN log = 'waf' THEN CASE verdict WHEN 'allow' THEN 'Allowed' WHEN 'block' THEN 'Denied' WHEN 'captcha' THEN 'Denied'
    WHEN 'challenge' THEN 'Denied' WHEN 'count' THEN 'Observed' ELSE 'Unknown' END END AS action,
  CASE WHEN log = 'waf' THEN CASE verdict WHEN 'allow' THEN 1 WHEN 'block' THEN 2 WHEN 'captcha' THEN 22 WHEN 'challenge' THEN 23
    WHEN 'count' THEN 20 ELSE 0 END END AS disposition_id,
  CASE WHEN log = 'waf' THEN CASE verdict WHEN 'allow' THEN 'Allowed' WHEN 'block' THEN 'Blocked' WHEN 'captcha' THEN 'Captcha'
    WHEN 'challenge' THEN 'Challenge' WHEN 'count' THEN 'Count' ELSE 'Unknown' END END AS disposition,
  client_ip AS "src_endpoint.ip", CASE WHEN client_ip IS NOT NULL THEN client_port END AS "src_endpoint.port",
  target_ip AS "dst_endpoint.ip", CASE WHEN target_ip IS NOT NULL THEN target_port END AS "dst_endpoint.port",
  method AS "http_request.http_method", user_agent AS "http_request.user_agent", referer AS "http_request.referrer",
  request_id AS "http_request.uid",
  CASE WHEN x_forwarded_for IS NOT NULL THEN [{name: 'X-Forwarded-For', value: x_forwarded_for}] END AS "http_request.http_headers",
  url AS "http_request.url.url_string", path AS "http_request.url.path",
  CASE WHEN coalesce(url, path) IS NOT NULL THEN host END AS "http_request.url.hostname",
  CASE WHEN coalesce(url, path) IS NOT NULL THEN scheme END AS "http_request.url.scheme",
  CASE WHEN coalesce(url, path) IS NOT NULL THEN query END AS "http_request.url.query_string",
  status AS "http_response.code",
  CASE WHEN status IS NOT NULL AND seconds BETWEEN 0 AND 2000000 THEN round(seconds * 1000)::BIGINT END AS "http_response.latency",
  bytes_in AS "traffic.bytes_in", bytes_out AS "traffic.bytes_out",
  CASE WHEN log <> 'httpd' THEN 'AWS' END AS "cloud.provider", CASE WHEN log <> 'httpd' THEN account_id END AS "cloud.account.uid",
  CASE WHEN log <> 'httpd' THEN region END AS "cloud.region",
  CASE WHEN coalesce(url, path) IS NULL THEN host END AS "unmapped.host", log AS "unmapped.log",
  action AS "unmapped.action", target_status AS "unmapped.target_status", trace_id AS "unmapped.trace_id",
  instance_id AS "unmapped.instance_id",
  attack AS "unmapped.attack", time_kind AS "unmapped.time_kind", seconds AS "unmapped.seconds"
FROM (
  SELECT *, lower(action) AS verdict,
    CASE method WHEN 'CONNECT' THEN (1, 'Connect') WHEN 'DELETE' THEN (2, 'Delete') WHEN 'GET' THEN (3, 'Get') WHEN 'HEAD' THEN (4, 'Head')
      WHEN 'OPTIONS' THEN (5, 'Options') WHEN 'POST' THEN (6, 'Post') WHEN 'PUT' THEN (7, 'Put') WHEN 'TRACE' THEN (8, 'Trace')
      WHEN 'PATCH' THEN (9, 'Patch') ELSE CASE WHEN method IS NULL THEN (0, 'Unknown') ELSE (99, 'Other') END END AS activity
  FROM source
)
