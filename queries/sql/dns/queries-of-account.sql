-- What one account asked the Resolver, oldest first
--
-- One row per query logged. answers_n is the number of answers; open the record to see them. The
-- account is the one that created the VPC.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns
-- param:  account  account  required  the account
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- pivot:  What this account asked for
SELECT query_timestamp, srcaddr, src_instance, name, query_type, rcode, answers_n, firewall_rule_action,
  transport, vpc_id, account_id, capture, object_id, row_no
FROM dns
WHERE account_id = $account AND of(capture, $capture) AND within(query_timestamp, $from, $to)
ORDER BY query_timestamp, object_id, row_no
