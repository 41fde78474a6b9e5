-- Who asked for a script that hardly anybody else asks for
--
-- One row per path and host of ours: a page with parameters, answered with success, that few clients ask for again and again
-- and that was not there when the log began. That is how a web shell looks from outside.
--
-- cannot: See what was sent in a body, or tell a new page of ours from one that somebody put there. A shell that hides in a
-- page which everybody asks for is not rare. A log that does not say who asked does not say what is rare: its pages are judged by
-- the other logs, and not at all where there are none.
--
-- method: Of all paths those that at most so many clients asked for, of any host and in any log that says who asks, at least
-- so many times, by POST or with a query, and that were answered with success. Score: 0.2; 0.2 for the ending of a script; 0.2
-- for a folder that uploads go to; 0.2 where a parameter is called as in web shells (c, cmd, exec …) or carries a command; 0.1
-- where half are POST; 0.1 where it was first asked for an hour or more after its log begins, whatever the window. High from
-- 0.8; medium from 0.6, where it is new.
--
-- false-positives: New pages, administration, deployment hooks and monitoring, which one client asks for.
--
-- measured: found: planted requests 2 of 2. False findings per million benign records, high and medium: a shop 0 and
-- 0, ordinary requests 0 and 0, a web tier 0 and 0.
--
-- not-proof: That the page is a shell: look at the file on the host, and at what the host did next.
--
-- attack: T1505.003, T1190
-- phase:  exploit
-- kind:   rarity-of-path
-- log:    alb, httpd, cloudfront, apigw
-- weight: own
-- needs:  http, asset
-- uses:   alb
-- needs-all: http
-- steps:  requests
-- param:  clients   int      = 2    at most so many clients ask for it
-- param:  requests  int      = 3    at least so many times
-- param:  least     number   = 0.5  show from this score on
-- param:  from      time            only what begins at or after this moment
-- param:  to        time            only what begins before this moment
-- param:  capture   capture         only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   page  paths, by host of ours and log
-- step:   unnamed_page  of them of which no log says who asked
-- step:   rare_page  those that few ask for, with parameters, and that were answered
-- column: path url_path
-- column: requests count
-- column: answered count
-- column: clients count
-- column: posts count
-- column: hours_after_begin number
-- column: user_agent text
-- column: logs text
WITH log_begin AS (
  SELECT capture, log, min(time) AS first_time FROM http WHERE of(capture, $capture) GROUP BY ALL
), page AS (
  SELECT capture, log, coalesce(target_n, 0) AS asked_n, path, count(*) AS requests, count(DISTINCT client_n) AS clients,
    arg_max(client_n, (time, client_n)) AS client_n, count(*) FILTER (answered) AS answered, count(*) FILTER (method = 'POST') AS posts,
    count(*) FILTER (method = 'POST' OR query <> '') AS with_parameters,
    bool_or(
      regexp_matches(coalesce(query, ''), '(^|&)(c|cmd|command|exec|execute|run|shell|pass|act|do)=', 'i') OR coalesce(len(attack), 0) > 0
    ) AS commands,
    min(time) AS first_time, max(time) AS last_time, min(user_agent) AS user_agent
  FROM asked_request
  WHERE reached AND path IS NOT NULL
  GROUP BY ALL
), path_clients AS (
  SELECT capture, path, max(clients) AS most
  FROM (
    SELECT capture, log, path, count(DISTINCT client_n) AS clients FROM asked_request WHERE reached AND path IS NOT NULL GROUP BY ALL
  )
  GROUP BY ALL
), unnamed_page AS (
  SELECT p.* FROM page p JOIN path_clients c USING (capture, path) WHERE c.most = 0
), rare_path AS (
  SELECT p.*
  FROM page p
    JOIN path_clients c USING (capture, path)
  WHERE c.most BETWEEN 1 AND $clients::BIGINT
    AND requests >= $requests::BIGINT
    AND answered >= $requests::BIGINT
    AND with_parameters * 2 >= requests
), first_asked AS ( -- ever: the window may begin later
  SELECT h.capture, h.log, h.path, min(h.time) AS ever
  FROM http h
    SEMI JOIN rare_path USING (capture, log, path)
  GROUP BY ALL
), rare_page AS (
  SELECT p.*, epoch(f.ever - b.first_time) / 3600 AS hours_after
  FROM rare_path p
    JOIN first_asked f USING (capture, log, path)
    JOIN log_begin b USING (capture, log)
), rated_page AS (
  SELECT *,
    regexp_matches(path, '\.(php\d?|phtml|jspx?|aspx?|ashx|cgi|pl|cfm)$', 'i') AS script,
    0.2
      + 0.2 * script::INTEGER
      + 0.2 * regexp_matches(path, '/(uploads?|files?|images?|img|tmp|temp|media|attachments?|avatars?|cache)/', 'i')::INTEGER
      + 0.2 * commands::INTEGER
      + 0.1 * (posts * 2 >= requests)::INTEGER
      + 0.1 * (hours_after >= 1)::INTEGER AS score
  FROM rare_page
), told_page AS (
  SELECT capture, nullif(asked_n, 0) AS asked_n, path, max(requests) AS requests, max(answered) AS answered, max(clients) AS clients,
    min(client_n) AS client_n, max(posts) AS posts, max(score) AS score, max(hours_after) AS hours_after,
    min(first_time) AS first_time, max(last_time) AS last_time, sum(requests)::BIGINT AS records,
    min(user_agent) AS user_agent, string_agg(log, ' ' ORDER BY log) AS logs
  FROM rated_page
  GROUP BY capture, asked_n, path
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.8 THEN 'high'
    WHEN score >= 0.6 AND hours_after >= 1 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} was asked for {} times by {} client{}, {} by POST, {} answered with success; first {:.1f} hours after the log begins, by {}',
    path, requests, clients, plural(clients), posts, answered, hours_after, coalesce(user_agent, 'no agent')
  ) AS reason,
  number_text(client_n) AS src, number_text(asked_n) AS dst,
  records AS "rows", first_time AS from_time, last_time AS to_time,
  path, requests, answered, clients, posts, round(hours_after, 1) AS hours_after_begin, user_agent, logs, capture
FROM told_page
WHERE score >= $least::DOUBLE
ORDER BY told_page.score DESC, requests DESC, path, asked_n, capture
