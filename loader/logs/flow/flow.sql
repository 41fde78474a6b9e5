-- VPC Flow Logs, versions 2 to 11, and Transit Gateway flow logs.
--
-- log:       flow
-- title:     VPC Flow Logs
-- called:    flow log, flow logs
-- records:   Flow records
-- doc:       https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
-- doc:       https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html
-- view:      flow
-- time:      start
-- source:    interface_id
-- lead:      start, srcaddr, srcport, dstaddr, dstport, protocol, action, packets, bytes
-- cite:      protocol, packets, bytes, action, log_status, srcaddr, srcport, dstaddr, dstport
-- addresses: flow_by_addr
-- order:     logs with TCP flags or packet addresses, and records with IPv6 addresses, unknown fields or escaped text,
--            follow the others
-- silence:   absent
-- shape:     traffic
-- blind:     queries to Amazon's DNS server: traffic to the VPC's own resolver is never recorded, so that a DNS tunnel
--            through it is in no flow log; a flow to port 53 is to another resolver
-- blind:     instance metadata and time sync: 169.254.169.254 and 169.254.169.123 are never recorded: credentials taken
--            from the metadata service leave no flow
-- blind:     DHCP, ARP, licence activation and the router's reserved address: AWS leaves them out
-- blind:     the source side of mirrored traffic, and traffic from an endpoint's interface to a load balancer's: AWS
--            leaves them out
-- blind:     interfaces without a flow log, other accounts and peer VPCs: a flow log records the interfaces that it was
--            made for, from some minutes after it was made
-- blind:     what a traffic type filter leaves out: a flow log of accepted or of refused traffic only has no line for
--            the rest
-- blind:     SKIPDATA windows: AWS lost an unknown number of records
-- blind:     the program, the user and the content: a record is addresses, ports and counts of a window; start and end
--            may be up to 60 s late

-- section: tables

-- What repeats from record to record is kept once.
CREATE TABLE store.flow_context (
  context_id UINTEGER NOT NULL,
  capture VARCHAR NOT NULL, log_group VARCHAR, log_stream VARCHAR,
  version SMALLINT, account_id VARCHAR, interface_id VARCHAR, action VARCHAR, log_status VARCHAR,
  vpc_id VARCHAR, subnet_id VARCHAR, instance_id VARCHAR, type VARCHAR,
  region VARCHAR, az_id VARCHAR, sublocation_type VARCHAR, sublocation_id VARCHAR,
  pkt_src_aws_service VARCHAR, pkt_dst_aws_service VARCHAR, flow_direction VARCHAR, traffic_path SMALLINT,
  ecs_cluster_arn VARCHAR, ecs_cluster_name VARCHAR, ecs_container_instance_arn VARCHAR, ecs_container_instance_id VARCHAR,
  ecs_container_id VARCHAR, ecs_second_container_id VARCHAR, ecs_service_name VARCHAR, ecs_task_definition_arn VARCHAR,
  ecs_task_arn VARCHAR, ecs_task_id VARCHAR,
  reject_reason VARCHAR, resource_id VARCHAR, encryption_status SMALLINT,
  instance_tag VARCHAR, instance_tag_2 VARCHAR, interface_tag VARCHAR, interface_tag_2 VARCHAR, asg_tag VARCHAR, asg_tag_2 VARCHAR,
  interface_type VARCHAR, next_hop_interface_id VARCHAR, next_hop_subnet_id VARCHAR, next_hop_az_id VARCHAR,
  next_hop_vpc_id VARCHAR, next_hop_interface_type VARCHAR,
  resource_type VARCHAR, tgw_id VARCHAR, tgw_attachment_id VARCHAR, tgw_src_vpc_account_id VARCHAR, tgw_dst_vpc_account_id VARCHAR,
  tgw_src_vpc_id VARCHAR, tgw_dst_vpc_id VARCHAR, tgw_src_subnet_id VARCHAR, tgw_dst_subnet_id VARCHAR,
  tgw_src_eni VARCHAR, tgw_dst_eni VARCHAR, tgw_src_az_id VARCHAR, tgw_dst_az_id VARCHAR, tgw_pair_attachment_id VARCHAR
);

