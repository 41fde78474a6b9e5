-- Does every record read have a place? read = rows + headers + blank + outside + duplicate + rejected
--
-- One row per object, those that do not balance first. The check is ok or says how many records
-- are missing or too many.
--
-- cannot: Whether a record was read rightly: only that none was lost or counted twice between
-- reading and storing.
--
-- needs:  object
-- param:  capture  capture  only this capture; empty for all
-- column: rows        count
-- column: headers     count
-- column: blank       count
-- column: outside     count
-- column: duplicate   count
-- column: rejected    count
-- column: difference  number
-- column: balance     text
-- column: problem     text
-- column: log_type    text
SELECT object_id, log_type, uri, "read", "rows", headers, blank, outside, duplicate, rejected,
  "read" - ("rows" + headers + blank + outside + duplicate + rejected) AS difference,
  CASE WHEN difference = 0 THEN 'ok' WHEN difference > 0 THEN difference || ' missing' ELSE -difference || ' too many' END AS balance,
  problem, capture
FROM object
WHERE ($capture = '' OR capture = $capture)
ORDER BY difference = 0, object_id
