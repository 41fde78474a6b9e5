-- One address in one row: where it lives, when it was seen, what it did
--
-- Interfaces and instances are those whose records name the address; the peer's interface is among
-- them when both are ours. names_of_it are the first ten names, in order of the alphabet, that
-- resolved to it. Traffic between two of our interfaces is recorded by both; per pair, the figures
-- are those of the interface that saw most.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. How often a name was asked for: a repeat within the TTL is answered from the
-- Resolver's cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS)
-- is in no Resolver log.
--
-- needs:  flow_by_addr, dns, dns_answer, zone
-- param:  ip       ip       required  the address
-- param:  capture  capture            only this capture; empty for all
-- column: address        ip
-- column: inside         flag
-- column: interfaces     text
-- column: instances      text
-- column: first_flow     time
-- column: last_flow      time
-- column: records        count
-- column: refused        count
-- column: bytes_out      bytes
-- column: bytes_in       bytes
-- column: peers          count
-- column: outside_peers  count
-- column: queries        count
-- column: names_asked    count
-- column: nonexistent    count
-- column: first_query    time
-- column: last_query     time
-- column: names_of_it    text
-- column: zone_queries   count
-- pivot:  Overview of this address
WITH interface_peer AS (
  SELECT peer_n, interface_id,
    max(instance_id) AS instance_id, count(*) AS records, count(*) FILTER (action = 'REJECT') AS refused,
    sum(bytes) FILTER (side IN ('src', 'pkt_src')) AS bytes_out,
    sum(bytes) FILTER (side IN ('dst', 'pkt_dst')) AS bytes_in,
    min(start) AS first_flow, max("end") AS last_flow
  FROM flow_by_addr
  WHERE addr_n = ip($ip) AND of(capture, $capture)
  GROUP BY ALL
), peer AS (
  SELECT peer_n, max(records) AS records, max(refused) AS refused, max(bytes_out) AS bytes_out, max(bytes_in) AS bytes_in
  FROM interface_peer
  GROUP BY ALL
), whereabouts AS (
  SELECT string_agg(DISTINCT interface_id, ' ' ORDER BY interface_id) AS interfaces,
    string_agg(DISTINCT instance_id, ' ' ORDER BY instance_id) AS instances,
    min(first_flow) AS first_flow, max(last_flow) AS last_flow
  FROM interface_peer
), flow_sum AS (
  SELECT sum(records) AS records, sum(refused) AS refused, sum(bytes_out) AS bytes_out, sum(bytes_in) AS bytes_in,
    count(peer_n) AS peers, count(peer_n) FILTER (NOT private_number(peer_n)) AS outside_peers
  FROM peer
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
  w.first_flow, w.last_flow,
  coalesce(f.records, 0)::BIGINT AS records, coalesce(f.refused, 0)::BIGINT AS refused,
  coalesce(f.bytes_out, 0)::BIGINT AS bytes_out, coalesce(f.bytes_in, 0)::BIGINT AS bytes_in,
  f.peers, f.outside_peers, a.queries, a.names_asked, a.nonexistent,
  a.first_query, a.last_query, n.names_of_it, s.zone_queries
FROM whereabouts w, flow_sum f, query_sum a, name_list n, zone_sum s
