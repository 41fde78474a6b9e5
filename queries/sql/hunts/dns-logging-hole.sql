-- Who talks to the outside but never asks the Resolver for a name
--
-- Inside hosts with many outside connections and not one query in the Resolver log, by address, by
-- instance or by any other address of the same interface. Where nobody in the VPC asks, it is the
-- log that is missing, and the VPC has one row in place of its hosts.
--
-- cannot: What the host asked instead, and whom: DNS over HTTPS looks like any connection to port 443.
-- Flow logs never record queries to the Amazon DNS server, instance metadata (169.254.169.254),
-- time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of flows.
--
-- method: Connections out per host, counted only while the VPC's Resolver log has records; at least 20,
-- time servers left out; no query. Ours: a host is its address, its instance and its interface, so
-- that one with two addresses that asks by the other is not taken for mute; VPCs without any query
-- are told apart. Score for a host: 0.4 for passing, up to 0.2 for the number of connections (full at
-- 1,000), up to 0.2 for the number of places (full at 50), 0.2 where it reaches port 53 or 853 outside.
-- For a VPC: 0.3.
--
-- false-positives: Hosts files, proxies and brokers reached by address, appliances, another resolver by
-- intention, names cached for longer than the capture.
--
-- not-proof: That somebody avoids the log: it shows only that this log cannot name what the host reached.
--
-- attack: T1562.008, T1071.004, T1572
-- phase:  hide
-- kind:   bypass
-- log:    flow, dns
-- weight: own
-- needs:  connection_keys, dns, minute, asset
-- needs-all: dns, connection_keys
-- param:  sessions  int      = 20  at least so many connections: fewer may all rest on one cached name
-- param:  from      time           only what begins at or after this moment
-- param:  to        time           only what begins before this moment
-- param:  capture   capture        only this capture; empty for all
-- step:   outside_connection  connections from inside to outside
-- step:   host  inside hosts with enough of them
-- step:   mute_host  of them without a query
-- column: kind text
-- column: direction text
-- column: hosts count
-- column: connections count
-- column: places count
-- column: bytes_to_peer bytes
-- column: to_resolvers count
-- column: others_asking count
WITH logged_vpc AS (
  SELECT capture, source AS vpc_id, min(minute) AS since, max(minute) + INTERVAL 1 MINUTE AS until
  FROM minute
  WHERE log_type = 'dns'
  GROUP BY ALL
), outside_connection AS (
  SELECT s.capture, s.interface_id, s.instance_id, s.vpc_id, s.client_key, s.server_key,
    s.server_port, s.bytes_out, s.records, s.start, s."end", l.vpc_id IS NOT NULL AS vpc_logged
  FROM connection_keys s
    LEFT JOIN logged_vpc l ON l.capture = s.capture AND l.vpc_id = s.vpc_id
  WHERE s.direction = 'out'
    AND NOT s.translated
    AND s.protocol IN (6, 17)
    AND s.server_port <> ntp_port()
    AND (l.vpc_id IS NULL OR s.start >= l.since AND s.start < l.until)
    AND of(s.capture, $capture) AND within(s.start, $from, $to)
), host AS (
  SELECT capture, coalesce(min(interface_id) FILTER (instance_id IS NOT NULL), min(interface_id)) AS interface_id,
    vpc_id, client_key, count(DISTINCT server_key) AS places,
    max(instance_id) AS instance_id, bool_or(vpc_logged) AS vpc_logged,
    count(*) AS connections, bounded(sum(bytes_out)) AS bytes_out,
    count(*) FILTER (server_port IN (53, 853)) AS to_resolvers,
    sum(records)::BIGINT AS records, min(start) AS first_start, max("end") AS last_end
  FROM outside_connection
  GROUP BY capture, vpc_id, client_key
  HAVING count(*) >= $sessions::BIGINT
), asker AS (
  SELECT capture, vpc_id, srcaddr_n, key_of(srcaddr_n) AS client_key, src_instance
  FROM (SELECT DISTINCT capture, vpc_id, srcaddr_n, src_instance FROM dns)
), asking_interface AS (
  SELECT DISTINCT a.capture, t.interface_id
  FROM asker a
    JOIN asset t ON t.capture = a.capture
      AND t.address_n = a.srcaddr_n
      AND (t.vpc_id = a.vpc_id OR a.vpc_id IS NULL OR t.vpc_id IS NULL)
), mute_host AS (
  SELECT h.*
  FROM host h
  WHERE NOT EXISTS (FROM asker a WHERE a.capture = h.capture AND a.client_key = h.client_key)
    AND NOT EXISTS (FROM asker a WHERE a.capture = h.capture AND a.src_instance = h.instance_id)
    AND NOT EXISTS (FROM asking_interface p WHERE p.capture = h.capture AND p.interface_id = h.interface_id)
), vpc_askers AS (
  SELECT capture, vpc_id, count(DISTINCT srcaddr_n) AS asking FROM asker GROUP BY ALL
), scored AS (
  SELECT 'host' AS kind, m.capture, m.vpc_id, m.interface_id, m.client_key,
    m.instance_id, 1 AS hosts, m.connections, m.places, m.bytes_out, m.to_resolvers,
    m.records, m.first_start, m.last_end, coalesce(o.asking, 0) AS others_asking,
    0.4
      + 0.2 * least(1, ln(m.connections / $sessions::BIGINT) / ln(50))
      + 0.2 * least(1, ln(m.places) / ln(50))
      + 0.2 * (m.to_resolvers > 0)::INTEGER AS score
  FROM mute_host m
    LEFT JOIN vpc_askers o USING (capture, vpc_id)
  WHERE m.vpc_logged
  UNION ALL
  SELECT 'VPC', capture, vpc_id,
    arg_max(interface_id, (connections, interface_id, client_key)),
    arg_max(client_key, (connections, interface_id, client_key)),
    arg_max(instance_id, (connections, interface_id, client_key)),
    count(*), sum(connections)::BIGINT, sum(places)::BIGINT, bounded(sum(bytes_out)),
    sum(to_resolvers)::BIGINT, sum(records)::BIGINT, min(first_start), max(last_end), 0, 0.3
  FROM mute_host
  WHERE NOT vpc_logged
  GROUP BY capture, vpc_id
)
SELECT round(least(1, score), 3)::DOUBLE AS score,
  CASE kind WHEN 'host' THEN 'medium' ELSE 'low' END AS severity,
  CASE kind
    WHEN 'host'
      THEN format(
        '{} connections to {} outside addresses, {:.1f} MB to them, and not one query in the Resolver log, '
          || 'in which {} others of its VPC ask{}{}',
        connections, places, coalesce(bytes_out, 0) / 1e6, others_asking,
        CASE
          WHEN to_resolvers > 0 THEN format('; {} of them went to port 53 or 853: another resolver', to_resolvers)
          ELSE ''
        END,
        coalesce('; ' || instance_id, '')
      )
    ELSE format(
      'no query of {} is in the Resolver log, but {} of its hosts made {} outside connections, '
        || 'most of them {}: query logging is off there, or not in the case',
      coalesce(vpc_id, 'the VPC (not named in the flow log)'),
      hosts, connections, key_text(client_key)
    )
  END AS reason,
  key_text(client_key) AS src, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  kind, 'out' AS direction, vpc_id, instance_id, hosts, connections,
  places, bytes_out AS bytes_to_peer, to_resolvers, others_asking, capture
FROM scored
ORDER BY scored.score DESC, connections DESC, client_key, vpc_id, capture
