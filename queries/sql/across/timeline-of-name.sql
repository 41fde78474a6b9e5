-- Everything the logs say about one name, in order of time
--
-- Resolver queries for it, answers that point to it, zone queries for it, and the flows of hosts
-- with the addresses that they had got for it, from 60 s before the first answer on. A flow stands at
-- its start; a window has those that go on in it.
--
-- cannot: That a flow was meant for this name: the address may serve others. How often a name was
-- asked for: a repeat within the TTL is answered from the Resolver's cache and not logged. What
-- was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no Resolver log.
--
-- needs:  dns, dns_answer, zone, flow_by_addr
-- param:  name     name     required  the name
-- param:  from     time               only what is not over before this moment
-- param:  to       time               only what begins before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: time     time
-- column: log      text
-- column: event    text
-- column: host     ip
-- column: address  ip
-- column: name     name
-- column: detail   text
-- column: bytes    bytes
-- pivot:  Timeline of this name
WITH pair AS (
  SELECT capture, srcaddr_n AS client, rdata_n AS address, min(query_timestamp) AS first_answer
  FROM dns_answer
  WHERE name = $name AND rdata_n IS NOT NULL
  GROUP BY ALL
), event AS (
  SELECT query_timestamp AS time, query_timestamp AS until, 'dns' AS log, 'asked for it' AS event, srcaddr AS host, NULL AS address, name,
    concat_ws(' ', query_type, rcode, answers_n, 'answers', firewall_rule_action) AS detail,
    NULL AS bytes, capture, object_id, row_no
  FROM dns
  WHERE name = $name
  UNION ALL
  SELECT query_timestamp, query_timestamp, 'dns', 'was led to it', srcaddr, NULL, name,
    concat_ws(' ', query_type, type), NULL, capture, object_id, row_no
  FROM dns_answer
  WHERE rdata_n IS NULL AND lower(rtrim(rdata, '.')) = $name
  UNION ALL
  SELECT query_timestamp, query_timestamp, 'zone', 'asked our zone for it', resolver_ip, NULL, name,
    concat_ws(' ', query_type, response_code, edge_location, edns_client_subnet),
    NULL, capture, object_id, row_no
  FROM zone
  WHERE name = $name
  UNION ALL
  SELECT coalesce(f.start, f."end"), coalesce(f."end", f.start), 'flow',
    CASE
      WHEN f.side IN ('dst', 'pkt_dst') THEN 'sent to its address'
      ELSE 'received from its address'
    END,
    f.peer, f.addr, NULL,
    concat_ws(' ', f.action, 'port', f.port, 'protocol', f.protocol, f.interface_id),
    f.bytes, f.capture, f.object_id, f.row_no
  FROM flow_by_addr f
    JOIN pair p ON f.addr_n = p.address
      AND f.peer_n = p.client
      AND f.capture = p.capture
      AND f.start >= p.first_answer - INTERVAL 60 SECOND
  WHERE f.addr_n IN (SELECT address FROM pair)
)
SELECT time, log, event, host, address, name, detail, bytes, capture, object_id, row_no
FROM event
WHERE of(capture, $capture) AND touches(time, until, $from, $to)
ORDER BY time, log, object_id, row_no, event
