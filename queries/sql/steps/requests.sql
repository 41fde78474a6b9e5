-- Requests with who asked and which host of ours was asked, whichever log has them
--
-- Behind a load balancer a web server sees its node: then the last address of X-Forwarded-For is who asked, for the load balancer
-- wrote it. A web server's own log names its instance, and the flow records know that instance's address.
WITH log_owner AS (
  SELECT instance_id, min(address_n) AS address_n FROM asset WHERE instance_id IS NOT NULL AND address_n IS NOT NULL GROUP BY instance_id
), asked_request AS (
  SELECT h.capture, h.time, h.log, h.method, h.host, h.path, h.query, h.url, h.status, h.attack, h.user_agent,
    h.bytes_in, h.bytes_out, h.object_id, h.row_no,
    CASE
      WHEN h.x_forwarded_for IS NOT NULL AND private_number(h.client_ip_n)
        THEN coalesce(addr_of(trim(string_split(h.x_forwarded_for, ',')[-1])), h.client_ip_n)
      ELSE h.client_ip_n
    END AS client_n,
    coalesce(h.target_ip_n, o.address_n) AS target_n, h.client_ip_n AS peer_n,
    h.action IS NOT DISTINCT FROM 'block' AS blocked,
    h.target_ip_n IS NOT NULL OR h.log = 'httpd' AS reached,
    (h.target_ip_n IS NOT NULL OR h.log = 'httpd') AND coalesce(h.target_status, h.status) BETWEEN 200 AND 299 AS answered
  FROM http h
    LEFT JOIN log_owner o USING (instance_id)
  WHERE of(h.capture, $capture) AND within(h.time, $from, $to)
)