-- A record is in one of two tables. flow_plain holds those that have nothing but IPv4 addresses and version 2's numbers, of
-- logs that choose no more than that: nearly all of a default flow log. flow_full holds every other. The ten columns that
-- flow_plain lacks would be NULL in each of its rows, and writing those would take a quarter of the time of a load. An IPv4
-- address is a number in …4; any other in …6; both NULL where the log says "-". packets_lost is what a Transit Gateway lost,
-- as text ("3 0 - 0": no-route blackhole mtu-exceeded ttl-expired), for the same reason.
CREATE TABLE store.flow_plain (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  start TIMESTAMP, "end" TIMESTAMP, src4 UINTEGER, dst4 UINTEGER,
  srcport INTEGER, dstport INTEGER, protocol SMALLINT, packets BIGINT, bytes BIGINT
);
CREATE TABLE store.flow_full (
  object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL, context_id UINTEGER NOT NULL,
  start TIMESTAMP, "end" TIMESTAMP, src4 UINTEGER, dst4 UINTEGER,
  srcport INTEGER, dstport INTEGER, protocol SMALLINT, packets BIGINT, bytes BIGINT,
  tcp_flags SMALLINT, src6 UHUGEINT, dst6 UHUGEINT,
  pkt_src4 UINTEGER, pkt_src6 UHUGEINT, pkt_dst4 UINTEGER, pkt_dst6 UHUGEINT,
  packets_lost VARCHAR, extra VARCHAR, utf8_escaped BOOLEAN NOT NULL
);

-- section: derived tables

-- Derived: a row per flow and address it names, sorted by address and time in runs of about 2.5M flows. addr4 is addr where
-- that is IPv4: DuckDB unpacks and compares a UHUGEINT thirty times as slowly.
CREATE TABLE derived.flow_endpoint (
  addr4 UINTEGER, addr UHUGEINT NOT NULL, start TIMESTAMP, "end" TIMESTAMP,
  side UTINYINT NOT NULL, -- the field that holds addr: 1 src, 2 dst, 3 pkt_src, 4 pkt_dst
  peer4 UINTEGER, peer6 UHUGEINT, port INTEGER, peer_port INTEGER,
  protocol SMALLINT, packets BIGINT, bytes BIGINT, tcp_flags SMALLINT,
  context_id UINTEGER NOT NULL, object_id UINTEGER NOT NULL, row_no UINTEGER NOT NULL
);

-- section: views

-- Every record, from both tables.
CREATE VIEW store.flow AS
SELECT *, NULL::SMALLINT AS tcp_flags, NULL::UHUGEINT AS src6, NULL::UHUGEINT AS dst6,
  NULL::UINTEGER AS pkt_src4, NULL::UHUGEINT AS pkt_src6,
  NULL::UINTEGER AS pkt_dst4, NULL::UHUGEINT AS pkt_dst6,
  NULL::VARCHAR AS packets_lost, NULL::VARCHAR AS extra, false AS utf8_escaped
FROM store.flow_plain
UNION ALL
FROM store.flow_full;

CREATE MACRO lost_count(text, n) AS (nullif(split_part(text, ' ', n), '-')::BIGINT);

