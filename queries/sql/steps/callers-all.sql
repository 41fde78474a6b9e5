-- Who called in: all are counted, and the busiest looked at
--
-- After calls: all the internet knocks. caller_kept are those that both sides have, that were called themselves, and the
-- 1,000 of each side with most connections; caller_left_out counts the others. Takes $from and $to, and reads session_keys.
WITH caller AS MATERIALIZED (
  SELECT s.client_key, count(*) FILTER (d.side = 'left') AS left_n, count(*) FILTER (d.side = 'right') AS right_n FROM session_keys s JOIN side d USING (capture)
  WHERE s.direction = 'in' AND NOT s.translated AND within(s.start, $from, $to) GROUP BY s.client_key
), caller_kept AS MATERIALIZED (
  SELECT client_key FROM caller WHERE left_n > 0 AND right_n > 0
  UNION
  SELECT client_key FROM caller SEMI JOIN (SELECT DISTINCT server_key AS client_key FROM talked WHERE outward) t USING (client_key)
  UNION
  (SELECT client_key FROM caller WHERE left_n > 0 ORDER BY left_n DESC, client_key LIMIT 1000)
  UNION
  (SELECT client_key FROM caller WHERE right_n > 0 ORDER BY right_n DESC, client_key LIMIT 1000)
), caller_left_out AS (
  SELECT count(*) FILTER (left_n > 0) AS left_n, count(*) FILTER (right_n > 0) AS right_n FROM caller ANTI JOIN caller_kept USING (client_key)
)
