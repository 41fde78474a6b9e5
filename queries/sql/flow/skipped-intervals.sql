-- NODATA and SKIPDATA records: intervals without traffic, and intervals lost
--
-- NODATA is a statement: the interface had no traffic. SKIPDATA is a loss inside AWS; one record
-- may stand for many flows.
--
-- cannot: How much a SKIPDATA interval lost. Flow logs of VPC Block Public Access carry no
-- SKIPDATA: there, losses leave no trace.
--
-- needs:  flow
-- param:  status     text       only this status: NODATA or SKIPDATA
-- param:  interface  interface  only this interface
-- param:  from       time       only what is not over before this moment
-- param:  to         time       only what begins before this moment
-- param:  capture    capture    only this capture; empty for all
SELECT start, "end", log_status, interface_id, instance_id, vpc_id, account_id, capture, object_id, row_no
FROM flow
WHERE log_status IN ('NODATA', 'SKIPDATA')
  AND ($status = '' OR log_status = upper($status))
  AND ($interface = '' OR interface_id = $interface)
  AND of(capture, $capture)
  AND touches(start, "end", $from, $to)
ORDER BY start, interface_id, object_id, row_no
