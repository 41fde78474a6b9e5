-- Zone records have no answers
--
-- view:  zone
-- time:  query_timestamp
-- order: "@object"
SELECT min(object_id) AS "@object", 0 AS "@row", count(*) AS "@rows",
  'a public zone''s log has no answers, and passive DNS is of answers' AS "@omit"
FROM source
HAVING count(*) > 0