CREATE VIEW flow AS
SELECT c.version, c.account_id, c.interface_id,
  addr_text(f.src4, f.src6) AS srcaddr, addr_text(f.dst4, f.dst6) AS dstaddr,
  f.srcport, f.dstport, f.protocol, f.packets, f.bytes, f.start, f."end", c.action, c.log_status,
  c.vpc_id, c.subnet_id, c.instance_id, f.tcp_flags, c.type,
  addr_text(f.pkt_src4, f.pkt_src6) AS pkt_srcaddr, addr_text(f.pkt_dst4, f.pkt_dst6) AS pkt_dstaddr,
  c.region, c.az_id, c.sublocation_type, c.sublocation_id,
  c.pkt_src_aws_service, c.pkt_dst_aws_service, c.flow_direction, c.traffic_path,
  c.ecs_cluster_arn, c.ecs_cluster_name, c.ecs_container_instance_arn, c.ecs_container_instance_id,
  c.ecs_container_id, c.ecs_second_container_id, c.ecs_service_name, c.ecs_task_definition_arn, c.ecs_task_arn, c.ecs_task_id,
  c.reject_reason, c.resource_id, c.encryption_status,
  c.instance_tag, c.instance_tag_2, c.interface_tag, c.interface_tag_2, c.asg_tag, c.asg_tag_2,
  c.interface_type, c.next_hop_interface_id, c.next_hop_subnet_id, c.next_hop_az_id, c.next_hop_vpc_id, c.next_hop_interface_type,
  c.resource_type, c.tgw_id, c.tgw_attachment_id, c.tgw_src_vpc_account_id, c.tgw_dst_vpc_account_id,
  c.tgw_src_vpc_id, c.tgw_dst_vpc_id, c.tgw_src_subnet_id, c.tgw_dst_subnet_id, c.tgw_src_eni, c.tgw_dst_eni,
  c.tgw_src_az_id, c.tgw_dst_az_id, c.tgw_pair_attachment_id,
  lost_count(f.packets_lost, 1) AS packets_lost_no_route, lost_count(f.packets_lost, 2) AS packets_lost_blackhole,
  lost_count(f.packets_lost, 3) AS packets_lost_mtu_exceeded, lost_count(f.packets_lost, 4) AS packets_lost_ttl_expired,
  f.extra, c.capture, c.log_group, c.log_stream, f.object_id, f.row_no, f.utf8_escaped,
  addr_number(f.src4, f.src6) AS srcaddr_n, addr_number(f.dst4, f.dst6) AS dstaddr_n,
  addr_number(f.pkt_src4, f.pkt_src6) AS pkt_srcaddr_n, addr_number(f.pkt_dst4, f.pkt_dst6) AS pkt_dstaddr_n
FROM store.flow f JOIN store.flow_context c USING (context_id);

