-- Who guessed at a form, and then got another answer
--
-- A client that posts to the same path again and again and gets the same answer, and then once another: another status that
-- lets in, or an answer of another size.
--
-- cannot: See what was posted: bodies are in no log. Guesses spread over many addresses, and forms that answer a right and a wrong
-- password alike, are not seen.
--
-- method: For each client and path, in the one log that has most of its POST requests for it (several logs have the same request):
-- of those requests most have one status, the usual answer. Another answer is one with a status from 200 to 399 that is not the
-- usual one, or with the usual status and a size a quarter off the middle of the others; it counts after so many usual answers
-- within the hour before. Where usual answers and others of one kind alternate it is no guessing: of those that come before the
-- last usual answer three count at most, and where the usual answer is a refusal (400, 401, 403, 422, 429) one for each ten
-- refusals as well. Told are the tries before the first that counts, and those after it apart. Afterwards: paths that the client
-- had not been given before. Score: 0.3; up to 0.2 for the number of guesses (full at 500); 0.2 where the usual answer is 401 or
-- 403; 0.3 where pages followed. High where pages followed, medium where the other answer alone is there, low where there are five
-- times so many guesses, all refused.
--
-- false-positives: Single sign-on, forms that are sent on every key, an interface that is asked by POST, load tests.
--
-- measured: found: planted guesses 1 of 1. False findings per million benign records, high and medium: a shop 0 and
-- 0, ordinary requests 0 and 0, a web tier 0 and 0.
--
-- not-proof: That a password was guessed: what was sent is in no log.
--
-- attack: T1110
-- phase:  exploit
-- kind:   guess-at-form
-- log:    alb, httpd, cloudfront, apigw
-- weight: own
-- needs:  http, asset
-- uses:   alb
-- steps:  requests
-- param:  tries    int      = 20  usual answers in the hour before, at least
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   posted  POST requests with a status, each in one log
-- step:   usual  clients and paths with a usual answer
-- step:   let_in  the first other answer of each that counts
-- column: path url_path
-- column: tries count
-- column: tries_after count
-- column: usual_status number
-- column: other_status number
-- column: let_in_at time
-- column: pages_after count
WITH post_log AS (
  SELECT capture, client_n, path, log, count(*) AS requests
  FROM asked_request
  WHERE method = 'POST' AND client_n IS NOT NULL AND path IS NOT NULL AND status IS NOT NULL
  GROUP BY ALL
), best_log AS (
  SELECT capture, client_n, path, arg_max(log, (requests, log)) AS log FROM post_log GROUP BY ALL
), posted AS (
  SELECT a.capture, a.client_n, a.time, a.path, a.status, a.bytes_out, a.target_n, a.object_id, a.row_no
  FROM asked_request a
    SEMI JOIN best_log b USING (capture, client_n, path, log)
  WHERE a.method = 'POST' AND a.status IS NOT NULL
), by_status AS (
  SELECT capture, client_n, path, status, count(*) AS answers, median(bytes_out) AS size FROM posted GROUP BY ALL
), usual AS (
  SELECT capture, client_n, path, arg_max(status, (answers, status)) AS usual_status, max(answers) AS answers,
    arg_max(size, (answers, status)) AS usual_size
  FROM by_status
  GROUP BY ALL
  HAVING max(answers) >= greatest($tries::BIGINT, 2) AND max(answers) * 2 > sum(answers)
), told_post AS (
  SELECT p.*, u.usual_status, u.usual_status IN (400, 401, 403, 422, 429) AS refuses,
    p.status = u.usual_status AND coalesce(abs(p.bytes_out - u.usual_size) <= greatest(64, 0.25 * u.usual_size), true) AS as_usual
  FROM posted p
    JOIN usual u USING (capture, client_n, path)
), counted_post AS (
  SELECT *, count(*) FILTER (as_usual) OVER (
      PARTITION BY capture, client_n, path ORDER BY time RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND CURRENT ROW
    ) AS tries_before,
    max(time) FILTER (as_usual) OVER (PARTITION BY capture, client_n, path) AS last_try,
    count(*) FILTER (NOT as_usual) OVER (
      PARTITION BY capture, client_n, path, status ORDER BY time, object_id, row_no ROWS UNBOUNDED PRECEDING
    ) AS others_before
  FROM told_post
), weighed_post AS (
  SELECT *, count(*) FILTER (NOT as_usual AND time < last_try) OVER (PARTITION BY capture, client_n, path, status) AS others_between
  FROM counted_post
), let_in AS (
  SELECT capture, client_n, path, arg_min(status, (time, object_id, row_no)) AS other_status, min(time) AS let_in_at,
    min((time, object_id, row_no)) AS let_in_row
  FROM weighed_post
  WHERE NOT as_usual
    AND status BETWEEN 200 AND 399
    AND tries_before >= greatest($tries::BIGINT, 2)
    AND (others_between <= 3 OR refuses AND others_before * 10 <= tries_before)
  GROUP BY ALL
), guesser AS (
  SELECT t.capture, t.client_n, t.path, any_value(t.usual_status) AS usual_status, any_value(t.refuses) AS refuses,
    count(*) FILTER (t.as_usual AND coalesce((t.time, t.object_id, t.row_no) < l.let_in_row, true)) AS tries,
    count(*) FILTER (t.as_usual AND (t.time, t.object_id, t.row_no) > l.let_in_row) AS tries_after,
    count(*) FILTER (NOT t.as_usual AND t.status BETWEEN 200 AND 399) AS others,
    any_value(l.other_status) AS other_status, any_value(l.let_in_at) AS let_in_at, any_value(l.let_in_row) AS let_in_row,
    min(t.target_n) AS target_n, count(DISTINCT t.target_n) AS targets, min(t.time) AS first_time, max(t.time) AS last_time
  FROM told_post t
    LEFT JOIN let_in l USING (capture, client_n, path)
  GROUP BY t.capture, t.client_n, t.path
), first_answer AS (
  SELECT capture, client_n, path AS page, min((time, object_id, row_no)) AS first_answered
  FROM asked_request
    SEMI JOIN let_in USING (capture, client_n)
  WHERE answered AND path IS NOT NULL
  GROUP BY ALL
), after_it AS (
  SELECT l.capture, l.client_n, l.path, count(*) AS pages
  FROM let_in l
    JOIN first_answer f ON f.capture = l.capture
      AND f.client_n = l.client_n
      AND f.page <> l.path
      AND f.first_answered > l.let_in_row
      AND f.first_answered[1] < l.let_in_at + INTERVAL 1 HOUR
  GROUP BY ALL
), scored AS (
  SELECT g.*, coalesce(a.pages, 0) AS pages,
    0.3
      + 0.2 * least(1, ln(greatest(g.tries, 1)) / ln(500))
      + 0.2 * (g.usual_status IN (401, 403))::INTEGER
      + 0.3 * coalesce(a.pages > 0, false)::INTEGER AS score
  FROM guesser g
    LEFT JOIN after_it a USING (capture, client_n, path)
  WHERE g.let_in_at IS NOT NULL OR g.refuses AND g.tries >= 5 * greatest($tries::BIGINT, 2)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE WHEN pages > 0 THEN 'high' WHEN let_in_at IS NOT NULL THEN 'medium' ELSE 'low' END AS severity,
  format(
    '{} posted to {} {} times and was answered {}{}{}{}',
    number_text(client_n), path[:120], tries, usual_status,
    CASE
      WHEN let_in_at IS NOT NULL THEN format(', then {} at {}', other_status, strftime(let_in_at, '%Y-%m-%d %H:%M:%S'))
      WHEN others > 0 THEN format('; {} other answer{} came, too often or too early to be a way in', others, plural(others))
      ELSE '; no answer that lets in came'
    END,
    CASE WHEN tries_after > 0 THEN format(', and {} time{} more {}', tries_after, plural(tries_after), usual_status) ELSE '' END,
    CASE WHEN pages > 0 THEN format('; within the hour it was given {} page{} that it had not had before', pages, plural(pages)) ELSE '' END
  ) AS reason,
  number_text(client_n) AS src, CASE WHEN targets = 1 THEN number_text(target_n) END AS dst,
  tries + tries_after + (let_in_at IS NOT NULL)::INTEGER AS "rows", first_time AS from_time, last_time AS to_time,
  path, tries, tries_after, usual_status, other_status, let_in_at, pages AS pages_after, capture
FROM scored
ORDER BY 1 DESC, tries DESC, first_time, client_n, path, capture
