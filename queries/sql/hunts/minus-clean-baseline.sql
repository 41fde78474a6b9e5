-- What is left of the replay when a clean machine's traffic is taken away
--
-- Names and addresses of the replay that no capture with the role baseline has, AWS's own services
-- left out. Without a baseline it finds nothing: called-out and same-as-the-incident do without.
--
-- cannot: What a clean machine does less often than the baseline is long. A place that is in the
-- baseline by chance – a shared address, a public service that an intruder uses too – is taken away
-- with it; captures-compared has it, set apart.
--
-- method: Anti-join by name; where either side has no name for it, by address, and then every address of
-- the place has to be in the baseline. Score: 0.3 for being left, 0.3 where the incident has the
-- same name or address (0.15 for the registered domain or the block), 0.2 for the number of tries
-- (full at 200), 0.1 where it called and did not only ask, 0.1 where the baseline has neither its
-- registered domain nor its /24 (IPv6: /64) and port. High takes the incident's name or address, ten
-- tries, and a domain and block that are not in the baseline.
--
-- false-positives: A baseline that is shorter than the pauses of updates and agents; one of another image.
--
-- not-proof: That what is left is malicious, or that what was taken away is not.
--
-- attack: T1071.001, T1071.004, T1571
-- phase:  replay
-- kind:   compare
-- log:    flow, dns
-- weight: own
-- needs:  capture, connection_keys, answer_name, service_address, dns
-- needs-all: connection_keys, dns
-- steps:  sides, sides-with-baseline, calls, callers-called, uses, places
-- param:  left      capture            the capture to compare with; empty for all of role incident
-- param:  right     capture            the capture that is asked about; empty for all of role replay
-- param:  baseline  capture            a capture of a clean machine; empty for all of role baseline
-- param:  from      time               only what begins at or after this moment
-- param:  to        time               only what begins before this moment
-- param:  least     number    = 0.3    show from this score on
-- step:   clean_capture  captures with the role baseline that are not compared themselves
-- step:   replay_place  names and addresses of the replay
-- step:   left_place  of them neither in a baseline nor AWS's own
-- column: kind text
-- column: level text
-- column: connections count
-- column: refused count
-- column: queries count
WITH clean_capture AS (
  SELECT capture FROM candidate_side WHERE side = 'baseline'
), clean_block AS (
  SELECT DISTINCT s.v4, s.block, c.port
  FROM call c
    JOIN address_block s USING (place_key)
  WHERE c.side = 'baseline' AND c.outward
), clean_domain AS (
  SELECT DISTINCT n.registered_domain
  FROM question q
    JOIN place_name n USING (place_no)
  WHERE q.side = 'baseline'
), replay_place AS (
  SELECT * FROM judged_place WHERE right_clients > 0 AND kind IN ('out', 'asked')
), left_place AS (
  SELECT p.*, p.levels[1] AS level,
    o.own_n, o.interface_id, r.capture,
    b.block IS NOT NULL OR d.registered_domain IS NOT NULL AS near_clean
  FROM replay_place p
    LEFT JOIN own_client o USING (place_no)
    LEFT JOIN clean_block b ON b.v4 = p.spot_v4 AND b.block = p.spot_block AND b.port = p.spot_port
    LEFT JOIN clean_domain d ON d.registered_domain = p.registered_domain
    CROSS JOIN right_capture r
  WHERE p.apart IS NULL AND EXISTS (FROM clean_capture)
), rated_place AS (
  SELECT *, greatest(right_connections, right_queries) AS n,
    CASE
      WHEN level IN ('name', 'address') THEN 0.3
      WHEN level IS NOT NULL THEN 0.15
      ELSE 0
    END AS known,
    0.2 * least(1, ln(greatest(1, right_connections, right_queries)) / ln(200)) AS tries,
    CASE WHEN right_connections > 0 THEN 0.1 ELSE 0 END AS reached,
    CASE WHEN near_clean THEN 0 ELSE 0.1 END AS far
  FROM left_place
), scored AS (
  SELECT *, 0.3 + known + tries + reached + far AS score FROM rated_place
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN level IN ('name', 'address') AND n >= 10 AND NOT near_clean THEN 'high'
    WHEN (level IS NOT NULL OR right_connections > 0) AND NOT near_clean THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    'not in the baseline{}: {} calls, {} of them refused, {} queries; {}; '
      || 'parts: left 0.30, incident {:.2f}, tries {:.2f}, called {:.2f}, far from the baseline {:.2f}',
    CASE WHEN near_clean THEN ', which has its domain or block' ELSE '' END,
    right_connections, right_refused, right_queries,
    coalesce('in the incident too: ' || level, 'not in the incident'),
    known, tries, reached, far
  ) AS reason,
  CASE WHEN own_n IS NOT NULL THEN number_text(own_n) END AS src,
  CASE WHEN right_connections > 0 THEN key_text(address_key) END AS dst,
  CASE WHEN right_connections > 0 THEN spot_port END AS dstport,
  name, registered_domain, interface_id,
  (right_records + right_queries)::BIGINT AS "rows", right_first AS from_time, right_last AS to_time, kind,
  level, right_connections AS connections, right_refused AS refused, right_queries AS queries, capture
FROM scored
WHERE score >= $least::DOUBLE
ORDER BY scored.score DESC, n DESC, name, address_key, place_no
