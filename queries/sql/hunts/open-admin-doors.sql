-- Administration and database ports that the outside was let into
--
-- One row per door: an own address, port and protocol of the list that an outside address was let
-- into. It says whether anything answered, how many networks came, who stayed longest, and whether
-- the door was opened in the time of the capture: refused before, let in after.
--
-- cannot: Whether a login worked: a flow log shows that packets went in and came back. Which rule opened
-- the door is in CloudTrail. A flow log of REJECT only shows no door.
--
-- method: A door answered where anything but a reset came back; a reset is told by its flags or by its
-- size, 40 bytes. Accepted connections from outside to the ports of the list (AdminPort and SshRdp queries of AWS's
-- investigation playbooks; the public RDP rule of Sigma). Ours: a door that answered is told apart
-- from one that the rules let in and nobody stood behind; networks (/24, or /48 of IPv6) are counted
-- and not addresses, since one bastion's owner is one network; a change from refused to let in is
-- said with its time; etcd, memcached, telnet, VNC and NetBIOS are added to the list. Score: 0.2 for
-- passing, 0.1 where it answered, up to 0.2 for the number of networks (full at 30), 0.2 where it was
-- opened in the capture, 0.3 for a service that commonly asks for no login and sent at least 10 kB.
-- High are the latter, unless one network alone was let in and others were refused, and doors that
-- were opened and answered to enough networks.
--
-- false-positives: Bastions and mail or database services that are meant to be public; partners and
-- offices, which are few networks, and low.
--
-- not-proof: That anybody came in. Hosts with public addresses are knocked at all day.
--
-- measured: found: planted acts 1 of 1. False findings in benign days, high and medium: two days of ctu-normal 0 and 0,
-- a generated day 0 and 0. False findings per million benign records, high and medium: ctu-normal 0 and 0, benign-dns 0
-- and 0, ordinary day 0 and 0. 2026-11-22, panther-labs/panther-analysis, rules aws_vpc_ssh_allowed_signal and inbound
-- port lists: 10 of 10 labelled flow events are decided as labelled.
--
-- attack: T1133, T1190, T1021.001, T1021.004, T1562.007
-- phase:  door
-- kind:   exposure
-- log:    flow
-- weight: context
-- needs:  connection_keys
-- steps:  attempts
-- param: ports text = 22,23,135,139,445,1433,1521,2375,2379,3306,3389,5432,5900,5985,5986,6379,6443,9200,10250,11211,27017 ports, with
--                                        commas
-- param:  no_login  text     = 2375,2379,6379,9200,10250,11211,27017  those of services that ask for no login when they are set up
--                                        carelessly
-- param:  networks  int      = 10 from so many networks on a door is open to the world, and not to a partner or two
-- param:  top       int      = 50 so many doors, the best; the reason says of how many
-- param:  from      time          only what begins at or after this moment
-- param:  to        time          only what begins before this moment
-- param:  capture   capture       only this capture; empty for all
-- step:   knock  connections from outside to a port of the list, refused ones included
-- step:   door  ports of own addresses that let something in
-- step:   dropped_entry  entries of ports and no_login that are no port
-- column: direction text
-- column: connections count
-- column: answered count
-- column: resets count
-- column: networks count
-- column: sources count
-- column: opened_at time
-- column: refused_before count
-- column: longest_seconds number
-- column: longest_source ip
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
-- column: protocol protocol
WITH listed_port AS (
  SELECT trim(unnest(string_split($ports, ','))) AS entry, false AS no_login
  UNION ALL
  SELECT trim(unnest(string_split($no_login, ','))), true
), admin_port AS (
  SELECT unnest(port_list(entry)) AS port FROM listed_port WHERE NOT no_login
), no_login_port AS (
  SELECT unnest(port_list(entry)) AS port FROM listed_port WHERE no_login
), dropped_entry AS (
  SELECT DISTINCT entry FROM listed_port WHERE entry <> '' AND len(port_list(entry)) = 0
), knock AS (
  SELECT capture, interface_id, instance_id, client_key, server_key, server_port, protocol,
    answer = 'refused' AS refused, answer = 'reset' AS reset, answer = 'answered' AND refused_records = 0 AS answered,
    bytes_out, bytes_in, seconds, records, start, "end"
  FROM attempt
  WHERE direction = 'in' AND server_port IN (SELECT port FROM admin_port)
), visitor AS MATERIALIZED (
  SELECT capture, server_key, server_port, protocol, client_key, bool_or(answered) AS answered
  FROM knock
  WHERE NOT refused
  GROUP BY capture, server_key, server_port, protocol, client_key
), guest_count AS (
  SELECT v.capture, v.server_key, v.server_port, v.protocol,
    count(*) AS sources, count(DISTINCT s.network) AS networks,
    count(DISTINCT s.network) FILTER (v.answered) AS answered_networks
  FROM visitor v
    JOIN (
      SELECT client_key,
        CASE
          WHEN client_key < 4294967296 THEN (client_key >> 8)::UHUGEINT
          ELSE key_number(client_key) >> 80
        END AS network
      FROM (SELECT DISTINCT client_key FROM visitor)
    ) s USING (client_key)
  GROUP BY ALL
), visited_door AS (
  SELECT capture, coalesce(min(interface_id) FILTER (instance_id IS NOT NULL), min(interface_id)) AS interface_id,
    server_key, server_port, protocol,
    count(*) FILTER (NOT refused) AS connections, count(*) FILTER (answered) AS answered,
    count(*) FILTER (reset) AS resets, count(*) FILTER (refused) AS refused, max(start) FILTER (refused) AS last_refused,
    min(start) FILTER (NOT refused) AS first_start, max("end") FILTER (NOT refused) AS last_end,
    max(seconds) FILTER (NOT refused) AS longest,
    arg_max(client_key, (seconds, client_key)) FILTER (NOT refused) AS longest_key,
    bounded(sum(bytes_out) FILTER (NOT refused)) AS bytes_out,
    bounded(sum(bytes_in) FILTER (NOT refused)) AS bytes_in,
    sum(records) FILTER (NOT refused)::BIGINT AS records
  FROM knock
  GROUP BY capture, server_key, server_port, protocol
  HAVING count(*) FILTER (NOT refused) > 0
), door AS (
  SELECT m.*, g.sources, g.networks, g.answered_networks
  FROM visited_door m
    JOIN guest_count g USING (capture, server_key, server_port, protocol)
), candidate AS (
  SELECT *,
    refused >= 3 AND last_refused < first_start AS opened,
    server_port IN (SELECT port FROM no_login_port)
      AND coalesce(bytes_in, 0) >= 10000
      AND answered > 0 AS bare
  FROM door
), scored AS (
  SELECT *,
    0.2
      + 0.1 * (answered > 0)::INTEGER
      + 0.2 * least(1, ln(networks) / ln(30))
      + 0.2 * opened::INTEGER
      + 0.3 * bare::INTEGER AS score
  FROM candidate
), ranked AS (
  SELECT *,
    row_number() OVER (ORDER BY score DESC, sources DESC, capture, server_key, server_port, protocol) AS place,
    count(*) OVER () AS all_doors
  FROM scored
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN answered = 0 THEN 'low'
    WHEN bare AND (networks > 1 OR refused = 0) OR opened AND answered_networks >= $networks::BIGINT THEN 'high'
    WHEN answered_networks >= $networks::BIGINT OR opened OR bare THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} connections from {} outside addresses of {} networks were let in: {} answered{}{}; '
      || '{:.1f} MB came from them, {:.1f} MB went to them; the longest {:.0f} s, from {}{}{}{}{}{}',
    connections, sources, networks, answered,
    CASE WHEN resets > 0 THEN format(', {} reset', resets) ELSE '' END,
    CASE
      WHEN connections > answered + resets THEN format(', {} without an answer', connections - answered - resets)
      ELSE ''
    END,
    coalesce(bytes_out, 0) / 1e6, coalesce(bytes_in, 0) / 1e6, longest, key_text(longest_key),
    CASE
      WHEN answered = 0 THEN '; the rules let it in, but nothing answered'
      ELSE ''
    END,
    CASE
      WHEN opened
        THEN format(
          '; refused {} times until {}, let in from {}',
          refused, strftime(last_refused, '%m-%d %H:%M'), strftime(first_start, '%m-%d %H:%M')
        )
      ELSE ''
    END,
    CASE WHEN bare THEN '; a service that commonly asks for no login' ELSE '' END,
    shown_of($top, all_doors, 'doors'),
    coalesce((SELECT '; no port, in ports or no_login: ' || string_agg(entry, ' ' ORDER BY entry) FROM dropped_entry), '')
  ) AS reason,
  CASE WHEN sources = 1 THEN key_text(longest_key) END AS src,
  key_text(server_key) AS dst, server_port AS dstport, interface_id,
  records AS "rows", first_start AS from_time, last_end AS to_time,
  'in' AS direction, connections, answered, resets, networks, sources,
  CASE WHEN opened THEN first_start END AS opened_at,
  CASE WHEN opened THEN refused END AS refused_before,
  longest AS longest_seconds, key_text(longest_key) AS longest_source,
  bytes_in AS bytes_to_peer, bytes_out AS bytes_from_peer, protocol, capture
FROM ranked
WHERE place <= $top::BIGINT
ORDER BY place
