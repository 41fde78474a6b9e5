-- Who called in: all are counted, and the busiest looked at
--
-- After calls: all the internet knocks. A kept_caller is one that both sides have, one that was called itself, or one of the
-- 1,000 of each side with most connections; left_out_callers counts the others. Takes $from and $to, and reads connection_keys.
WITH caller AS MATERIALIZED (
  SELECT s.client_key, count(*) FILTER (d.side = 'left') AS left_n, count(*) FILTER (d.side = 'right') AS right_n
  FROM connection_keys s
    JOIN side d USING (capture)
  WHERE s.direction = 'in' AND within(s.start, $from, $to)
  GROUP BY s.client_key
), kept_caller AS MATERIALIZED (
  SELECT client_key FROM caller WHERE left_n > 0 AND right_n > 0
  UNION
  SELECT client_key
  FROM caller
    SEMI JOIN (SELECT DISTINCT server_key AS client_key FROM seen_call WHERE outward) t USING (client_key)
  UNION
  (
    SELECT client_key
    FROM caller
    WHERE left_n > 0
    ORDER BY left_n DESC, client_key
    LIMIT 1000
  )
  UNION
  (
    SELECT client_key
    FROM caller
    WHERE right_n > 0
    ORDER BY right_n DESC, client_key
    LIMIT 1000
  )
), left_out_callers AS (
  SELECT count(*) FILTER (left_n > 0) AS left_n, count(*) FILTER (right_n > 0) AS right_n
  FROM caller
    ANTI JOIN kept_caller USING (client_key)
)
