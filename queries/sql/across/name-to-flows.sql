-- A name, the addresses it gave, and what each host then sent there
--
-- For every host that resolved the name and every address it got: when, and its flows with that
-- address from 60 s before an answer (flow times may be late) to some hours after. Hosts that
-- resolved the name and sent nothing have no flow.
--
-- cannot: That the flows were meant for this name: an address may serve many, see
-- names-of-address. A host behind NAT appears in Resolver logs and flow logs under the same inside
-- address only on its own interface. Flow logs never record queries to the Amazon DNS server,
-- instance metadata (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored
-- traffic. A flow log of ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval
-- hides an unknown number of flows.
--
-- needs:  dns_answer, flow_by_addr
-- param:  name     name     required  the name
-- param:  hours    int      = 24      how long after an answer a flow may begin
-- param:  capture  capture            only this capture; empty for all
-- column: client           ip
-- column: address          ip
-- column: answers          count
-- column: first_answer     time
-- column: last_answer      time
-- column: flows            count
-- column: refused          count
-- column: bytes_out        bytes
-- column: bytes_in         bytes
-- column: first_flow       time
-- column: last_flow        time
-- column: seconds_to_flow  number
-- column: src_instance     instance
-- pivot:  From this name to flows
WITH answer AS (
  SELECT capture, srcaddr_n AS client, rdata_n AS address, query_timestamp, src_instance
  FROM dns_answer
  WHERE name = $name AND rdata_n IS NOT NULL AND srcaddr_n IS NOT NULL AND of(capture, $capture)
), pair AS (
  SELECT capture, client, address,
    count(*) AS answers, min(query_timestamp) AS first_answer, max(query_timestamp) AS last_answer,
    max(src_instance) AS src_instance
  FROM answer
  GROUP BY ALL
), met_flow AS (
  SELECT f.capture, f.peer_n AS client, f.addr_n AS address, f.start, f."end", f.side, f.bytes, f.action, f.interface_id
  FROM flow_by_addr f
  WHERE f.addr_n IN (SELECT address FROM pair) AND f.peer_n IN (SELECT client FROM pair)
), following_flow AS (
  SELECT m.*
  FROM met_flow m
    ASOF JOIN answer a ON m.capture = a.capture
      AND m.client = a.client
      AND m.address = a.address
      AND m.start >= a.query_timestamp - INTERVAL 60 SECOND
  WHERE m.start <= a.query_timestamp + to_hours($hours::BIGINT)
), interface_pair AS (
  SELECT capture, client, address, interface_id, count(*) AS flows, count(*) FILTER (action = 'REJECT') AS refused,
    sum(bytes) FILTER (side IN ('dst', 'pkt_dst')) AS bytes_out,
    sum(bytes) FILTER (side IN ('src', 'pkt_src')) AS bytes_in,
    min(start) AS first_flow, max("end") AS last_flow
  FROM following_flow
  GROUP BY ALL
), pair_flows AS (
  SELECT capture, client, address,
    max(flows) AS flows, max(refused) AS refused, max(bytes_out) AS bytes_out, max(bytes_in) AS bytes_in,
    min(first_flow) AS first_flow, max(last_flow) AS last_flow
  FROM interface_pair
  GROUP BY ALL
)
SELECT number_text(p.client) AS client, p.src_instance, number_text(p.address) AS address,
  p.answers, p.first_answer, p.last_answer,
  coalesce(f.flows, 0) AS flows, coalesce(f.refused, 0) AS refused,
  coalesce(f.bytes_out, 0)::BIGINT AS bytes_out, coalesce(f.bytes_in, 0)::BIGINT AS bytes_in,
  f.first_flow, f.last_flow, round(epoch(f.first_flow - p.first_answer), 0) AS seconds_to_flow, p.capture
FROM pair p
  LEFT JOIN pair_flows f ON f.capture = p.capture AND f.client = p.client AND f.address = p.address
ORDER BY p.first_answer, p.client, p.address, p.capture
