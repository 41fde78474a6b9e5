-- Every side is looked at, whether or not there is another
--
-- After sides.
WITH side AS (
  FROM candidate_side
)
