-- Which pairs of hosts moved the most bytes
--
-- A row per client and server, both directions in one, a server being its name where one led there, with the share of
-- all bytes of the capture.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of
-- flows. A flow log of ACCEPT only or REJECT only leaves out the rest.
--
-- method: Bytes of connections per pair, by the addresses in the packets (after AWS's predefined
-- queries VpcFlowLogsTopTalkers and its packet-level form). Ours: a connection that several
-- interfaces saw counts once; a NAT gateway has a row in its own name for what no record names the
-- true client of; the names that led there are given.
-- Score: 0.2 times the share of the bytes of the capture. It is a picture, and ranks low.
--
-- false-positives: Backups, S3, updates and databases lead this list nearly always.
--
-- not-proof: That much traffic is wrong. What is unusual for a host is the hunt unusual-upload's.
--
-- attack: T1041, T1048
-- phase:  none
-- needs:  connection_keys, answer_name
-- needs-all: connection_keys
-- param:  top         int      = 20     so many pairs of a capture: a screen; AWS's query has 50. The reason says of how many
-- param:  from        time              only what begins at or after this moment
-- param:  to          time              only what begins before this moment
-- param:  capture     capture           only this capture; empty for all
-- step:   counted_connection  connections
-- step:   pair  pairs of hosts, or of a host and a name
-- column: direction text
-- column: connections count
-- column: bytes bytes
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
-- column: share number
-- column: several_addresses flag
WITH counted_connection AS (
  SELECT capture, interface_id, direction, client_key, server_key, peer_no(server_key, name_no) AS peer,
    name_no, server_port, bytes_out, bytes_in, records, start, "end"
  FROM connection_keys
  WHERE of(capture, $capture) AND within(start, $from, $to)
), pair AS (
  SELECT capture, client_key, peer, bounded(sum(coalesce(bytes_out, 0) + coalesce(bytes_in, 0))) AS bytes
  FROM counted_connection
  GROUP BY capture, client_key, peer
), largest_pairs AS (
  SELECT capture, count(*) AS all_pairs, bounded(sum(bytes)) AS all_bytes,
    max({bytes: bytes, client_key: client_key, peer: peer}, $top::BIGINT) AS best
  FROM pair
  GROUP BY capture
), chosen_pair AS (
  SELECT capture, unnest(best, recursive := true), all_pairs, all_bytes FROM largest_pairs
), whole_pair AS (
  SELECT l.capture, l.client_key, l.peer,
    arg_max(l.interface_id, (coalesce(l.bytes_out, 0) + coalesce(l.bytes_in, 0), l.interface_id)) AS interface_id,
    any_value(c.all_pairs) AS all_pairs, any_value(c.all_bytes) AS all_bytes, any_value(n.name) AS name,
    arg_max(l.server_key, (coalesce(l.bytes_out, 0) + coalesce(l.bytes_in, 0), l.server_key)) AS server_key,
    min(l.server_key) <> max(l.server_key) AS several, min(l.direction) AS direction, count(*) AS connections,
    coalesce(bounded(sum(l.bytes_out)), 0) AS sent, coalesce(bounded(sum(l.bytes_in)), 0) AS got,
    min(l.server_port) AS lowest_port, max(l.server_port) AS highest_port,
    sum(l.records)::BIGINT AS records, min(l.start) AS first_start, max(l."end") AS last_end
  FROM counted_connection l
    JOIN chosen_pair c USING (capture, client_key, peer)
    LEFT JOIN answer_name n USING (name_no)
  GROUP BY l.capture, l.client_key, l.peer
), ranked_pair AS (
  SELECT *, (sent + got) / greatest(1, all_bytes) AS share,
    row_number() OVER (PARTITION BY capture ORDER BY sent + got DESC, client_key, peer) AS place
  FROM whole_pair
  WHERE sent + got > 0
)
SELECT round(0.2 * share, 3)::DOUBLE AS score, 'info' AS severity,
  format(
    '{:.1f} MB: {:.1f} from {} to {}, {:.1f} back, in {} connection{} ({}); '
      || '{:.1f}% of all bytes of the capture; {}pair {} of {}{}',
    (sent + got) / 1e6, sent / 1e6, key_text(client_key), coalesce(name, key_text(server_key)), got / 1e6,
    connections, plural(connections), direction, 100 * share,
    CASE WHEN several THEN 'several addresses; ' ELSE '' END,
    place, all_pairs,
    CASE
      WHEN all_pairs > $top::BIGINT THEN format(' ({} are shown)', $top::BIGINT)
      ELSE ''
    END
  ) AS reason,
  key_text(client_key) AS src, key_text(server_key) AS dst,
  CASE WHEN lowest_port = highest_port THEN lowest_port END AS dstport,
  name, interface_id, records AS "rows", first_start AS from_time, last_end AS to_time,
  direction, connections, sent + got AS bytes, CASE WHEN direction = 'in' THEN got ELSE sent END AS bytes_to_peer,
  CASE WHEN direction = 'in' THEN sent ELSE got END AS bytes_from_peer, round(share, 4) AS share,
  several AS several_addresses, capture
FROM ranked_pair
ORDER BY ranked_pair.share DESC, capture, place
