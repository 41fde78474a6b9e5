-- What DNS Firewall blocked or reported
--
-- Per client, registered domain and rule: what was asked for that a rule matched, how often, and whether
-- the client was given an answer all the same.
--
-- cannot: What a rule's list means: the log has its id only. Queries that no rule matched carry no
-- mark, so rules that were added later say nothing about the time before. Where the answer to a blocked
-- name is replaced, what dns_answer holds is the firewall's own.
--
-- method: Records with firewall_rule_action. Score: 0.35 for BLOCK, 0.2 for ALERT; up to 0.25 for the
-- number (full at 100), 0.15 where a quarter of the clients or fewer asked for the domain
-- (with four clients or more), up to 0.15 for different names (from 5, full at 50: the
-- advanced rules look for generated names and tunnels), 0.1 where an ALERT let an answer
-- through.
--
-- false-positives: ALERT rules that are being tried out, lists that are too wide, advertising lists.
--
-- measured: false findings in benign days, high and medium: a generated day 0 and 0. False findings per million benign
-- records, high and medium: benign-dns 0 and 0, wrccdc 0 and 0, ordinary day 0 and 0.
--
-- not-proof: That the client is infected; nor that what was blocked did not get there another way:
-- look for the address with no-dns-answer and for another resolver.
--
-- attack: T1071.004, T1568.002, T1572
-- phase:  home
-- kind:   list
-- log:    dns
-- weight: own
-- needs:  dns
-- param:  from     time     only what begins at or after this moment
-- param:  to       time     only what begins before this moment
-- param:  capture  capture  only this capture; empty for all
-- step:   query  queries
-- step:   matched_query  of them that a rule matched
-- step:   blocked_domain  clients, domains and rules
-- column: action text
-- column: queries count
-- column: names count
-- column: clients count
-- column: answered count
-- column: example name
WITH query AS (
  SELECT capture, srcaddr_n, vpc_id,
    coalesce(registered_domain, name, query_name) AS domain,
    name, query_timestamp, rcode, answers_n, firewall_rule_action, firewall_rule_group_id, firewall_domain_list_id
  FROM dns
  WHERE of(capture, $capture) AND within(query_timestamp, $from, $to)
), matched_query AS (
  SELECT *
  FROM query
  WHERE firewall_rule_action IS NOT NULL AND upper(firewall_rule_action) <> 'ALLOW'
), blocked_domain AS (
  SELECT capture, srcaddr_n, domain, upper(firewall_rule_action) AS action,
    firewall_rule_group_id, firewall_domain_list_id,
    min(vpc_id) AS vpc_id, count(*) AS queries, count(DISTINCT name) AS names, min(name) AS example,
    count(*) FILTER (rcode = 'NOERROR' AND answers_n > 0) AS answered,
    min(query_timestamp) AS first_query, max(query_timestamp) AS last_query
  FROM matched_query
  GROUP BY ALL
), client_count AS (
  SELECT capture, count(DISTINCT srcaddr_n) AS population
  FROM query
    SEMI JOIN (SELECT DISTINCT capture FROM matched_query) USING (capture)
  GROUP BY capture
), domain_clients AS (
  SELECT capture, domain, count(DISTINCT srcaddr_n) AS clients
  FROM matched_query
  GROUP BY ALL
), scored AS (
  SELECT b.*, a.clients, p.population,
    CASE action WHEN 'ALERT' THEN 0.2 ELSE 0.35 END
      + 0.25 * least(1, ln(queries) / ln(100))
      + 0.15 * (population >= 4 AND 4 * clients <= population)::INTEGER
      + 0.15 * least(1, greatest(0, ln(names / 5) / ln(10)))
      + 0.1 * (action = 'ALERT' AND answered > 0)::INTEGER AS score
  FROM blocked_domain b
    JOIN domain_clients a ON a.capture = b.capture AND a.domain IS NOT DISTINCT FROM b.domain
    JOIN client_count p ON p.capture = b.capture
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN action <> 'ALERT' AND score >= 0.7 THEN 'high'
    WHEN action <> 'ALERT' OR score >= 0.5 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} on {} queries for {} name{}; {} of {} clients asked for the domain; '
      || '{} of the queries have an answer{}; list {}',
    action, queries, names, plural(names), clients, population, answered,
    CASE
      WHEN answered = 0 THEN ''
      WHEN action = 'ALERT' THEN ' that was let through'
      ELSE ', the firewall''s own'
    END,
    coalesce(firewall_domain_list_id, '-')
  ) AS reason,
  number_text(srcaddr_n) AS client, domain AS registered_domain,
  queries AS "rows", first_query AS from_time, last_query AS to_time,
  action, queries, names, clients, answered, example, firewall_rule_group_id, firewall_domain_list_id, vpc_id, capture
FROM scored
ORDER BY scored.score DESC, queries DESC, srcaddr_n, domain, action, firewall_rule_group_id, firewall_domain_list_id,
  capture
