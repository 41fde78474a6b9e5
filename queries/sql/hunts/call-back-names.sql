-- Which hosts that an attack named were then asked for or called
--
-- An attack often names where its second half is: ${jndi:ldap://HOST/…}, curl http://HOST/…. One row per such host that a host of
-- ours asked for or called afterwards.
--
-- cannot: Find hosts that an attack puts together or encodes beyond percent signs, and those that were in a body.
--
-- method: Hosts behind ldap, rmi, dns, iiop, http, https and ftp in paths, queries, referers, agents and WAF's headers of
-- requests with attack text, after decoding percent signs up to three times; not the host that was asked itself, nor the one
-- that a Referer or Origin begins with. Then the first query for that name or one below it, or the first connection to that address, by
-- each host of ours within so many hours, and the last such request before it, one that was handed to that host rather than
-- another. Score: 0.4; 0.3 where the request was handed to that host; 0.2 within a minute, 0.1 within an hour; 0.1 where
-- nobody in the capture had asked for it before. High where all that holds but the time, medium where it was handed to that
-- host or nobody had asked before, low else, and where clients without such text ask our site by that name.
--
-- false-positives: A mail filter, a log viewer or an analyst who looks the name up; names that are in ordinary use.
--
-- measured: found: planted requests 2 of 2. False findings per million benign records, high and medium: a shop 0 and
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
-- one-of: dns, connection
-- uses:   waf_header, alb
-- steps:  requests, suspects
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
-- column: own_site flag
WITH attack_request AS MATERIALIZED (
  SELECT capture, request_no, client_n, target_n, time, url FROM request_once WHERE attack IS NOT NULL
), attack_text AS (
  SELECT s.capture, s.request_no,
    concat_ws(
      ' ', coalesce(s.path || coalesce('?' || s.query, ''), s.url), regexp_replace(s.referer, '^\s*https?://[^/?#\s]*', '', 'i'),
      s.user_agent, w.headers
    ) AS text
  FROM request_record s
    SEMI JOIN attack_request r USING (capture, request_no)
    LEFT JOIN (
      SELECT object_id, row_no,
        string_agg(
          CASE WHEN header IN ('referer', 'origin') THEN regexp_replace(value, '^\s*https?://[^/?#\s]*', '', 'i') ELSE value END,
          ' ' ORDER BY header_no) AS headers
      FROM waf_header
      GROUP BY ALL
    ) w ON s.log = 'waf' AND w.object_id = s.object_id AND w.row_no = s.row_no
), decoded_text AS (
  SELECT capture, request_no, coalesce(TRY(url_decode(url_decode(url_decode(text)))), text) AS text FROM attack_text
), named_host AS MATERIALIZED (
  SELECT r.*, n.host, addr_of(n.host) AS host_n
  FROM (
    SELECT DISTINCT capture, request_no,
      rtrim(lower(unnest(regexp_extract_all(text, '(?i)(?:ldaps?|rmi|dns|iiop|https?|ftp):/+([a-z0-9_][a-z0-9._-]*[a-z0-9])', 1))),
        '.') AS host
    FROM decoded_text
  ) n
    JOIN attack_request r USING (capture, request_no)
  WHERE contains(n.host, '.') AND NOT starts_with(n.host, '169.254.')
), call AS (
  SELECT n.*, d.srcaddr_n AS caller_n, d.registered_domain, NULL::UHUGEINT AS server_n, d.query_timestamp AS called_at
  FROM named_host n
    JOIN dns d ON d.capture = n.capture
      AND (d.name = n.host OR ends_with(d.name, '.' || n.host))
      AND d.query_timestamp >= n.time - INTERVAL 1 SECOND
      AND d.query_timestamp < n.time + to_hours($hours::BIGINT)
  WHERE n.host_n IS NULL AND within(d.query_timestamp, $from, $to)
  UNION ALL
  SELECT n.*, c.client_n, NULL, c.server_n, c.start
  FROM named_host n
    JOIN connection c ON c.capture = n.capture
      AND c.server_n = n.host_n
      AND c.direction = 'out'
      AND c.start >= n.time - INTERVAL 60 SECOND
      AND c.start < n.time + to_hours($hours::BIGINT)
  WHERE within(c.start, $from, $to)
), called_back AS (
  SELECT capture, host, host_n, caller_n, min(registered_domain) AS registered_domain, min(server_n) AS server_n,
    min(called_at) AS first_call, max(called_at) AS last_call, count(DISTINCT called_at) AS calls,
    arg_max(
      {'client_n': client_n, 'time': time, 'url': url, 'to_caller': target_n = caller_n},
      (
        time <= called_at, coalesce(target_n = caller_n, false),
        CASE WHEN time <= called_at THEN epoch(time) ELSE -epoch(time) END, request_no
      )
    ) FILTER (called_at = first_at) AS request
  FROM (SELECT *, min(called_at) OVER (PARTITION BY capture, host, caller_n) AS first_at FROM call)
  GROUP BY capture, host, host_n, caller_n
), known_before AS (
  SELECT b.capture, b.host, b.caller_n
  FROM called_back b
    JOIN dns d ON d.capture = b.capture AND (d.name = b.host OR ends_with(d.name, '.' || b.host))
  WHERE b.host_n IS NULL AND d.query_timestamp < b.request.time - INTERVAL 1 SECOND
  UNION
  SELECT b.capture, b.host, b.caller_n
  FROM called_back b
    JOIN connection c ON c.capture = b.capture AND c.server_n = b.host_n AND c.direction = 'out'
  WHERE c.start < b.request.time - INTERVAL 60 SECOND
), own_site AS (
  SELECT a.capture, lower(a.host) AS host
  FROM asked_request a
    SEMI JOIN called_back b ON b.capture = a.capture AND b.host = lower(a.host)
    ANTI JOIN suspect s ON s.capture = a.capture AND s.client_n = a.client_n
  WHERE a.answered
  GROUP BY ALL
), scored AS (
  SELECT b.*, b.request.to_caller AS by_target, k.host IS NOT NULL AS before, o.host IS NOT NULL AS own,
    greatest(0, epoch(b.first_call - b.request.time) / 60) AS minutes_after,
    0.4
      + 0.3 * coalesce(b.request.to_caller, false)::INTEGER
      + CASE WHEN minutes_after <= 1 THEN 0.2 WHEN minutes_after <= 60 THEN 0.1 ELSE 0 END
      + 0.1 * (k.host IS NULL)::INTEGER
      - 0.3 * (o.host IS NOT NULL)::INTEGER AS score
  FROM called_back b
    LEFT JOIN known_before k USING (capture, host, caller_n)
    LEFT JOIN own_site o USING (capture, host)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE WHEN own THEN 'low' WHEN by_target AND NOT before THEN 'high' WHEN by_target OR NOT before THEN 'medium' ELSE 'low' END AS severity,
  format(
    '{} named {} in {}; {:.0f} s later {}, {}, {} it{}{}',
    coalesce(number_text(request.client_n), 'somebody'), host, coalesce(request.url[:140], '-'), minutes_after * 60, number_text(caller_n),
    CASE
      WHEN by_target THEN 'the host that was asked'
      WHEN NOT by_target THEN 'another host than the one that was asked'
      ELSE 'a host of ours (which one was asked no log says)'
    END,
    CASE WHEN server_n IS NULL THEN 'asked for' ELSE 'called' END,
    CASE WHEN before THEN '; it had been asked for before' ELSE ', for the first time' END,
    CASE WHEN own THEN '; clients without such text ask our own site by that name' ELSE '' END
  ) AS reason,
  number_text(caller_n) AS src, CASE WHEN server_n IS NOT NULL THEN number_text(server_n) END AS dst, number_text(caller_n) AS client,
    CASE WHEN server_n IS NULL THEN host END AS name, registered_domain,
  calls::BIGINT AS "rows", request.time AS from_time, greatest(last_call, request.time) AS to_time,
  number_text(request.client_n) AS request_from, request.time AS request_at, request.url AS request_url,
  round(minutes_after, 2) AS minutes_after,
  by_target AS asked_by_target, before AS asked_before, own AS own_site, capture
FROM scored
ORDER BY scored.score DESC, request_at, host, caller_n, capture
