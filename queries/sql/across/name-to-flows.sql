-- A name, the addresses it gave, and what each host then sent there
--
-- For every host that resolved the name and every address it got: when, and its connections with
-- that address from 60 s before an answer (flow times may be late) to some hours after. Bytes are
-- to and from the address, whoever called. Hosts that resolved the name and sent nothing have no
-- connection. Each connection is counted once.
--
-- cannot: That the connections were meant for this name: an address may serve many, see
-- names-of-address. A host behind NAT appears in Resolver logs and flow logs under the same inside
-- address only on its own interface. Flow logs never record queries to the Amazon DNS server,
-- instance metadata (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored
-- traffic. A flow log of ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval
-- hides an unknown number of flows.
--
-- needs:  dns_answer, connection_keys
-- param:  name     name     required  the name
-- param:  hours    int      = 24      how long after an answer a connection may begin
-- param:  capture  capture            only this capture; empty for all
-- column: client              ip
-- column: address             ip
-- column: answers             count
-- column: first_answer        time
-- column: last_answer         time
-- column: connections         count
-- column: refused             count
-- column: bytes_to_address    bytes
-- column: bytes_from_address  bytes
-- column: first_flow          time
-- column: last_flow           time
-- column: seconds_to_flow     number
-- column: src_instance        instance
-- pivot:  From this name to flows
-- page:   peers Who went to its addresses after asking
WITH answer AS (
  SELECT capture, srcaddr_n AS client, rdata_n AS address, query_timestamp, src_instance,
    key_of(srcaddr_n) AS client_key, key_of(rdata_n) AS address_key
  FROM dns_answer
  WHERE name = $name AND rdata_n IS NOT NULL AND srcaddr_n IS NOT NULL AND of(capture, $capture)
), pair AS (
  SELECT capture, client, address, client_key, address_key,
    count(*) AS answers, min(query_timestamp) AS first_answer, max(query_timestamp) AS last_answer,
    max(src_instance) AS src_instance
  FROM answer
  GROUP BY ALL
), met AS (
  SELECT c.capture, c.client_key, c.server_key AS address_key, c.start, c."end", c.refused,
    c.bytes_out AS bytes_to, c.bytes_in AS bytes_from
  FROM connection_keys c
    SEMI JOIN pair p ON p.capture = c.capture AND p.client_key = c.client_key AND p.address_key = c.server_key
  UNION ALL
  SELECT c.capture, c.server_key, c.client_key, c.start, c."end", c.refused, c.bytes_in, c.bytes_out
  FROM connection_keys c
    SEMI JOIN pair p ON p.capture = c.capture AND p.client_key = c.server_key AND p.address_key = c.client_key
), following AS (
  SELECT m.*
  FROM met m
    ASOF JOIN answer a ON m.capture = a.capture
      AND m.client_key = a.client_key
      AND m.address_key = a.address_key
      AND m.start >= a.query_timestamp - INTERVAL 60 SECOND
  WHERE m.start <= a.query_timestamp + to_hours($hours::BIGINT)
), pair_sum AS (
  SELECT capture, client_key, address_key, count(*) AS connections, count(*) FILTER (refused) AS refused,
    coalesce(bounded(sum(bytes_to)), 0) AS bytes_to, coalesce(bounded(sum(bytes_from)), 0) AS bytes_from,
    min(start) AS first_flow, max("end") AS last_flow
  FROM following
  GROUP BY ALL
)
SELECT number_text(p.client) AS client, p.src_instance, number_text(p.address) AS address,
  p.answers, p.first_answer, p.last_answer,
  coalesce(f.connections, 0) AS connections, coalesce(f.refused, 0) AS refused,
  coalesce(f.bytes_to, 0) AS bytes_to_address, coalesce(f.bytes_from, 0) AS bytes_from_address,
  f.first_flow, f.last_flow, round(epoch(f.first_flow - p.first_answer), 0) AS seconds_to_flow, p.capture
FROM pair p
  LEFT JOIN pair_sum f USING (capture, client_key, address_key)
ORDER BY p.first_answer, p.client, p.address, p.capture
