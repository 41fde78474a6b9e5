-- An address, the hosts that met it, and the names they had for it
--
-- One row per host that sent to or received from the address, or got it as an answer. names are
-- those that this host itself had resolved to the address; a host with flows and no names went
-- there without asking the Resolver. Traffic between two of our interfaces is recorded by both;
-- per pair, the figures are those of the interface that saw most.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. A name may have been resolved before the log begins.
--
-- needs:  flow_by_addr, dns_answer
-- param:  ip       ip       required  the address, usually an outside one
-- param:  capture  capture            only this capture; empty for all
-- column: host          ip
-- column: names         text
-- column: answers       count
-- column: first_answer  time
-- column: flows         count
-- column: refused       count
-- column: ports         text
-- column: bytes_to      bytes
-- column: bytes_from    bytes
-- column: first_flow    time
-- column: last_flow     time
-- pivot:  From this address to hosts and names
WITH interface_host AS (
  SELECT capture, peer_n AS host, interface_id, count(*) AS flows, count(*) FILTER (action = 'REJECT') AS refused,
    sum(bytes) FILTER (side IN ('dst', 'pkt_dst')) AS bytes_to,
    sum(bytes) FILTER (side IN ('src', 'pkt_src')) AS bytes_from,
    list(DISTINCT CASE WHEN protocol IN (6, 17) THEN least(port, peer_port) END) AS ports,
    min(start) AS first_flow, max("end") AS last_flow
  FROM flow_by_addr
  WHERE addr_n = ip($ip) AND peer_n IS NOT NULL AND of(capture, $capture)
  GROUP BY ALL
), host_flows AS (
  SELECT capture, host, max(flows) AS flows, max(refused) AS refused,
    max(bytes_to) AS bytes_to, max(bytes_from) AS bytes_from,
    min(first_flow) AS first_flow, max(last_flow) AS last_flow,
    array_to_string(list_slice(list_sort(list_distinct(flatten(list(ports)))), 1, 10), ' ') AS ports
  FROM interface_host
  GROUP BY ALL
), named_host AS (
  SELECT capture, srcaddr_n AS host,
    string_agg(DISTINCT name, ' ' ORDER BY name) AS names,
    count(*) AS answers, min(query_timestamp) AS first_answer
  FROM dns_answer
  WHERE rdata_n = ip($ip) AND srcaddr_n IS NOT NULL AND of(capture, $capture)
  GROUP BY ALL
)
SELECT number_text(host) AS host, names, coalesce(answers, 0) AS answers, first_answer,
  coalesce(flows, 0) AS flows, coalesce(refused, 0) AS refused,
  ports, coalesce(bytes_to, 0)::BIGINT AS bytes_to, coalesce(bytes_from, 0)::BIGINT AS bytes_from,
  first_flow, last_flow, capture
FROM host_flows
  FULL JOIN named_host USING (capture, host)
ORDER BY coalesce(least(first_answer, first_flow), first_answer, first_flow), host_flows.host, named_host.host, capture
