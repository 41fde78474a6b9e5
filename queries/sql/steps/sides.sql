-- The captures to compare, by side
--
-- left is the incident, right the replay, baseline a clean machine: each is the capture named by its parameter, or else
-- all of its role. One of sides-all, sides-replayed and sides-with-baseline follows and says which of these candidates are
-- looked at. Takes $left, $right and $baseline, and reads capture.
WITH compared_side AS (
  SELECT name AS capture, 'left' AS side
  FROM capture
  WHERE CASE WHEN $left = '' THEN role = 'incident' ELSE name = $left END
  UNION ALL
  SELECT name, 'right'
  FROM capture
  WHERE CASE WHEN $right = '' THEN role = 'replay' ELSE name = $right END
), candidate_side AS (
  SELECT capture, side::ENUM('left', 'right', 'baseline') AS side,
    (row_number() OVER (ORDER BY side, capture))::USMALLINT AS side_no
  FROM (
    FROM compared_side
    UNION ALL
    SELECT name, 'baseline'
    FROM capture
    WHERE CASE
      WHEN $baseline = '' THEN role = 'baseline' AND name NOT IN (SELECT capture FROM compared_side)
      ELSE name = $baseline
    END
  )
)
