-- What DNS Firewall blocked or reported
--
-- Queries that a rule with ALERT or BLOCK matched, by name and client. A blocked query may still
-- read NOERROR: the firewall's own answer.
--
-- cannot: Queries that matched no such rule, or an ALLOW rule, carry no mark: no row here does not
-- mean that a rule allowed it. How often a name was asked for: a repeat within the TTL is answered
-- from the Resolver's cache and not logged. What was asked of any other resolver (8.8.8.8, DNS
-- over HTTPS) is in no Resolver log.
--
-- needs:  dns
-- param:  action   text     only this action: ALERT or BLOCK
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: queries     count
-- column: first_seen  time
-- column: last_seen   time
SELECT firewall_rule_action, name, registered_domain, srcaddr,
  any_value(src_instance ORDER BY src_instance) AS src_instance,
  rcode, count(*) AS queries, min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen,
  firewall_rule_group_id, firewall_domain_list_id, capture
FROM dns
WHERE firewall_rule_action IS NOT NULL
  AND ($action = '' OR firewall_rule_action = upper($action))
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY firewall_rule_action, name, registered_domain, srcaddr, srcaddr_n, rcode, firewall_rule_group_id,
  firewall_domain_list_id, capture
ORDER BY queries DESC, name, srcaddr_n, firewall_rule_action, rcode, firewall_rule_group_id, firewall_domain_list_id,
  capture
