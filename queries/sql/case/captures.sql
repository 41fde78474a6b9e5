-- The captures of the case, with what was loaded into each
--
-- Role says what a capture is for: incident, replay or baseline. Counts are source records, not
-- rows of child tables.
--
-- cannot: Whether the capture is complete: only what was given to load or pull is here. See
-- coverage-of-sources.
--
-- needs:  capture, object, object_part
-- column: objects     count
-- column: records     count
-- column: rejected    count
-- column: first_time  time
-- column: last_time   time
-- column: log_types   text
-- column: size        bytes
-- column: created_at  time
-- column: role        text
-- column: name        capture
SELECT c.name, c.role, c.created_at, count(o.object_id) AS objects,
  any_value(t.log_types) AS log_types, coalesce(sum(o.rows), 0)::BIGINT AS records,
  coalesce(sum(o.rejected), 0)::BIGINT AS rejected, coalesce(sum(o.size), 0)::BIGINT AS size,
  min(o.first_time) AS first_time, max(o.last_time) AS last_time
FROM capture c
  LEFT JOIN object o ON o.capture = c.name
  LEFT JOIN (
    SELECT capture, string_agg(DISTINCT log_type, ' ' ORDER BY log_type) AS log_types
    FROM object_part
    WHERE rows + unread + rejected > 0
    GROUP BY capture
  ) t ON t.capture = c.name
GROUP BY c.name, c.role, c.created_at
ORDER BY c.created_at, c.name
