-- Who was refused, and then let in at the same place
--
-- A client that a web firewall or the load balancer refused at a path, and that the same path then answered with success when
-- it was asked otherwise.
--
-- cannot: See a rule that only counts, and what a filter of the firewall's log left out. Who tries from another
-- address is another client here.
--
-- method: For each client, path and host, the first request with the text of an attack that a target answered with success, or
-- else the first one, that came within so many hours after a refused one (the firewall's block, or 403 without a target) of
-- another query; and the last such refusal before it, one with such text rather than without. A request in several logs is
-- counted once. Score: 0.3; 0.3 where what was let in carries the text of an attack; 0.2 where the refused one did; 0.1 within
-- ten minutes; 0.1 where nobody else asks for the path with such text. High where what was let in has attack text, medium
-- where what was refused has, low else.
--
-- false-positives: A rate limit that passed, a form that was corrected, a session that had run out.
--
-- measured: found: planted requests 2 of 2. False findings per million benign records, high and medium: a shop 0 and
-- 0, ordinary requests 0 and 0, a web tier 0 and 0.
--
-- not-proof: That the second request did what the first was to do.
--
-- attack: T1190, T1027
-- phase:  exploit
-- kind:   refused-then-let-in
-- log:    waf, alb, cloudfront, apigw
-- weight: own
-- needs:  http, asset
-- uses:   alb
-- steps:  requests, suspects
-- param:  hours    int      = 24  let in at most so many hours later
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   refused_request  those that were refused, each once
-- step:   way_in  those after which the same path was open to the same client
-- column: path url_path
-- column: refused_url text
-- column: let_in_url text
-- column: refused_at time
-- column: let_in_at time
-- column: seconds_between number
-- column: refusals count
WITH refused_request AS (
  SELECT capture, client_n, path, query, url, time, attack, request_no, records
  FROM request_once
  WHERE path IS NOT NULL AND refused
), let_in_request AS (
  SELECT l.*
  FROM request_once l
    SEMI JOIN refused_request r USING (capture, client_n, path)
  WHERE l.answered AND l.target_n IS NOT NULL
), pair AS (
  SELECT l.capture, l.client_n, l.path, l.target_n, l.request_no, l.url AS let_in_url, l.time AS let_in_at, l.attack AS let_in_attack,
    arg_max({'url': r.url, 'at': r.time, 'attack': r.attack}, (r.attack IS NOT NULL, r.time, r.request_no)) AS refused,
    count(*) AS refusals, any_value(l.records) + sum(r.records)::BIGINT AS records
  FROM let_in_request l
    JOIN refused_request r ON r.capture = l.capture
      AND r.client_n = l.client_n
      AND r.path = l.path
      AND r.time < l.time
      AND l.time < r.time + to_hours($hours::BIGINT)
      AND r.query <> l.query
  GROUP BY ALL
), way_in AS (
  SELECT *
  FROM pair
  QUALIFY row_number() OVER (PARTITION BY capture, client_n, path, target_n ORDER BY let_in_attack IS NULL, let_in_at, request_no) = 1
), others AS (
  SELECT w.capture, w.request_no, count(DISTINCT a.client_n) AS clients
  FROM way_in w
    JOIN request_once a ON a.capture = w.capture AND a.path = w.path AND a.client_n <> w.client_n
  WHERE a.attack IS NOT NULL
  GROUP BY ALL
), scored AS (
  SELECT w.*, epoch(w.let_in_at - w.refused.at) AS seconds_between,
    0.3
      + 0.3 * (w.let_in_attack IS NOT NULL)::INTEGER
      + 0.2 * (w.refused.attack IS NOT NULL)::INTEGER
      + 0.1 * (w.let_in_at < w.refused.at + INTERVAL 10 MINUTE)::INTEGER
      + 0.1 * (o.clients IS NULL)::INTEGER AS score
  FROM way_in w
    LEFT JOIN others o USING (capture, request_no)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE WHEN let_in_attack IS NOT NULL THEN 'high' WHEN refused.attack IS NOT NULL THEN 'medium' ELSE 'low' END AS severity,
  format(
    '{} was refused at {} {} time{}, {}at {} ({}), and let in {:.0f} s later ({}){}',
    number_text(client_n), path, refusals, plural(refusals),
    CASE WHEN refusals > 1 THEN 'once ' ELSE '' END, strftime(refused.at, '%Y-%m-%d %H:%M:%S'), coalesce(refused.url[:120], '-'),
    seconds_between, coalesce(let_in_url[:160], '-'),
    coalesce('; what was let in carries ' || array_to_string(let_in_attack, ' '), '')
  ) AS reason,
  number_text(client_n) AS src, number_text(target_n) AS dst,
  records AS "rows", refused.at AS from_time, let_in_at AS to_time,
  path, refused.url AS refused_url, let_in_url, refused.at AS refused_at, let_in_at, round(seconds_between, 1) AS seconds_between,
  refusals, capture
FROM scored
ORDER BY scored.score DESC, let_in_at, client_n, path, target_n, capture
