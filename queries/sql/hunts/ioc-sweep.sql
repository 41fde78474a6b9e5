-- Where given addresses, blocks and names appear
--
-- Every entry of a list against all three logs: addresses of flow records (those of packets behind NAT
-- too), names asked for, every CNAME and other name in answers, addresses in answers, clients, names
-- and resolvers of the public zone and the client subnets that they passed on. One finding per entry
-- and source, with its first hit.
--
-- cannot: Names in traffic other than DNS, addresses behind a proxy or a load balancer, and what was looked up at
-- another resolver. Hits are records: one connection leaves several. No hit says something only as far as the logs reach:
-- look at the coverage.
--
-- method: Exact comparison of addresses and blocks; a name stands for itself and what is under it.
-- Score: 0.9 for a connection that was let in, 0.8 for a name asked for or an answer, 0.6
-- for the zone log (a resolver serves many), 0.5 for traffic that was all refused, 0.4 for
-- an asked name that does not exist; up to 0.1 more for the number of records (full at 1,000).
--
-- false-positives: Shared hosting and content delivery addresses, sinkholes, old lists, researchers
-- who look an indicator up.
--
-- not-proof: That the indicator meant at that time what the list says.
--
-- attack: T1071, T1071.004, T1095, T1041
-- phase:  in knock, out home, inside none
-- kind:   list
-- weight: own channel
-- needs:  capture
-- param:  ioc      text     addresses, blocks and names, one a line; # begins a comment; filled from --ioc
-- param:  from     time     only what begins at or after this moment
-- param:  to       time     only what begins before this moment
-- param:  capture  capture  only this capture; empty for all
-- step:   entry  entries on the list
-- step:   searched_capture  captures searched
-- step:   asked_name  different names in the logs, where the list has names
-- step:   hit  entries and sources with a hit
-- column: entry text
-- column: source text
-- column: hits count
-- column: first_hit time
-- column: example text
--
-- The views of the three logs are all optional, so they are named main.… and are not among what the hunt needs.
WITH list_line AS (
  SELECT DISTINCT trim(split_part(unnest(string_split(replace($ioc, chr(13), chr(10)), chr(10))), '#', 1)) AS entry
), entry AS (
  SELECT entry,
    CASE WHEN numeric THEN TRY(cidr_first(entry)) END AS first,
    CASE WHEN numeric THEN TRY(cidr_last(entry)) END AS last,
    CASE WHEN numeric THEN TRY(cidr_host_bits(entry))::UHUGEINT END AS bits,
    CASE WHEN NOT numeric THEN name END AS name,
    CASE WHEN NOT numeric THEN len(string_split(name, '.')) END AS labels
  FROM (
    SELECT entry,
      regexp_full_match(entry, '[0-9]+(\.[0-9]+){3}(/[0-9]+)?') OR contains(entry, ':') AS numeric,
      lower(rtrim(ltrim(entry, '*.'), '.')) AS name
    FROM list_line
    WHERE entry NOT IN ('', '::/0')
  )
), searched_capture AS (
  SELECT name AS capture FROM capture WHERE of(name, $capture) AND $ioc <> ''
), block_capture AS ( -- what the list does not ask for is not read
  SELECT capture
  FROM searched_capture
  WHERE EXISTS (FROM entry WHERE first < last)
), name_capture AS (
  SELECT capture
  FROM searched_capture
  WHERE EXISTS (FROM entry WHERE name IS NOT NULL)
), address AS (
  SELECT addr_n AS n
  FROM main.flow_by_addr
    SEMI JOIN block_capture USING (capture)
  UNION ALL
  SELECT srcaddr_n FROM main.dns SEMI JOIN block_capture USING (capture)
  UNION ALL
  SELECT rdata_n
  FROM main.dns_answer
    SEMI JOIN block_capture USING (capture)
  UNION ALL
  SELECT resolver_ip_n
  FROM main.zone
    SEMI JOIN block_capture USING (capture)
), listed_address AS MATERIALIZED ( -- an address is looked up as it is; a block by what is left of an address without its host bits
  SELECT entry, first AS n FROM entry WHERE first = last
  UNION ALL
  SELECT DISTINCT e.entry, a.n
  FROM (
    SELECT k.bits, n, n >> k.bits AS network
    FROM address, (SELECT DISTINCT bits FROM entry WHERE first < last) k
    WHERE n IS NOT NULL
  ) a
    JOIN (SELECT entry, bits, first >> bits AS network FROM entry WHERE first < last) e ON e.bits = a.bits
      AND e.network = a.network
), answer AS (
  SELECT *,
    CASE
      WHEN rdata_n IS NULL THEN lower(rtrim(regexp_extract(rdata, '[^ ]*$'), '.'))
    END AS name_of_rdata
  FROM main.dns_answer
    SEMI JOIN searched_capture USING (capture)
), asked_name AS (
  SELECT name
  FROM main.dns
    SEMI JOIN name_capture USING (capture)
  WHERE name IS NOT NULL
  GROUP BY ALL
  UNION
  SELECT name_of_rdata
  FROM answer
    SEMI JOIN name_capture USING (capture)
  WHERE type IN ('CNAME', 'DNAME', 'MX', 'NS', 'PTR', 'SRV', 'SOA')
  UNION
  SELECT name
  FROM main.zone
    SEMI JOIN name_capture USING (capture)
  WHERE name IS NOT NULL
), listed_name AS MATERIALIZED (
  SELECT e.entry, n.name
  FROM (
    SELECT a.name, k.labels,
      CASE
        WHEN k.labels = 0 THEN a.name
        ELSE array_to_string(list_slice(string_split(a.name, '.'), -k.labels, -1), '.')
      END AS suffix
    FROM asked_name a, (SELECT DISTINCT labels FROM entry WHERE labels IS NOT NULL) k
  ) n
    JOIN entry e ON e.name = n.suffix AND e.labels = n.labels
), sighting AS (
  SELECT l.entry, 'flow' AS source, f.capture, (f.object_id::UBIGINT << 32) | f.row_no AS record,
    f.start AS moment, f."end" AS until,
    CASE WHEN f.side IN ('src', 'pkt_src') THEN f.addr_n ELSE f.peer_n END AS src_n,
    CASE WHEN f.side IN ('src', 'pkt_src') THEN f.peer_n ELSE f.addr_n END AS dst_n,
    CASE WHEN f.side IN ('src', 'pkt_src') THEN f.peer_port ELSE f.port END AS dstport,
    NULL AS name, NULL AS client_n, f.interface_id,
    f.action IS DISTINCT FROM 'REJECT' AS open, f.action AS text
  FROM main.flow_by_addr f
    JOIN listed_address l ON l.n = f.addr_n
    SEMI JOIN searched_capture w ON w.capture = f.capture
  UNION ALL
  SELECT l.entry, 'client', d.capture, (d.object_id::UBIGINT << 32) | d.row_no, d.query_timestamp,
    d.query_timestamp, NULL, NULL, NULL, d.name, d.srcaddr_n, NULL, true, d.name
  FROM main.dns d
    JOIN listed_address l ON l.n = d.srcaddr_n
    SEMI JOIN searched_capture w ON w.capture = d.capture
  UNION ALL
  SELECT m.entry, 'query', d.capture, (d.object_id::UBIGINT << 32) | d.row_no,
    d.query_timestamp, d.query_timestamp, NULL, NULL, NULL, d.name, d.srcaddr_n, NULL,
    coalesce(d.rcode, '') <> 'NXDOMAIN', concat_ws(' ', d.query_type, d.name, d.rcode)
  FROM main.dns d
    JOIN listed_name m ON m.name = d.name
    SEMI JOIN searched_capture w ON w.capture = d.capture
  UNION ALL
  SELECT m.entry, 'answer', t.capture, (t.object_id::UBIGINT << 32) | t.row_no, t.query_timestamp, t.query_timestamp,
    NULL, NULL, NULL, t.name, t.srcaddr_n, NULL, true, concat_ws(' ', t.name, t.type, t.rdata)
  FROM answer t
    JOIN listed_name m ON m.name = t.name_of_rdata
  UNION ALL
  SELECT l.entry, 'answer', t.capture, (t.object_id::UBIGINT << 32) | t.row_no, t.query_timestamp, t.query_timestamp,
    NULL, t.rdata_n, NULL, t.name, t.srcaddr_n, NULL, true, concat_ws(' ', t.name, t.type, t.rdata)
  FROM answer t
    JOIN listed_address l ON l.n = t.rdata_n
  UNION ALL
  SELECT m.entry, 'zone name', z.capture, (z.object_id::UBIGINT << 32) | z.row_no, z.query_timestamp,
    z.query_timestamp, z.resolver_ip_n, NULL, NULL, z.name, NULL, NULL, true,
    concat_ws(' ', z.query_type, z.name, z.response_code)
  FROM main.zone z
    JOIN listed_name m ON m.name = z.name
    SEMI JOIN searched_capture w ON w.capture = z.capture
  UNION ALL
  SELECT l.entry, 'zone resolver', z.capture, (z.object_id::UBIGINT << 32) | z.row_no,
    z.query_timestamp, z.query_timestamp, z.resolver_ip_n, NULL, NULL, z.name, NULL, NULL, true,
    concat_ws(' ', z.query_type, z.name, z.response_code)
  FROM main.zone z
    JOIN listed_address l ON l.n = z.resolver_ip_n
    SEMI JOIN searched_capture w ON w.capture = z.capture
  UNION ALL
  SELECT e.entry, 'zone client subnet', z.capture, (z.object_id::UBIGINT << 32) | z.row_no,
    z.query_timestamp, z.query_timestamp, z.resolver_ip_n, NULL, NULL, z.name, NULL, NULL, true,
    concat_ws(' ', z.query_type, z.name, 'for', z.edns_client_subnet)
  FROM (
    FROM main.zone
      SEMI JOIN searched_capture USING (capture)
    WHERE edns_first_n IS NOT NULL
  ) z
    JOIN (FROM entry WHERE first IS NOT NULL) e ON z.edns_first_n <= e.last AND z.edns_last_n >= e.first
), timed_sighting AS (
  SELECT * FROM sighting WHERE moment IS NOT NULL AND within(moment, $from, $to)
), hit AS (
  SELECT entry, source, capture,
    count(DISTINCT record) AS hits, count(DISTINCT record) FILTER (open) AS opened,
    min(moment) AS first_hit, max(coalesce(until, moment)) AS last_hit,
    min(
      {
        'moment': moment, 'record': record, 'src_n': src_n, 'dst_n': dst_n, 'dstport': dstport, 'name': name,
        'client_n': client_n, 'interface_id': interface_id, 'text': text
      }
    ) AS one
  FROM timed_sighting
  GROUP BY ALL
), scored AS (
  SELECT *,
    CASE source
      WHEN 'flow' THEN CASE WHEN opened > 0 THEN 0.9 ELSE 0.5 END
      WHEN 'query' THEN CASE WHEN opened > 0 THEN 0.8 ELSE 0.4 END
      WHEN 'answer' THEN 0.8
      WHEN 'client' THEN 0.8
      ELSE 0.6
    END
      + 0.1 * least(1, ln(hits) / ln(1000)) AS score
  FROM hit
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.8 THEN 'high'
    WHEN score >= 0.5 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} in {}: {} record{}{}; first: {}', entry,
    CASE source
      WHEN 'flow' THEN 'flow records'
      WHEN 'query' THEN 'names asked for'
      WHEN 'answer' THEN 'answers'
      WHEN 'client' THEN 'clients of the Resolver'
      WHEN 'zone name' THEN 'names of the public zone'
      WHEN 'zone resolver' THEN 'resolvers that asked the public zone'
      ELSE 'client subnets in the zone log'
    END,
    hits, plural(hits),
    CASE
      WHEN source = 'flow' AND opened < hits THEN format(', {} of them refused', hits - opened)
      WHEN source = 'query' AND opened < hits THEN format(', {} of them NXDOMAIN', hits - opened)
      ELSE ''
    END,
    CASE
      WHEN source = 'flow'
        THEN concat_ws(' ', number_text(one.src_n), 'to', number_text(one.dst_n), 'port', one.dstport::VARCHAR, one.text)
      ELSE coalesce(one.text, '-')
    END
  ) AS reason,
  number_text(one.src_n) AS src, number_text(one.dst_n) AS dst,
  one.dstport AS dstport, number_text(one.client_n) AS client,
  one.name AS name, one.interface_id AS interface_id, hits AS "rows",
  first_hit AS from_time, greatest(first_hit, last_hit) AS to_time,
  entry, source, hits, first_hit, one.text AS example, capture
FROM scored
ORDER BY scored.score DESC, hits DESC, entry, source, capture
