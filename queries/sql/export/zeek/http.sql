-- Requests as Zeek's http.log
--
-- view:  http
-- part:  alb, httpd, cloudfront, s3_access, apigw, waf
-- time:  time
-- file:  http
-- order: ts, "@object", "@row"
-- limit: the responder is the target, and unset where the log has none; the originator may be a proxy before the log
-- limit: trans_depth, version, origin and file analysis are unset; sizes are of the whole messages as far as the log has them
SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture",
  CASE
    WHEN time IS NULL THEN 'the log has no time of it'
    WHEN client_ip IS NULL THEN 'a request without a client''s address, which Zeek must have'
  END AS "@omit",
  time AS ts,
  client_ip AS "id.orig_h", coalesce(client_port, 0) AS "id.orig_p", target_ip AS "id.resp_h", target_port AS "id.resp_p",
  NULL::BIGINT AS trans_depth, method, host, coalesce(path || coalesce('?' || query, ''), url) AS uri, referer AS referrer,
  NULL::VARCHAR AS version, user_agent, NULL::VARCHAR AS origin, bytes_in AS request_body_len, bytes_out AS response_body_len,
  status AS status_code, NULL::VARCHAR AS status_msg, NULL::BIGINT AS info_code, NULL::VARCHAR AS info_msg, NULL::VARCHAR[] AS tags,
  NULL::VARCHAR AS username, NULL::VARCHAR AS password,
  CASE WHEN x_forwarded_for IS NOT NULL THEN ['X-FORWARDED-FOR -> ' || x_forwarded_for] END AS proxied,
  NULL::VARCHAR[] AS orig_fuids, NULL::VARCHAR[] AS orig_filenames, NULL::VARCHAR[] AS orig_mime_types,
  NULL::VARCHAR[] AS resp_fuids, NULL::VARCHAR[] AS resp_filenames, NULL::VARCHAR[] AS resp_mime_types
FROM source
