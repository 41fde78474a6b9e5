-- Who came with a scanner's or a program's name, or with none
--
-- Requests that name a scanner as their agent, or a program or nothing at all where the log had no such agent before: one row per
-- client of which there is more to say, and else one per agent.
--
-- cannot: Tell a browser from who says that it is one: an agent is what its sender writes. Logs without agents (the common
-- format of Apache, most of API Gateway's) say nothing.
--
-- method: Of each client, in the one log that has most of its requests and agents at all, those of three kinds of agent: a
-- scanner by its own name (nuclei, sqlmap, nikto, ffuf …), a program (curl, wget, the libraries of Python, Go, Java, Ruby …), and
-- none. A program or none is told only where it is new: first seen in that log of the whole capture after t0, or without it so
-- many hours after the log begins. Score: 0.2; 0.3 for a scanner; 0.1 where the agent is new; 0.2 where a request has the
-- text of an attack; 0.2 where the client was answered with success at a page with parameters that nobody with another agent
-- asks for. Medium where one of the last two holds, low else; never high, for the agent is the sender's word.
--
-- false-positives: Monitoring and deployment, partners' programs, a scan that you ordered, search engines of small makers.
--
-- measured: found: planted guests 1 of 1. False findings per million benign records, high and medium:
-- a shop 0 and 0, ordinary requests 0 and 0, a web tier 0 and 0.
--
-- not-proof: What the client is, or that it did harm.
--
-- attack: T1595.002, T1595.003, T1071.001
-- phase:  exploit
-- kind:   agent
-- log:    alb, httpd, waf, cloudfront
-- weight: support
-- needs:  http, asset
-- uses:   alb
-- steps:  requests
-- param:  t0       time          when it began; without it what is first seen hours after the log begins is new
-- param:  hours    number   = 1  so many hours
-- param:  from     time          only what begins at or after this moment
-- param:  to       time          only what begins before this moment
-- param:  capture  capture       only this capture; empty for all
-- step:   asked_request  requests of all logs
-- step:   named_request  those in logs with agents, each client in one log
-- step:   odd_request  those of scanners and programs, and those without an agent
-- column: agent_kind text
-- column: agent text
-- column: agent_is_new flag
-- column: agent_first time
-- column: agent_clients count
-- column: requests count
-- column: paths count
-- column: answered count
-- column: attacks count
-- column: own_path url_path
WITH log_agent AS MATERIALIZED (
  SELECT capture, log, coalesce(nullif(user_agent, '-'), '') AS agent, min(time) AS agent_first, count(*) AS requests
  FROM http
  WHERE of(capture, $capture)
  GROUP BY ALL
), agent_log AS (
  SELECT capture, log, min(agent_first) AS log_from
  FROM log_agent
  GROUP BY capture, log
  HAVING sum(requests) FILTER (agent <> '') * 2 > sum(requests)
), client_log AS (
  SELECT a.capture, a.client_n, a.log, count(*) AS requests
  FROM asked_request a
    SEMI JOIN agent_log l USING (capture, log)
  WHERE a.client_n IS NOT NULL
  GROUP BY ALL
), best_log AS (
  SELECT capture, client_n, arg_max(log, (log <> 'waf', requests, log)) AS log FROM client_log GROUP BY ALL
), named_request AS (
  SELECT a.capture, a.log, a.client_n, a.target_n, a.time, a.path, a.answered, a.attack IS NOT NULL AS attack,
    a.method = 'POST' OR coalesce(a.query, '') <> '' AS parameters, coalesce(nullif(a.user_agent, '-'), '') AS agent,
    CASE
      WHEN agent = '' THEN 'none'
      WHEN regexp_matches(
        agent,
        '(nuclei|sqlmap|nikto|nmap|masscan|zgrab|gobuster|dirbuster|dirsearch|ffuf|feroxbuster|wfuzz|wpscan|whatweb|acunetix'
          || '|netsparker|nessus|openvas|qualys|burp|owasp.?zap|arachni|hydra|jaeles|commix|xsser|joomscan|interactsh|l9explore'
          || '|l9tcpid|skipfish|w3af)',
        'i'
      )
        THEN 'scanner'
      WHEN regexp_matches(
        agent,
        '^(curl|wget|python|go-http-client|java/|apache-httpclient|okhttp|libwww|lwp|ruby|axios|node-fetch|undici|php/|guzzle|winhttp|aria2'
          || '|httpie|httpx|restsharp|scrapy|mechanize|perl|powershell|aiohttp|fasthttp|faraday|dart)|WindowsPowerShell/',
        'i'
      )
        THEN 'program'
    END AS agent_kind
  FROM asked_request a
    SEMI JOIN best_log b USING (capture, client_n, log)
), odd_request AS (
  SELECT r.*, g.agent_first,
    g.agent_first >= coalesce($t0::TIMESTAMP, l.log_from + to_milliseconds((3600000 * $hours::DOUBLE)::BIGINT)) AS is_new
  FROM named_request r
    JOIN log_agent g USING (capture, log, agent)
    JOIN agent_log l USING (capture, log)
  WHERE r.agent_kind IS NOT NULL
), others_path AS (
  SELECT DISTINCT capture, path FROM named_request WHERE agent_kind IS NULL AND path IS NOT NULL
), by_client AS (
  SELECT r.capture, r.client_n,
    arg_max({'kind': r.agent_kind, 'name': r.agent, 'first': r.agent_first}, (r.agent_kind = 'scanner', r.is_new, r.agent)) AS told,
    bool_or(r.is_new) AS is_new, count(*) AS requests, count(DISTINCT r.path) AS paths, count(*) FILTER (r.answered) AS answered,
    count(*) FILTER (r.attack) AS attacks, min(r.path) FILTER (r.answered AND r.parameters AND o.path IS NULL) AS own_path,
    count(DISTINCT r.target_n) AS targets, min(r.target_n) AS target_n, min(r.time) AS first_time, max(r.time) AS last_time
  FROM odd_request r
    LEFT JOIN others_path o USING (capture, path)
  WHERE r.agent_kind = 'scanner' OR r.is_new
  GROUP BY ALL
), by_agent AS (
  SELECT capture, CASE WHEN attacks > 0 OR own_path IS NOT NULL THEN client_n END AS one_n, told.kind AS kind, told.name AS agent,
    count(*) AS clients, min(client_n) AS client_n, bool_or(is_new) AS is_new, min(told.first) AS agent_first,
    sum(requests)::BIGINT AS requests, max(paths) AS paths, sum(answered)::BIGINT AS answered, sum(attacks)::BIGINT AS attacks,
    min(own_path) AS own_path,
    CASE WHEN bool_and(targets = 1) AND count(DISTINCT target_n) = 1 THEN min(target_n) END AS target_n,
    min(first_time) AS first_time, max(last_time) AS last_time
  FROM by_client
  GROUP BY ALL
), scored AS (
  SELECT *,
    0.2
      + 0.3 * (kind = 'scanner')::INTEGER
      + 0.1 * is_new::INTEGER
      + 0.2 * (attacks > 0)::INTEGER
      + 0.2 * (own_path IS NOT NULL)::INTEGER AS score
  FROM by_agent
)
SELECT round(score, 3)::DOUBLE AS score, CASE WHEN one_n IS NOT NULL THEN 'medium' ELSE 'low' END AS severity,
  format(
    '{} came {}{}: {} request{} for {} path{}{}, {} answered with success{}{}',
    CASE WHEN clients = 1 THEN number_text(client_n) ELSE format('{} clients', clients) END,
    CASE kind WHEN 'none' THEN 'without an agent' ELSE format('as the {} {}', kind, agent[:80]) END,
    CASE WHEN is_new THEN format(', which the log has first at {}', strftime(agent_first, '%Y-%m-%d %H:%M:%S')) ELSE '' END,
    requests, plural(requests), paths, plural(paths), CASE WHEN clients > 1 THEN ' at most' ELSE '' END, answered,
    CASE WHEN attacks > 0 THEN format(', {} with the text of an attack', attacks) ELSE '' END,
    coalesce('; nobody with another agent asks for ' || own_path[:120], '')
  ) AS reason,
  CASE WHEN clients = 1 THEN number_text(client_n) END AS src, number_text(target_n) AS dst,
  requests AS "rows", first_time AS from_time, last_time AS to_time,
  kind AS agent_kind, agent, is_new AS agent_is_new, agent_first, clients AS agent_clients, requests, paths, answered, attacks,
  own_path, capture
FROM scored
ORDER BY scored.score DESC, requests DESC, one_n, kind, agent, capture
