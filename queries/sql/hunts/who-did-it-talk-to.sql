-- Who a host talked to: its peers with names, ports, bytes each way and times
--
-- For the host given, a row per peer, port and side that opened the connections, most bytes first.
-- Without a host, a row per inside host with its largest peers: the picture to choose one from.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of
-- flows. A name says what the host had asked for, not what it then wanted of the address.
--
-- method: Connections grouped by peer and port (the data ratio query of AWS's investigation playbooks),
-- each counted once, at the host's own interface where that is logged, else where most was seen. Ours: connections in place
-- of records, so that the side that opened them is known; a peer is a name where one led the host
-- there, so that a service of many addresses is one; every other name that led to the same address
-- is given too, up to six, as one address may serve many. Score: 0.2 times the share of all bytes of
-- the host, or of all hosts. It is a picture and not a suspicion, and ranks low.
--
-- false-positives: It finds everybody who talked: nothing here is suspicious by itself.
--
-- not-proof: What was said. Bytes are those of packets, headers included.
--
-- attack: T1071, T1041
-- phase:  none
-- needs:  connection, asset
-- param:  host     ip             the host, by an address of its own; empty for all inside hosts
-- param:  top      int      = 50  so many peers of the host given; the reason says of how many
-- param:  hosts    int      = 10  so many hosts of a capture where none is given: beside other hunts more is noise
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   host_side  sides of connections that are inside hosts
-- step:   host  inside hosts
-- step:   peer  peers and ports of the hosts that are shown
-- column: host ip
-- column: direction text
-- column: connections count
-- column: refused count
-- column: peers count
-- column: several_addresses flag
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
-- column: names text
-- column: protocol protocol
WITH host_side AS (
  SELECT capture, interface_id, client_n AS host_n, server_n AS peer_n,
    CASE WHEN name IS NULL THEN server_n ELSE hash(name)::UHUGEINT END AS place,
    name, server_port, protocol, true AS opened, direction,
    bytes_out AS sent, bytes_in AS got, refused, records, start, "end"
  FROM connection
  WHERE direction IN ('out', 'inside')
    AND ($host::VARCHAR IS NULL OR client_n = ip($host::VARCHAR))
    AND of(capture, $capture) AND within(start, $from, $to)
  UNION ALL
  SELECT capture, interface_id, server_n, client_n, client_n, NULL, server_port,
    protocol, false, direction, bytes_in, bytes_out, refused, records, start, "end"
  FROM connection
  WHERE direction IN ('in', 'inside')
    AND ($host::VARCHAR IS NULL OR server_n = ip($host::VARCHAR))
    AND of(capture, $capture) AND within(start, $from, $to)
), own_address AS (
  SELECT capture, address_n AS host_n, min(interface_id) AS own_interface
  FROM asset
  WHERE capture IS NOT NULL
  GROUP BY capture, address_n
), host AS (
  SELECT m.* EXCLUDE (interface_id), coalesce(o.own_interface, m.interface_id) AS interface_id,
    row_number() OVER (PARTITION BY capture ORDER BY sent + got DESC, host_n) AS rank,
    count(*) OVER (PARTITION BY capture) AS all_hosts,
    bounded(sum(sent + got) OVER (PARTITION BY capture)) AS all_bytes
  FROM (
    SELECT capture, min(interface_id) AS interface_id, host_n, approx_count_distinct(hash(place)) AS peers,
      approx_count_distinct(hash(place)) FILTER (direction IN ('out', 'in')) AS outside_peers,
      count(*) AS connections, count(*) FILTER (opened) AS calls, count(*) FILTER (NOT opened) AS called,
      count(*) FILTER (refused) AS refused, coalesce(bounded(sum(sent)), 0) AS sent, coalesce(bounded(sum(got)), 0) AS got,
      sum(records)::BIGINT AS records, min(start) AS first_start, max("end") AS last_end
    FROM host_side
    GROUP BY capture, host_n
  ) m
    LEFT JOIN own_address o USING (capture, host_n)
), peer AS (
  SELECT l.capture, any_value(h.interface_id) AS interface_id, l.host_n, l.place, l.server_port, l.protocol, l.opened, min(l.name) AS name,
    arg_max(l.peer_n, (coalesce(l.sent, 0) + coalesce(l.got, 0), l.peer_n)) AS peer_n,
    min(l.peer_n) <> max(l.peer_n) AS several, min(l.direction) AS direction,
    count(*) AS connections, count(*) FILTER (l.refused) AS refused,
    coalesce(bounded(sum(l.sent)), 0) AS sent, coalesce(bounded(sum(l.got)), 0) AS got,
    sum(l.records)::BIGINT AS records, min(l.start) AS first_start, max(l."end") AS last_end
  FROM host_side l
    JOIN (
      FROM host WHERE $host::VARCHAR IS NOT NULL OR rank <= $hosts::BIGINT
    ) h USING (capture, host_n)
  GROUP BY l.capture, l.host_n, l.place, l.server_port, l.protocol, l.opened
), shown_peer AS (
  SELECT *,
    row_number() OVER (
      PARTITION BY capture, host_n
      ORDER BY sent + got DESC, connections DESC, place, server_port, protocol, opened
    ) AS rank,
    count(*) OVER (PARTITION BY capture, host_n) AS rows_of_host,
    bounded(sum(sent + got) OVER (PARTITION BY capture, host_n)) AS bytes_of_host
  FROM peer
  QUALIFY rank <= CASE WHEN $host::VARCHAR IS NULL THEN 3 ELSE $top::BIGINT END
), peer_names AS (
  SELECT capture, host_n, peer_n,
    array_to_string(list_slice(list_sort(list_distinct(flatten(list(names)))), 1, 6), ' ') AS names,
    len(list_distinct(flatten(list(names)))) AS n
  FROM (
    SELECT DISTINCT s.capture, s.client_n AS host_n, s.server_n AS peer_n, s.names
    FROM connection s
      SEMI JOIN (FROM shown_peer WHERE opened) w ON w.capture = s.capture
        AND w.host_n = s.client_n
        AND w.peer_n = s.server_n
    WHERE s.name IS NOT NULL
  )
  GROUP BY ALL
), named_peer AS (
  SELECT w.*, c.names || CASE WHEN c.n > 6 THEN format(' and {} more', c.n - 6) ELSE '' END AS names
  FROM shown_peer w
    LEFT JOIN peer_names c ON w.opened AND c.capture = w.capture AND c.host_n = w.host_n AND c.peer_n = w.peer_n
), largest_peers AS (
  SELECT capture, host_n,
    string_agg(
      format(
        '{}{} {} ({:.1f} MB)',
        CASE WHEN opened THEN '' ELSE 'from ' END,
        coalesce(name, number_text(peer_n)),
        CASE
          WHEN protocol IN (6, 17) THEN 'port ' || server_port
          ELSE 'protocol ' || protocol
        END,
        (sent + got) / 1e6
      ),
      ', ' ORDER BY rank
    ) AS text
  FROM named_peer
  WHERE $host::VARCHAR IS NULL
  GROUP BY ALL
), scored AS (
  SELECT 0.2 * (sent + got) / greatest(1, bytes_of_host) AS score,
    rank, capture, host_n,
    CASE WHEN opened THEN host_n ELSE peer_n END AS client_n,
    CASE WHEN opened THEN peer_n ELSE host_n END AS server_n,
    server_port AS dstport, protocol, name, names, interface_id,
    direction, connections, refused, 1 AS peers, several, sent, got, records, first_start, last_end,
    format(
      '{} {} connections, {} refused: {:.3f} MB to the peer, {:.3f} MB from it; {}peer {} of {} by bytes{}',
      CASE WHEN opened THEN 'opened' ELSE 'took' END,
      connections, refused, sent / 1e6, got / 1e6,
      CASE
        WHEN name IS NULL THEN CASE WHEN opened AND direction = 'out' THEN 'no name led there; ' ELSE '' END
        ELSE CASE WHEN several THEN 'several addresses; ' ELSE '' END
          || CASE WHEN names <> name THEN 'names that led there: ' || names || '; ' ELSE '' END
      END,
      rank, rows_of_host,
      CASE
        WHEN rows_of_host > $top::BIGINT THEN format(' ({} are shown)', $top::BIGINT)
        ELSE ''
      END
    ) AS reason
  FROM named_peer
  WHERE $host::VARCHAR IS NOT NULL
  UNION ALL
  SELECT 0.2 * (sent + got) / greatest(1, all_bytes), rank, capture, host_n, host_n, NULL, NULL, NULL, NULL,
    NULL, interface_id, NULL, connections, refused, peers, NULL, sent, got, records, first_start, last_end,
    format(
      'about {} peers, {} of them outside: opened {} connections and took {}, {} refused; '
        || '{:.1f} MB to them, {:.1f} MB from them; most with {}; host {} of {} by bytes{}',
      peers, outside_peers, coalesce(calls, 0), coalesce(called, 0), refused, sent / 1e6, got / 1e6, l.text, rank,
      all_hosts,
      CASE
        WHEN all_hosts > $hosts::BIGINT THEN format(' ({} are shown)', $hosts::BIGINT)
        ELSE ''
      END
    )
  FROM host h
    JOIN largest_peers l USING (capture, host_n)
  WHERE $host::VARCHAR IS NULL AND h.rank <= $hosts::BIGINT
)
SELECT round(score, 3)::DOUBLE AS score, 'info' AS severity, reason,
  number_text(client_n) AS src, number_text(server_n) AS dst,
  dstport, name, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  number_text(host_n) AS host, direction, connections, refused, peers,
  several AS several_addresses, sent AS bytes_to_peer, got AS bytes_from_peer, names, protocol, capture
FROM scored
ORDER BY scored.score DESC, rank, capture
