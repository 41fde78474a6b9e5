-- Flow records of the host that a request was handed to
--
-- The request by its trace or request id, as whichever logs have it, and what its host sent and received meanwhile: first
-- what came from the load balancer's node or the client, then the host's other traffic, from a minute before to so many after.
--
-- cannot: Tell which connection carried the request: a load balancer does not log its own port, and uses connections again.
-- What the host did in those minutes may have nothing to do with the request.
--
-- needs:  http, flow_by_addr
-- uses:   alb, asset
-- param:  id       request  required  the id, a trace id without Root=
-- param:  minutes  minutes  = 5       so many minutes after the request, too
-- param:  capture  capture            only this capture; empty for all
-- column: part           text
-- column: protocol       protocol
-- column: seconds_after  number
-- column: peer           ip
-- pivot:  Flows of the host that this request was handed to
WITH owner AS (
  SELECT instance_id, min(address_n) AS address_n FROM asset WHERE instance_id IS NOT NULL AND address_n IS NOT NULL GROUP BY instance_id
), request AS (
  SELECT h.capture, coalesce(h.target_ip_n, o.address_n) AS target_n, min(h.time) AS time,
    max(h.time + to_milliseconds((1000 * coalesce(h.seconds, 0))::BIGINT)) AS ends, list(DISTINCT h.client_ip_n) AS clients
  FROM http h
    LEFT JOIN owner o USING (instance_id)
  WHERE (h.trace_id = $id OR h.request_id = $id) AND of(h.capture, $capture)
  GROUP BY ALL
), node AS (
  SELECT DISTINCT addr_of(ip_address) AS node_n FROM alb WHERE trace_id = $id AND ip_address IS NOT NULL
)
SELECT
  CASE
    WHEN n.node_n IS NOT NULL OR coalesce(list_contains(r.clients, f.peer_n), false) THEN 'handed over'
    ELSE 'other'
  END AS part,
  f.start, f."end", round(epoch(f.start - r.time), 1) AS seconds_after, f.addr, f.port, f.peer, f.peer_port, f.protocol, f.action,
  f.packets, f.bytes, f.interface_id, f.capture, f.object_id, f.row_no
FROM request r
  JOIN flow_by_addr f ON f.capture = r.capture
    AND f.addr_n = r.target_n
    AND f."end" >= r.time - INTERVAL 1 MINUTE
    AND f.start <= r.ends + to_minutes($minutes::BIGINT)
  LEFT JOIN node n ON n.node_n = f.peer_n
WHERE r.target_n IS NOT NULL
ORDER BY part, f.start, f.object_id, f.row_no, f.addr
