-- An address, the hosts that met it, and the names they had for it
--
-- One row per host that sent to or received from the address, or got it as an answer. Bytes are to
-- and from the address, whoever called. names are those that this host itself had resolved to the
-- address; a host with connections and no names went there without asking the Resolver. Each
-- connection is counted once.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP, ARP and the source side of mirrored traffic. A flow log of
-- ACCEPT only or REJECT only leaves out the rest, and a SKIPDATA interval hides an unknown number
-- of flows. A name may have been resolved before the log begins.
--
-- needs:  connection_keys, dns_answer
-- param:  ip       ip       required  the address, usually an outside one
-- param:  capture  capture            only this capture; empty for all
-- column: host                ip
-- column: names               text
-- column: answers             count
-- column: first_answer        time
-- column: connections         count
-- column: refused             count
-- column: ports               text
-- column: bytes_to_address    bytes
-- column: bytes_from_address  bytes
-- column: first_flow          time
-- column: last_flow           time
-- pivot:  From this address to hosts and names
WITH met AS (
  SELECT capture, client_key AS host_key, server_port, protocol, refused, bytes_out AS bytes_to, bytes_in AS bytes_from, start, "end"
  FROM connection_keys
  WHERE server_key = key_of(ip($ip)) AND of(capture, $capture)
  UNION ALL
  SELECT capture, server_key, server_port, protocol, refused, bytes_in, bytes_out, start, "end"
  FROM connection_keys
  WHERE client_key = key_of(ip($ip)) AND client_key <> server_key AND of(capture, $capture)
), host_sum AS (
  SELECT capture, key_number(host_key) AS host, count(*) AS connections, count(*) FILTER (refused) AS refused,
    coalesce(bounded(sum(bytes_to)), 0) AS bytes_to, coalesce(bounded(sum(bytes_from)), 0) AS bytes_from,
    min(start) AS first_flow, max("end") AS last_flow,
    array_to_string(
      list_slice(list_sort(list_distinct(list(CASE WHEN protocol IN (6, 17) THEN server_port END))), 1, 10), ' '
    ) AS ports
  FROM met
  GROUP BY ALL
), named_host AS (
  SELECT capture, srcaddr_n AS host,
    string_agg(DISTINCT name, ' ' ORDER BY name) AS names,
    count(*) AS answers, min(query_timestamp) AS first_answer
  FROM dns_answer
  WHERE rdata_n = ip($ip) AND srcaddr_n IS NOT NULL AND of(capture, $capture)
  GROUP BY ALL
)
SELECT number_text(host) AS host, names, coalesce(answers, 0) AS answers, first_answer,
  coalesce(connections, 0) AS connections, coalesce(refused, 0) AS refused,
  ports, coalesce(bytes_to, 0) AS bytes_to_address, coalesce(bytes_from, 0) AS bytes_from_address,
  first_flow, last_flow, capture
FROM host_sum
  FULL JOIN named_host USING (capture, host)
ORDER BY coalesce(least(first_answer, first_flow), first_answer, first_flow), host_sum.host, named_host.host, capture
