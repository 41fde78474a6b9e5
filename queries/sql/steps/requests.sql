-- Requests with who asked and which host of ours was asked, whichever log has them
--
-- Behind a load balancer a web server sees its node: then the last address of X-Forwarded-For is who asked, for the load balancer
-- wrote it. Where the log has none, nobody can tell: client_n is NULL, as a node is no client. A private address is a node
-- where the load balancer's log names it so, where it sends X-Forwarded-For, or where most of its first 200 lines are
-- requests that a load balancer handed to that host, at most two seconds apart. A web server's own log names its instance,
-- and the flow records know that instance's address.
WITH log_owner AS (
  SELECT instance_id, min(address_n) AS address_n FROM asset WHERE instance_id IS NOT NULL AND address_n IS NOT NULL GROUP BY instance_id
), node AS MATERIALIZED (
  SELECT DISTINCT addr_of(ip_address) AS node_n FROM alb WHERE ip_address IS NOT NULL
  UNION
  SELECT DISTINCT client_ip_n FROM http WHERE log = 'httpd' AND x_forwarded_for IS NOT NULL AND private_number(client_ip_n)
), bare_line AS MATERIALIZED (
  SELECT h.capture, o.address_n AS target_n, h.client_ip_n AS peer_n, h.method, h.path, h.time
  FROM http h
    JOIN log_owner o USING (instance_id)
    ANTI JOIN node n ON n.node_n = h.client_ip_n
  WHERE h.log = 'httpd' AND h.x_forwarded_for IS NULL AND h.path IS NOT NULL AND private_number(h.client_ip_n)
  QUALIFY row_number() OVER (PARTITION BY h.capture, h.client_ip_n, o.address_n ORDER BY h.time, h.object_id, h.row_no) <= 200
), bare_node AS MATERIALIZED (
  SELECT b.capture, b.target_n, b.peer_n
  FROM bare_line b
    ASOF JOIN (
      SELECT h.capture, h.target_ip_n AS target_n, h.method, h.path, h.time
      FROM http h
        SEMI JOIN bare_line l ON l.capture = h.capture AND l.target_n = h.target_ip_n AND l.path = h.path
      WHERE h.log = 'alb'
    ) a ON a.capture = b.capture
      AND a.target_n = b.target_n
      AND a.method = b.method
      AND a.path = b.path
      AND b.time + INTERVAL 2 SECOND >= a.time
  WHERE a.time >= b.time - INTERVAL 2 SECOND
  GROUP BY b.capture, b.target_n, b.peer_n
  HAVING count(*) * 2 > (
    SELECT count(*) FROM bare_line l WHERE l.capture = b.capture AND l.target_n = b.target_n AND l.peer_n = b.peer_n
  )
), asked_request AS (
  SELECT * EXCLUDE (named_n), CASE WHEN via_node THEN named_n ELSE coalesce(named_n, peer_n) END AS client_n,
    blocked OR coalesce(status = 403, false) AND NOT reached AS refused
  FROM (
    SELECT h.capture, h.time, h.log, h.method, h.host, h.path, h.query, h.url, h.status, h.target_status, h.attack, h.user_agent, h.referer,
      h.bytes_in, h.bytes_out, h.object_id, h.row_no,
      coalesce(h.target_ip_n, o.address_n) AS target_n, h.client_ip_n AS peer_n,
      CASE
        WHEN h.x_forwarded_for IS NOT NULL AND private_number(h.client_ip_n) THEN addr_of(trim(string_split(h.x_forwarded_for, ',')[-1]))
      END AS named_n,
      h.log = 'httpd' AND (n.node_n IS NOT NULL OR b.peer_n IS NOT NULL) AS via_node,
      coalesce(h.action IN ('block', 'captcha', 'challenge'), false) AS blocked,
      h.target_ip_n IS NOT NULL OR h.log = 'httpd' AS reached,
      (h.target_ip_n IS NOT NULL OR h.log = 'httpd')
        AND coalesce(coalesce(h.target_status, h.status) BETWEEN 200 AND 299, false) AS answered
    FROM http h
      LEFT JOIN log_owner o USING (instance_id)
      LEFT JOIN node n ON n.node_n = h.client_ip_n
      LEFT JOIN bare_node b ON b.capture = h.capture AND b.peer_n = h.client_ip_n AND b.target_n = o.address_n
    WHERE of(h.capture, $capture) AND within(h.time, $from, $to)
  )
)
