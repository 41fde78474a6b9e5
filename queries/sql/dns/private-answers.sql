-- Names that resolved to an address inside
--
-- Answers that are private, link-local, loopback or unspecified, for names not under the domains
-- named as own. A public name that points to 169.254.169.254 or to an inside host is how DNS
-- rebinding and metadata theft begin.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. Private hosted zones, PrivateLink endpoints of AWS services and split DNS do this
-- by design: name them as own.
--
-- needs:  dns_answer
-- param:  own      text     = internal,local,in-addr.arpa,ip6.arpa  domains to leave out, with commas
-- param:  from     time     only at or after this moment
-- param:  to       time     only before this moment
-- param:  capture  capture  only this capture; empty for all
-- column: rdata       ip
-- column: meaning     text
-- column: answers     count
-- column: clients     count
-- column: client      ip
-- column: first_seen  time
-- column: last_seen   time
WITH answer AS (
  SELECT capture, name, rdata_n, count(*) AS answers, count(DISTINCT srcaddr_n) AS clients, min(srcaddr_n) AS client,
    min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen
  FROM dns_answer
  WHERE rdata_n IS NOT NULL AND of(capture, $capture) AND within(query_timestamp, $from, $to)
  GROUP BY ALL
)
SELECT name, number_text(rdata_n) AS rdata,
  CASE
    WHEN rdata_n IN (ip('169.254.169.254'), ip('fd00:ec2::254')) THEN 'instance metadata'
    WHEN rdata_n BETWEEN cidr_first('127.0.0.0/8') AND cidr_last('127.0.0.0/8') OR rdata_n = ip('::1') THEN 'loopback'
    WHEN rdata_n BETWEEN cidr_first('0.0.0.0/8') AND cidr_last('0.0.0.0/8') OR rdata_n = ip('::') THEN 'unspecified'
    WHEN rdata_n BETWEEN cidr_first('169.254.0.0/16') AND cidr_last('169.254.0.0/16')
        OR rdata_n BETWEEN cidr_first('fe80::/10') AND cidr_last('fe80::/10')
      THEN 'link-local'
    ELSE 'private'
  END AS meaning,
  answers, clients, number_text(client) AS client, first_seen, last_seen, capture
FROM answer
WHERE private_number(rdata_n)
  AND NOT list_bool_or(list_transform(string_split($own, ','), lambda s: name = s OR ends_with(name, '.' || s)))
ORDER BY first_seen, name, answer.rdata_n, capture
