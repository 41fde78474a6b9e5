-- Whose address it is, and short numbers for what is joined by the million. Built anew after each load.

-- section: derived tables

-- Derived: short numbers for what is joined by the million. An address's key is its number where it is IPv4, and one beyond
-- that where it is not: a quarter of the memory and of the time that UHUGEINTs take. They hold until the next load.
CREATE TABLE derived.address6 (key UBIGINT NOT NULL, address UHUGEINT NOT NULL);
CREATE TABLE derived.capture_no (cap USMALLINT NOT NULL, capture VARCHAR NOT NULL);

-- Derived: the addresses that an interface has in its own records. translates: packets of others leave by it (NAT).
CREATE TABLE derived.interface_address (
  capture VARCHAR NOT NULL, interface_id VARCHAR NOT NULL, address UHUGEINT NOT NULL, first_seen TIMESTAMP, last_seen TIMESTAMP,
  records BIGINT NOT NULL, by_direction BOOLEAN NOT NULL, translates BOOLEAN NOT NULL
);

-- Derived: addresses that AWS itself marked as a service's, wherever it did.
CREATE TABLE derived.service_address (key UBIGINT NOT NULL, service VARCHAR NOT NULL);

-- section: views

-- An address by its key.
CREATE MACRO key_number(k) AS (CASE
  WHEN k < 4294967296 THEN 281470681743360::UHUGEINT + k::UHUGEINT
  ELSE (SELECT any_value(six.address) FROM derived.address6 six WHERE six.key = k)
END);
CREATE MACRO key_text(k) AS (CASE
  WHEN k < 4294967296 THEN v4_text(k)
  WHEN k IS NOT NULL THEN v6_text((SELECT any_value(six.address) FROM derived.address6 six WHERE six.key = k))
END);

-- The key of an address that any log has; NULL for others.
CREATE MACRO key_of(n) AS (CASE
  WHEN n BETWEEN 281470681743360::UHUGEINT AND 281474976710655::UHUGEINT THEN (n - 281470681743360::UHUGEINT)::UBIGINT
  ELSE (SELECT any_value(six.key) FROM derived.address6 six WHERE six.address = n)
END);

CREATE VIEW service_address AS SELECT key AS server_key, service FROM derived.service_address;

COMMENT ON VIEW service_address IS 'derived: addresses that a record marks as one of an AWS service';
COMMENT ON COLUMN service_address.server_key IS 'number: an address that a record marks as one of an AWS service, as in session_keys';
COMMENT ON COLUMN service_address.service IS 'text: the service';

-- Whose address it is: from the records of interfaces, and from what aws ec2 describe-network-interfaces said.
CREATE OR REPLACE VIEW asset AS
WITH claim AS (
  SELECT a.capture, a.interface_id, number_text(a.address) AS address,
    a.address AS address_n, c.instance_id, c.vpc_id, c.subnet_id, c.account_id,
    c.interface_type, a.first_seen, a.last_seen, a.records, a.translates,
    CASE
      WHEN a.by_direction THEN 'own side of its flow records'
      ELSE 'in most of its flow records'
    END AS basis,
    NULL::TIMESTAMP AS described_at, NULL AS public_address, NULL AS name,
    NULL AS description, NULL AS security_groups, NULL::TIMESTAMP AS attached_at
  FROM derived.interface_address a
    JOIN (
      SELECT capture, interface_id,
        unnest(CASE WHEN count(instance_id) = 0 THEN [NULL] ELSE list(DISTINCT instance_id) END) AS instance_id,
        max(vpc_id) AS vpc_id,
        max(subnet_id) AS subnet_id, max(account_id) AS account_id, max(interface_type) AS interface_type
      FROM store.flow_context
      GROUP BY capture, interface_id
    ) c ON c.capture = a.capture AND c.interface_id = a.interface_id
  UNION ALL
  SELECT DISTINCT NULL, interface_id, address, addr_of(address), instance_id, vpc_id, subnet_id,
    account_id, interface_type, NULL::TIMESTAMP, NULL::TIMESTAMP, NULL, NULL, 'described',
    described_at, public_address, name, description, security_groups, attached_at
  FROM store.asset
)
SELECT *,
  nullif(
    concat_ws(
      '; ',
      CASE
        WHEN min(interface_id) OVER address_of <> max(interface_id) OVER address_of THEN 'address at several interfaces'
      END,
      CASE
        WHEN min(instance_id) OVER at_interface <> max(instance_id) OVER at_interface THEN 'interface at several instances'
      END
    ),
    ''
  ) AS conflict
FROM claim
WINDOW address_of AS (PARTITION BY coalesce(vpc_id, ''), address), at_interface AS (PARTITION BY interface_id);

