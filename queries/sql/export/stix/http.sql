-- Requests as observed data
--
-- view:  http
-- part:  alb, httpd, cloudfront, s3_access, apigw, waf
-- time:  time
-- limit: the client may be a proxy or load balancer before the log, and the host is what it wrote into its request
-- limit: addresses out of X-Forwarded-For are what proxies, or the client itself, wrote into the request
-- limit: a URL is an observable where the log has scheme and host, and RFC 3986 has such text; else the record has no url
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE
    WHEN time IS NULL THEN 'the log has no time of it'
    WHEN coalesce(client_ip, target_ip, name, url, uri) IS NULL THEN 'a request without an address, a host or a URL'
    WHEN coalesce(client_ip, target_ip, name, url) IS NULL THEN 'a request without an address or a host'
  END AS "@omit",
  time AS first_observed, time AS last_observed, 1 AS number_observed,
  client_ip AS src, target_ip AS dst, name, url, uri, method, user_agent, referer, x_forwarded_for
FROM (
  SELECT *,
    CASE WHEN regexp_full_match(host, '[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*') AND NOT regexp_full_match(host, '[0-9.]+')
      AND length(host) <= 253 THEN host END AS name,
    CASE WHEN regexp_full_match(scheme, 'https?') AND regexp_full_match(host, '[a-z0-9_.-]{1,253}')
      AND regexp_full_match(path || coalesce('?' || query, ''), '/(?:[A-Za-z0-9._~!$&''()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*')
      THEN scheme || '://' || host || path || coalesce('?' || query, '') END AS url,
    path || coalesce('?' || query, '') AS uri
  FROM (SELECT * EXCLUDE (url) FROM source)
)
