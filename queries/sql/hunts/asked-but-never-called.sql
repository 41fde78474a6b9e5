-- Which names were resolved again and again with no connection after
--
-- Per client and registered domain: many answers with addresses, and not one connection with any of
-- those addresses since. A channel inside DNS itself looks like this: the question and the answer
-- are the traffic.
--
-- cannot: Whether the client called where nobody logs: by an interface without flow logs, or as REJECT where
-- the flow log has ACCEPT only. A client without any connection in the flow logs is left out, for
-- nothing can be said of it. Answers to repeated questions are cached and not logged, so that the
-- number of questions is the least there can have been.
--
-- method: Answers that no flow follows (RITA v5 raises its score for names that were queried without a direct
-- connection; idea only). Ours: by registered domain in place of name, since a tunnel never asks for
-- the same name twice and a browser's one call clears its other answers; any later connection with
-- any address clears the whole domain, and not only one within ten minutes, since programs keep
-- answers; in both directions, as it may be the one who calls; only answers within the time of the
-- capture's flow logs. Domains whose answers hold no address (TXT, MX) are left to dns-tunnel. Score:
-- 0.3 for passing, up to 0.25 for the number of queries (full at 1,000), up to 0.25 for different names
-- (full at 200), 0.1 where no other client asks, 0.1 where it is asked for in at least half of the hours;
-- by half for AWS's own and for internal names.
--
-- false-positives: Names that are asked ahead, health checks of resolvers, blocklists and reputation lookups
-- (an address as a verdict), proxies that call for the client, names of peers that are off.
--
-- measured: false findings in benign days, high and medium: a generated day 0 and 0. False findings per million benign
-- records, high and medium: benign-dns 0 and 0, ordinary day 0 and 0.
--
-- not-proof: That data moved in the names.
--
-- attack: T1071.004, T1572, T1048.003
-- phase:  tunnel
-- kind:   nofollow
-- log:    dns, flow
-- weight: own
-- needs:  dns, dns_answer, connection_keys, minute, asset
-- needs-all: dns, connection_keys
-- param:  queries  int      = 20  at least so many questions: fewer is a name that was asked ahead
-- param:  top      int      = 50  so many findings, the best; the reason says of how many
-- param:  from     time           only at or after this moment
-- param:  to       time           only before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   query  questions for addresses that were answered
-- step:   asker  clients and registered domains with enough questions
-- step:   given_address  addresses that these were given
-- step:   silent_domain  clients and domains of which no address was ever called
-- column: queries count
-- column: names count
-- column: addresses count
-- column: hours count
-- column: clients count
-- column: example_addresses text
WITH log_span AS (
  SELECT capture, min(minute) AS begun, max(minute) + INTERVAL 1 MINUTE AS ended
  FROM minute
  WHERE log_type = 'flow'
  GROUP BY ALL
), query AS (
  SELECT d.capture, d.srcaddr_n AS client_n, d.registered_domain, d.name, d.query_timestamp
  FROM dns d
    JOIN log_span b USING (capture)
  WHERE d.query_type IN ('A', 'AAAA')
    AND d.answers_n > 0
    AND d.registered_domain IS NOT NULL
    AND d.srcaddr_n IS NOT NULL
    AND d.query_timestamp >= b.begun
    AND d.query_timestamp < b.ended
    AND of(d.capture, $capture) AND within(d.query_timestamp, $from, $to)
), asker AS (
  SELECT capture, client_n, registered_domain,
    count(*) AS queries, min(query_timestamp) AS first_query, max(query_timestamp) AS last_query
  FROM query
  GROUP BY capture, client_n, registered_domain
  HAVING count(*) >= $queries::BIGINT
), asked_name AS (
  SELECT l.capture, l.client_n, l.registered_domain, l.name, count(*) AS queries,
    list(DISTINCT epoch_us(l.query_timestamp) // 3600000000) AS hours
  FROM query l
    SEMI JOIN asker USING (capture, client_n, registered_domain)
  GROUP BY ALL
), given_address AS MATERIALIZED (
  SELECT a.capture, a.srcaddr_n AS client_n, w.registered_domain,
    a.rdata_n AS address_n, min(a.query_timestamp) AS first_answer
  FROM dns_answer a
    JOIN asked_name w ON w.capture = a.capture AND w.client_n = a.srcaddr_n AND w.name = a.name
  WHERE a.rdata_n IS NOT NULL
    AND NOT a.rdata_n BETWEEN ip('127.0.0.0') AND ip('127.255.255.255')
    AND NOT a.rdata_n BETWEEN ip('169.254.0.0') AND ip('169.254.255.255')
    AND a.rdata_n NOT IN (ip('0.0.0.0'), ip('::'), ip('::1'))
  GROUP BY ALL
), client AS (
  SELECT client_n, key_of(client_n) AS client_key
  FROM (SELECT DISTINCT client_n FROM asker)
), address AS (
  SELECT address_n, key_of(address_n) AS address_key
  FROM (SELECT DISTINCT address_n FROM given_address)
), answer AS MATERIALIZED (
  SELECT g.capture, g.client_n, g.registered_domain, g.first_answer, c.client_key, a.address_key
  FROM given_address g
    JOIN client c USING (client_n)
    JOIN address a USING (address_n)
), address_pair AS (
  SELECT client_key, address_key AS server_key FROM answer
  UNION
  SELECT address_key, client_key FROM answer
), called_pair AS MATERIALIZED (
  SELECT capture, client_key, server_key, max(start) AS last_start
  FROM connection_keys
    SEMI JOIN address_pair USING (client_key, server_key)
  GROUP BY ALL
), talker AS (
  SELECT DISTINCT s.capture, c.client_n
  FROM connection_keys s
    JOIN client c USING (client_key)
), called_domain AS (
  SELECT DISTINCT g.capture, g.client_n, g.registered_domain
  FROM answer g
    JOIN called_pair t ON t.capture = g.capture AND t.client_key = g.client_key AND t.server_key = g.address_key
  WHERE t.last_start >= g.first_answer - INTERVAL 60 SECOND
  UNION
  SELECT DISTINCT g.capture, g.client_n, g.registered_domain
  FROM answer g
    JOIN called_pair t ON t.capture = g.capture AND t.server_key = g.client_key AND t.client_key = g.address_key
  WHERE t.last_start >= g.first_answer - INTERVAL 60 SECOND
), silent_domain AS (
  SELECT a.*, n.names, n.name, n.hours, g.addresses, g.examples
  FROM asker a
    JOIN (
      SELECT capture, client_n, registered_domain,
        count(*) AS names, arg_max(name, (queries, name)) AS name, len(list_distinct(flatten(list(hours)))) AS hours
      FROM asked_name
      GROUP BY ALL
    ) n USING (capture, client_n, registered_domain)
    JOIN (
      SELECT capture, client_n, registered_domain, count(*) AS addresses,
        array_to_string(list_transform(min(address_n, 3), lambda n: number_text(n)), ' ') AS examples
      FROM given_address
      GROUP BY ALL
    ) g USING (capture, client_n, registered_domain)
    SEMI JOIN talker USING (capture, client_n)
    ANTI JOIN called_domain USING (capture, client_n, registered_domain)
), domain_clients AS (
  SELECT capture, registered_domain, count(DISTINCT client_n) AS clients
  FROM query
  WHERE registered_domain IN (SELECT registered_domain FROM silent_domain)
  GROUP BY ALL
), own_address AS (
  SELECT capture, address_n AS client_n, min(interface_id) AS interface_id
  FROM asset
  WHERE capture IS NOT NULL
  GROUP BY ALL
), candidate AS (
  SELECT s.*, o.clients, w.interface_id,
    s.hours * 2 > date_diff('hour', s.first_query, s.last_query) AND s.hours >= 4 AS steady,
    -- of a domain what the steps aws-own say of a name
    aws_domain('.' || s.registered_domain) AND NOT aws_customer_name(s.registered_domain) AND NOT aws_data_name(s.registered_domain)
      OR regexp_matches(s.registered_domain, '(^|\.)(internal|local|localdomain|home|lan|corp)$') AS known
  FROM silent_domain s
    JOIN domain_clients o USING (capture, registered_domain)
    LEFT JOIN own_address w USING (capture, client_n)
), scored AS (
  SELECT *,
    (
      0.3
        + 0.25 * least(1, ln(queries / $queries::BIGINT) / ln(50))
        + 0.25 * least(1, ln(names) / ln(200))
        + 0.1 * (clients = 1)::INTEGER
        + 0.1 * steady::INTEGER
    ) * CASE WHEN known THEN 0.5 ELSE 1 END AS score
  FROM candidate
), ranked AS (
  SELECT *,
    row_number() OVER (ORDER BY score DESC, queries DESC, capture, client_n, registered_domain) AS rank,
    count(*) OVER () AS all_findings
  FROM scored
)
SELECT round(greatest(0, score), 3)::DOUBLE AS score,
  CASE
    WHEN known THEN 'info'
    WHEN names >= 50 OR queries >= 200 AND clients = 1 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} questions for {} names under {}, in {} different hours, '
      || 'were answered with {} addresses ({}{}), and none of them was called or called back; {}{}',
    queries, names, registered_domain, hours, addresses, examples,
    CASE WHEN addresses > 3 THEN ' …' ELSE '' END,
    CASE
      WHEN clients = 1 THEN 'no other client asks for it'
      ELSE format('{} clients ask for it', clients)
    END,
    shown_of($top, all_findings, 'findings')
  ) AS reason,
  number_text(client_n) AS client, name, registered_domain, interface_id,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  queries, names, addresses, hours, clients, examples AS example_addresses, capture
FROM ranked
WHERE rank <= $top::BIGINT
ORDER BY rank
