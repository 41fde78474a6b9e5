-- Who was given far more than others are
--
-- One row per client that requests answered with far more bytes than others' were, with the page that gave most of them, and
-- whether anybody else is given as much there.
--
-- cannot: See what was given. A log without sizes says nothing, and where fewer than five clients ask there is nothing to
-- compare with. Who takes it in pieces from many addresses is not seen.
--
-- method: Bytes of all answers to each client, in the one log that has most of its requests with a size (several logs have the
-- same request), against those of the log's other clients: robust z, (x - median) / (1.4826 MAD + 1 MB), at least 6 and 10 MB.
-- Of its pages the one with most bytes: it is the client's own where nobody else is given it, and unlike others' where its
-- largest answer has five times the bytes of the middle one of the others', and a megabyte more. A page takes parameters where
-- half of the client's requests have a query or are POST. Score: 0.2; up to 0.2 for z (full at 1,000); up to 0.2 for the size
-- (full at 1 GB); 0.2 for an own or unlike page; 0.1 where it takes parameters, or is called like a dump or an archive; 0.1
-- where a request of the client has the text of an attack. High from ten times the least size where the page is own or
-- unlike and one of the last two holds; medium where it is own or unlike; low else.
--
-- false-positives: Downloads, films, backups that a partner fetches, a crawler, a proxy with many people behind it.
--
-- measured: found: planted guests 1 of 1. False findings per million benign records, high and medium:
-- a shop 0 and 0, ordinary requests 0 and 0, a web tier 0 and 0.
--
-- not-proof: That what was given was not meant for it.
--
-- attack: T1567, T1213, T1048
-- phase:  leave
-- kind:   answer-size
-- log:    alb, httpd, cloudfront, apigw
-- weight: support
-- needs:  http, asset
-- uses:   alb
-- needs-all: http
-- steps:  requests
-- param:  z        number   = 6   how unusual at least
-- param:  mb       number   = 10  megabytes at least
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   sized_request  those with a size, of each client in the log that has most of them
-- step:   big_client  clients that were given far more than others of the log
-- column: bytes_to_peer bytes
-- column: requests count
-- column: log_clients count
-- column: z number
-- column: path url_path
-- column: page_bytes bytes
-- column: page_largest bytes
-- column: page_others count
-- column: page_is_own flag
-- column: page_is_unlike flag
-- column: attacks count
WITH client_log AS (
  SELECT capture, client_n, log, count(*) AS requests
  FROM asked_request
  WHERE client_n IS NOT NULL AND path IS NOT NULL AND bytes_out IS NOT NULL
  GROUP BY ALL
), best_log AS (
  SELECT capture, client_n, arg_max(log, (requests, log)) AS log FROM client_log GROUP BY ALL
), sized_request AS MATERIALIZED (
  SELECT a.capture, a.log, a.client_n, a.target_n, a.path, a.time, a.bytes_out, a.attack IS NOT NULL AS attack,
    a.method = 'POST' OR coalesce(a.query, '') <> '' AS parameters
  FROM asked_request a
    SEMI JOIN best_log b USING (capture, client_n, log)
  WHERE a.path IS NOT NULL AND a.bytes_out >= 0
), client_sum AS (
  SELECT capture, log, client_n, bounded(sum(bytes_out)) AS bytes, count(*) AS requests, count(*) FILTER (attack) AS attacks,
    min(time) AS first_time, max(time) AS last_time
  FROM sized_request
  GROUP BY ALL
), usual_client AS (
  SELECT capture, log, median(bytes) AS middle, mad(bytes) AS spread, count(*) AS clients FROM client_sum GROUP BY ALL
), big_client AS MATERIALIZED (
  SELECT c.*, u.middle, u.clients, (c.bytes - u.middle) / (1.4826 * u.spread + 1000000) AS z
  FROM client_sum c
    JOIN usual_client u USING (capture, log)
  WHERE c.bytes >= $mb::DOUBLE * 1000000
    AND u.clients >= 5
    AND (c.bytes - u.middle) / (1.4826 * u.spread + 1000000) >= greatest($z::DOUBLE, 1)
), big_page AS (
  SELECT r.capture, r.log, r.client_n, r.path, bounded(sum(r.bytes_out)) AS page_bytes, max(r.bytes_out) AS page_largest,
    count(*) FILTER (r.parameters) * 2 >= count(*) AS parameters,
    arg_max(r.target_n, (r.bytes_out, r.target_n)) FILTER (r.target_n IS NOT NULL) AS target_n
  FROM sized_request r
    SEMI JOIN big_client b USING (capture, log, client_n)
  GROUP BY r.capture, r.log, r.client_n, r.path
  QUALIFY row_number() OVER (PARTITION BY r.capture, r.client_n ORDER BY sum(r.bytes_out) DESC, r.path) = 1
), others AS (
  SELECT p.capture, p.client_n, count(DISTINCT r.client_n) AS page_others, median(r.bytes_out) AS page_middle
  FROM big_page p
    JOIN sized_request r ON r.capture = p.capture AND r.path = p.path AND r.client_n <> p.client_n
  WHERE r.bytes_out > 0
  GROUP BY ALL
), judged AS (
  SELECT b.*, p.path, p.page_bytes, p.page_largest, p.target_n, coalesce(o.page_others, 0) AS page_others,
    o.page_others IS NULL AS own,
    coalesce(p.page_largest >= 5 * o.page_middle AND p.page_largest >= o.page_middle + 1000000, false) AS unlike,
    p.parameters OR regexp_matches(p.path, '\.(zip|tar|t?gz|bz2|xz|7z|rar|sql|dump|bak|db|sqlite|csv|parquet|pst|bson)$', 'i') AS telling
  FROM big_client b
    JOIN big_page p USING (capture, client_n)
    LEFT JOIN others o USING (capture, client_n)
), scored AS (
  SELECT *,
    0.2
      + 0.2 * least(1, ln(z) / ln(1000))
      + 0.2 * greatest(0, least(1, ln(bytes / 1e7) / ln(100)))
      + 0.2 * (own OR unlike)::INTEGER
      + 0.1 * telling::INTEGER
      + 0.1 * (attacks > 0)::INTEGER AS score
  FROM judged
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN (own OR unlike) AND (telling OR attacks > 0) AND bytes >= 10000000 * $mb::DOUBLE THEN 'high'
    WHEN own OR unlike THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} was given {:.0f} MB in answer to {} request{}, the middle one of the log''s {} clients {:.1f} MB (z {:.0f}); '
      || '{:.0f} MB of it by {}{}{}',
    number_text(client_n), bytes / 1e6, requests, plural(requests), clients, middle / 1e6, z, page_bytes / 1e6, path[:120],
    CASE
      WHEN own THEN ', which gave nobody else anything'
      WHEN unlike THEN format(', whose {} other client{} were given answers of another size', page_others, plural(page_others))
      ELSE format(', which answers {} other client{} with the like', page_others, plural(page_others))
    END,
    CASE WHEN attacks > 0 THEN format('; {} of its requests carry the text of an attack', attacks) ELSE '' END
  ) AS reason,
  number_text(target_n) AS src, number_text(client_n) AS dst,
  requests AS "rows", first_time AS from_time, last_time AS to_time,
  bytes AS bytes_to_peer, requests, clients AS log_clients, round(z, 1) AS z, path, page_bytes, page_largest, page_others,
  own AS page_is_own, unlike AS page_is_unlike, attacks, capture
FROM scored
ORDER BY scored.score DESC, bytes DESC, client_n, capture