COMMENT ON VIEW asset IS 'derived: whose address it is: from flow records, and as described';
COMMENT ON COLUMN asset.interface_id IS 'interface: the interface';
COMMENT ON COLUMN asset.address IS 'ip: an address of its own';
COMMENT ON COLUMN asset.address_n IS 'number: address as a number';
COMMENT ON COLUMN asset.instance_id IS 'instance: what the interface is attached to';
COMMENT ON COLUMN asset.vpc_id IS 'vpc: its VPC';
COMMENT ON COLUMN asset.subnet_id IS 'subnet: its subnet';
COMMENT ON COLUMN asset.account_id IS 'account: owner of the interface';
COMMENT ON COLUMN asset.first_seen IS 'time: first record that shows it';
COMMENT ON COLUMN asset.last_seen IS 'time: last record that shows it';
COMMENT ON COLUMN asset.records IS 'count: records that show it';
COMMENT ON COLUMN asset.translates IS 'flag: packets of others leave by this address (NAT)';
COMMENT ON COLUMN asset.basis IS 'text: what says so';
COMMENT ON COLUMN asset.public_address IS 'ip: public address that belongs to it, where it was described';
COMMENT ON COLUMN asset.conflict IS 'text: what does not fit with other claims';

-- section: derived

-- derived: numbers grows with store.flow, store.dns
-- What has a number keeps it, so that what was built with it holds.
INSERT INTO derived.address6
SELECT (SELECT coalesce(max(key), 4294967296) FROM derived.address6) + row_number() OVER (ORDER BY address), address
FROM (
  SELECT src6 AS address FROM store.flow WHERE src6 IS NOT NULL
  UNION
  SELECT dst6 FROM store.flow WHERE dst6 IS NOT NULL
  UNION
  SELECT pkt_src6 FROM store.flow WHERE pkt_src6 IS NOT NULL
  UNION
  SELECT pkt_dst6 FROM store.flow WHERE pkt_dst6 IS NOT NULL
  UNION
  SELECT src6 FROM store.dns_answer WHERE src6 IS NOT NULL
  UNION
  SELECT rdata6 FROM store.dns_answer WHERE rdata6 IS NOT NULL
)
  ANTI JOIN derived.address6 USING (address);
INSERT INTO derived.capture_no
SELECT (SELECT coalesce(max(cap), 0) FROM derived.capture_no) + row_number() OVER (ORDER BY capture), capture
FROM (SELECT capture FROM store.flow_context UNION SELECT capture FROM store.dns_context)
  ANTI JOIN derived.capture_no USING (capture);

-- derived: interface_address needs store.flow
-- Where flow_direction says which side is the interface's own, that one; else the address that is in most of its records, per
-- family; of several that are in as many, one that is not certainly another interface's, and a private one before others. As an
-- interface's own address is in all of them, it is looked for among the addresses of the first and the last record of each of
-- the interface's contexts: counting every address it ever spoke to takes half a minute.
CREATE OR REPLACE TEMP TABLE place AS
SELECT context_id, capture, interface_id, flow_direction,
  bool_or(flow_direction IS NOT NULL) OVER (PARTITION BY capture, interface_id) AS by_direction
FROM store.flow_context
WHERE interface_id IS NOT NULL;
CREATE OR REPLACE TEMP TABLE first_address AS
WITH context_ends AS (
  SELECT min(object_id::UBIGINT << 32 | row_no) FILTER (src4 IS NOT NULL) AS first4,
    max(object_id::UBIGINT << 32 | row_no) FILTER (src4 IS NOT NULL) AS last4,
    min(object_id::UBIGINT << 32 | row_no) FILTER (src6 IS NOT NULL) AS first6,
    max(object_id::UBIGINT << 32 | row_no) FILTER (src6 IS NOT NULL) AS last6
  FROM store.flow
    SEMI JOIN (FROM place WHERE NOT by_direction) USING (context_id)
  GROUP BY context_id
), end_record AS (
  SELECT DISTINCT unnest([first4, last4, first6, last6]) AS record FROM context_ends
), end_flow AS (
  SELECT f.*
  FROM store.flow f
    JOIN (
      SELECT (record >> 32)::UINTEGER AS object_id, (record & 4294967295)::UINTEGER AS row_no
      FROM end_record
      WHERE record IS NOT NULL
    ) USING (object_id, row_no)
), named_address AS (
  SELECT context_id, unnest([src4, dst4]) AS a4, NULL::UHUGEINT AS a6 FROM end_flow
  UNION ALL
  SELECT context_id, NULL, unnest([src6, dst6]) FROM end_flow
)
SELECT DISTINCT o.context_id, n.a4, n.a6
FROM named_address n
  JOIN place p USING (context_id)
  JOIN place o ON o.capture = p.capture AND o.interface_id = p.interface_id;
