-- Which hosts that an attack named were then asked for or called
--
-- An attack often names where its second half is: ${jndi:ldap://HOST/…}, curl http://HOST/…. One row per such host that a host of
-- ours asked for or called afterwards.
--
-- cannot: Find hosts that an attack puts together or encodes beyond percent signs, and those that were in a body.
--
-- method: Hosts behind ldap, rmi, dns, iiop, http, https and ftp in URLs, agents and WAF's headers of requests with attack
-- text, after decoding percent signs up to three times. Then queries for that name or one below it, and connections to that address,
-- within so many hours. Score: 0.4; 0.3 where the host of ours is the one that the request was handed to; 0.2 within a minute, 0.1
-- within an hour; 0.1 where nobody had asked for it before. High where the one that was asked did it, medium where another host did.
--
-- false-positives: A mail filter, a log viewer or an analyst who looks the name up; names that are in ordinary use.
--
-- measured: found: planted requests 1 of 1. False findings per million benign records, high and medium: a shop 0 and
-- 0, ordinary requests 0 and 0.
--
-- not-proof: That the answer was run. That the host asked shows that the text reached something that acts on it.
--
-- attack: T1190, T1105, T1059
-- phase:  home
-- kind:   named-by-attack
-- log:    alb, httpd, waf, dns, flow
-- weight: own
-- needs:  http, asset
-- uses:   dns, connection, waf_header
-- steps:  requests
-- param:  hours    int      = 24  asked for at most so many hours later
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   named_host  hosts that attacks name
-- step:   called_back  those that a host of ours asked for or called
-- column: request_from ip
-- column: request_at time
-- column: request_url text
-- column: minutes_after number
-- column: asked_by_target flag
-- column: asked_before flag
WITH attack_text AS (
  SELECT a.capture, a.client_n, a.target_n, a.time, a.url,
    concat_ws(' ', a.url, a.user_agent, w.values) AS text
  FROM asked_request a
    LEFT JOIN (
      SELECT object_id, row_no, string_agg(value, ' ' ORDER BY header_no) AS values FROM waf_header GROUP BY ALL
    ) w ON a.log = 'waf' AND w.object_id = a.object_id AND w.row_no = a.row_no
  WHERE a.attack IS NOT NULL
), decoded_text AS (
  SELECT * EXCLUDE (text), coalesce(TRY(url_decode(url_decode(url_decode(text)))), text) AS text FROM attack_text
), named_host AS (
  SELECT capture, client_n, max(target_n) OVER (PARTITION BY capture, client_n, time) AS target_n, time, url, host, addr_of(host) AS host_n
  FROM (
    SELECT * EXCLUDE (text),
      rtrim(lower(unnest(regexp_extract_all(text, '(?i)(?:ldaps?|rmi|dns|iiop|https?|ftp):/+([a-z0-9_][a-z0-9._-]*[a-z0-9])', 1))),
        '.') AS host
    FROM decoded_text
  )
  WHERE contains(host, '.') AND NOT starts_with(host, '169.254.')
), call AS (
  SELECT n.capture, n.client_n, n.target_n, n.time, n.url, n.host, d.srcaddr_n AS host_n, d.registered_domain,
    NULL::UHUGEINT AS server_n, d.query_timestamp AS called_at
  FROM named_host n
    JOIN dns d ON d.capture = n.capture
      AND (d.name = n.host OR ends_with(d.name, '.' || n.host))
      AND d.query_timestamp >= n.time - INTERVAL 1 SECOND
      AND d.query_timestamp < n.time + to_hours($hours::BIGINT)
  WHERE n.host_n IS NULL
  UNION ALL
  SELECT n.capture, n.client_n, n.target_n, n.time, n.url, n.host, c.client_n, NULL, c.server_n, c.start
  FROM named_host n
    JOIN connection c ON c.capture = n.capture
      AND c.server_n = n.host_n
      AND c.direction = 'out'
      AND c.start >= n.time - INTERVAL 60 SECOND
      AND c.start < n.time + to_hours($hours::BIGINT)
), called_back AS (
  SELECT capture, host, host_n, min(registered_domain) AS registered_domain, min(server_n) AS server_n,
    arg_min(client_n, (called_at - time, url, client_n)) AS client_n,
    arg_min(time, (called_at - time, url, client_n)) AS request_at, arg_min(url, (called_at - time, url, client_n)) AS url,
    min(called_at) AS first_call,
    max(called_at) AS last_call, count(DISTINCT called_at) AS calls,
    bool_or(target_n IS NOT DISTINCT FROM host_n) AS by_target
  FROM call
  GROUP BY capture, host, host_n
), known_before AS (
  SELECT b.capture, b.host, b.host_n, count(*) FILTER (d.query_timestamp < b.request_at - INTERVAL 1 SECOND) > 0 AS before
  FROM called_back b
    JOIN dns d ON d.capture = b.capture AND (d.name = b.host OR ends_with(d.name, '.' || b.host))
  GROUP BY ALL
), scored AS (
  SELECT b.*, coalesce(k.before, false) AS before, greatest(0, epoch(b.first_call - b.request_at) / 60) AS minutes_after,
    0.4
      + 0.3 * b.by_target::INTEGER
      + CASE WHEN minutes_after <= 1 THEN 0.2 WHEN minutes_after <= 60 THEN 0.1 ELSE 0 END
      + 0.1 * (NOT coalesce(k.before, false))::INTEGER AS score
  FROM called_back b
    LEFT JOIN known_before k USING (capture, host, host_n)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE WHEN by_target AND NOT before THEN 'high' WHEN by_target OR NOT before THEN 'medium' ELSE 'low' END AS severity,
  format(
    '{} named {} in {}; {:.0f} s later {}, {}, {} it{}',
    number_text(client_n), host, coalesce(url[:140], '-'), minutes_after * 60, number_text(host_n),
    CASE WHEN by_target THEN 'the host that was asked' ELSE 'another host' END,
    CASE WHEN server_n IS NULL THEN 'asked for' ELSE 'called' END,
    CASE WHEN before THEN '; it had been asked for before' ELSE ', for the first time' END
  ) AS reason,
  number_text(host_n) AS src, CASE WHEN server_n IS NOT NULL THEN number_text(server_n) END AS dst, number_text(host_n) AS client,
    CASE WHEN server_n IS NULL THEN host END AS name, registered_domain,
  calls::BIGINT AS "rows", request_at AS from_time, last_call AS to_time,
  number_text(client_n) AS request_from, request_at, url AS request_url, round(minutes_after, 2) AS minutes_after,
  by_target AS asked_by_target, before AS asked_before, capture
FROM scored
ORDER BY scored.score DESC, request_at, host, host_n, capture
