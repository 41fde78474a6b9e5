-- What was asked of the Resolver around a moment
--
-- Every query logged in the minutes before and after, oldest first.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns
-- param:  at       time     required  the moment
-- param:  minutes  minutes  = 5       how far before and after
-- param:  capture  capture            only this capture; empty for all
-- pivot:  Resolver queries around this moment
SELECT query_timestamp, srcaddr, src_instance, name, query_type, rcode, answers_n, firewall_rule_action,
  transport, vpc_id, account_id, capture, object_id, row_no
FROM dns
WHERE around(query_timestamp, $at, $minutes) AND of(capture, $capture)
ORDER BY query_timestamp, object_id, row_no
