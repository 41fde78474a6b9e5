-- Who asks another resolver than the one that is logged
--
-- Queries to the Amazon resolver are not in flow logs, so a flow to port 53 goes to another one.
-- 853 is DNS over TLS or QUIC, 5353 multicast DNS; DNS over HTTPS is found by a list of addresses.
--
-- cannot: What was asked: it is in no log. DNS over HTTPS to an address that is not in the list
-- looks like any other HTTPS.
--
-- method: Connections from inside to the ports of DNS at outside addresses, and to port 443 of the
-- addresses in doh (UnusualDNSResolver and its like of GuardDuty; rule of panther-
-- labs/panther-analysis). Score: 0.4 for passing, 0.2 where the client is in the Resolver
-- log too and so has two ways, 0.2 for DNS over TLS or HTTPS, up to 0.2 for the number of
-- connections (full at 100); inside addresses count half: they may be resolvers of your own.
-- Without a Resolver log it runs all the same, and says that it does not know of the other way.
--
-- false-positives: 8.8.8.8 or 1.1.1.1 set on purpose is the most frequent false alarm of this kind;
-- recursive resolvers that you run; containers with a resolver of their own.
--
-- not-proof: That names were hidden on purpose. It does prove that the Resolver log of this client
-- is not the whole.
--
-- measured: found: planted acts 1 of 1. False findings in benign days, high and medium: two days of ctu-normal 0 and 0,
-- a generated day 0 and 0. False findings per million benign records, high and medium: ctu-normal 0 and 0, benign-dns 0
-- and 0, ordinary day 0 and 0. 2026-11-22, stratosphereips/StratosphereLinuxIPS, test5-mixed: 197 of 197 flows labelled
-- Malware-UDP-DNS are in its findings.
--
-- attack: T1071.004, T1572
-- phase:  hide
-- kind:   bypass
-- log:    flow
-- weight: own
-- needs:  connection_keys, resolver_log
-- uses:   dns
-- steps:  attempts
-- param:  ports    text     = 53,853  ports of DNS, with commas
-- param:  doh      text               addresses of DNS over HTTPS services, with commas or spaces
-- param:  from     time               only what begins at or after this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- step:   outward_attempt  connections from inside
-- step:   resolver_connection  of them to resolvers
-- step:   channel  clients and resolvers
-- step:   dropped_entry  entries of ports and doh that are no port and no address
-- column: connections count
-- column: refused count
-- column: answered count
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
-- column: outside flag
-- column: resolver_queries count
-- column: protocol protocol
WITH listed_port AS (
  SELECT trim(unnest(string_split($ports, ','))) AS entry
), resolver_port AS (
  SELECT unnest(port_list(entry)) AS port FROM listed_port
), listed_address AS (
  SELECT entry, TRY(ip(entry)) AS n
  FROM (SELECT unnest(string_split_regex($doh, '[,\s]+')) AS entry)
  WHERE entry <> ''
), doh_server AS (
  SELECT key_of(n) AS server_key FROM listed_address WHERE n IS NOT NULL
), dropped_entry AS (
  SELECT 'port' AS what, entry FROM listed_port WHERE entry <> '' AND len(port_list(entry)) = 0
  UNION ALL
  SELECT 'address', entry FROM listed_address WHERE n IS NULL
), outward_attempt AS NOT MATERIALIZED (
  FROM attempt WHERE direction IN ('out', 'inside')
), resolver_connection AS (
  SELECT *
  FROM outward_attempt
  WHERE server_port IN (SELECT port FROM resolver_port)
    OR server_port = 443 AND server_key IN (SELECT server_key FROM doh_server)
), channel AS (
  SELECT capture, coalesce(min(interface_id) FILTER (instance_id IS NOT NULL), min(interface_id)) AS interface_id,
    client_key, server_key, server_port, protocol,
    any_value(direction) = 'out' AS outside, count(*) AS connections, count(*) FILTER (answer = 'refused') AS refused,
    count(*) FILTER (answer = 'answered') AS answered,
    bounded(sum(bytes_out)) AS bytes_out, bounded(sum(bytes_in)) AS bytes_in,
    sum(records)::BIGINT AS records, min(start) AS first_start,
    max("end") AS last_end
  FROM resolver_connection
  GROUP BY capture, client_key, server_key, server_port, protocol
), ipv6_text AS ( -- texts of the few addresses that are not IPv4
  SELECT key, key_text(key) AS text
  FROM (
    SELECT client_key AS key FROM channel WHERE client_key >= 4294967296
    UNION
    SELECT server_key FROM channel WHERE server_key >= 4294967296
  )
), asker AS (
  SELECT capture, key_of(srcaddr_n) AS client_key, queries
  FROM (SELECT capture, srcaddr_n, count(*) AS queries FROM dns GROUP BY ALL)
), scored AS (
  SELECT c.*, coalesce(a.queries, 0) AS queries, r.capture IS NOT NULL AS logged,
    (
      0.4
        + 0.2 * (a.queries IS NOT NULL)::INTEGER
        + 0.2 * (server_port <> 53)::INTEGER
        + 0.2 * least(1, ln(connections) / ln(100))
    ) * CASE WHEN outside THEN 1 ELSE 0.5 END AS score
  FROM channel c
    LEFT JOIN asker a ON a.capture = c.capture AND a.client_key = c.client_key
    LEFT JOIN resolver_log r ON r.capture = c.capture
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN NOT outside THEN 'low'
    WHEN refused = connections THEN 'low'
    ELSE 'medium'
  END AS severity,
  format(
    '{} connections to port {}, {} refused and {} answered; {} bytes to the resolver, {} from it; {}{}',
    connections, server_port, refused, answered, coalesce(bytes_out, 0), coalesce(bytes_in, 0),
    CASE
      WHEN logged THEN format('{} queries of the client are in the Resolver log', queries)
      ELSE 'the capture has no Resolver log: whether the client asks there too is not known'
    END,
    coalesce((SELECT '; left out: ' || string_agg(entry || ' is no ' || what, ', ' ORDER BY entry) FROM dropped_entry), '')
  ) AS reason,
  CASE WHEN client_key < 4294967296 THEN v4_text(client_key) ELSE c6.text END AS src,
  CASE WHEN server_key < 4294967296 THEN v4_text(server_key) ELSE s6.text END AS dst,
  server_port AS dstport, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  connections, refused, answered, bytes_out AS bytes_to_peer, bytes_in AS bytes_from_peer, outside,
  CASE WHEN logged THEN queries END AS resolver_queries, protocol, capture
FROM scored
  LEFT JOIN ipv6_text c6 ON c6.key = client_key
  LEFT JOIN ipv6_text s6 ON s6.key = server_key
ORDER BY scored.score DESC, connections DESC, client_key, server_key, server_port, protocol, capture
