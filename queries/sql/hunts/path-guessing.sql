-- Who looked for pages that are not there
--
-- A client that asks for many paths in a short time, most of which are refused or not found, or for several that scanners ask
-- everybody for, and which of those were there after all.
--
-- cannot: See who asks from a new address each time, or slowly. A server that answers every path with success hides what was
-- found, and says so.
--
-- method: For each client and path, in the one log that says of most of its requests what became of them (several logs have the
-- same request), ten minutes each five minutes: different paths asked for, and how many of them were refused or not found (4xx, or
-- blocked). Told are clients with so many paths of which seven in ten were not there, or with three paths of our own list of what
-- scanners ask for: configuration and version control, credentials, consoles, admin pages, well-known holes. A path of that list
-- that was answered with success counts where the client was refused more of the list than it was given, or most of its requests
-- were refused or not found: such a server does not answer everything with success. Score: 0.2; up to 0.3 for the number of paths
-- (full at 200); 0.2 for three of the list; 0.3 where one of them was answered. High where one was answered, medium for so many
-- paths and three of the list, low else.
--
-- false-positives: Link checkers and crawlers on a site with many dead links, vulnerability scans that you ordered, clients of an
-- application that was moved.
--
-- measured: found: planted guesses 1 of 1. False findings per million benign records, high and medium: a shop 0 and
-- 0, ordinary requests 0 and 0, a web tier 0 and 0.
--
-- not-proof: That anything was taken: it shows who was looking, and what was there to be found.
--
-- attack: T1595.003, T1595.002
-- phase:  exploit
-- kind:   paths
-- log:    alb, httpd, cloudfront, waf, apigw
-- weight: support
-- needs:  http, asset
-- uses:   alb
-- steps:  requests
-- param:  paths    int      = 20  different paths in ten minutes, at least
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   own_request  those of each client and path in the log that says most of them
-- step:   busy  clients and ten minutes with many paths, or with paths of the list
-- column: paths count
-- column: listed count
-- column: listed_answered count
-- column: requests count
-- column: not_there count
-- column: answered_path url_path
-- column: example_path url_path
WITH client_log AS (
  SELECT capture, client_n, path, log, count(*) FILTER (status IS NOT NULL OR blocked) AS answers, count(*) AS requests
  FROM asked_request
  WHERE client_n IS NOT NULL AND path IS NOT NULL
  GROUP BY ALL
), best_log AS (
  SELECT capture, client_n, path, arg_max(log, (answers, requests, log)) AS log FROM client_log GROUP BY ALL
), own_request AS (
  SELECT a.capture, a.client_n, a.time, a.path, a.target_n, a.answered, a.object_id, a.row_no,
    a.blocked OR coalesce(a.status BETWEEN 400 AND 499, false) AS not_there,
    regexp_matches(
      lower(a.path),
      '(^|/)(\.env|\.git/|\.svn/|\.hg/|\.aws/|\.ssh/|\.ds_store|\.htpasswd|\.htaccess|wp-login\.php|wp-admin|wp-config|xmlrpc\.php'
        || '|phpinfo|phpmyadmin|pma/|adminer|actuator(/|$)|cgi-bin/|vendor/phpunit|server-status|server-info|solr/|boaform|hnap1'
        || '|_ignition|telescope/|manager/html|jmx-console|geoserver|owa/|autodiscover/|config\.(json|php|yml|bak)|backup\.(zip|sql|tar)'
        || '|dump\.sql|id_rsa|credentials$|jenkins|struts|console/login|druid/|nacos/|sdk$|evox)'
    ) AS listed
  FROM asked_request a
    SEMI JOIN best_log b USING (capture, client_n, path, log)
), busy AS (
  SELECT capture, client_n, begins, count(DISTINCT path) AS paths, count(*) AS requests
  FROM (
    SELECT *, unnest([
        time_bucket(INTERVAL 10 MINUTE, time),
        time_bucket(INTERVAL 10 MINUTE, time - INTERVAL 5 MINUTE) + INTERVAL 5 MINUTE
      ]) AS begins
    FROM own_request
  )
  GROUP BY ALL
  HAVING count(DISTINCT path) >= greatest($paths::BIGINT, 2)
      AND count(DISTINCT path) FILTER (not_there) >= 0.7 * count(DISTINCT path)
    OR count(DISTINCT path) FILTER (listed) >= 3
), by_client AS (
  SELECT r.capture, r.client_n, count(DISTINCT r.path) AS paths, count(DISTINCT r.path) FILTER (r.listed) AS listed,
    count(DISTINCT r.path) FILTER (r.listed AND r.answered) AS listed_answered, count(*) AS requests,
    count(*) FILTER (r.not_there) AS not_there, min(r.path) FILTER (r.listed AND r.answered) AS answered_path,
    arg_min(r.target_n, (r.path, r.time, r.object_id, r.row_no)) FILTER (r.listed AND r.answered) AS answered_target_n,
    coalesce(min(r.path) FILTER (r.listed), min(r.path)) AS example_path, count(DISTINCT r.target_n) AS targets,
    min(r.target_n) AS target_n, min(r.time) AS first_time, max(r.time) AS last_time
  FROM own_request r
    SEMI JOIN (SELECT DISTINCT capture, client_n, begins FROM busy) b
      ON b.capture = r.capture AND b.client_n = r.client_n AND r.time >= b.begins AND r.time < b.begins + INTERVAL 10 MINUTE
  GROUP BY ALL
), told AS (
  SELECT *, listed_answered > 0 AND (listed_answered * 2 < listed OR not_there * 2 > requests) AS given FROM by_client
), scored AS (
  SELECT * EXCLUDE (answered_path, target_n), CASE WHEN given THEN answered_path END AS answered_path,
    CASE WHEN given THEN answered_target_n WHEN targets = 1 THEN target_n END AS target_n,
    0.2
      + 0.3 * least(1, ln(paths) / ln(200))
      + 0.2 * (listed >= 3)::INTEGER
      + 0.3 * given::INTEGER AS score
  FROM told
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN answered_path IS NOT NULL THEN 'high'
    WHEN listed >= 3 AND paths >= greatest($paths::BIGINT, 2) THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} asked for {} path{} ({} of what scanners ask for, such as {}) in {} request{}, {} of them refused or not found{}{}',
    number_text(client_n), paths, plural(paths), listed, example_path[:80], requests, plural(requests), not_there,
    coalesce('; a host answered ' || answered_path[:120] || ' with success', ''),
    CASE
      WHEN listed_answered > 0 AND NOT given THEN '; the server answers most of them with success, which says nothing'
      ELSE ''
    END
  ) AS reason,
  number_text(client_n) AS src, number_text(target_n) AS dst,
  requests AS "rows", first_time AS from_time, last_time AS to_time,
  paths, listed, listed_answered, requests, not_there, answered_path, example_path, capture
FROM scored
ORDER BY scored.score DESC, paths DESC, first_time, client_n, capture
