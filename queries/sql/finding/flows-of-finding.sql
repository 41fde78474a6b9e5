-- Flow records that a GuardDuty finding points at
--
-- Records between the finding's two addresses from a minute before its first event to eleven minutes after its last, with its
-- ports where it names them. None: the flow log does not cover it, or GuardDuty saw what the log did not.
--
-- cannot: Records behind a NAT gateway under another address; findings without a connection, such as those of API calls.
--
-- needs:  finding, flow
-- param:  finding  finding  required  finding_id
-- param:  capture  capture            only this capture; empty for all
-- column: protocol protocol
-- pivot:  Flow records that this finding points at
WITH pointed AS (
  SELECT capture, private_ip_n, remote_ip_n, remote_port, local_port, direction,
    event_first_seen - INTERVAL 1 MINUTE AS since, event_last_seen + INTERVAL 11 MINUTE AS until
  FROM finding
  WHERE finding_id = $finding AND last_version AND of(capture, $capture)
)
SELECT f.start, f."end", f.srcaddr, f.srcport, f.dstaddr, f.dstport, f.protocol, f.packets, f.bytes, f.action, f.interface_id, f.capture,
  f.object_id, f.row_no
FROM flow f
  JOIN pointed p ON f.capture = p.capture
    AND f.start < p.until
    AND f."end" >= p.since
    AND (
      f.srcaddr_n = p.private_ip_n AND f.dstaddr_n = p.remote_ip_n
      AND coalesce(f.dstport = p.remote_port OR p.direction <> 'OUTBOUND', true)
      OR f.srcaddr_n = p.remote_ip_n AND f.dstaddr_n = p.private_ip_n
      AND coalesce(f.srcport = p.remote_port OR p.direction <> 'OUTBOUND', true)
    )
ORDER BY f.start, f.object_id, f.row_no