COMMENT ON VIEW flow IS 'flow: every flow record';
COMMENT ON COLUMN flow.version IS 'number: the highest flow log version among the fields selected';
COMMENT ON COLUMN flow.account_id IS 'account: owner of the interface';
COMMENT ON COLUMN flow.interface_id IS 'interface: the interface that saw the traffic';
COMMENT ON COLUMN flow.srcaddr IS 'ip: source address; for the interface''s own side its primary private address';
COMMENT ON COLUMN flow.dstaddr IS 'ip: destination address; for the interface''s own side its primary private address';
COMMENT ON COLUMN flow.srcport IS 'port: source port; 0 for ICMP';
COMMENT ON COLUMN flow.dstport IS 'port: destination port; 0 for ICMP';
COMMENT ON COLUMN flow.protocol IS 'protocol: IANA protocol number';
COMMENT ON COLUMN flow.packets IS 'count: packets in the aggregation window';
COMMENT ON COLUMN flow.bytes IS 'bytes: bytes in the aggregation window';
COMMENT ON COLUMN flow.start IS 'time: first packet in the aggregation window, up to 60 s late';
COMMENT ON COLUMN flow."end" IS 'time: last packet in the aggregation window, up to 60 s late';
COMMENT ON COLUMN flow.action IS 'text: ACCEPT or REJECT; NULL for NODATA, SKIPDATA and Transit Gateway';
COMMENT ON COLUMN flow.log_status IS 'text: OK, NODATA (no traffic) or SKIPDATA (records lost inside AWS)';
COMMENT ON COLUMN flow.vpc_id IS 'vpc: VPC of the interface';
COMMENT ON COLUMN flow.subnet_id IS 'subnet: subnet of the interface';
COMMENT ON COLUMN flow.instance_id IS 'instance: instance of the interface; NULL for interfaces that AWS manages';
COMMENT ON COLUMN flow.tcp_flags IS 'number: FIN 1, SYN 2, RST 4, SYN-ACK 18, OR-ed over the window; ACK and PSH alone are not reported';
COMMENT ON COLUMN flow.type IS 'text: IPv4, IPv6 or EFA';
COMMENT ON COLUMN flow.pkt_srcaddr IS 'ip: source address in the packet (differs from srcaddr behind NAT or a Transit Gateway)';
COMMENT ON COLUMN flow.pkt_dstaddr IS 'ip: destination address in the packet (differs from dstaddr behind NAT or a Transit Gateway)';
COMMENT ON COLUMN flow.region IS 'text: region';
COMMENT ON COLUMN flow.az_id IS 'text: availability zone id';
COMMENT ON COLUMN flow.sublocation_type IS 'text: wavelength, outpost or localzone';
COMMENT ON COLUMN flow.sublocation_id IS 'text: id of the sublocation';
COMMENT ON COLUMN flow.pkt_src_aws_service IS 'text: AWS service that pkt_srcaddr belongs to';
COMMENT ON COLUMN flow.pkt_dst_aws_service IS 'text: AWS service that pkt_dstaddr belongs to';
COMMENT ON COLUMN flow.flow_direction IS 'text: ingress or egress, as seen from the interface';
COMMENT ON COLUMN flow.traffic_path IS 'number: path of egress traffic, 1 to 8; 2 is no proof that it left by an internet gateway';
COMMENT ON COLUMN flow.ecs_cluster_arn IS 'text: ECS cluster';
COMMENT ON COLUMN flow.ecs_cluster_name IS 'text: ECS cluster name';
COMMENT ON COLUMN flow.ecs_container_instance_arn IS 'text: ECS container instance';
COMMENT ON COLUMN flow.ecs_container_instance_id IS 'text: ECS container instance id';
COMMENT ON COLUMN flow.ecs_container_id IS 'text: first container of the task';
COMMENT ON COLUMN flow.ecs_second_container_id IS 'text: second container of the task';
COMMENT ON COLUMN flow.ecs_service_name IS 'text: ECS service';
COMMENT ON COLUMN flow.ecs_task_definition_arn IS 'text: ECS task definition';
COMMENT ON COLUMN flow.ecs_task_arn IS 'text: ECS task';
COMMENT ON COLUMN flow.ecs_task_id IS 'text: ECS task id';
COMMENT ON COLUMN flow.reject_reason IS 'text: why traffic was rejected: BPA (block public access), EC (encryption controls)';
COMMENT ON COLUMN flow.resource_id IS 'text: resource behind the interface, e.g. nat-…';
COMMENT ON COLUMN flow.encryption_status IS 'number: 0 none, 1 Nitro, 2 application (inferred), 3 both';
COMMENT ON COLUMN flow.instance_tag IS 'text: value of the instance tag chosen in the flow log';
COMMENT ON COLUMN flow.instance_tag_2 IS 'text: value of the second instance tag';
COMMENT ON COLUMN flow.interface_tag IS 'text: value of the interface tag';
COMMENT ON COLUMN flow.interface_tag_2 IS 'text: value of the second interface tag';
COMMENT ON COLUMN flow.asg_tag IS 'text: value of the auto scaling group tag';
COMMENT ON COLUMN flow.asg_tag_2 IS 'text: value of the second auto scaling group tag';
COMMENT ON COLUMN flow.interface_type IS 'text: nat_gateway, network_load_balancer, vpc_endpoint …';
COMMENT ON COLUMN flow.next_hop_interface_id IS 'interface: interface of the next hop';
COMMENT ON COLUMN flow.next_hop_subnet_id IS 'subnet: subnet of the next hop';
COMMENT ON COLUMN flow.next_hop_az_id IS 'text: availability zone of the next hop';
COMMENT ON COLUMN flow.next_hop_vpc_id IS 'vpc: VPC of the next hop';
COMMENT ON COLUMN flow.next_hop_interface_type IS 'text: interface type of the next hop';
COMMENT ON COLUMN flow.resource_type IS 'text: TransitGateway for Transit Gateway flow logs';
COMMENT ON COLUMN flow.tgw_id IS 'text: Transit Gateway';
COMMENT ON COLUMN flow.tgw_attachment_id IS 'text: Transit Gateway attachment';
COMMENT ON COLUMN flow.tgw_src_vpc_account_id IS 'account: account of the source VPC';
COMMENT ON COLUMN flow.tgw_dst_vpc_account_id IS 'account: account of the destination VPC';
COMMENT ON COLUMN flow.tgw_src_vpc_id IS 'vpc: source VPC';
COMMENT ON COLUMN flow.tgw_dst_vpc_id IS 'vpc: destination VPC';
COMMENT ON COLUMN flow.tgw_src_subnet_id IS 'subnet: source subnet';
COMMENT ON COLUMN flow.tgw_dst_subnet_id IS 'subnet: destination subnet';
COMMENT ON COLUMN flow.tgw_src_eni IS 'interface: source attachment interface';
COMMENT ON COLUMN flow.tgw_dst_eni IS 'interface: destination attachment interface';
COMMENT ON COLUMN flow.tgw_src_az_id IS 'text: availability zone of the source';
COMMENT ON COLUMN flow.tgw_dst_az_id IS 'text: availability zone of the destination';
COMMENT ON COLUMN flow.tgw_pair_attachment_id IS 'text: the attachment on the other side';
COMMENT ON COLUMN flow.packets_lost_no_route IS 'count: packets lost: no route';
COMMENT ON COLUMN flow.packets_lost_blackhole IS 'count: packets lost: black hole route';
COMMENT ON COLUMN flow.packets_lost_mtu_exceeded IS 'count: packets lost: MTU exceeded';
COMMENT ON COLUMN flow.packets_lost_ttl_expired IS 'count: packets lost: TTL expired';
COMMENT ON COLUMN flow.extra IS 'json: fields that case53 does not know, as a JSON object';
COMMENT ON COLUMN flow.capture IS 'capture: the capture that the record was loaded into';
COMMENT ON COLUMN flow.log_group IS 'text: CloudWatch Logs log group';
COMMENT ON COLUMN flow.log_stream IS 'text: CloudWatch Logs log stream';
COMMENT ON COLUMN flow.object_id IS 'object: the source object that holds the record';
COMMENT ON COLUMN flow.row_no IS 'number: its line in the object, or its index among the events of the object';
COMMENT ON COLUMN flow.utf8_escaped IS 'flag: some text was not valid UTF-8 and is shown escaped';
COMMENT ON COLUMN flow.srcaddr_n IS 'number: srcaddr as a number, for ip() and in_cidr()';
COMMENT ON COLUMN flow.dstaddr_n IS 'number: dstaddr as a number';
COMMENT ON COLUMN flow.pkt_srcaddr_n IS 'number: pkt_srcaddr as a number';
COMMENT ON COLUMN flow.pkt_dstaddr_n IS 'number: pkt_dstaddr as a number';

