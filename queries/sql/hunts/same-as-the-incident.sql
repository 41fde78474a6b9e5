-- What the replay has in common with the incident
--
-- Names and addresses that both captures called or asked for, at the most specific of four levels:
-- name, address, registered domain, /24 (IPv6: /64) and port. What a baseline has too, and AWS's
-- own services, are left out; captures-compared has them.
--
-- cannot: Why both have it. A name that every machine of the image asks for is in both captures too: load
-- a capture of a clean machine with the role baseline. An address may have another owner by the
-- time of the replay, and a name that was answered from a cache was not logged.
--
-- method: Set algebra on names, addresses, registered domains, and blocks with their port. Score: 0.35 for
-- the same name or address (0.15 for the registered domain, 0.1 for the block), 0.25 times how rare
-- it is – 1 where there is a baseline that does not have it, else one less the share of the
-- incident's machines that have it too, of half of them; 0.1 flat where there are fewer than five
-- machines and no baseline – 0.2 for the same clock (0.05 where there are too few calls to tell),
-- 0.2 for the number of tries (full at 200). The clock is the same where the median pauses lie
-- within 10 % of one another and their middle halves, widened by 1 s or 1 %, overlap. High takes the same name or address,
-- rare, ten tries and 0.75.
--
-- false-positives: Updates, agents, time servers, cloud-init; a tool that only this machine has in both
-- captures, such as a monitoring agent of its own.
--
-- not-proof: That it is the intruder's: it says that the machine did the same again. What it would have
-- sent, and who answers there.
--
-- attack: T1071.001, T1071.004, T1571
-- phase:  replay
-- kind:   compare
-- log:    flow, dns
-- weight: own
-- needs:  capture, connection_keys, answer_name, service_address, dns
-- steps:  sides, sides-replayed, calls, callers-called, uses, places, likeness
-- param:  left      capture            the capture to compare with; empty for all of role incident
-- param:  right     capture            the capture that is asked about; empty for all of role replay
-- param:  baseline  capture            a capture of a clean machine; empty for all of role baseline
-- param:  from      time               only what begins at or after this moment
-- param:  to        time               only what begins before this moment
-- param:  least     number    = 0.25   show from this score on
-- step:   side  captures that are compared; none where there is no replay
-- step:   place_use  uses of names and addresses by machines of the captures
-- step:   judged_place  names and addresses that the two captures have
-- step:   matched_place  of them in both, and neither in a baseline nor AWS's own
-- column: kind text
-- column: level text
-- column: connections count
-- column: refused count
-- column: queries count
-- column: levels text
-- column: left_connections count
-- column: left_clients count
-- column: clock_by text
-- column: same_clock flag
-- column: left_pause number
-- column: right_pause number
-- column: same_size flag
WITH matched_place AS (
  SELECT t.*, o.own_n, o.interface_id, r.capture,
    0.2 * least(1, ln(greatest(1, right_connections, right_queries)) / ln(200)) AS tries,
    CASE
      WHEN level IN ('name', 'address') THEN 0.35
      WHEN level = 'registered domain' THEN 0.15
      ELSE 0.1
    END AS likeness,
    coalesce(0.25 * rare, 0.1) AS rarity,
    CASE
      WHEN same_clock THEN 0.2
      WHEN same_clock IS NULL THEN 0.05
      ELSE 0
    END AS pace
  FROM compared_place t
    LEFT JOIN own_client o USING (place_no)
    CROSS JOIN right_capture r
  WHERE t.found_in = 'match' AND t.apart IS NULL AND t.kind IN ('out', 'asked')
), scored AS (
  SELECT *, likeness + rarity + pace + tries AS score, greatest(right_connections, right_queries) AS n
  FROM matched_place
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN level IN ('name', 'address') AND rare >= 0.5 AND n >= 10 AND score >= 0.75 THEN 'high'
    WHEN level IN ('name', 'address') AND coalesce(rare >= 0.5, same_clock, false) THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    'the same {}: {} calls, {} of them refused, and {} queries here; '
      || 'in the other capture {}{} calls by {} host(s)',
    level, right_connections, right_refused, right_queries, coalesce(left_like || ', ', ''), left_connections, left_clients
  )
    || CASE
        WHEN same_clock IS NULL THEN ''
        ELSE format(
          '; {} every {:.0f} s here and every {:.0f} s there: {} clock',
          clock_by, right_pause, left_pause,
          CASE WHEN same_clock THEN 'the same' ELSE 'another' END
        )
      END
    || format(
      '; parts: likeness {:.2f}, rarity {:.2f}, clock {:.2f}, tries {:.2f}',
      likeness, rarity, pace, tries
    ) AS reason,
  CASE WHEN own_n IS NOT NULL THEN number_text(own_n) END AS src,
  CASE WHEN right_connections > 0 THEN key_text(address_key) END AS dst,
  CASE WHEN right_connections > 0 THEN spot_port END AS dstport,
  name, registered_domain, interface_id,
  (right_records + right_queries)::BIGINT AS "rows", right_first AS from_time,
  right_last AS to_time, kind, level, levels, right_connections AS connections,
  right_refused AS refused, right_queries AS queries, left_connections, left_clients,
  clock_by, same_clock, round(left_pause, 1) AS left_pause, round(right_pause, 1) AS right_pause, same_size, capture
FROM scored
WHERE score >= $least::DOUBLE
ORDER BY scored.score DESC, n DESC, name, address_key, place_no
