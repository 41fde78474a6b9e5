-- Names asked for in one capture, the other, or both
--
-- One row per name, those in both captures first, with how many queries and clients in each.
-- Compares the incident with the replay of an isolated snapshot, or either with a baseline.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. What both ask for may be the operating system's own: compare with a baseline of a
-- clean instance.
--
-- needs:  dns
-- param:  left   capture  = incident  the first capture
-- param:  right  capture  = replay    the second capture
-- param:  only   text                 only both, left or right
-- column: found_in       text
-- column: left_queries   count
-- column: left_clients   count
-- column: left_first     time
-- column: right_queries  count
-- column: right_clients  count
-- column: right_first    time
WITH counted_name AS (
  SELECT name, any_value(registered_domain) AS registered_domain,
    count(*) FILTER (capture = $left) AS left_queries,
    count(DISTINCT srcaddr_n) FILTER (capture = $left) AS left_clients,
    min(query_timestamp) FILTER (capture = $left) AS left_first,
    count(*) FILTER (capture = $right) AS right_queries,
    count(DISTINCT srcaddr_n) FILTER (capture = $right) AS right_clients,
    min(query_timestamp) FILTER (capture = $right) AS right_first
  FROM dns
  WHERE capture IN ($left, $right)
  GROUP BY name
)
SELECT
  CASE
    WHEN left_queries > 0 AND right_queries > 0 THEN 'both'
    WHEN left_queries > 0 THEN 'left'
    ELSE 'right'
  END AS found_in,
  name, registered_domain, left_queries, left_clients, left_first, right_queries, right_clients, right_first
FROM counted_name
WHERE $only = '' OR $only = found_in
ORDER BY found_in = 'both' DESC, found_in DESC, name
