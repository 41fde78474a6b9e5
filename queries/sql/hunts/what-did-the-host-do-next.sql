-- What a host of ours did after a request that looks like an attack
--
-- One row per host, and name or address that it asked for or called for the first time within minutes of a request with the
-- text of an attack that it answered, or of a further call of such a page by the same client.
--
-- cannot: See calls to instance metadata, and names that the Resolver had in its cache. What the host did through a connection
-- that was open already is not new.
--
-- method: Requests that a host answered with success and that carry attack text, and all requests of the same client for the
-- same path where nobody else asks for it. After the last of them, names and outside addresses that the host had neither asked
-- for nor called before, at most so many minutes later: before is since the capture's logs begin, whatever time is looked at,
-- and the reason says how long that is. The base rate says how many such first ones the host has in so many minutes otherwise.
-- Score: 0.3; up to 0.3 for how rare a first one is on this host; 0.2 where no other host asks for it; 0.2 where it comes
-- within a minute, less the later. High where chance would give less than one in twenty and no other host asks; medium where
-- less than one in five; low else.
--
-- false-positives: Updates and agents that begin in those minutes, a host that has just been started.
--
-- measured: found: planted requests 2 of 2. False findings per million benign records, high and medium: a shop 0 and
-- 0, ordinary requests 0 and 0.
--
-- not-proof: That the request was the cause: it shows an order in time, and how rare that is.
--
-- attack: T1190, T1105, T1071
-- phase:  home
-- kind:   sequence-of-request
-- log:    alb, httpd, dns, flow
-- weight: own
-- needs:  http, asset
-- one-of: dns, connection
-- uses:   dns_answer, alb
-- steps:  requests, suspects
-- param:  minutes  int      = 10  at most so many minutes after the request
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   hit  answered requests that look like an attack
-- step:   first_call  names and addresses, by host, when first asked for or called
-- step:   next_call  those that came first within minutes of a hit
-- column: request_from ip
-- column: request_at time
-- column: request_url text
-- column: minutes_after number
-- column: chance number
-- column: hours_before number
-- column: other_hosts count
WITH attacked AS (
  SELECT DISTINCT capture, client_n, path, target_n FROM request_once WHERE attack IS NOT NULL AND answered AND target_n IS NOT NULL
), hit AS MATERIALIZED (
  SELECT capture, target_n, time,
    arg_min({'client_n': client_n, 'url': url}, (attack IS NULL, coalesce(client_n, 0), request_no)) AS request
  FROM request_once a
  WHERE a.answered
    AND EXISTS (
      FROM attacked t
      WHERE t.capture = a.capture AND t.path = a.path AND t.target_n = a.target_n AND t.client_n IS NOT DISTINCT FROM a.client_n
    )
    AND (
      a.attack IS NOT NULL
        OR NOT EXISTS (FROM asked_request o WHERE o.capture = a.capture AND o.path = a.path AND o.client_n <> a.client_n)
    )
  GROUP BY capture, target_n, time
), asked_name AS (
  SELECT d.capture, d.srcaddr_n AS host_n, d.name, min(d.registered_domain) AS registered_domain,
    min(d.query_timestamp) AS first_time, count(*) FILTER (within(d.query_timestamp, $from, $to)) AS records
  FROM dns d
  WHERE d.name IS NOT NULL AND NOT ends_with(d.name, '.arpa') AND of(d.capture, $capture)
  GROUP BY d.capture, d.srcaddr_n, d.name
), called_address AS (
  SELECT capture, client_n AS host_n, server_n, min(start) AS first_time,
    coalesce(sum(records) FILTER (within(start, $from, $to)), 0)::BIGINT AS records
  FROM connection
  WHERE direction = 'out' AND of(capture, $capture)
  GROUP BY ALL
), first_call AS MATERIALIZED (
  SELECT capture, host_n, name, registered_domain, NULL::UHUGEINT AS server_n, first_time, records FROM asked_name
  UNION ALL
  SELECT c.capture, c.host_n, NULL, NULL, c.server_n, c.first_time, c.records
  FROM called_address c
    ANTI JOIN (SELECT capture, srcaddr_n AS host_n, rdata_n AS server_n FROM dns_answer WHERE rdata_n IS NOT NULL) a
      USING (capture, host_n, server_n)
), log_begin AS (
  SELECT capture, name IS NULL AS is_call, min(first_time) AS begins FROM first_call GROUP BY ALL
), host_rate AS (
  SELECT capture, host_n, count(DISTINCT time_bucket(to_minutes($minutes::INTEGER), first_time))
    / greatest(1, epoch(max(max(first_time)) OVER (PARTITION BY capture) - min(min(first_time)) OVER (PARTITION BY capture))
      / (60 * $minutes::DOUBLE)) AS chance
  FROM first_call
  GROUP BY capture, host_n
), askers AS (
  SELECT capture, name, server_n, count(DISTINCT host_n) - 1 AS others FROM first_call GROUP BY ALL
), next_call AS (
  SELECT f.*, h.request.client_n AS client_n, h.request.url AS url, h.time AS request_at, epoch(f.first_time - h.time) / 60 AS minutes_after
  FROM first_call f
    ASOF JOIN hit h ON h.capture = f.capture AND h.target_n = f.host_n AND f.first_time + INTERVAL 1 SECOND >= h.time
  WHERE f.first_time <= h.time + to_minutes($minutes::INTEGER) AND within(f.first_time, $from, $to)
), scored AS (
  SELECT n.*, r.chance, a.others, greatest(0, epoch(n.first_time - b.begins) / 3600) AS hours_before,
    0.3
      + 0.3 * greatest(0, 1 - 5 * r.chance)
      + 0.2 * (a.others = 0)::INTEGER
      + 0.2 * greatest(0, 1 - greatest(0, n.minutes_after - 1) / $minutes::DOUBLE) AS score
  FROM next_call n
    JOIN host_rate r USING (capture, host_n)
    JOIN askers a ON a.capture = n.capture AND a.name IS NOT DISTINCT FROM n.name AND a.server_n IS NOT DISTINCT FROM n.server_n
    JOIN log_begin b ON b.capture = n.capture AND b.is_call = (n.name IS NULL)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN chance < 0.05 AND others = 0 THEN 'high'
    WHEN chance < 0.2 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{:.0f} s after {} had asked {} for {}, that host {} {} for the first time in the {:.1f} hours since these logs of the capture begin; '
      || 'in other {} minutes it has something new in {:.1f} of 100; {} other host{} ask{} for it',
    greatest(0, minutes_after) * 60, coalesce(number_text(client_n), 'somebody'), number_text(host_n), coalesce(url[:120], '-'),
    CASE WHEN name IS NULL THEN 'called' ELSE 'asked for' END, coalesce(name, number_text(server_n)), hours_before,
    $minutes::BIGINT, 100 * chance, others, plural(others), CASE WHEN others = 1 THEN 's' ELSE '' END
  ) AS reason,
  number_text(host_n) AS src, CASE WHEN server_n IS NOT NULL THEN number_text(server_n) END AS dst, number_text(host_n) AS client,
    name, registered_domain,
  records::BIGINT AS "rows", least(request_at, first_time) AS from_time, greatest(request_at, first_time) AS to_time,
  number_text(client_n) AS request_from, request_at, url AS request_url, round(greatest(0, minutes_after), 2) AS minutes_after,
  round(chance, 4) AS chance, round(hours_before, 2) AS hours_before, others AS other_hosts, capture
FROM scored
ORDER BY scored.score DESC, first_time, host_n, name, server_n, capture