DELETE FROM derived.interface_address;
INSERT INTO derived.interface_address
WITH side AS (
  SELECT f.context_id, f.src4 AS a4, f.src6 AS a6, min(f.start) AS first_seen, max(f."end") AS last_seen,
    count(*) AS records,
    coalesce(
      bool_or(coalesce(f.pkt_src4 <> f.src4, false) AND NOT private_number(addr_number(f.pkt_src4, NULL))),
      false
    ) AS translates
  FROM store.flow f
    SEMI JOIN (FROM place WHERE flow_direction = 'egress') USING (context_id)
  WHERE f.src4 IS NOT NULL OR f.src6 IS NOT NULL
  GROUP BY ALL
  UNION ALL
  SELECT f.context_id, f.dst4, f.dst6, min(f.start), max(f."end"), count(*),
    coalesce(bool_or(coalesce(f.pkt_dst4 <> f.dst4, false) AND NOT private_number(addr_number(f.pkt_dst4, NULL))), false)
  FROM store.flow f
    SEMI JOIN (FROM place WHERE flow_direction = 'ingress') USING (context_id)
  WHERE f.dst4 IS NOT NULL OR f.dst6 IS NOT NULL
  GROUP BY ALL
  UNION ALL
  SELECT f.context_id, f.src4, NULL, min(f.start), max(f."end"), count(*),
    coalesce(bool_or(coalesce(f.pkt_src4 <> f.src4, false) AND NOT private_number(addr_number(f.pkt_src4, NULL))), false)
  FROM store.flow f
    JOIN first_address a ON a.context_id = f.context_id AND a.a4 = f.src4
  GROUP BY ALL
  UNION ALL
  SELECT f.context_id, f.dst4, NULL, min(f.start), max(f."end"), count(*),
    coalesce(bool_or(coalesce(f.pkt_dst4 <> f.dst4, false) AND NOT private_number(addr_number(f.pkt_dst4, NULL))), false)
  FROM store.flow f
    JOIN first_address a ON a.context_id = f.context_id AND a.a4 = f.dst4
  GROUP BY ALL
  UNION ALL
  SELECT f.context_id, NULL, f.src6, min(f.start), max(f."end"), count(*), false
  FROM store.flow f
    JOIN first_address a ON a.context_id = f.context_id AND a.a6 = f.src6
  GROUP BY ALL
  UNION ALL
  SELECT f.context_id, NULL, f.dst6, min(f.start), max(f."end"), count(*), false
  FROM store.flow f
    JOIN first_address a ON a.context_id = f.context_id AND a.a6 = f.dst6
  GROUP BY ALL
), claim AS (
  SELECT p.capture, p.interface_id, s.a4 IS NOT NULL AS v4, addr_number(s.a4, s.a6) AS address,
    min(s.first_seen) AS first_seen, max(s.last_seen) AS last_seen, sum(s.records)::BIGINT AS records,
    p.by_direction, bool_or(s.translates) AS translates
  FROM side s
    JOIN place p USING (context_id)
  GROUP BY p.capture, p.interface_id, p.by_direction, s.a4, s.a6
), best_claim AS (
  SELECT *, by_direction OR count(*) OVER (PARTITION BY capture, interface_id, v4) = 1 AS sure
  FROM (
    FROM claim
    QUALIFY by_direction OR rank() OVER (PARTITION BY capture, interface_id, v4 ORDER BY records DESC) = 1
  )
), weighed_claim AS (
  SELECT *, bool_or(sure) OVER (PARTITION BY capture, address) AS sure_of_one FROM best_claim
)
SELECT capture, interface_id, address, first_seen, last_seen, records, by_direction, translates
FROM weighed_claim
QUALIFY by_direction
  OR row_number() OVER (
    PARTITION BY capture, interface_id, v4
    ORDER BY sure_of_one, private_number(address) DESC, address
  ) = 1
ORDER BY capture, interface_id, address;
DROP TABLE place;
DROP TABLE first_address;

-- derived: service_address needs store.flow
DELETE FROM derived.service_address;
INSERT INTO derived.service_address
WITH marked_address AS (
  SELECT coalesce(f.pkt_dst4, f.dst4) AS a4, coalesce(f.pkt_dst6, f.dst6) AS a6, c.pkt_dst_aws_service AS service
  FROM store.flow f
    JOIN store.flow_context c USING (context_id)
  WHERE c.pkt_dst_aws_service IS NOT NULL
  UNION ALL
  SELECT coalesce(f.pkt_src4, f.src4), coalesce(f.pkt_src6, f.src6), c.pkt_src_aws_service
  FROM store.flow f
    JOIN store.flow_context c USING (context_id)
  WHERE c.pkt_src_aws_service IS NOT NULL
)
SELECT coalesce(m.a4::UBIGINT, s.key) AS key, max(m.service)
FROM (SELECT DISTINCT * FROM marked_address) m
  LEFT JOIN derived.address6 s ON s.address = m.a6
WHERE m.a4 IS NOT NULL OR m.a6 IS NOT NULL
GROUP BY 1
ORDER BY 1;
