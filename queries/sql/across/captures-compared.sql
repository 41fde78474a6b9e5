-- Two captures compared, place by place
--
-- A place is a name, or an address that was called without one. Each row is a place with what both
-- captures say about it: calls, refused attempts, queries, bytes, first and last time. Rows of what
-- 'total' sum up each part. level says how a place of one capture is known to the other: name,
-- address, registered domain, or /24 and port (IPv6: /64 and port), the most specific first; levels
-- has all that hold. Where the name is not the same, the left figures are of what the left capture
-- has at that level – every call to the address, names of the domain, addresses of the block – and
-- left_like says what that is. An address without a name that the other capture called by a name is
-- part of that match, and no row of its own; private addresses have rows only where both have them.
--
-- apart says what a place is set apart for, in this order: allow (the name, or every address, is on
-- the list), baseline (a baseline capture has its name; or, where either has no name for it, all
-- its addresses), AWS (a service of AWS's own), time (NTP). What customers run at AWS – S3, EC2,
-- load balancers, API Gateway – is not set apart.
--
-- The clocks agree (same_clock) where the medians of the pauses between calls lie within 10 % of one
-- another and their middle halves, each widened by 1 s or 1 %, overlap; the sizes (same_size),
-- where the same holds of the bytes sent. Both are of the client with most calls on each side; clock_by says whether calls were
-- timed or, where a side has hardly any, queries. Empty where a side has fewer than three pauses,
-- or, for sizes, where a side was refused.
--
-- Of outside addresses that only called in, those that the other capture has too and the 1,000 with
-- most connections of each capture are looked at; of_rows counts them all.
--
-- Names of one registered domain that were asked for, never called, and are in one capture only
-- are one row where they are more than ten; names says how many.
--
-- ports are those of both captures, left_ports and right_ports those of each; a protocol without ports, such as ICMP, stands
-- among them by its name.
--
-- cannot: What the logs of either capture do not have: a capture without Resolver log has no
-- names, one without flow log no calls. Names that end in .arpa, .internal and .local are left out.
-- An address may have another owner by the time of the replay, and private addresses that are the
-- same number need not be the same machine. Traffic as seen at a NAT gateway is left out: it is
-- seen at the interface of the machine too, where that has a flow log.
--
-- needs:  capture, connection_keys, answer_name, service_address, dns
-- steps:  sides, sides-all, calls, callers-all, uses, places, likeness
-- param:  left      capture             the first capture; empty for all of role incident
-- param:  right     capture             the second capture; empty for all of role replay
-- param:  baseline  capture             a capture of a clean machine; empty for all of role baseline that
--                                     are not compared themselves
-- param:  allow     text                addresses, blocks and names to set apart, a line each
-- param:  most      int       = 1000    at most so many places of each part; of_rows says how many there are
-- param:  from      time                only what begins at or after this moment
-- param:  to        time                only what begins before this moment
-- column: what               text
-- column: found_in           text
-- column: apart              text
-- column: kind               text
-- column: level              text
-- column: levels             text
-- column: score              number
-- column: address            ip
-- column: addresses          count
-- column: refused_addresses  count
-- column: shared_addresses   count
-- column: first_call         time
-- column: names              count
-- column: same_names         count
-- column: ports              text
-- column: left_ports         text
-- column: right_ports        text
-- column: left_like          text
-- column: left_clients       count
-- column: left_connections   count
-- column: left_refused       count
-- column: left_queries       count
-- column: left_bytes         bytes
-- column: left_first         time
-- column: left_last          time
-- column: right_clients      count
-- column: right_connections  count
-- column: right_refused      count
-- column: right_records      count
-- column: right_queries      count
-- column: right_bytes        bytes
-- column: right_first        time
-- column: right_last         time
-- column: clock_by           text
-- column: same_clock         flag
-- column: left_pause         number
-- column: right_pause        number
-- column: same_size          flag
-- column: left_size          number
-- column: right_size         number
-- column: of_rows            count
WITH allowed_entry AS (
  SELECT bare_name(entry) AS entry,
    CASE WHEN is_block(entry) THEN cidr_first(entry) END AS first_n,
    CASE WHEN is_block(entry) THEN cidr_last(entry) END AS last_n
  FROM (SELECT trim(unnest(string_split($allow, chr(10)))) AS entry)
  WHERE entry <> ''
), name_suffix AS (
  SELECT place_no, unnest(list_transform(range(1, len(labels) + 1), lambda i: array_to_string(labels[i:], '.'))) AS suffix
  FROM (
    SELECT place_no, string_split(name, '.') AS labels
    FROM judged_place
    WHERE name IS NOT NULL AND $allow <> ''
  )
), allowed_place AS (
  SELECT s.place_no
  FROM name_suffix s
    SEMI JOIN (SELECT entry AS name FROM allowed_entry WHERE first_n IS NULL) l ON l.name = s.suffix
  UNION
  SELECT a.place_no
  FROM (SELECT place_no, key_number(place_key) AS place_n FROM placed_call WHERE $allow <> '') a
    LEFT JOIN allowed_entry l ON a.place_n BETWEEN l.first_n AND l.last_n
  GROUP BY a.place_no
  HAVING bool_and(l.first_n IS NOT NULL)
), listed_place AS MATERIALIZED (
  SELECT
    t.* REPLACE (
      CASE WHEN l.place_no IS NOT NULL THEN 'allow' ELSE t.apart END AS apart,
      CASE WHEN l.place_no IS NOT NULL AND t.has_baseline THEN 0 ELSE t.rare END AS rare
    )
  FROM compared_place t
    LEFT JOIN allowed_place l USING (place_no)
), scored AS (
  SELECT * EXCLUDE (kind), kind,
    CASE
      WHEN found_in = 'match'
        THEN CASE
          WHEN level IN ('name', 'address') THEN 0.35
          WHEN level = 'registered domain' THEN 0.15
          ELSE 0.1
        END
          + coalesce(0.25 * rare, 0.1)
          + 0.2 * CASE
            WHEN same_clock THEN 1
            WHEN same_clock IS NULL THEN 0.25
            ELSE 0
          END
          + 0.2 * least(1, ln(greatest(1, right_connections, right_queries)) / ln(200))
      ELSE coalesce(0.4 * rare, 0.2)
        + CASE kind WHEN 'asked' THEN 0 ELSE 0.1 END
        + CASE WHEN name IS NULL THEN 0.1 ELSE 0 END
        + 0.3 * least(1, ln(1 + greatest(coalesce(left_bytes, 0), coalesce(right_bytes, 0), 0)) / ln(1e9))
        + 0.1 * least(1, ln(greatest(1, left_connections, left_queries, right_connections, right_queries)) / ln(200))
    END AS score,
    1 AS names
  FROM listed_place
), folded_domain AS ( -- names of one domain that one side asked for and nobody called: a tunnel's are thousands
  SELECT found_in, apart, registered_domain, count(*) AS names
  FROM scored
  WHERE kind = 'asked' AND found_in <> 'match' AND registered_domain IS NOT NULL
  GROUP BY found_in, apart, registered_domain
  HAVING count(*) > 10
), folded_place AS (
  SELECT s.found_in, s.apart, s.kind, s.name, s.registered_domain, s.level, s.levels,
    s.score, s.address_key, s.left_like, s.left_clients, s.left_connections,
    s.left_refused, s.left_queries, s.left_bytes, s.left_first, s.left_last,
    s.right_clients, s.right_connections, s.right_refused, s.right_records, s.right_queries,
    s.right_bytes, s.right_first, s.right_last, s.clock_by, s.same_clock, s.left_pause,
    s.right_pause, s.same_size, s.left_size, s.right_size, s.place_no, 1 AS names
  FROM scored s
    ANTI JOIN folded_domain f ON s.kind = 'asked'
      AND f.found_in = s.found_in
      AND f.apart IS NOT DISTINCT FROM s.apart
      AND f.registered_domain = s.registered_domain
  UNION ALL
  SELECT s.found_in, s.apart, s.kind, NULL, s.registered_domain, any_value(s.level), any_value(s.levels),
    least(1, max(s.score) + 0.5 * least(1, ln(count(*)) / ln(1000))),
    NULL, NULL, max(s.left_clients), 0, 0, sum(s.left_queries)::BIGINT, NULL, min(s.left_first),
    max(s.left_last), max(s.right_clients), 0, 0, 0, sum(s.right_queries)::BIGINT, NULL, min(s.right_first),
    max(s.right_last), NULL, NULL, NULL, NULL, NULL, NULL, NULL, min(s.place_no), count(*)
  FROM scored s
    JOIN folded_domain f ON s.kind = 'asked'
      AND f.found_in = s.found_in
      AND f.apart IS NOT DISTINCT FROM s.apart
      AND f.registered_domain = s.registered_domain
  GROUP BY s.found_in, s.apart, s.kind, s.registered_domain
), ranked_place AS (
  SELECT f.*,
    count(*) OVER part
      + CASE
          WHEN kind = 'in' AND apart IS NULL
            THEN CASE found_in
              WHEN 'only left' THEN o.left_n
              WHEN 'only right' THEN o.right_n
              ELSE 0
            END
          ELSE 0
        END AS of_rows
  FROM folded_place f
    CROSS JOIN left_out_callers o
  WINDOW part AS (PARTITION BY found_in, apart, kind = 'in', kind = 'inside')
  QUALIFY row_number() OVER (
    PARTITION BY found_in, apart, kind = 'in', kind = 'inside'
    ORDER BY score DESC, right_connections + left_connections DESC,
      right_queries + left_queries DESC, name, registered_domain, address_key
  ) <= $most::BIGINT
), side_ports AS ( -- of a side, and of both
  SELECT place_no, side, count(DISTINCT place_key) AS addresses,
    list_sort(list(DISTINCT port) FILTER (portless IS NULL AND port IS NOT NULL)) AS ports,
    list_sort(list(DISTINCT
      CASE portless
        WHEN 1 THEN 'ICMP'
        WHEN 58 THEN 'ICMPv6'
        WHEN 47 THEN 'GRE'
        WHEN 50 THEN 'ESP'
        ELSE 'protocol ' || portless
      END
    ) FILTER (portless IS NOT NULL)) AS protocols
  FROM placed_call
    SEMI JOIN ranked_place USING (place_no)
  GROUP BY GROUPING SETS ((place_no), (place_no, side))
), ports_text AS (
  SELECT place_no, side, addresses,
    nullif(
      concat_ws(', ',
        nullif(
          array_to_string(ports[:8], ', ')
            || CASE WHEN len(ports) > 8 THEN format(' and {} more', len(ports) - 8) ELSE '' END, ''
        ),
        nullif(array_to_string(protocols, ', '), '')
      ), ''
    ) AS ports
  FROM side_ports
), place_ports AS (
  SELECT place_no,
    any_value(addresses) FILTER (side IS NULL) AS addresses, any_value(ports) FILTER (side IS NULL) AS ports,
    any_value(ports) FILTER (side = 'left') AS left_ports, any_value(ports) FILTER (side = 'right') AS right_ports
  FROM ports_text
  GROUP BY place_no
), part_sum AS (
  SELECT g.part, apart,
    CASE kind WHEN 'asked' THEN 'out' ELSE kind END AS kind,
    count(*) AS of_rows,
    count(DISTINCT name) FILTER (left_queries + right_queries > 0) AS names,
    count(*) FILTER (level = 'name' AND right_queries > 0) AS same_names,
    sum(left_connections)::BIGINT AS left_connections, sum(left_refused)::BIGINT AS left_refused,
    sum(left_queries)::BIGINT AS left_queries, bounded(sum(left_bytes)) AS left_bytes,
    min(left_first) AS left_first, max(left_last) AS left_last,
    sum(right_connections)::BIGINT AS right_connections,
    sum(right_refused)::BIGINT AS right_refused, sum(right_records)::BIGINT AS right_records,
    sum(right_queries)::BIGINT AS right_queries, bounded(sum(right_bytes)) AS right_bytes,
    min(right_first) AS right_first, max(right_last) AS right_last
  FROM listed_place t
    JOIN (
      VALUES ('match', 'match'), ('only left', 'only left'), ('only right', 'only right'), ('right', 'match'),
        ('right', 'only right')
    ) g(part, found_in) USING (found_in)
  GROUP BY ALL
), part_addresses AS (
  SELECT g.part, t.apart,
    CASE t.kind WHEN 'asked' THEN 'out' ELSE t.kind END AS kind,
    count(DISTINCT m.place_key) AS addresses,
    count(DISTINCT m.place_key) FILTER (m.refused > 0) AS refused_addresses,
    count(DISTINCT b.place_key) AS shared_addresses, min(m.first_time) AS first_call
  FROM listed_place t
    JOIN (
      VALUES ('match', 'match'), ('only left', 'only left'), ('only right', 'only right'), ('right', 'match'),
        ('right', 'only right')
    ) g(part, found_in) USING (found_in)
    JOIN (
      SELECT place_no, side, place_key, sum(refused) AS refused, min(first_time) AS first_time
      FROM placed_call
      GROUP BY place_no, side, place_key
    ) m ON m.place_no = t.place_no AND m.side = CASE g.part WHEN 'only left' THEN 'left' ELSE 'right' END
    LEFT JOIN shared_address b ON b.place_key = m.place_key
  GROUP BY ALL
), line AS (
  SELECT 'place' AS what, found_in, apart, kind, level, levels, round(score, 3)::DOUBLE AS score,
    name, registered_domain,
    CASE WHEN address_key IS NOT NULL THEN key_text(address_key) END AS address,
    coalesce(p.addresses, 0) AS addresses, NULL AS refused_addresses,
    NULL AS shared_addresses, NULL AS first_call, names, NULL AS same_names,
    p.ports, p.left_ports, p.right_ports,
    left_like,
    left_clients, left_connections, left_refused, left_queries, left_bytes, left_first, left_last, right_clients,
    right_connections, right_refused, right_records, right_queries, right_bytes, right_first, right_last,
    clock_by, same_clock,
    round(left_pause, 1) AS left_pause, round(right_pause, 1) AS right_pause, same_size,
    round(left_size, 1) AS left_size, round(right_size, 1) AS right_size, of_rows
  FROM ranked_place
    LEFT JOIN place_ports p USING (place_no)
  UNION ALL
  SELECT 'total', s.part, s.apart, s.kind, NULL, NULL, NULL, NULL, NULL, NULL, coalesce(c.addresses, 0),
    coalesce(c.refused_addresses, 0), coalesce(c.shared_addresses, 0), c.first_call, s.names,
    s.same_names, NULL, NULL, NULL, NULL, NULL, s.left_connections, s.left_refused, s.left_queries, s.left_bytes,
    s.left_first, s.left_last, NULL, s.right_connections, s.right_refused, s.right_records,
    s.right_queries, s.right_bytes, s.right_first, s.right_last, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    s.of_rows
      + CASE
          WHEN s.kind = 'in' AND s.apart IS NULL
            THEN CASE s.part
              WHEN 'only left' THEN o.left_n
              WHEN 'only right' THEN o.right_n
              WHEN 'right' THEN o.right_n
              ELSE 0
            END
          ELSE 0
        END
  FROM part_sum s
    CROSS JOIN left_out_callers o
    LEFT JOIN part_addresses c ON c.part = s.part AND c.apart IS NOT DISTINCT FROM s.apart AND c.kind = s.kind
)
SELECT *
FROM line
ORDER BY what, found_in, kind = 'in', kind = 'inside', apart NULLS FIRST, score DESC, right_connections DESC,
  left_connections DESC, name, registered_domain, address, kind
