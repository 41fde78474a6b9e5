-- One address in one row: where it lives, when it was seen, what it did
--
-- Bytes are to and from its peers, whoever called. Interfaces and instances are those whose records
-- name the address; the peer's interface is among them when both are ours. names_of_it are the
-- first ten names, in order of the alphabet, that resolved to it. Each connection is counted once.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. How often a name was asked for: a repeat within the TTL is answered from the
-- Resolver's cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS)
-- is in no Resolver log.
--
-- needs:  flow_by_addr, connection_keys, dns, dns_answer, zone
-- param:  ip       ip       required  the address
-- param:  capture  capture            only this capture; empty for all
-- column: address           ip
-- column: inside            flag
-- column: interfaces        text
-- column: instances         text
-- column: first_flow        time
-- column: last_flow         time
-- column: connections       count
-- column: refused           count
-- column: bytes_to_peers    bytes
-- column: bytes_from_peers  bytes
-- column: peers             count
-- column: outside_peers     count
-- column: queries           count
-- column: names_asked       count
-- column: nonexistent       count
-- column: first_query       time
-- column: last_query        time
-- column: names_of_it       text
-- column: zone_queries      count
-- pivot:  Overview of this address
WITH whereabouts AS (
  SELECT string_agg(DISTINCT interface_id, ' ' ORDER BY interface_id) AS interfaces,
    string_agg(DISTINCT instance_id, ' ' ORDER BY instance_id) AS instances,
    min(start) AS first_flow, max("end") AS last_flow
  FROM flow_by_addr
  WHERE addr_n = ip($ip) AND of(capture, $capture)
), own_connection AS (
  SELECT server_key AS peer_key, direction NOT IN ('inside', 'in') AS outside, refused, bytes_out AS bytes_to, bytes_in AS bytes_from
  FROM connection_keys
  WHERE client_key = key_of(ip($ip)) AND of(capture, $capture)
  UNION ALL
  SELECT client_key, direction NOT IN ('inside', 'out'), refused, bytes_in, bytes_out
  FROM connection_keys
  WHERE server_key = key_of(ip($ip)) AND client_key <> server_key AND of(capture, $capture)
), flow_sum AS (
  SELECT count(*) AS connections, count(*) FILTER (refused) AS refused,
    coalesce(bounded(sum(bytes_to)), 0) AS bytes_to, coalesce(bounded(sum(bytes_from)), 0) AS bytes_from,
    count(DISTINCT peer_key) AS peers, count(DISTINCT peer_key) FILTER (outside) AS outside_peers
  FROM own_connection
), query_sum AS (
  SELECT count(*) AS queries, count(DISTINCT name) AS names_asked, count(*) FILTER (rcode = 'NXDOMAIN') AS nonexistent,
    min(query_timestamp) AS first_query, max(query_timestamp) AS last_query,
    string_agg(DISTINCT src_instance, ' ' ORDER BY src_instance) AS instances
  FROM dns
  WHERE srcaddr_n = ip($ip) AND of(capture, $capture)
), name_list AS (
  SELECT array_to_string(list_slice(list_sort(list(DISTINCT name)), 1, 10), ' ') AS names_of_it
  FROM dns_answer
  WHERE rdata_n = ip($ip) AND of(capture, $capture)
), zone_sum AS (
  SELECT count(*) AS zone_queries
  FROM zone
  WHERE (resolver_ip_n = ip($ip) OR edns_first_n <= ip($ip) AND edns_last_n >= ip($ip))
    AND of(capture, $capture)
)
SELECT number_text(ip($ip)) AS address, private_number(ip($ip)) AS inside,
  w.interfaces, coalesce(w.instances, a.instances) AS instances,
  w.first_flow, w.last_flow, f.connections, f.refused, f.bytes_to AS bytes_to_peers, f.bytes_from AS bytes_from_peers,
  f.peers, f.outside_peers, a.queries, a.names_asked, a.nonexistent,
  a.first_query, a.last_query, n.names_of_it, s.zone_queries
FROM whereabouts w, flow_sum f, query_sum a, name_list n, zone_sum s
