-- Connections to outside addresses that no DNS answer had given
--
-- Pairs of inside host, outside address and port of which the Resolver log has no answer with that
-- address for that host, in the hours before the first connection (60 s of slack). Each connection
-- is counted once. AWS's own services are named where the log says so.
--
-- cannot: That the address was typed in: the answer may be older than the log, have come from
-- another resolver, DNS over HTTPS or a hosts file, or been cached. too_early marks pairs whose
-- first record lies so near the start of the Resolver log, or without any, that this cannot be
-- known.
--
-- needs:  connection_keys, service_address, dns, dns_answer
-- param:  hours    int      = 24  how far back an answer is looked for
-- param:  from     time           only what is not over before this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- column: client             ip
-- column: server             ip
-- column: service            text
-- column: connections        count
-- column: refused            count
-- column: bytes_to_server    bytes
-- column: bytes_from_server  bytes
-- column: first_seen         time
-- column: last_seen          time
-- column: too_early          flag
-- column: protocol           protocol
WITH pair AS (
  SELECT capture, client_key, server_key, server_port, protocol,
    count(*) AS connections, count(*) FILTER (refused) AS refused,
    coalesce(bounded(sum(bytes_out)), 0) AS bytes_out, coalesce(bounded(sum(bytes_in)), 0) AS bytes_in,
    min(start) AS first_seen, max("end") AS last_seen
  FROM connection_keys
  WHERE direction = 'out' AND of(capture, $capture) AND touches(start, "end", $from, $to)
  GROUP BY ALL
), answer AS (
  SELECT DISTINCT capture, key_of(srcaddr_n) AS client_key, key_of(rdata_n) AS server_key, query_timestamp
  FROM dns_answer
  WHERE rdata_n IS NOT NULL AND srcaddr_n IS NOT NULL
), log_start AS (
  SELECT capture, min(query_timestamp) AS first_query FROM dns GROUP BY ALL
)
SELECT key_text(p.client_key) AS client, key_text(p.server_key) AS server,
  nullif(p.server_port, 0) AS server_port, p.protocol, v.service, p.connections, p.refused,
  p.bytes_out AS bytes_to_server, p.bytes_in AS bytes_from_server,
  p.first_seen, p.last_seen,
  coalesce(p.first_seen < b.first_query + to_hours($hours::BIGINT), true) AS too_early,
  p.capture
FROM pair p
  ASOF LEFT JOIN answer a ON p.capture = a.capture
    AND p.client_key = a.client_key
    AND p.server_key = a.server_key
    AND p.first_seen >= a.query_timestamp - INTERVAL 60 SECOND
  LEFT JOIN log_start b ON b.capture = p.capture
  LEFT JOIN service_address v ON v.server_key = p.server_key
WHERE a.query_timestamp IS NULL OR a.query_timestamp < p.first_seen - to_hours($hours::BIGINT)
ORDER BY too_early, p.first_seen, p.client_key, p.server_key, p.server_port, p.protocol, p.capture
