-- Everything the logs say about one address, in order of time
--
-- Flows that name it, its Resolver queries, answers that held it, and zone queries from it or its
-- subnet. other is the address on the other side. A flow stands at its start; a window has those
-- that go on in it.
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
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: time    time
-- column: log     text
-- column: event   text
-- column: other   ip
-- column: name    name
-- column: detail  text
-- column: bytes   bytes
-- pivot:  Timeline of this address
WITH event AS (
  SELECT coalesce(start, "end") AS time, coalesce("end", start) AS until, 'flow' AS log,
    CASE WHEN side IN ('src', 'pkt_src') THEN 'sent to' ELSE 'received from' END AS event,
    peer AS other, NULL AS name,
    concat_ws(' ', action, 'port', port, 'with', peer_port, 'protocol', protocol, interface_id) AS detail,
    bytes, capture, object_id, row_no
  FROM flow_by_addr
  WHERE addr_n = ip($ip)
  UNION ALL
  SELECT query_timestamp, query_timestamp, 'dns', 'asked for', NULL, name,
    concat_ws(' ', query_type, rcode, answers_n, 'answers', firewall_rule_action),
    NULL, capture, object_id, row_no
  FROM dns
  WHERE srcaddr_n = ip($ip)
  UNION ALL
  SELECT query_timestamp, query_timestamp, 'dns', 'was the answer to', srcaddr, name,
    concat_ws(' ', query_type, rcode, firewall_rule_action),
    NULL, capture, object_id, row_no
  FROM dns_answer
  WHERE rdata_n = ip($ip)
  UNION ALL
  SELECT query_timestamp, query_timestamp, 'zone',
    CASE
      WHEN resolver_ip_n = ip($ip) THEN 'asked our zone for'
      ELSE 'its subnet asked our zone for'
    END,
    CASE WHEN resolver_ip_n <> ip($ip) THEN resolver_ip END,
    name,
    concat_ws(' ', query_type, response_code, edge_location),
    NULL, capture, object_id, row_no
  FROM zone
  WHERE resolver_ip_n = ip($ip) OR edns_first_n <= ip($ip) AND edns_last_n >= ip($ip)
)
SELECT time, log, event, other, name, detail, bytes, capture, object_id, row_no
FROM event
WHERE of(capture, $capture) AND touches(time, until, $from, $to)
ORDER BY time, log, object_id, row_no, event, name
