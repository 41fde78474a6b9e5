-- Who was refused, and then let in at the same place
--
-- A client that a web firewall or the load balancer refused at a path, and that the same path then answered with success when
-- it was asked otherwise.
--
-- cannot: See a rule that only counts, and what a filter of the firewall's log left out. Who tries from another
-- address is another client here.
--
-- method: For each client and path, a refused request (the firewall's block, or 403 without a target) and the first request
-- after it, with another URL, that a target answered with success, within so many hours. Score: 0.3; 0.3 where what was let in
-- carries the text of an attack; 0.2 where the refused one did; 0.1 within ten minutes; 0.1 where nobody else asks for the path
-- with such text. High where what was let in has attack text, medium where what was refused has, low else.
--
-- false-positives: A rate limit that passed, a form that was corrected, a session that had run out.
--
-- measured: found: planted requests 1 of 1. False findings per million benign records, high and medium: a shop 0 and
-- 0, ordinary requests 0 and 0.
--
-- not-proof: That the second request did what the first was to do.
--
-- attack: T1190, T1027
-- phase:  exploit
-- kind:   refused-then-let-in
-- log:    waf, alb, cloudfront, apigw
-- weight: own
-- needs:  http, asset
-- steps:  requests
-- param:  hours    int      = 24  let in at most so many hours later
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   refused_request  those that were refused
-- step:   way_in  those after which the same path was open to the same client
-- column: path url_path
-- column: refused_url text
-- column: let_in_url text
-- column: refused_at time
-- column: let_in_at time
-- column: seconds_between number
-- column: refusals count
WITH refused_request AS (
  SELECT capture, client_n, path, url, time, attack, log
  FROM asked_request
  WHERE path IS NOT NULL AND (blocked OR status = 403 AND NOT reached)
), let_in_request AS (
  SELECT capture, client_n, path, url, time, attack, target_n, log
  FROM asked_request a
    SEMI JOIN refused_request r USING (capture, client_n, path)
  WHERE answered AND target_n IS NOT NULL
), way_in AS (
  SELECT l.capture, l.client_n, l.path, l.target_n, arg_min(l.url, (l.time, l.url)) AS let_in_url, min(l.time) AS let_in_at,
    arg_min(l.attack, (l.time, l.url)) AS let_in_attack, arg_max(r.url, (r.time, r.url)) AS refused_url, max(r.time) AS refused_at,
    bool_or(r.attack IS NOT NULL) AS refused_attack, count(DISTINCT r.time) AS refusals,
    count(DISTINCT (l.log, l.time)) + count(DISTINCT (r.log, r.time)) AS records
  FROM let_in_request l
    JOIN refused_request r ON r.capture = l.capture
      AND r.client_n = l.client_n
      AND r.path = l.path
      AND r.time < l.time
      AND l.time < r.time + to_hours($hours::BIGINT)
      AND r.url IS DISTINCT FROM l.url
  GROUP BY ALL
), others AS (
  SELECT a.capture, a.path, count(DISTINCT a.client_n) AS clients
  FROM asked_request a
    SEMI JOIN way_in w USING (capture, path)
  WHERE a.attack IS NOT NULL
  GROUP BY ALL
), scored AS (
  SELECT w.*, epoch(w.let_in_at - w.refused_at) AS seconds_between,
    0.3
      + 0.3 * (w.let_in_attack IS NOT NULL)::INTEGER
      + 0.2 * w.refused_attack::INTEGER
      + 0.1 * (w.let_in_at < w.refused_at + INTERVAL 10 MINUTE)::INTEGER
      + 0.1 * (coalesce(o.clients, 0) <= 1)::INTEGER AS score
  FROM way_in w
    LEFT JOIN others o USING (capture, path)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE WHEN let_in_attack IS NOT NULL THEN 'high' WHEN refused_attack THEN 'medium' ELSE 'low' END AS severity,
  format(
    '{} was refused at {} {} time{}, last at {} ({}), and let in {:.0f} s later ({}){}',
    number_text(client_n), path, refusals, plural(refusals), strftime(refused_at, '%H:%M:%S'), coalesce(refused_url[:120], '-'),
    seconds_between, coalesce(let_in_url[:160], '-'),
    coalesce('; what was let in carries ' || array_to_string(let_in_attack, ' '), '')
  ) AS reason,
  number_text(client_n) AS src, number_text(target_n) AS dst,
  records AS "rows", refused_at AS from_time, let_in_at AS to_time,
  path, refused_url, let_in_url, refused_at, let_in_at, round(seconds_between, 1) AS seconds_between, refusals, capture
FROM scored
ORDER BY scored.score DESC, let_in_at, client_n, path, target_n, capture
