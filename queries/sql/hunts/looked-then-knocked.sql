-- Who came after the look-up
--
-- Names that a guesser found in our public zone, the hosts behind them, and who called these hosts for
-- the first time in the day after. The host of a name is known from Resolver answers, from described
-- public addresses, or from the parameter addresses.
--
-- cannot: Identify: the resolver that looked is not the host that knocks. What Route 53 answered is
-- not in its log, so names that nobody inside asks for have no address here unless one is given.
--
-- method: Names answered NOERROR while they were guessed (as in zone-guessing), then outside clients of
-- the name's address that had not called it before the look-up, as far as its interface has records, and call within
-- 24 hours. How many hours of records there are is said.
-- Hosts on the internet are called all day, so order alone says little. Score: 0.2 for the
-- order; 0.4 where the caller is in the client subnet that the resolver passed on, or else
-- 0.2 where it is in the /24 (IPv6 /48) of the resolver; 0.1 within the first hour; up to
-- 0.2 for different ports tried (full at 50); 0.1 where a call was let in.
--
-- false-positives: The noise of the internet, new customers, search engines, monitoring from a new
-- address.
--
-- measured: false findings in benign days, high and medium: a generated day 0 and 0. False findings per million benign
-- records, high and medium: ordinary day 0 and 0.
--
-- not-proof: That both are the same: it shows an order in time, and nearness of addresses at best.
--
-- attack: T1595.001, T1595.003, T1590.002, T1046
-- phase:  knock
-- kind:   sequence
-- log:    zone, flow
-- weight: own
-- needs:  zone, connection, flow_span, asset
-- uses:   dns_answer
-- steps:  guessing
-- param:  names      int      = 30   an hour of guessing has at least so many different names
-- param:  percent    number   = 50   and at least so many percent NXDOMAIN
-- param:  hours      int      = 24   the call comes at most so many hours after the look-up
-- param:  addresses  text            name=address, with commas, where the logs do not tell
-- param:  least      number   = 0.3  show from this score on
-- param:  from       time            only what begins at or after this moment
-- param:  to         time            only what begins before this moment
-- param:  capture    capture         only this capture; empty for all
-- step:   zone_query  queries of the zone
-- step:   found_name  names that answered in an hour of guessing
-- step:   host  names and addresses of ours
-- step:   knock  callers that came first after the look-up
-- column: ports count
-- column: connections count
-- column: refused count
-- column: minutes_after number
-- column: near text
-- column: looked_at time
-- column: resolver ip
-- column: known_hours number
WITH found_name AS (
  SELECT l.capture, l.name,
    any_value(l.registered_domain) AS registered_domain,
    l.resolver_ip_n, l.subnet,
    any_value(l.edns_first_n) AS edns_first_n, any_value(l.edns_last_n) AS edns_last_n,
    min(l.query_timestamp) AS looked_at, count(*) AS queries
  FROM zone_query l
    JOIN burst b ON b.capture = l.capture
      AND b.resolver_ip_n IS NOT DISTINCT FROM l.resolver_ip_n
      AND b.subnet = l.subnet
      AND b.hosted_zone_id IS NOT DISTINCT FROM l.hosted_zone_id
  WHERE l.query_timestamp >= b.since AND l.query_timestamp < b.until AND l.response_code = 'NOERROR'
  GROUP BY l.capture, l.name, l.resolver_ip_n, l.subnet
), given_address AS (
  SELECT lower(rtrim(trim(split_part(pair, '=', 1)), '.')) AS name, addr_of(trim(split_part(pair, '=', 2))) AS address_n
  FROM (SELECT unnest(string_split($addresses, ',')) AS pair)
  WHERE contains(pair, '=')
), known_address AS (
  SELECT name, address_n FROM given_address WHERE address_n IS NOT NULL
  UNION
  SELECT name, rdata_n
  FROM dns_answer
    SEMI JOIN found_name USING (name)
  WHERE rdata_n IS NOT NULL
), host AS (
  SELECT name, address_n FROM known_address
  UNION
  SELECT t.name, a.address_n
  FROM known_address t
    JOIN (
      SELECT DISTINCT address_n, addr_of(public_address) AS public_n
      FROM asset
      WHERE public_address IS NOT NULL
    ) a ON a.public_n = t.address_n
), inbound_call AS (
  SELECT capture, client_n, server_n, server_port, refused, records, interface_id, start, "end"
  FROM connection
  WHERE direction = 'in' AND server_n IN (SELECT address_n FROM host)
), first_call AS (
  SELECT capture, client_n, server_n, min(start) AS first_start
  FROM inbound_call
  GROUP BY ALL
), knock AS (
  SELECT f.capture, f.name, f.registered_domain, f.resolver_ip_n, f.subnet, f.edns_first_n,
    f.edns_last_n, f.looked_at, f.queries, c.client_n, c.server_n, c.first_start
  FROM found_name f
    JOIN host h ON h.name = f.name
    JOIN first_call c ON c.capture = f.capture AND c.server_n = h.address_n
  WHERE c.first_start >= f.looked_at - INTERVAL 60 SECOND
    AND c.first_start < f.looked_at + to_hours($hours::BIGINT)
), near_knock AS (
  SELECT *,
    CASE
      WHEN client_n BETWEEN edns_first_n AND edns_last_n THEN 'client subnet'
      WHEN client_n >> 8 = resolver_ip_n >> 8 AND client_n < 281474976710656
          OR client_n >> 80 = resolver_ip_n >> 80 AND client_n >= 281474976710656
        THEN 'resolver'
    END AS near
  FROM knock
), best_knock AS (
  SELECT *
  FROM near_knock
  QUALIFY row_number() OVER (
    PARTITION BY capture, client_n, server_n
    ORDER BY (near = 'client subnet') DESC NULLS LAST, near NULLS LAST, looked_at DESC, name, resolver_ip_n, subnet
  ) = 1
), knocked_interface AS (
  SELECT DISTINCT capture, interface_id FROM inbound_call SEMI JOIN best_knock USING (capture, client_n, server_n)
), numbered_minute AS (
  SELECT capture, interface_id, minute, row_number() OVER (PARTITION BY capture, interface_id ORDER BY minute) AS place
  FROM (SELECT DISTINCT capture, interface_id, minute FROM flow_span WHERE log_status <> 'SKIPDATA')
    SEMI JOIN knocked_interface USING (capture, interface_id)
), scored AS (
  SELECT b.*, d.ports, d.connections, d.refused, d.records, d.last_end, d.interface_id, d.server_port,
    coalesce(m.place, 0) / 60 AS known_hours,
    epoch(b.first_start - b.looked_at) / 60 AS minutes_after,
    0.2
      + CASE near
          WHEN 'client subnet' THEN 0.4
          WHEN 'resolver' THEN 0.2
          ELSE 0
        END
      + 0.1 * (b.first_start < b.looked_at + INTERVAL 1 HOUR)::INTEGER
      + 0.2 * least(1, ln(d.ports) / ln(50))
      + 0.1 * (d.refused < d.connections)::INTEGER AS score
  FROM best_knock b
    JOIN (
      SELECT c.capture, c.client_n, c.server_n,
        count(DISTINCT c.server_port) AS ports, count(*) AS connections,
        count(*) FILTER (c.refused) AS refused, sum(c.records)::BIGINT AS records,
        max(c."end") AS last_end, min(c.interface_id) AS interface_id, min(c.server_port) AS server_port
      FROM inbound_call c
        JOIN best_knock b ON b.capture = c.capture AND b.client_n = c.client_n AND b.server_n = c.server_n
      WHERE c.start < b.looked_at + to_hours($hours::BIGINT)
      GROUP BY ALL
    ) d ON d.capture = b.capture AND d.client_n = b.client_n AND d.server_n = b.server_n
    ASOF LEFT JOIN numbered_minute m ON m.capture = b.capture
      AND m.interface_id = d.interface_id
      AND b.first_start >= m.minute
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN near IS NOT NULL AND score >= 0.6 THEN 'high'
    WHEN near IS NOT NULL OR ports >= 10 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} was looked up at {} through {}{}; {:.0f} minutes later {} called its address {}, for the first time in the {:.1f} hours '
      || 'of which its interface has records before: {} connection{} to {} port{}, {} refused{}',
    name, strftime(looked_at, '%Y-%m-%d %H:%M:%S'), number_text(resolver_ip_n),
    CASE WHEN subnet = '' THEN '' ELSE ' for ' || subnet END,
    minutes_after, number_text(client_n), number_text(server_n), known_hours,
    connections, plural(connections), ports, plural(ports), refused,
    CASE near
      WHEN 'client subnet' THEN '; the caller is in that client subnet'
      WHEN 'resolver' THEN '; the caller is near the resolver'
      ELSE ''
    END
  ) AS reason,
  number_text(client_n) AS src, number_text(server_n) AS dst,
  CASE WHEN ports = 1 THEN server_port END AS dstport,
  name, registered_domain, interface_id, records + queries AS "rows",
  looked_at AS from_time, greatest(last_end, looked_at) AS to_time,
  ports, connections, refused, round(minutes_after, 1) AS minutes_after,
  near, round(known_hours, 1) AS known_hours, looked_at,
  number_text(resolver_ip_n) AS resolver, nullif(subnet, '') AS edns_client_subnet, capture
FROM scored
WHERE score >= $least::DOUBLE
ORDER BY scored.score DESC, connections DESC, client_n, server_n, name, capture
