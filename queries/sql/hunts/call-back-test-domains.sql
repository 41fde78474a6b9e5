-- Who called home to a service that tests for blind holes
--
-- Names under the domains that tools of attackers and testers use to see whether a server can be made
-- to call out (interactsh, Burp Collaborator, dnslog and others), asked for by a host of ours or reached
-- through a CNAME. The label before the domain is the session of whoever waits there: each has its own
-- finding.
--
-- cannot: Who planted the name, and where: look at the web server's log for the label. Services on
-- domains of their own are not known here: add them with more.
--
-- method: A list of our own of such domains, compared by suffix; asking for the domain itself or its www
-- is a visit and scores low. Score: 0.5 for the domain, 0.2 where a label before it is the
-- session, 0.15 where that label is made by a program (12 letters and digits or more), 0.15 where labels stand before that:
-- they carry what the attacker asked the server to send.
--
-- false-positives: Tests of one's own, bug bounty, developers who try webhooks, scanners that were
-- bought, canary tokens of one's own.
--
-- measured: false findings in benign days, high and medium: a generated day 0 and 0. False findings per million benign
-- records, high and medium: benign-dns 0 and 0, wrccdc 0 and 0, ordinary day 0 and 0.
--
-- not-proof: That the hole was used for more than a look-up. A look-up alone shows that text from
-- outside reached something that resolves names; a virus scanner or a log viewer may do that.
--
-- attack: T1190, T1595.002, T1071.004, T1048.003
-- phase:  home
-- kind:   list
-- log:    dns
-- weight: own
-- needs:  dns, dns_answer
-- param:  more     text            further domains, with commas
-- param:  instead  text            other domains, with commas, instead of the list
-- param:  from     time            only what begins at or after this moment
-- param:  to       time            only what begins before this moment
-- param:  capture  capture         only this capture; empty for all
-- step:   query  queries with a name
-- step:   listed_name  names under a domain of the list
-- step:   test_session  clients, domains and sessions
-- column: domain domain
-- column: token text
-- column: queries count
-- column: names count
-- column: data text
WITH test_service(domain) AS (
  SELECT
    unnest(
      CASE
        WHEN $instead <> '' THEN []::VARCHAR[]
        ELSE [
          'interact.sh', 'interactsh.com', 'oast.fun', 'oast.live', 'oast.me', 'oast.online', 'oast.pro', 'oast.site',
          'oastify.com', 'burpcollaborator.net', 'dnslog.cn', 'dnslog.link', 'ceye.io', 'eyes.sh', 'callback.red', 'dig.pm',
          'bxss.me', 'xss.ht', 'ez.pe', 'xsshunter.com', 'r87.me', 'r87.com', 'qualysperiscope.com', 'canarytokens.com',
          'canarytokens.org', 'canarytokens.net', 'requestbin.net', 'requestcatcher.com', 'requestrepo.com', 'webhook.site',
          'beeceptor.com', 'm.pipedream.net', 'pingb.in', 'dnsbin.zhack.ca', 'rbndr.us', '1u.ms', 'lock.cmpxchg8b.com',
          'log4shell.huntress.com', 'log4shell.tools', 'hookb.in', 'postb.in', 'leakix.net'
        ]
      END
        || domain_list($more || ',' || $instead)
    )
), test_domain AS (
  SELECT DISTINCT domain, len(string_split(domain, '.')) AS labels FROM test_service
), query AS (
  SELECT capture, srcaddr_n, vpc_id, name, query_timestamp, NULL AS through
  FROM dns
  WHERE name IS NOT NULL AND of(capture, $capture) AND within(query_timestamp, $from, $to)
  UNION ALL
  SELECT capture, srcaddr_n, vpc_id, lower(rtrim(rdata, '.')), query_timestamp, name
  FROM dns_answer
  WHERE type = 'CNAME'
    AND name IS NOT NULL
    AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), listed_name AS (
  SELECT n.name, s.domain, list_slice(n.parts, 1, -s.labels - 1) AS before
  FROM (
    SELECT name, string_split(name, '.') AS parts, labels,
      array_to_string(list_slice(string_split(name, '.'), -labels, -1), '.') AS suffix
    FROM (SELECT DISTINCT name FROM query), (SELECT DISTINCT labels FROM test_domain)
  ) n
    JOIN test_domain s ON s.domain = n.suffix AND s.labels = n.labels
), test_session AS (
  SELECT l.capture, l.srcaddr_n, s.domain,
    CASE WHEN len(s.before) = 0 OR s.before = ['www'] THEN NULL ELSE s.before[-1] END AS token,
    min(l.vpc_id) AS vpc_id, count(*) AS queries, count(DISTINCT l.name) AS names,
    min(l.query_timestamp) AS first_query, max(l.query_timestamp) AS last_query,
    min(l.name) AS name, min(l.through) AS through, max(len(s.before)) AS depth,
    array_to_string(
      list_slice(
        list_sort(list(DISTINCT array_to_string(list_slice(s.before, 1, -2), '.')) FILTER (len(s.before) > 1)),
        1, 5
      ),
      ' '
    ) AS data
  FROM query l
    JOIN listed_name s ON s.name = l.name
  GROUP BY ALL
), scored AS (
  SELECT *,
    0.5
      + 0.2 * (token IS NOT NULL)::INTEGER
      + 0.15 * coalesce(regexp_full_match(token, '[a-z0-9]{12,}'), false)::INTEGER
      + 0.15 * (token IS NOT NULL AND depth > 1)::INTEGER AS score
  FROM test_session
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN token IS NULL THEN 'low'
    WHEN score >= 0.7 THEN 'high'
    ELSE 'medium'
  END AS severity,
  format(
    '{} queries for {} name{} under {}{}{}{}',
    queries, names, plural(names), domain,
    coalesce('; the session of whoever waits there: ' || token, '; only the service itself: a visit'),
    coalesce('; before it: ' || nullif(data, ''), ''), coalesce('; through the CNAME of ' || through, '')
  ) AS reason,
  number_text(srcaddr_n) AS client, name, queries AS "rows", first_query AS from_time, last_query AS to_time,
  domain, token, queries, names, nullif(data, '') AS data, vpc_id, capture
FROM scored
ORDER BY scored.score DESC, queries DESC, srcaddr_n, domain, token, capture