-- One row per flow and address: the fast way from an address to its flows. WHERE addr_n = ip('…').
CREATE VIEW flow_by_addr AS
SELECT number_text(e.addr) AS addr, e.start, e."end",
  ['src', 'dst', 'pkt_src', 'pkt_dst'][e.side] AS side,
  addr_text(e.peer4, e.peer6) AS peer,
  e.port, e.peer_port, e.protocol, e.packets, e.bytes, e.tcp_flags,
  c.action, c.log_status, c.flow_direction, c.interface_id, c.instance_id, c.vpc_id, c.account_id, c.capture,
  e.object_id, e.row_no, e.addr AS addr_n, addr_number(e.peer4, e.peer6) AS peer_n
FROM derived.flow_endpoint e
  JOIN store.flow_context c USING (context_id);

COMMENT ON VIEW flow_by_addr IS 'flow derived: a row per flow record and address that it names, sorted by address';
COMMENT ON COLUMN flow_by_addr.addr IS 'ip: an address that the flow names';
COMMENT ON COLUMN flow_by_addr.side IS 'text: which field holds addr: src, dst, pkt_src or pkt_dst';
COMMENT ON COLUMN flow_by_addr.peer IS 'ip: the address on the other side';
COMMENT ON COLUMN flow_by_addr.port IS 'port: port on the side of addr';
COMMENT ON COLUMN flow_by_addr.peer_port IS 'port: port on the other side';
COMMENT ON COLUMN flow_by_addr.addr_n IS 'number: addr as a number, sorted: filter on this one';
COMMENT ON COLUMN flow_by_addr.peer_n IS 'number: peer as a number';

