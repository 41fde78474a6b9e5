-- What was refused, from whom to whom
--
-- Connections of which every record was REJECT, and those of which only some were. What an inside
-- host tried and was refused, outside or inside, has a row per pair; what came from the outside
-- has a row per own address, with its ports and busiest sources, since strangers knock all day.
--
-- cannot: Which rule refused it. A flow log of ACCEPT only has none of it. Flow logs never record queries
-- to the Amazon DNS server, instance metadata (169.254.169.254), time sync, DHCP and ARP; a
-- SKIPDATA interval hides an unknown number of flows.
--
-- method: REJECT by direction, port and peer (after AWS's investigation playbooks), at least 5 connections, as the
-- interface saw them that saw most: what one side let out another may have refused. Ours: the unit is the connection,
-- so that tries are counted and not packets; what an own machine tried ranks before what strangers tried; connections
-- that were let in at one side and refused at the other are told apart (a stateless network ACL that refuses replies,
-- or a rule that changed); addresses of one name are one place; and it is said whether the same was let through at
-- another time. Score for tries out: 0.35, inside: 0.3, each with up to 0.2 for the number (full at 1,000), 0.1 where
-- it was never let through, and half of all for AWS's own services and for time servers. Half-refused ones: 0.2. From
-- the outside: 0.05, up to 0.1 for the number (full at 100,000).
--
-- false-positives: Strict rules on agents and time servers, monitoring that looks at closed ports, the
-- internet's background noise on public addresses.
--
-- measured: false findings in benign days, high and medium: two days of ctu-normal 0 and 0, a generated day 0 and 0.
-- False findings per million benign records, high and medium: ctu-normal 0 and 0, benign-dns 0 and 0, ordinary day 0
-- and 0.
--
-- not-proof: That a try was hostile, or what it would have sent.
--
-- attack: T1046, T1595.001, T1071, T1021
-- phase:  in knock, out home, inside probe
-- kind:   refusal
-- log:    flow
-- weight: support
-- needs:  session_keys, connection_keys, answer_name, service_address
-- steps:  attempts
-- param:  least    int      = 5   at least so many connections: fewer is a mistyped address
-- param:  top      int      = 50  so many findings, the best; the reason says of how many
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   refused_connection  connections with a refused record
-- step:   channel  own clients, servers and ports of them
-- step:   target  pairs and own addresses with enough of them
-- column: kind text
-- column: direction text
-- column: tries count
-- column: sources count
-- column: ports count
-- column: most_tried text
-- column: busiest_sources text
-- column: let_through count
-- column: service text
WITH refused_connection AS (
  SELECT capture, interface_no, interface_id, direction, NOT refused AS half,
    CASE WHEN direction <> 'in' THEN client_key END AS from_key,
    client_key, server_key,
    CASE WHEN direction = 'in' THEN server_key ELSE peer_no(server_key, name_no) END AS to_key,
    CASE WHEN direction <> 'in' THEN name_no END AS name_no,
    server_port, protocol, records, start, "end"
  FROM session_keys
  WHERE refused_records > 0
    AND NOT (translated AND direction = 'out')
    AND of(capture, $capture) AND within(start, $from, $to)
), interface AS (
  SELECT interface_no, any_value(capture) AS capture, any_value(interface_id) AS interface_id
  FROM refused_connection
  GROUP BY interface_no
), channel AS MATERIALIZED ( -- by the client too, but for what came from the outside
  SELECT interface_no, direction, half, from_key, to_key, server_port, protocol,
    any_value(name_no) AS name_no, min(server_key) AS server_key,
    min(client_key) AS client_key, count(*) AS tries, sum(records)::BIGINT AS records,
    min(start) AS first_start, max("end") AS last_end
  FROM refused_connection
  GROUP BY interface_no, direction, half, from_key, to_key, server_port, protocol
), stranger AS MATERIALIZED (
  SELECT interface_no, half, to_key, client_key, count(*) AS n
  FROM refused_connection
  WHERE direction = 'in'
  GROUP BY interface_no, half, to_key, client_key
), called_service AS (
  SELECT l.interface_no, l.direction, l.half, l.from_key, l.to_key, max(v.service) AS service
  FROM refused_connection l
    JOIN service_address v USING (server_key)
  GROUP BY ALL
), busy_target AS (
  SELECT c.interface_no, c.direction, c.half, c.from_key, c.to_key, any_value(c.name_no) AS name_no,
    arg_max(c.server_key, (c.tries, c.server_key)) AS server_key,
    sum(c.tries)::BIGINT AS tries, count(DISTINCT c.server_port) AS ports,
    min(c.server_port) AS one_port, min(c.client_key) AS one_client,
    sum(c.records)::BIGINT AS records, min(c.first_start) AS first_start, max(c.last_end) AS last_end
  FROM channel c
  GROUP BY c.interface_no, c.direction, c.half, c.from_key, c.to_key
  HAVING sum(c.tries) >= $least::BIGINT
), target AS (
  SELECT m.*, i.capture, i.interface_id, n.name, v.service
  FROM busy_target m
    JOIN interface i USING (interface_no)
    LEFT JOIN answer_name n USING (name_no)
    LEFT JOIN called_service v ON v.interface_no = m.interface_no
      AND v.direction = m.direction
      AND v.half = m.half
      AND v.from_key IS NOT DISTINCT FROM m.from_key
      AND v.to_key = m.to_key
  QUALIFY row_number() OVER (
    PARTITION BY i.capture, m.direction, m.half, m.from_key, m.to_key
    ORDER BY m.tries DESC, i.interface_id
  ) = 1
), target_ports AS (
  SELECT interface_no, direction, half, from_key, to_key,
    array_to_string(
      list_transform(
        min({n: -tries, port: server_port, protocol: protocol}, 4),
        lambda p: coalesce(p.port, 0)
          || CASE p.protocol
              WHEN 17 THEN '/udp'
              WHEN 6 THEN ''
              ELSE ' of protocol ' || p.protocol
            END
          || ' ('
          || -p.n
          || ')'
      ),
      ', '
    ) AS most_tried
  FROM channel
  GROUP BY ALL
), target_sources AS (
  SELECT interface_no, half, to_key, any_value(sources) AS sources,
    string_agg(key_text(busy.client_key) || ' (' || -busy.n || ')', ', ' ORDER BY busy.n, busy.client_key) AS busiest
  FROM (
    SELECT interface_no, half, to_key, count(*) AS sources, unnest(min({n: -n, client_key: client_key}, 3)) AS busy
    FROM stranger
    GROUP BY ALL
  )
  GROUP BY ALL
), let_in_target AS (
  SELECT s.capture, s.client_key AS from_key,
    peer_no(s.server_key, s.name_no) AS to_key, count(*) AS let_through,
    min(s.start) AS first_pass, max(s.start) AS last_pass
  FROM attempt s
    SEMI JOIN (
      SELECT t.capture, t.from_key, t.to_key, c.server_port
      FROM channel c
        JOIN interface i USING (interface_no)
        JOIN target t ON t.capture = i.capture AND t.from_key = c.from_key AND t.to_key = c.to_key
      WHERE NOT c.half
    ) w ON w.capture = s.capture
      AND w.from_key = s.client_key
      AND w.to_key = peer_no(s.server_key, s.name_no)
      AND w.server_port IS NOT DISTINCT FROM s.server_port
  WHERE s.refused_records = 0 AND s.answer = 'answered'
  GROUP BY ALL
), candidate AS (
  SELECT t.*, coalesce(s.sources, 1) AS sources,
    p.most_tried, s.busiest,
    CASE WHEN t.half OR t.from_key IS NULL THEN NULL ELSE coalesce(l.let_through, 0) END AS let_through,
    l.first_pass, l.last_pass,
    CASE -- as in the steps aws-own
      WHEN t.name IS NULL THEN aws_own_service(nullif(t.service, ''))
      ELSE aws_domain(t.name) AND NOT aws_customer_name(t.name) AND NOT aws_data_name(t.name)
    END OR t.ports = 1 AND t.one_port = ntp_port() AS known
  FROM target t
    LEFT JOIN target_ports p ON p.interface_no = t.interface_no
      AND p.direction = t.direction
      AND p.half = t.half
      AND p.from_key IS NOT DISTINCT FROM t.from_key
      AND p.to_key = t.to_key
    LEFT JOIN target_sources s ON t.direction = 'in'
      AND s.interface_no = t.interface_no
      AND s.half = t.half
      AND s.to_key = t.to_key
    LEFT JOIN let_in_target l ON l.capture = t.capture AND l.from_key = t.from_key AND l.to_key = t.to_key
), scored AS (
  SELECT *,
    CASE
      WHEN half THEN 0.2
      WHEN direction = 'in' THEN 0.05 + 0.1 * least(1, ln(tries) / ln(100000))
      ELSE (
        CASE WHEN direction = 'inside' THEN 0.3 ELSE 0.35 END
          + 0.2 * least(1, ln(tries) / ln(1000))
          + 0.1 * (let_through = 0)::INTEGER
      ) * CASE WHEN known THEN 0.5 ELSE 1 END
    END AS score
  FROM candidate
), ranked AS (
  SELECT *,
    row_number() OVER (ORDER BY score DESC, tries DESC, capture, from_key, to_key, direction, half) AS place,
    count(*) OVER () AS all_findings
  FROM scored
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN half THEN 'low'
    WHEN direction = 'in' THEN 'info'
    WHEN known OR let_through > 0 OR tries < 20 THEN 'low'
    ELSE 'medium'
  END AS severity,
  CASE
    WHEN half
      THEN format(
        '{} connections {} were let in at one side and refused at the other, '
          || 'port {}: a network ACL that refuses the replies, or a rule that changed',
        tries, direction, most_tried
      )
    WHEN direction = 'in'
      THEN format(
        '{} tries from {} outside addresses at {} ports; most at port {}; busiest {}',
        tries, sources, ports, most_tried, busiest
      )
    ELSE format(
      '{} tries {} were refused, at {} port{}: {}; {}{}',
      tries,
      CASE direction
        WHEN 'out' THEN 'to the outside'
        WHEN 'inside' THEN 'inside'
        ELSE 'between others'
      END,
      ports, plural(ports), most_tried,
      CASE
        WHEN let_through > 0
          THEN format(
            'the same was let through and answered {} times, {} to {}',
            let_through, strftime(first_pass, '%m-%d %H:%M'), strftime(last_pass, '%m-%d %H:%M')
          )
        ELSE 'never let through and answered in this time'
      END,
      CASE
        WHEN known THEN coalesce('; a service of AWS (' || service || ')', '; a time server')
        ELSE ''
      END
    )
  END
    || shown_of($top, all_findings, 'findings') AS reason,
  CASE
    WHEN from_key IS NOT NULL THEN key_text(from_key)
    WHEN sources = 1 THEN key_text(one_client)
  END AS src,
  key_text(server_key) AS dst,
  CASE WHEN ports = 1 THEN one_port END AS dstport,
  name, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  CASE WHEN half THEN 'half refused' ELSE 'refused' END AS kind,
  direction, tries, sources, ports, most_tried, busiest AS busiest_sources, let_through, service, capture
FROM ranked
WHERE place <= $top::BIGINT
ORDER BY place
