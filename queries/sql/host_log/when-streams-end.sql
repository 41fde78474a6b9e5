-- When each stream of a host's logs begins and ends
--
-- One row per stream, the first to end at the top. siblings_later are streams of the same instance or host that go on after
-- it. Where there are some, the file was removed, turned, or left out of the agent's configuration; where there are none, the
-- agent or the host stopped.
--
-- cannot: Why: read the lines of the siblings around the end, and the changes. A log that has nothing to say ends too.
--
-- needs:  host_log
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: lines           count
-- column: first_line      time
-- column: last_line       time
-- column: siblings_later  count
-- column: last_sibling    time
WITH stream_end AS (
  SELECT capture, stream, coalesce(any_value(instance_id), any_value(host)) AS owner, any_value(instance_id) AS instance_id,
    any_value(host) AS host, count(*) AS lines, min(time) AS first_line, max(time) AS last_line
  FROM host_log
  WHERE of(capture, $capture) AND within(time, $from, $to)
  GROUP BY capture, stream
)
SELECT s.stream, s.instance_id, s.host, s.lines, s.first_line, s.last_line, count(o.stream) AS siblings_later,
  max(o.last_line) AS last_sibling, s.capture
FROM stream_end s
  LEFT JOIN stream_end o ON o.capture = s.capture AND o.owner = s.owner AND o.stream <> s.stream AND o.last_line > s.last_line
GROUP BY ALL
ORDER BY s.last_line, s.stream, s.capture