-- Whether a number is an IPv4 address's, and the nearest IPv4 address to it.
CREATE MACRO is_v4(n) AS (n BETWEEN 281470681743360::UHUGEINT AND 281474976710655::UHUGEINT);
CREATE MACRO nearest_v4(n) AS (
  (least(greatest(n, 281470681743360::UHUGEINT), 281474976710655::UHUGEINT) - 281470681743360::UHUGEINT)::UINTEGER
);

-- Rows of flow_endpoint for the addresses from first to last (numbers): IPv4 by addr4; the rest is not looked at where the
-- range is IPv4 only, as that is known before a row is read.
CREATE MACRO endpoints_of(first, last, since, until, of_capture) AS TABLE
SELECT * FROM derived.flow_endpoint
WHERE addr4 BETWEEN nearest_v4(first) AND nearest_v4(last) AND first <= 281474976710655::UHUGEINT AND last >= 281470681743360::UHUGEINT
  AND touches(start, "end", since, until)
  AND (of_capture = '' OR context_id IN (SELECT context_id FROM store.flow_context WHERE capture = of_capture))
UNION ALL
SELECT * FROM derived.flow_endpoint
WHERE NOT (is_v4(first) AND is_v4(last)) AND addr4 IS NULL AND addr BETWEEN first AND last
  AND touches(start, "end", since, until)
  AND (of_capture = '' OR context_id IN (SELECT context_id FROM store.flow_context WHERE capture = of_capture));

-- The flows that name an address from first to last (numbers), in no order. What is not sought is not turned into text: for a
-- busy address ten times as fast as the same over flow_by_addr.
CREATE MACRO flows_of(first, last, since, until, of_capture) AS TABLE
SELECT o.start, o."end", c.action, ['src', 'dst', 'pkt_src', 'pkt_dst'][o.side] AS side, number_text(o.addr) AS addr, o.port,
  addr_text(o.peer4, o.peer6) AS peer, o.peer_port, o.protocol, o.packets, o.bytes, o.tcp_flags, c.flow_direction, c.log_status,
  c.interface_id, c.instance_id, c.vpc_id, c.account_id, c.capture, o.object_id, o.row_no
FROM endpoints_of(first, last, since, until, of_capture) o JOIN store.flow_context c USING (context_id);

CREATE VIEW flow_span AS
SELECT DISTINCT capture, source AS interface_id, status AS log_status, minute FROM derived.span WHERE log_type = 'flow';

COMMENT ON VIEW flow_span IS 'derived: the minutes that records of an interface speak about, by log-status';

COMMENT ON COLUMN flow_span.minute IS 'time: a minute that records of the interface speak about';

-- section: derived

-- derived: flow_endpoint needs store.flow
-- Sorted by the 32-bit number: sorting by UHUGEINT takes four times as long.
INSERT INTO derived.flow_endpoint
SELECT addr, addr_number(addr, NULL),
  start, "end", side, peer, NULL, port, peer_port, protocol,
  packets, bytes, tcp_flags, context_id, object_id, row_no
FROM (
  SELECT src4 AS addr, start, "end", 1 AS side, dst4 AS peer, srcport AS port, dstport AS peer_port,
    protocol, packets, bytes, tcp_flags, context_id, object_id, row_no
  FROM store.flow
  WHERE object_id > $after AND object_id <= $upto AND src4 IS NOT NULL
  UNION ALL
  SELECT dst4, start, "end", 2, src4, dstport, srcport, protocol, packets, bytes, tcp_flags, context_id, object_id, row_no
  FROM store.flow
  WHERE object_id > $after AND object_id <= $upto AND dst4 IS NOT NULL
  UNION ALL
  SELECT pkt_src4, start, "end", 3, pkt_dst4, srcport, dstport, protocol,
    packets, bytes, tcp_flags, context_id, object_id, row_no
  FROM store.flow
  WHERE object_id > $after
    AND object_id <= $upto
    AND pkt_src4 IS NOT NULL
    AND pkt_src4 IS DISTINCT FROM src4
  UNION ALL
  SELECT pkt_dst4, start, "end", 4, pkt_src4, dstport, srcport, protocol,
    packets, bytes, tcp_flags, context_id, object_id, row_no
  FROM store.flow
  WHERE object_id > $after
    AND object_id <= $upto
    AND pkt_dst4 IS NOT NULL
    AND pkt_dst4 IS DISTINCT FROM dst4
)
ORDER BY addr, start;

