-- Everything the logs say around a moment, in order of time
--
-- Flows whose time from start to end touches the minutes before and after, Resolver queries and zone
-- queries, merged. A flow stands at its start.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. How often a name was asked for: a repeat within the TTL is answered from the
-- Resolver's cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS)
-- is in no Resolver log.
--
-- needs:  flow, dns, zone
-- param:  at       time     required  the moment
-- param:  minutes  minutes  = 5       how far before and after
-- param:  capture  capture            only this capture; empty for all
-- column: time    time
-- column: log     text
-- column: event   text
-- column: host    ip
-- column: other   ip
-- column: name    name
-- column: detail  text
-- column: bytes   bytes
-- pivot:  Timeline around this moment
WITH event AS (
  SELECT coalesce(start, "end") AS time, 'flow' AS log, lower(coalesce(action, log_status)) AS event,
    srcaddr AS host, dstaddr AS other, NULL AS name,
    concat_ws(' ', 'port', srcport, 'to', dstport, 'protocol', protocol, interface_id) AS detail,
    bytes, capture, object_id, row_no
  FROM flow
  WHERE least(start, "end") <= $at::TIMESTAMP + to_minutes($minutes::BIGINT)
    AND greatest(start, "end") >= $at::TIMESTAMP - to_minutes($minutes::BIGINT)
  UNION ALL
  SELECT query_timestamp, 'dns', 'asked for', srcaddr, NULL, name,
    concat_ws(' ', query_type, rcode, answers_n, 'answers', firewall_rule_action),
    NULL, capture, object_id, row_no
  FROM dns
  WHERE around(query_timestamp, $at, $minutes)
  UNION ALL
  SELECT query_timestamp, 'zone', 'asked our zone for', resolver_ip, NULL, name,
    concat_ws(' ', query_type, response_code, edge_location, edns_client_subnet),
    NULL, capture, object_id, row_no
  FROM zone
  WHERE around(query_timestamp, $at, $minutes)
)
SELECT time, log, event, host, other, name, detail, bytes, capture, object_id, row_no
FROM event
WHERE of(capture, $capture)
ORDER BY time, log, object_id, row_no
