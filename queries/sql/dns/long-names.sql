-- Names long or random enough to carry data
--
-- Names with a length in bytes, a longest label or an entropy of at least the given figures;
-- longest first. Entropy is in bits per byte, of what stands before the registered domain: words
-- have 2 to 3, hexadecimal up to 4, base64 up to 6.
--
-- cannot: How often a name was asked for: a repeat within the TTL is answered from the Resolver's
-- cache and not logged. What was asked of any other resolver (8.8.8.8, DNS over HTTPS) is in no
-- Resolver log. Load balancers, CDNs, anti-virus look-ups and telemetry use such names every day;
-- short labels have low entropy whatever they hold.
--
-- needs:  dns
-- param:  length   int      = 52   bytes in the whole name
-- param:  label    int      = 30   bytes in one label
-- param:  entropy  number   = 4    bits per byte
-- param:  from     time            only at or after this moment
-- param:  to       time            only before this moment
-- param:  capture  capture         only this capture; empty for all
-- column: bytes       count
-- column: queries     count
-- column: clients     count
-- column: client      ip
-- column: types       text
-- column: first_seen  time
-- column: last_seen   time
SELECT name, strlen(name) AS bytes, any_value(longest_label) AS longest_label, round(any_value(entropy), 2) AS entropy,
  any_value(registered_domain) AS registered_domain, count(*) AS queries,
  count(DISTINCT srcaddr_n) AS clients, min(srcaddr) AS client,
  string_agg(DISTINCT query_type, ' ' ORDER BY query_type) AS types,
  min(query_timestamp) AS first_seen, max(query_timestamp) AS last_seen
FROM dns
WHERE (strlen(name) >= $length::BIGINT OR longest_label >= $label::BIGINT OR entropy >= $entropy::DOUBLE)
  AND of(capture, $capture) AND within(query_timestamp, $from, $to)
GROUP BY name
ORDER BY strlen(name) DESC, name
