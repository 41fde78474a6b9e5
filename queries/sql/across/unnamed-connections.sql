-- Connections to outside addresses that no DNS answer had given
--
-- Pairs of inside host, outside address and port of which the Resolver log has no answer with that
-- address for that host, in the hours before the first record (60 s of slack). Who opened it is
-- taken from TCP flags where there are any (SYN without ACK), else from the ports: the lower one
-- serves. AWS's own services are named where the log says so.
--
-- cannot: That the address was typed in: the answer may be older than the log, have come from
-- another resolver, DNS over HTTPS or a hosts file, or been cached. too_early marks pairs whose
-- first record lies so near the start of the Resolver log, or without any, that this cannot be
-- known.
--
-- needs:  flow, dns, dns_answer
-- param:  hours    int      = 24  how far back an answer is looked for
-- param:  from     time           only what is not over before this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- column: srcaddr     ip
-- column: dstaddr     ip
-- column: service     text
-- column: records     count
-- column: refused     count
-- column: bytes       bytes
-- column: first_seen  time
-- column: last_seen   time
-- column: too_early   flag
-- column: protocol    protocol
WITH pair AS (
  SELECT capture, srcaddr_n AS src, coalesce(pkt_dstaddr_n, dstaddr_n) AS dst,
    dstport, protocol, max(pkt_dst_aws_service) AS service,
    count(*) AS records, count(*) FILTER (action = 'REJECT') AS refused,
    sum(bytes) AS bytes, min(start) AS first_seen, max("end") AS last_seen
  FROM flow
  WHERE (private_number(srcaddr_n) OR flow_direction = 'egress')
    AND NOT private_number(coalesce(pkt_dstaddr_n, dstaddr_n))
    AND CASE
        WHEN tcp_flags & 18 = 2 THEN true
        WHEN tcp_flags & 18 = 18 THEN false
        ELSE dstport <= srcport
      END
    AND of(capture, $capture)
    AND touches(start, "end", $from, $to)
  GROUP BY ALL
), answer AS (
  SELECT DISTINCT capture, srcaddr_n AS client, rdata_n AS address, query_timestamp
  FROM dns_answer
  WHERE rdata_n IS NOT NULL AND srcaddr_n IS NOT NULL
), log_start AS (
  SELECT capture, min(query_timestamp) AS first_query FROM dns GROUP BY ALL
)
SELECT number_text(p.src) AS srcaddr, number_text(p.dst) AS dstaddr,
  p.dstport, p.protocol, p.service, p.records, p.refused, p.bytes::BIGINT AS bytes,
  p.first_seen, p.last_seen,
  coalesce(p.first_seen < b.first_query + to_hours($hours::BIGINT), true) AS too_early,
  p.capture
FROM pair p
  ASOF LEFT JOIN answer a ON p.capture = a.capture
    AND p.src = a.client
    AND p.dst = a.address
    AND p.first_seen >= a.query_timestamp - INTERVAL 60 SECOND
  LEFT JOIN log_start b ON b.capture = p.capture
WHERE a.query_timestamp IS NULL OR a.query_timestamp < p.first_seen - to_hours($hours::BIGINT)
ORDER BY too_early, p.first_seen, p.src, p.dst, p.dstport, p.protocol, p.capture
