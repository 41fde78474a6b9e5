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
-- method: REJECT by direction, port and peer (after AWS's investigation playbooks), at least 5
-- connections. Ours: the unit is the connection, so that tries are counted and not packets; what an
-- own machine tried ranks before what strangers tried; connections that were let in at one side and
-- refused at the other are told apart (a stateless network ACL that refuses replies, or a rule that
-- changed); addresses of one name are one place; and it is said whether the same was let through at
-- another time. Score for tries out:
-- 0.35, inside: 0.3, each with up to 0.2 for the number (full at 1,000), 0.1 where it was never let
-- through, and half of all for AWS's own services and for time servers. Half-refused ones: 0.2.
-- From the outside: 0.05, up to 0.1 for the number (full at 100,000).
--
-- false-positives: Strict rules on agents and time servers, monitoring that looks at closed ports, the
-- internet's background noise on public addresses.
--
-- not-proof: That a try was hostile, or what it would have sent.
--
-- attack: T1046, T1595.001, T1071, T1021
-- needs:  session
-- param:  least    int      = 5   at least so many connections: fewer is a mistyped address
-- param:  top      int      = 50  so many findings, the best; the reason says of how many
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   looked  connections with a refused record
-- step:   counted  clients, servers and ports of them
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
WITH looked AS (
  SELECT capture, interface_id, direction, NOT refused AS half, client_n, server_n, CASE WHEN direction = 'in' OR name IS NULL THEN server_n ELSE hash(name)::UHUGEINT END AS to_n, CASE WHEN direction <> 'in' THEN name END AS name, server_port, protocol, server_service, records, start, "end"
  FROM session
  WHERE refused_records > 0 AND NOT (translated AND direction = 'out')
    AND ($capture = '' OR capture = $capture) AND ($from::TIMESTAMP IS NULL OR start >= $from::TIMESTAMP) AND ($to::TIMESTAMP IS NULL OR start < $to::TIMESTAMP)
), counted AS (
  SELECT capture, interface_id, direction, half, CASE WHEN direction = 'in' THEN NULL ELSE client_n END AS from_n, client_n, to_n, server_port, protocol, min(name) AS name, min(server_n) AS server_n, max(server_service) AS service, count(*) AS tries, sum(records)::BIGINT AS records,
    min(start) AS first_start, max("end") AS last_end
  FROM looked GROUP BY capture, interface_id, direction, half, CASE WHEN direction = 'in' THEN NULL ELSE client_n END, client_n, to_n, server_port, protocol
), target AS (
  SELECT capture, interface_id, direction, half, from_n, to_n, min(name) AS name, arg_max(server_n, (tries, server_n)) AS server_n, max(service) AS service, sum(tries)::BIGINT AS tries, count(DISTINCT client_n) AS sources, count(DISTINCT server_port) AS ports, min(server_port) AS one_port, min(client_n) AS one_client,
    sum(records)::BIGINT AS records, min(first_start) AS first_start, max(last_end) AS last_end
  FROM counted GROUP BY capture, interface_id, direction, half, from_n, to_n HAVING sum(tries) >= $least::BIGINT
  QUALIFY row_number() OVER (PARTITION BY capture, direction, half, from_n, to_n ORDER BY sum(tries) DESC, interface_id) = 1
), port AS (
  SELECT capture, interface_id, direction, half, from_n, to_n, string_agg(coalesce(server_port, 0) || CASE protocol WHEN 17 THEN '/udp' WHEN 6 THEN '' ELSE ' of protocol ' || protocol END || ' (' || n || ')', ', ' ORDER BY n DESC, server_port, protocol) AS most_tried
  FROM (
    SELECT capture, interface_id, direction, half, from_n, to_n, server_port, protocol, sum(tries)::BIGINT AS n FROM counted GROUP BY capture, interface_id, direction, half, from_n, to_n, server_port, protocol
    QUALIFY row_number() OVER (PARTITION BY capture, interface_id, direction, half, from_n, to_n ORDER BY sum(tries) DESC, server_port, protocol) <= 4
  ) GROUP BY ALL
), source AS (
  SELECT capture, interface_id, half, to_n, string_agg(number_text(client_n) || ' (' || n || ')', ', ' ORDER BY n DESC, client_n) AS busiest, max(n) AS most
  FROM (
    SELECT capture, interface_id, half, to_n, client_n, sum(tries)::BIGINT AS n FROM counted WHERE direction = 'in' GROUP BY capture, interface_id, half, to_n, client_n
    QUALIFY row_number() OVER (PARTITION BY capture, interface_id, half, to_n ORDER BY sum(tries) DESC, client_n) <= 3
  ) GROUP BY ALL
), let_in AS (
  SELECT s.capture, s.client_n AS from_n, CASE WHEN s.name IS NULL THEN s.server_n ELSE hash(s.name)::UHUGEINT END AS to_n, count(*) AS let_through, min(s.start) AS first_pass, max(s.start) AS last_pass
  FROM session s SEMI JOIN (FROM counted WHERE from_n IS NOT NULL AND NOT half) w
    ON w.capture = s.capture AND w.from_n = s.client_n AND w.to_n = CASE WHEN s.name IS NULL THEN s.server_n ELSE hash(s.name)::UHUGEINT END AND w.server_port IS NOT DISTINCT FROM s.server_port
  WHERE s.refused_records = 0 AND s.bytes_in > 0 GROUP BY ALL
), told AS (
  SELECT t.*, p.most_tried, s.busiest, s.most, CASE WHEN t.half OR t.from_n IS NULL THEN NULL ELSE coalesce(l.let_through, 0) END AS let_through, l.first_pass, l.last_pass,
    coalesce(t.service, 'EC2') NOT IN ('EC2', 'CLOUDFRONT', 'S3', 'API_GATEWAY', 'GLOBALACCELERATOR') OR t.ports = 1 AND t.one_port = 123 AS known
  FROM target t LEFT JOIN port p ON p.capture = t.capture AND p.interface_id IS NOT DISTINCT FROM t.interface_id AND p.direction = t.direction AND p.half = t.half AND p.from_n IS NOT DISTINCT FROM t.from_n AND p.to_n = t.to_n
    LEFT JOIN source s ON t.direction = 'in' AND s.capture = t.capture AND s.interface_id IS NOT DISTINCT FROM t.interface_id AND s.half = t.half AND s.to_n = t.to_n
    LEFT JOIN let_in l ON l.capture = t.capture AND l.from_n = t.from_n AND l.to_n = t.to_n
), scored AS (
  SELECT *, CASE WHEN half THEN 0.2 WHEN direction = 'in' THEN 0.05 + 0.1 * least(1, ln(tries) / ln(100000))
    ELSE (CASE WHEN direction = 'inside' THEN 0.3 ELSE 0.35 END + 0.2 * least(1, ln(tries) / ln(1000)) + 0.1 * (let_through = 0)::INTEGER) * CASE WHEN known THEN 0.5 ELSE 1 END END AS score FROM told
), ranked AS (
  SELECT *, row_number() OVER (ORDER BY score DESC, tries DESC, capture, from_n, to_n, direction, half) AS place, count(*) OVER () AS all_findings FROM scored
)
SELECT round(score, 3)::DOUBLE AS score, CASE WHEN half THEN 'low' WHEN direction = 'in' THEN 'info' WHEN known OR let_through > 0 OR tries < 20 THEN 'low' ELSE 'medium' END AS severity,
  CASE WHEN half THEN format('{} connections {} were let in at one side and refused at the other, port {}: a network ACL that refuses the replies, or a rule that changed', tries, direction, most_tried)
    WHEN direction = 'in' THEN format('{} tries from {} outside addresses at {} ports; most at port {}; busiest {}', tries, sources, ports, most_tried, busiest)
    ELSE format('{} tries {} were refused, at {} port{}: {}; {}{}', tries, CASE direction WHEN 'out' THEN 'to the outside' WHEN 'inside' THEN 'inside' ELSE 'between others' END, ports, CASE WHEN ports = 1 THEN '' ELSE 's' END, most_tried,
      CASE WHEN let_through > 0 THEN format('the same was let through and answered {} times, {} to {}', let_through, strftime(first_pass, '%m-%d %H:%M'), strftime(last_pass, '%m-%d %H:%M')) ELSE 'never let through and answered in this time' END,
      CASE WHEN known THEN coalesce('; a service of AWS (' || service || ')', '; a time server') ELSE '' END) END
    || CASE WHEN all_findings > $top::BIGINT THEN format(' ({} of {} findings are shown)', $top::BIGINT, all_findings) ELSE '' END AS reason,
  CASE WHEN from_n IS NOT NULL THEN number_text(from_n) WHEN sources = 1 THEN number_text(one_client) END AS src, number_text(server_n) AS dst, CASE WHEN ports = 1 THEN one_port END AS dstport, name, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  CASE WHEN half THEN 'half refused' ELSE 'refused' END AS kind, direction, tries, sources, ports, most_tried, busiest AS busiest_sources, let_through, service, capture
FROM ranked
WHERE place <= $top::BIGINT
ORDER BY place
