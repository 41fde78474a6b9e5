-- Who tries place after place and is let into hardly any, however slowly
--
-- A scan can hide in time: a port now and then, of this host or of that, never many in one hour. What it cannot
-- hide is that it fails. Only first contacts count: an address and port that a source had not tried before.
-- What is crowded enough for port-scan or port-sweep is left to them.
--
-- cannot: Flow logs never record queries to the Amazon DNS server, instance metadata
-- (169.254.169.254), time sync, DHCP and ARP; a SKIPDATA interval hides an unknown number of
-- flows. A log of ACCEPT only shows what was open and nothing of the rest; a log of one direction makes
-- every contact look silent.
--
-- method: A random walk over the first contacts of a source, one up for each that failed and one down for
-- each that was answered, never below zero (after Jung, Paxson, Berger, Balakrishnan, IEEE S&P 2004: they
-- stop at a fixed height; ours begins anew at zero, so that a machine that was used well before it was broken into is
-- found too). Failed is what the rules refused, what was reset and what stayed silent. At least ten high.
-- Left out are contacts of an hour with ten ports of one target or of ten minutes with 25 targets of one
-- port, which are other hunts', and outside targets on 53, 80, 123 and 443, where clients fail when a line
-- is down. Score: 0.3 for passing, up to 0.3 for the height (full at 200), up to 0.2 for the share that
-- failed, 0.2 where the source is inside. From inside it is medium, from 30 high; from outside medium from 15, which
-- the noise of the internet hardly reaches, and low below.
--
-- false-positives: Monitoring of machines that are gone, peer-to-peer software, a client list with stale
-- addresses, scanners of your own.
--
-- measured: found: planted acts 2 of 2, scanners of ctu-normal 27 of 28. False findings in benign days,
-- high and medium: two days of ctu-normal 0 and 0, a generated day 0 and 0. False findings per million benign records,
-- high and medium: ctu-normal 0 and 0, benign-dns 0 and 0, ordinary day 0 and 0.
--
-- not-proof: That anything was found or used. Hosts with public addresses are scanned every day.
--
-- attack: T1046, T1595.001, T1018
-- phase:  in knock, out none, inside probe
-- kind:   fan
-- log:    flow
-- weight: own
-- needs:  connection_keys
-- needs-all: connection_keys
-- steps:  attempts
-- param:  height   int      = 10  the walk must reach at least this height
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   source  sources with enough connections that failed
-- step:   contact  first contacts of these sources
-- step:   slow_contact  of them not in a crowd that is another hunt's
-- column: direction text
-- column: contacts count
-- column: failed count
-- column: height count
-- column: targets count
-- column: ports count
-- column: most_in_an_hour count
-- column: answered_contacts text
WITH source AS (
  SELECT capture, client_key
  FROM attempt
  WHERE answer <> 'answered'
  GROUP BY capture, client_key
  HAVING count(*) >= $height::BIGINT
), contact AS MATERIALIZED (
  SELECT capture, client_key, server_key, server_port, protocol,
    min(direction) AS direction, min(start) AS start, max("end") AS last_end, sum(records) AS records,
    arg_min(interface_id, (start, interface_id)) AS interface_id,
    max(
      CASE answer
        WHEN 'answered' THEN 4
        WHEN 'reset' THEN 3
        WHEN 'silent' THEN 2
        ELSE 1
      END
    ) AS best
  FROM attempt
    SEMI JOIN source USING (capture, client_key)
  WHERE direction <> 'out' OR server_port NOT IN (53, 80, 123, 443)
  GROUP BY capture, client_key, server_key, server_port, protocol
), slow_contact AS (
  FROM contact
  QUALIFY count(*) OVER (PARTITION BY capture, client_key, server_key, time_bucket(INTERVAL 1 HOUR, start)) < 10
    AND count(*) OVER (PARTITION BY capture, client_key, server_port, time_bucket(INTERVAL 10 MINUTE, start)) < 25
), walk AS (
  SELECT *,
    sum(CASE WHEN best < 4 THEN 1 ELSE -1 END) OVER (
      PARTITION BY capture, client_key
      ORDER BY start, server_key, server_port, protocol
      ROWS UNBOUNDED PRECEDING
    ) AS place
  FROM slow_contact
), floored_walk AS (
  SELECT *,
    place
      - least(
          0,
          min(place) OVER (
            PARTITION BY capture, client_key
            ORDER BY start, server_key, server_port, protocol
            ROWS UNBOUNDED PRECEDING
          )
        ) AS height
  FROM walk
), parted_walk AS (
  SELECT *,
    count(*) FILTER (height = 0) OVER (
      PARTITION BY capture, client_key
      ORDER BY start, server_key, server_port, protocol
      ROWS UNBOUNDED PRECEDING
    ) AS part
  FROM floored_walk
), busiest_hour AS (
  SELECT capture, client_key, part, max(n) AS most
  FROM (
    SELECT capture, client_key, part, count(*) AS n
    FROM parted_walk
    GROUP BY capture, client_key, part, time_bucket(INTERVAL 1 HOUR, start)
  )
  GROUP BY ALL
), excursion AS (
  SELECT capture, client_key, part,
    mode(direction) AS direction, max(height) AS height, count(*) AS contacts, count(*) FILTER (best < 4) AS failed,
    count(*) FILTER (best = 1) AS refused, count(*) FILTER (best = 2) AS silent, count(*) FILTER (best = 3) AS reset,
    count(DISTINCT server_key) AS targets, count(DISTINCT server_port) AS ports,
    CASE WHEN count(DISTINCT server_key) = 1 THEN min(server_key) END AS one_target,
    CASE WHEN count(DISTINCT server_port) = 1 THEN min(server_port) END AS one_port,
    arg_max(interface_id, (start, interface_id)) AS interface_id,
    sum(records)::BIGINT AS records, min(start) AS first_start, max(start) AS last_start, max(last_end) AS last_end
  FROM parted_walk
  WHERE height > 0
  GROUP BY capture, client_key, part
  HAVING max(height) >= $height::BIGINT
), answered_contact AS (
  SELECT capture, client_key, part, string_agg(place, ' ' ORDER BY rank) AS places
  FROM (
    SELECT capture, client_key, part, format('{}:{}', key_text(server_key), server_port) AS place,
      row_number() OVER (PARTITION BY capture, client_key, part ORDER BY server_key, server_port) AS rank
    FROM (SELECT DISTINCT capture, client_key, part, server_key, server_port FROM parted_walk WHERE best = 4 AND height > 0)
    QUALIFY rank <= 5
  )
  GROUP BY ALL
), scored AS (
  SELECT e.*, b.most, a.places,
    0.3
      + 0.3 * least(1, ln(height / $height::BIGINT) / ln(20))
      + 0.2 * failed / contacts
      + 0.2 * (direction IN ('inside', 'out'))::INTEGER AS score
  FROM excursion e
    JOIN busiest_hour b USING (capture, client_key, part)
    LEFT JOIN answered_contact a USING (capture, client_key, part)
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN direction IN ('inside', 'out') THEN CASE WHEN height >= 30 THEN 'high' ELSE 'medium' END
    WHEN height >= 15 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} of {} addresses and ports that it tried for the first time failed ({}), in {:.1f} h and at most {} in an hour: '
      || '{} target{}, {} port{}; answered: {}{}',
    failed, contacts,
    concat_ws(
      ', ',
      CASE WHEN refused > 0 THEN format('{} refused by the rules', refused) END,
      CASE WHEN reset > 0 THEN format('{} reset', reset) END,
      CASE WHEN silent > 0 THEN format('{} silent', silent) END
    ),
    epoch(last_start - first_start) / 3600, most, targets, plural(targets), ports, plural(ports),
    coalesce(places, 'none'), shown_of(5, contacts - failed, 'places')
  ) AS reason,
  key_text(client_key) AS src, key_text(one_target) AS dst, one_port AS dstport, interface_id,
  records AS "rows", first_start AS from_time, last_end AS to_time,
  direction, contacts, failed, height::BIGINT AS height, targets, ports, most AS most_in_an_hour,
  places AS answered_contacts, capture
FROM scored
ORDER BY scored.score DESC, failed DESC, first_start, client_key, capture
