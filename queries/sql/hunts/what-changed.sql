-- What changed between two captures, and what may have changed it
--
-- Names and addresses that one capture has and the other does not, and those that both have but that
-- fared otherwise: refused now, without a reply now, asked for and no longer called, no longer
-- resolved, resolved to a private address now (a sinkhole). AWS's own services and what a baseline
-- has are left out.
--
-- cannot: Why something is gone: a machine that was not started again, a program that waits, a day of
-- the week. A replay without a way out has refused or unanswered records only, and no bytes to
-- compare. How often a name was asked for is not how often it was used: caches answer unlogged.
--
-- method: Full outer join of both captures by name, and by address where there is none; a status for each
-- place, with the hint that the logs give. Score: new 0.5 and called before only asked for, to
-- a private address now 0.5, other changes 0.4, gone 0.2; and 0.1 each where one machine only has it
-- and for bytes or tries (full at 1 GB or 200). A picture, not an accusation: nothing here is more than low.
--
-- false-positives: All of it, in a sense: two captures of different length and isolation differ.
--
-- not-proof: That an intruder changed it, or that what is gone will not come back.
--
-- attack: T1071.001, T1071.004, T1008
-- phase:  none
-- needs:  capture, connection_keys, answer_name, service_address, dns, dns_answer, minute
-- needs-all: connection_keys, dns
-- steps:  sides, sides-replayed, calls, callers-called, uses, places
-- param:  left      capture            the capture to compare with; empty for all of role incident
-- param:  right     capture            the capture that is asked about; empty for all of role replay
-- param:  baseline  capture            a capture of a clean machine; empty for all of role baseline
-- param:  from      time               only what begins at or after this moment
-- param:  to        time               only what begins before this moment
-- param:  most      int       = 50     at most so many places of each status; the reason says of how many
-- step:   side  captures that are compared; none where there is no replay
-- step:   place_use  uses of names and addresses by machines of the captures
-- step:   judged_place  names and addresses that the two captures have
-- step:   changed_place  of them gone, new or faring otherwise, neither in a baseline nor AWS's own
-- column: status text
-- column: kind text
-- column: level text
-- column: connections count
-- column: refused count
-- column: queries count
-- column: left_connections count
-- column: left_refused count
-- column: left_queries count
WITH resolved_name AS (
  SELECT a.name,
    count(*) FILTER (s.side = 'left' AND NOT private_number(a.rdata_n)) AS left_outside,
    count(*) FILTER (s.side = 'right' AND NOT private_number(a.rdata_n)) AS right_outside,
    count(*) FILTER (s.side = 'right' AND private_number(a.rdata_n)) AS right_inside
  FROM dns_answer a
    JOIN side s USING (capture)
  WHERE a.rdata_n IS NOT NULL AND a.name IS NOT NULL
  GROUP BY a.name
), replay_span AS (
  SELECT min(m.minute) AS first_minute, max(m.minute) AS last_minute
  FROM minute m
    JOIN side s USING (capture)
  WHERE s.side = 'right' AND within(m.minute, $from, $to)
), changed_place AS (
  SELECT p.*, p.levels[1] AS level, o.own_n, o.interface_id, r.capture,
    CASE
      WHEN p.right_clients = 0 THEN 'gone'
      WHEN p.left_clients = 0 THEN 'new'
      WHEN n.left_outside > 0 AND n.right_inside > 0 AND n.right_outside = 0 THEN 'resolves to a private address now'
      WHEN n.left_outside > 0 AND p.right_queries > 0 AND n.right_outside + n.right_inside = 0 THEN 'does not resolve now'
      WHEN p.left_connections > p.left_refused
          AND p.right_connections > 0
          AND p.right_refused = p.right_connections
        THEN 'refused now'
      WHEN p.left_connections > 0 AND p.right_connections > 0 AND p.left_answered > 0 AND p.right_answered = 0
        THEN 'no reply now'
      WHEN p.left_connections > 0 AND p.right_connections = 0 THEN 'asked for and not called now'
      WHEN p.left_connections = 0 AND p.right_connections > 0 AND p.left_queries > 0
        THEN 'called now, only asked for before'
    END AS status
  FROM judged_place p
    LEFT JOIN own_client o USING (place_no)
    LEFT JOIN resolved_name n ON n.name = p.name
    CROSS JOIN right_capture r
  WHERE p.apart IS NULL
    AND p.kind IN ('out', 'asked')
    AND r.capture IS NOT NULL
    AND NOT (p.right_clients = 0 AND p.name IS NULL AND list_contains(p.levels, 'address'))
), counted_place AS ( -- names of one domain that one side asked for and nobody called: a tunnel's are thousands
  SELECT *,
    kind = 'asked'
      AND status IN ('gone', 'new')
      AND registered_domain IS NOT NULL
      AND count(*) OVER (PARTITION BY status, kind, registered_domain) > 10 AS fold
  FROM changed_place
  WHERE status IS NOT NULL
), folded_place AS (
  SELECT * EXCLUDE (left_queries, right_queries), count(*) OVER alike AS names,
    CASE WHEN fold THEN sum(left_queries) OVER alike ELSE left_queries END::BIGINT AS left_queries,
    CASE WHEN fold THEN sum(right_queries) OVER alike ELSE right_queries END::BIGINT AS right_queries,
    min(right_first) OVER alike AS fold_first, max(right_last) OVER alike AS fold_last
  FROM counted_place
  WINDOW alike AS (
      PARTITION BY status, fold, CASE WHEN fold THEN registered_domain END, CASE WHEN NOT fold THEN place_no END
    )
  QUALIFY row_number() OVER (
    PARTITION BY status, fold, CASE WHEN fold THEN registered_domain END, CASE WHEN NOT fold THEN place_no END
    ORDER BY name
  ) = 1
), rated_place AS (
  SELECT *,
    CASE
      WHEN status IN ('new', 'called now, only asked for before', 'resolves to a private address now') THEN 0.5
      WHEN status = 'gone' THEN 0.2
      ELSE 0.4
    END AS weight,
    CASE WHEN greatest(left_clients, right_clients) = 1 THEN 0.1 ELSE 0 END AS alone,
    0.1
      * least(
        1,
        greatest(
          ln(greatest(1, left_connections, left_queries, right_connections, right_queries)) / ln(200),
          ln(1 + greatest(coalesce(left_bytes, 0), coalesce(right_bytes, 0))) / ln(1e9)
        )
      ) AS much
  FROM folded_place
), scored AS (
  SELECT *, weight + alone + much AS score, count(*) OVER (PARTITION BY status) AS of_rows
  FROM rated_place
  QUALIFY row_number() OVER (
    PARTITION BY status
    ORDER BY weight + alone + much DESC, left_connections + right_connections DESC, left_queries + right_queries DESC,
      place_no
  ) <= $most::BIGINT
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE WHEN status = 'gone' THEN 'info' ELSE 'low' END AS severity,
  format(
    '{}{}: before {} calls, {} of them refused, and {} queries by {} host(s){}; '
      || 'now {} calls, {} refused, {} queries{}{}; one of {} of this kind; '
      || 'parts: kind {:.1f}, one host {:.1f}, size {:.2f}',
    status,
    CASE WHEN fold THEN format(', {} names of the domain', names) ELSE '' END,
    left_connections, left_refused, left_queries, left_clients,
    CASE
      WHEN left_first IS NULL THEN ''
      ELSE strftime(left_first, ', first at %Y-%m-%d %H:%M:%S')
    END,
    right_connections, right_refused, right_queries,
    CASE
      WHEN right_first IS NULL THEN ''
      ELSE strftime(CASE WHEN fold THEN fold_first ELSE right_first END, ', first at %Y-%m-%d %H:%M:%S')
    END,
    CASE
      WHEN level IN ('registered domain', '/24 and port', '/64 and port') THEN '; the other capture has the same ' || level
      ELSE ''
    END,
    of_rows, weight, alone, much
  ) AS reason,
  CASE WHEN own_n IS NOT NULL THEN number_text(own_n) END AS src,
  CASE
    WHEN address_key IS NOT NULL AND (right_connections > 0 OR name IS NULL) THEN key_text(address_key)
  END AS dst,
  spot_port AS dstport,
  CASE WHEN NOT fold THEN name END AS name,
  registered_domain, interface_id,
  CASE
    WHEN status = 'gone' THEN left_connections + left_queries
    ELSE right_records + right_queries
  END::BIGINT AS "rows",
  CASE
    WHEN right_first IS NULL THEN first_minute
    WHEN fold THEN fold_first
    ELSE right_first
  END AS from_time,
  CASE
    WHEN right_first IS NULL THEN last_minute
    WHEN fold THEN fold_last
    ELSE right_last
  END AS to_time,
  status, kind, level, right_connections AS connections, right_refused AS refused,
  right_queries AS queries, left_connections, left_refused, left_queries, capture
FROM scored
  CROSS JOIN replay_span
WHERE replay_span.first_minute IS NOT NULL
ORDER BY scored.score DESC, left_connections + right_connections DESC, left_queries + right_queries DESC, name,
  registered_domain, address_key, place_no
