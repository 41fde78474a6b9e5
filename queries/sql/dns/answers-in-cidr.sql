-- Who got an address of a block as an answer
--
-- One row per answer, oldest first.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log.
--
-- needs:  dns_answer
-- param:  cidr     cidr     required  the block
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
-- column: rdata  ip
-- pivot:  Answers inside this block
SELECT query_timestamp, srcaddr, src_instance, name, rdata, query_type, rcode, answer_no, vpc_id, capture, object_id, row_no
FROM dns_answer
WHERE rdata_n BETWEEN cidr_first($cidr) AND cidr_last($cidr)
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
ORDER BY query_timestamp, object_id, row_no, answer_no
