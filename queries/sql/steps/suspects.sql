-- Requests of those who were refused or sent the text of an attack, each once
--
-- After requests. A request stands in the log of everything that it passed. Of one client's records with the same method, path
-- and query, refused or not, at most two seconds apart, the n-th of each log are one request. A web server's line that
-- does not say who asked is that client's whose like request its load balancer handed over last in those seconds. A row of
-- request_record is a record, and request_no the same for all records of a request; a row of request_once is a request, with
-- what any of its records says.
WITH suspect AS MATERIALIZED (
  SELECT DISTINCT capture, client_n FROM asked_request WHERE client_n IS NOT NULL AND (attack IS NOT NULL OR refused)
), suspect_place AS MATERIALIZED (
  SELECT DISTINCT a.capture, a.target_n, a.path
  FROM asked_request a
    SEMI JOIN suspect s USING (capture, client_n)
  WHERE a.log = 'alb' AND a.target_n IS NOT NULL
), unnamed_line AS (
  SELECT l.* EXCLUDE (client_n), CASE WHEN a.time >= l.time - INTERVAL 2 SECOND THEN a.client_n END AS client_n
  FROM (
    SELECT a.*
    FROM asked_request a
      LEFT JOIN suspect_place p USING (capture, target_n, path)
    WHERE a.client_n IS NULL AND (a.attack IS NOT NULL OR p.path IS NOT NULL)
  ) l
    ASOF LEFT JOIN (
      SELECT a.capture, a.target_n, a.method, a.path, coalesce(a.query, '') AS query, a.time, min(a.client_n) AS client_n
      FROM asked_request a
        SEMI JOIN suspect_place p USING (capture, target_n, path)
      WHERE a.log = 'alb'
      GROUP BY ALL
    ) a ON a.capture = l.capture
      AND a.target_n = l.target_n
      AND a.method = l.method
      AND a.path = l.path
      AND a.query = coalesce(l.query, '')
      AND l.time + INTERVAL 2 SECOND >= a.time
), suspect_record AS (
  SELECT a.*, coalesce(a.method, '-') || ' ' || coalesce(a.path || '?' || coalesce(a.query, ''), a.url, '-') AS asked
  FROM (
    SELECT a.*
    FROM asked_request a
      SEMI JOIN suspect s USING (capture, client_n)
    UNION ALL BY NAME
    SELECT l.*
    FROM unnamed_line l
      LEFT JOIN suspect s USING (capture, client_n)
    WHERE l.attack IS NOT NULL OR s.client_n IS NOT NULL
  ) a
), request_record AS MATERIALIZED (
  SELECT *,
    min((object_id::UBIGINT << 32) | row_no) OVER (PARTITION BY capture, client_n, asked, refused, stretch_no, nth) AS request_no
  FROM (
    SELECT *, row_number() OVER (PARTITION BY capture, client_n, asked, refused, stretch_no, log ORDER BY time, object_id, row_no) AS nth
    FROM (
      SELECT *,
        count(*) FILTER (apart) OVER (
          PARTITION BY capture, client_n, asked, refused ORDER BY time, object_id, row_no ROWS UNBOUNDED PRECEDING
        ) AS stretch_no
      FROM (
        SELECT *,
          coalesce(
            epoch(time - lag(time) OVER (PARTITION BY capture, client_n, asked, refused ORDER BY time, object_id, row_no)) > 2, true
          ) AS apart
        FROM suspect_record
      )
    )
  )
), request_once AS MATERIALIZED (
  SELECT capture, request_no, client_n, asked, refused, any_value(path) AS path, coalesce(any_value(query), '') AS query,
    min(time) AS time, max(time) AS last_time, max(target_n) AS target_n, max(url) AS url, max(host) AS host, max(user_agent) AS user_agent,
    list_sort(list_distinct(flatten(list(attack) FILTER (attack IS NOT NULL)))) AS attack,
    bool_or(blocked) AS blocked, bool_or(reached) AS reached, bool_or(answered) AS answered,
    coalesce(bool_or(reached AND status >= 500), false) AND NOT bool_or(answered) AS failed,
    list_sort(list_distinct(list(log))) AS logs, count(*) AS records
  FROM request_record
  GROUP BY capture, request_no, client_n, asked, refused
)
