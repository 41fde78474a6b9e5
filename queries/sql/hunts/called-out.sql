-- What a replayed snapshot tried to reach
--
-- In captures with the role replay: outside addresses that the machine called, let through or
-- refused, and names it asked for without calling. What a baseline capture has too is left out.
-- What the incident has too is the machine's own and ranks first.
--
-- cannot: That it would have been let in, what it would have sent, or what a machine does that waits
-- for longer than the replay ran or that looks around first: no call in this window is no
-- proof of a clean machine.
--
-- method: Every connection of the replay to the outside by name or address and port, refused ones included; minus names
-- and addresses of captures with the role baseline, minus AWS's own. A window narrows the replay; it is held against
-- the whole of the other captures. Score: 0.4 for passing, 0.3 where the incident has the same name or address (0.15
-- for the same registered domain, or the same /24 and port; of IPv6 the /64), 0.2 for the number of tries (full at
-- 200), 0.1 where it called and did not only ask.
--
-- false-positives: Updates of the operating system, agents, time servers, cloud-init: load a capture
-- of a clean instance of the same image with the role baseline.
--
-- not-proof: Who answers there, and that the incident's damage came from it.
--
-- attack: T1071.001, T1071.004, T1571
-- phase:  replay
-- kind:   compare
-- log:    flow
-- weight: own
-- needs:  connection, capture, minute
-- uses:   dns
-- needs-all: connection
-- param:  least    number   = 0.3  show from this score on
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   replay_capture  captures with the role replay
-- step:   replay_record  connections and queries of the replay
-- step:   left_place  places that are not AWS's own nor in a baseline
-- column: kind text
-- column: connections count
-- column: refused count
-- column: queries count
-- column: in_incident text
-- column: pause_seconds number
-- column: bytes_to_peer bytes
WITH replay_capture AS (
  SELECT name AS capture FROM capture WHERE role = 'replay' AND of(name, $capture)
), compared_capture AS ( -- without a replay no log is read
  SELECT name, role
  FROM capture
  WHERE EXISTS (FROM replay_capture)
), call AS (
  SELECT s.capture, k.role, s.interface_id, s.instance_id, s.client_n, s.server_n, s.server_port,
    CASE -- the first address of the /24, of IPv6 the /64
      WHEN s.server_n BETWEEN ip('0.0.0.0') AND ip('255.255.255.255') THEN (s.server_n >> 8::UHUGEINT) << 8::UHUGEINT
      ELSE (s.server_n >> 64::UHUGEINT) << 64::UHUGEINT
    END AS server_block,
    s.name, s.server_service, s.refused, s.records, s.bytes_out, s.start, s."end"
  FROM connection s
    JOIN compared_capture k ON k.name = s.capture
  WHERE s.direction = 'out' AND (k.role <> 'replay' OR within(s.start, $from, $to))
), query AS (
  SELECT d.capture, k.role, d.srcaddr_n AS client_n, d.name, d.registered_domain, d.vpc_id, d.query_timestamp
  FROM dns d
    JOIN compared_capture k ON k.name = d.capture
  WHERE d.name IS NOT NULL
    AND NOT regexp_matches(d.name, '\.(arpa|internal|local)$')
    AND (k.role <> 'replay' OR within(d.query_timestamp, $from, $to))
), replay_record AS (
  SELECT capture, client_n
  FROM call
    SEMI JOIN replay_capture USING (capture)
  UNION ALL
  SELECT capture, client_n
  FROM query
    SEMI JOIN replay_capture USING (capture)
), place AS (
  SELECT 'called' AS kind, capture, min(interface_id) AS interface_id, client_n, server_n, server_block, server_port, name,
    max(server_service) AS service, count(*) AS connections,
    count(*) FILTER (refused) AS refused, sum(records)::BIGINT AS records,
    bounded(sum(bytes_out)) AS bytes_out, min(start) AS first_time, max("end") AS last_time,
    (max(epoch(start)) - min(epoch(start))) / nullif(count(*) - 1, 0) AS pause
  FROM call
    SEMI JOIN replay_capture USING (capture)
  GROUP BY ALL
  UNION ALL
  SELECT 'asked', a.capture, NULL, a.client_n, NULL, NULL, NULL, a.name, NULL, 0,
    0, count(*), NULL, min(a.query_timestamp), max(a.query_timestamp),
    (max(epoch(query_timestamp)) - min(epoch(query_timestamp))) / nullif(count(*) - 1, 0)
  FROM query a
    SEMI JOIN replay_capture USING (capture)
    ANTI JOIN call c ON c.capture = a.capture AND c.client_n = a.client_n AND c.name = a.name
  GROUP BY a.capture, a.client_n, a.name
), left_place AS (
  SELECT *
  FROM place p
  WHERE NOT CASE -- as in the steps aws-own
      WHEN name IS NULL THEN aws_own_service(nullif(service, ''))
      ELSE aws_domain(name) AND NOT aws_customer_name(name) AND NOT aws_data_name(name)
    END
    AND coalesce(server_port, 0) <> ntp_port()
    AND NOT EXISTS (FROM call b WHERE b.role = 'baseline' AND b.server_n = p.server_n)
    AND NOT EXISTS (FROM call b WHERE b.role = 'baseline' AND b.name = p.name)
    AND NOT EXISTS (FROM query b WHERE b.role = 'baseline' AND b.name = p.name)
), domain AS (
  SELECT DISTINCT name, registered_domain FROM query
), compared_place AS (
  SELECT p.*, d.registered_domain, coalesce(q.queries, 0) AS queries,
    CASE
      WHEN EXISTS (FROM call i WHERE i.role = 'incident' AND i.name = p.name)
          OR EXISTS (FROM query i WHERE i.role = 'incident' AND i.name = p.name)
        THEN 'name'
      WHEN EXISTS (FROM call i WHERE i.role = 'incident' AND i.server_n = p.server_n) THEN 'address'
      WHEN EXISTS (FROM query i WHERE i.role = 'incident' AND i.registered_domain = d.registered_domain)
        THEN 'registered domain'
      WHEN EXISTS (
          FROM call i
          WHERE i.role = 'incident' AND i.server_block = p.server_block AND i.server_port = p.server_port
        )
        THEN CASE WHEN p.server_block < 281474976710656 THEN '/24 and port' ELSE '/64 and port' END
    END AS in_incident
  FROM left_place p
    LEFT JOIN domain d ON d.name = p.name
    LEFT JOIN (SELECT capture, client_n, name, count(*) AS queries FROM query GROUP BY ALL) q ON q.capture = p.capture
      AND q.client_n = p.client_n
      AND q.name = p.name
), scored AS (
  SELECT *,
    0.4
      + CASE
          WHEN in_incident IN ('name', 'address') THEN 0.3
          WHEN in_incident IS NOT NULL THEN 0.15
          ELSE 0
        END
      + 0.2 * least(1, ln(greatest(1, connections, queries)) / ln(200))
      + 0.1 * (kind = 'called')::INTEGER AS score,
    capture IN (SELECT capture FROM minute WHERE log_type = 'flow') AS has_flows
  FROM compared_place
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN in_incident IN ('name', 'address') AND connections >= 10 THEN 'high'
    WHEN in_incident IS NOT NULL OR kind = 'called' THEN 'medium'
    ELSE 'low'
  END AS severity,
  CASE kind
    WHEN 'called'
      THEN format(
        '{} tries in the replay, {} of them refused{}, {} queries for the name',
        connections, refused,
        CASE WHEN pause IS NULL THEN '' ELSE format(', every {:.0f} s', pause) END,
        queries
      )
    ELSE format(
      'asked {} times in the replay and {}', queries,
      CASE
        WHEN has_flows THEN 'never called'
        ELSE 'not known to have called, as the replay has no flow log'
      END
    )
  END
    || CASE
      WHEN in_incident IS NOT NULL THEN '; in the incident too: ' || in_incident
      WHEN EXISTS (FROM compared_capture WHERE role = 'incident') THEN '; not in the records of the incident'
      ELSE '; the case has no capture of the incident'
    END AS reason,
  number_text(client_n) AS src, number_text(server_n) AS dst,
  server_port AS dstport, name, registered_domain, interface_id,
  records AS "rows", first_time AS from_time, last_time AS to_time,
  kind, connections, refused, queries, in_incident, round(pause, 1) AS pause_seconds, bytes_out AS bytes_to_peer, capture
FROM scored
WHERE score >= $least::DOUBLE
ORDER BY scored.score DESC, "rows" DESC, client_n, server_n, server_port, name, capture
