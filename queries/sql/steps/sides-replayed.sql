-- Nothing is looked at where there is no right side
--
-- After sides. Then no log is read.
WITH side AS (
  FROM candidate_side
  WHERE EXISTS (FROM candidate_side WHERE side = 'right')
)
