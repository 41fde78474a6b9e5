-- Requests as events of a timeline
--
-- view:  http
-- part:  alb, httpd, cloudfront, s3_access, apigw, waf
-- time:  time
-- set:   data_type "case53:http"
-- set:   source_short "WEB"
-- set:   timestamp_desc "HTTP request"
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE WHEN time IS NULL THEN 'the log has no time of it' END AS "@omit",
  time AS datetime,
  concat_ws(' ', coalesce(action, 'REQUEST'), client_ip, method, coalesce(url, host || path), status, user_agent) AS message,
  client_ip AS src_ip, client_port AS src_port, target_ip AS dst_ip, target_port AS dst_port, host AS domain, url,
  method AS http_request_method, url AS http_request_url, path, query AS query_string, status AS http_response_code, action,
  user_agent, referer, x_forwarded_for, bytes_in, bytes_out, seconds, target_status, trace_id, request_id, elb,
  log AS log_type, time_kind, account_id, region, instance_id
FROM source