-- derived: flow_endpoint6 needs store.flow
INSERT INTO derived.flow_endpoint
SELECT NULL, addr, start, "end", side, NULL, peer, port, peer_port, protocol, packets, bytes, tcp_flags, context_id, object_id, row_no
FROM (
  SELECT src6 AS addr, start, "end", 1 AS side, dst6 AS peer, srcport AS port, dstport AS peer_port,
    protocol, packets, bytes, tcp_flags, context_id, object_id, row_no
  FROM store.flow WHERE object_id > $after AND object_id <= $upto AND src6 IS NOT NULL
  UNION ALL
  SELECT dst6, start, "end", 2, src6, dstport, srcport, protocol, packets, bytes, tcp_flags, context_id, object_id, row_no
  FROM store.flow WHERE object_id > $after AND object_id <= $upto AND dst6 IS NOT NULL
  UNION ALL
  SELECT pkt_src6, start, "end", 3, pkt_dst6, srcport, dstport, protocol, packets, bytes, tcp_flags, context_id, object_id, row_no
  FROM store.flow WHERE object_id > $after AND object_id <= $upto AND pkt_src6 IS NOT NULL AND pkt_src6 IS DISTINCT FROM src6
  UNION ALL
  SELECT pkt_dst6, start, "end", 4, pkt_src6, dstport, srcport, protocol, packets, bytes, tcp_flags, context_id, object_id, row_no
  FROM store.flow WHERE object_id > $after AND object_id <= $upto AND pkt_dst6 IS NOT NULL AND pkt_dst6 IS DISTINCT FROM dst6
)
ORDER BY addr, start;

-- derived: flow_span needs store.flow
-- A record speaks about every minute from its start to its end; one that claims more than a day speaks about a day. Sources are
-- told apart by number until they are few, here and below: by text it takes twice the time.
INSERT INTO derived.span
WITH place AS (
  SELECT context_id, dense_rank() OVER (ORDER BY capture, interface_id, log_status) AS place, capture, interface_id, log_status
  FROM store.flow_context
), told AS (
  SELECT DISTINCT place, epoch_us(start) // 60000000 AS first, epoch_us("end") // 60000000 AS last
  FROM store.flow
    JOIN place USING (context_id)
  WHERE object_id > $after AND start IS NOT NULL AND "end" >= start
), spoken AS (
  SELECT place, first AS minute FROM told
  UNION
  SELECT place, last FROM told WHERE last > first AND last <= first + 1440
  UNION
  SELECT place, unnest(range(first + 1, least(last, first + 1441))) FROM told WHERE last > first + 1
)
SELECT 'flow', capture, interface_id, log_status, make_timestamp(60000000 * minute)
FROM spoken
  JOIN (SELECT DISTINCT place, capture, interface_id, log_status FROM place) USING (place);

-- derived: flow_minute needs store.flow
INSERT INTO derived.minute
WITH place AS (
  SELECT context_id, capture, interface_id, coalesce(action, log_status, '-') AS status,
    dense_rank() OVER (ORDER BY capture, interface_id, coalesce(action, log_status, '-')) AS place
  FROM store.flow_context
), counted AS (
  SELECT place, epoch_us(start) // 60000000 AS minute, count(*) AS records, sum(bytes) AS bytes
  FROM store.flow
    JOIN place USING (context_id)
  WHERE object_id > $after AND start IS NOT NULL
  GROUP BY ALL
)
SELECT 'flow', capture, interface_id, status, make_timestamp(60000000 * minute), records, bytes
FROM counted
  JOIN (SELECT DISTINCT place, capture, interface_id, status FROM place) USING (place);
