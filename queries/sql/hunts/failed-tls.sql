-- Who failed at TLS, or asked for names that are not ours
--
-- One row per client: handshakes that failed, certificates of the client's own that were refused, names in its hellos that are
-- addresses or nobody else's, and whether another certificate was let in afterwards.
--
-- cannot: Say why a handshake failed. A name that was encrypted is in no log, and a load balancer that asks for no client
-- certificate refuses none.
--
-- method: A connection failed where its client's certificate was refused, where the client sent an alert, or, of a Network Load
-- Balancer, where no handshake was measured. A name is ours where two clients came in by it, or were answered by it in an
-- access log; where nothing shows which are ours, only addresses are not. Told are clients with so many failed connections and
-- names not ours, and clients whose certificate was refused and who were then let in with one at the same load balancer within
-- a day. Score: 0.2; up to 0.2 for the number of failures (full at 500); 0.1 for three names that are not ours; 0.3 where a
-- certificate was let in after a refusal; 0.2 where it was another one. High where three were refused and another was let
-- in; medium where one was let in after a refusal; low else, which is the internet's noise.
--
-- false-positives: Scanners, old clients, health checks that open and close, a certificate that was renewed.
--
-- measured: found: planted guests 1 of 1. False findings per million benign records, high and medium:
-- a web tier 0 and 0.
--
-- not-proof: That the certificate that was let in is not its own.
--
-- attack: T1595.001, T1649
-- phase:  knock
-- kind:   tls
-- log:    tls
-- weight: support
-- needs:  tls
-- uses:   http
-- param:  tries    int      = 5  failed connections and names that are not ours, at least
-- param:  from     time          only what begins at or after this moment
-- param:  to       time          only what begins before this moment
-- param:  capture  capture       only this capture; empty for all
-- step:   tls_try  connections, and how each went
-- step:   own_name  names that are ours
-- step:   trying_client  clients with a failure or a name that is not ours
-- column: tls_failures count
-- column: refused_certificates count
-- column: other_names count
-- column: names text
-- column: connections count
-- column: let_in_at time
-- column: other_certificate flag
WITH tls_try AS MATERIALIZED (
  SELECT capture, client_ip_n AS client_n, coalesce(tls_connection_creation_time, time) AS time, coalesce(elb, '') AS elb,
    destination_port, object_id, row_no,
    lower(rtrim(domain_name, '.')) AS name, leaf_client_cert_subject AS subject, leaf_client_cert_serial_number AS serial,
    coalesce(starts_with(tls_verify_status, 'Failed'), false) AS refused, coalesce(tls_verify_status = 'Success', false) AS verified,
    coalesce(starts_with(tls_verify_status, 'Failed'), false)
      OR incoming_tls_alert IS NOT NULL
      OR format = 'nlb' AND tls_handshake_time IS NULL AS failed
  FROM tls
  WHERE client_ip_n IS NOT NULL AND of(capture, $capture) AND within(coalesce(tls_connection_creation_time, time), $from, $to)
), own_name AS (
  SELECT capture, name
  FROM (
    SELECT capture, name, client_n FROM tls_try WHERE NOT failed AND name IS NOT NULL
    UNION ALL
    SELECT capture, lower(host), client_ip_n
    FROM http
    WHERE host IS NOT NULL AND status BETWEEN 200 AND 399 AND of(capture, $capture)
  )
  GROUP BY ALL
  HAVING count(DISTINCT client_n) > 1
), judged_try AS (
  SELECT t.*,
    t.name IS NOT NULL
      AND (
        addr_of(t.name) IS NOT NULL
        OR o.name IS NULL AND EXISTS (SELECT 1 FROM own_name k WHERE k.capture = t.capture AND addr_of(k.name) IS NULL)
      ) AS other_name
  FROM tls_try t
    LEFT JOIN own_name o ON o.capture = t.capture AND o.name = t.name
), trying_client AS (
  SELECT capture, client_n, count(*) FILTER (failed) AS failures, count(*) FILTER (refused) AS refused,
    count(DISTINCT name) FILTER (other_name) AS other_names, count(*) FILTER (failed OR other_name) AS told,
    array_to_string(list_sort(list_distinct(list(name[:80]) FILTER (other_name)))[:5], ' ') AS names, count(*) AS connections,
    CASE WHEN count(DISTINCT destination_port) = 1 THEN min(destination_port) END AS port,
    min(time) FILTER (failed OR other_name) AS first_time, max(time) FILTER (failed OR other_name) AS last_time
  FROM judged_try
  GROUP BY capture, client_n
  HAVING count(*) FILTER (failed OR other_name) > 0
), let_in AS (
  SELECT s.capture, s.client_n, min(s.time) AS let_in_at,
    arg_min(
      (s.subject, s.serial) IS DISTINCT FROM (r.subject, r.serial),
      (s.time, s.object_id, s.row_no)
    ) AS other_certificate
  FROM judged_try s
    ASOF JOIN (FROM judged_try WHERE refused) r ON r.capture = s.capture
      AND r.client_n = s.client_n
      AND r.elb = s.elb
      AND s.time > r.time
  WHERE s.verified AND NOT s.failed AND s.time < r.time + INTERVAL 1 DAY
  GROUP BY ALL
), scored AS (
  SELECT c.*, l.let_in_at, coalesce(l.other_certificate, false) AS other_certificate,
    0.2
      + 0.2 * least(1, ln(greatest(c.failures, 1)) / ln(500))
      + 0.1 * (c.other_names >= 3)::INTEGER
      + 0.3 * (l.let_in_at IS NOT NULL)::INTEGER
      + 0.2 * coalesce(l.other_certificate, false)::INTEGER AS score
  FROM trying_client c
    LEFT JOIN let_in l USING (capture, client_n)
  WHERE c.told >= greatest($tries::BIGINT, 1) OR l.let_in_at IS NOT NULL
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN refused >= 3 AND other_certificate THEN 'high'
    WHEN let_in_at IS NOT NULL THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} of {} TLS connection{} of {} failed, {} of them as its certificate was refused; {} name{} that {} not ours{}{}',
    failures, connections, plural(connections), number_text(client_n), refused, other_names, plural(other_names),
    CASE WHEN other_names = 1 THEN 'is' ELSE 'are' END, coalesce(', such as ' || nullif(names, ''), ''),
    CASE
      WHEN let_in_at IS NULL THEN ''
      ELSE format(
        '; at {} {} certificate was let in', strftime(let_in_at, '%Y-%m-%d %H:%M:%S'),
        CASE WHEN other_certificate THEN 'another' ELSE 'the same' END
      )
    END
  ) AS reason,
  number_text(client_n) AS src, port AS dstport,
  told + (let_in_at IS NOT NULL)::INTEGER AS "rows", first_time AS from_time, greatest(last_time, let_in_at) AS to_time,
  failures AS tls_failures, refused AS refused_certificates, other_names, nullif(names, '') AS names, connections, let_in_at,
  other_certificate, capture
FROM scored
ORDER BY scored.score DESC, failures DESC, client_n, capture
