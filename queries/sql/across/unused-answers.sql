-- Names that were resolved to an address that was then never called
--
-- Per host and name: answers with an address, none of which was followed by a flow of that host
-- with that address from 60 s before to some minutes after. A channel inside DNS itself looks like
-- this.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. Browsers ask ahead, and ask for IPv6 addresses that they do not use; a host behind NAT
-- may be recorded under another address, and one that asked through a Resolver endpoint has its
-- flows elsewhere.
--
-- needs:  dns_answer, flow_by_addr
-- param:  minutes  minutes  = 10  how long after an answer a flow may begin
-- param:  least    int      = 1   only names with at least so many answers
-- param:  from     time           only at or after this moment
-- param:  to       time           only before this moment
-- param:  capture  capture        only this capture; empty for all
-- column: client      ip
-- column: answers     count
-- column: addresses   text
-- column: first_seen  time
-- column: last_seen   time
WITH answer AS (
  SELECT capture, srcaddr_n AS client, name, rdata_n AS address, query_timestamp
  FROM dns_answer
  WHERE rdata_n IS NOT NULL
    AND srcaddr_n IS NOT NULL
    AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), pair AS (
  SELECT DISTINCT capture, client, address FROM answer
), call AS (
  SELECT f.capture, f.addr_n AS client, f.peer_n AS address, f.start
  FROM flow_by_addr f
    SEMI JOIN pair p ON f.capture = p.capture AND f.addr_n = p.client AND f.peer_n = p.address
), followed_answer AS (
  SELECT a.capture, a.client, a.name, a.address, a.query_timestamp,
    coalesce(c.start <= a.query_timestamp + to_minutes($minutes::BIGINT), false) AS followed
  FROM answer a
    ASOF LEFT JOIN call c ON a.capture = c.capture
      AND a.client = c.client
      AND a.address = c.address
      AND a.query_timestamp - INTERVAL 60 SECOND <= c.start
)
SELECT number_text(client) AS client, name, count(*) AS answers,
  array_to_string(
    list_transform(list_slice(list_sort(list(DISTINCT address)), 1, 5), lambda n: number_text(n)),
    ' '
  ) AS addresses,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen, capture
FROM followed_answer
GROUP BY followed_answer.client, name, capture
HAVING NOT bool_or(followed) AND count(*) >= $least::BIGINT
ORDER BY answers DESC, followed_answer.client, name, capture
