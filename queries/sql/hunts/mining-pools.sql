-- Who works for a mining pool
--
-- Names of mining pools that were asked for, connections to them on any port, and connections that stay open long with
-- little traffic: to names that speak of mining, and to outside hosts on the ports that pools use.
--
-- cannot: Pools that are on no list and whose name says nothing, or that are behind a proxy of the intruder's, and
-- how much was mined. Look at the processor load of the instance.
--
-- method: A list of our own of pools and of the donation host of a miner, compared by suffix; ports 3333,
-- 4444, 5555, 7777, 14433, 14444 and 45700 (stratum). Score for a name: 0.5, 0.3 where a
-- connection to it was let in, up to 0.2 for how long connections lasted (full at 6 hours).
-- For a port alone, or a name with a word of mining in it (xmr, monero, stratum, miner, mining, randomx, ethash, kawpow,
-- hashrate, or pool beside a coin): 0.2, up to 0.3 for the longest connection (from 10 minutes, full at 6
-- hours), 0.2 where it carries less than 2 kB per second both ways, as stratum does, 0.1 for a name.
-- BitcoinTool of GuardDuty is the model.
--
-- false-positives: Employees who look at a pool's web site, researchers, parked domains; on ports: games,
-- development servers, database replication, 4444 of test tools (and of Metasploit).
--
-- measured: found: planted acts 2 of 2. False findings in benign days, high and medium: two days of ctu-normal 0 and 0,
-- a generated day 0 and 0. False findings per million benign records, high and medium: ctu-normal 0 and 0, benign-dns 0
-- and 0, wrccdc 0 and 0, ordinary day 0 and 0.
--
-- not-proof: That something is mined, or that the owner of the machine did not want it.
--
-- attack: T1496
-- phase:  abuse
-- kind:   list
-- log:    dns, flow
-- weight: own channel
-- needs:  capture
-- param:  more     text                                               further pools, with commas
-- param:  instead  text                                               other pools, with commas, instead of the list
-- param:  ports    text     = 3333,4444,5555,7777,14433,14444,45700   ports that pools use, with commas
-- param:  minutes  int      = 10                                      a connection to such a port counts from so many minutes on
-- param:  from     time                                               only what begins at or after this moment
-- param:  to       time                                               only what begins before this moment
-- param:  capture  capture                                            only this capture; empty for all
-- step:   asked_name  different names asked for
-- step:   listed_name  of them under a pool of the list, or with a word of mining
-- step:   call  connections to such names or to such ports of the outside
-- step:   contact  clients and pools or ports
-- step:   dropped_entry  entries of ports that are no port
-- column: kind text
-- column: queries count
-- column: connections count
-- column: refused count
-- column: longest_seconds number
-- column: bytes_to_peer bytes
-- column: bytes_from_peer bytes
--
-- Flow and Resolver records are each optional, so their views are named main.… and are not among what the hunt needs.
WITH pool(domain) AS (
  SELECT
    unnest(
      CASE
        WHEN $instead <> '' THEN []::VARCHAR[]
        ELSE [
          '2miners.com', 'antpool.com', 'bohemianpool.com', 'c3pool.com', 'c3pool.org', 'coin-hive.com', 'coinhive.com',
          'crypto-loot.com', 'cryptoloot.pro', 'crypto-pool.fr', 'dwarfpool.com', 'ethermine.org', 'ezil.me', 'f2pool.com',
          'fairpool.xyz', 'flexpool.io', 'flypool.org', 'hashvault.pro', 'herominers.com', 'hiveon.com', 'hiveon.net',
          'jsecoin.com', 'k1pool.com', 'kryptex.network', 'luckpool.net', 'minemonero.pro', 'minergate.com', 'minero.cc',
          'minexmr.com', 'mining-dutch.nl', 'miningpoolhub.com', 'miningrigrentals.com', 'monerohash.com',
          'monerominer.rocks', 'moneroocean.stream', 'moneropool.com', 'moriaxmr.com', 'nanopool.org', 'nicehash.com',
          'p2pool.io', 'poolin.com', 'prohashing.com', 'ravenminer.com', 'skypool.org', 'slushpool.com', 'solopool.org',
          'stratum.braiins.com', 'supportxmr.com', 'suprnova.cc', 'unmineable.com', 'usxmrpool.com', 'viabtc.com',
          'webminepool.com', 'woolypooly.com', 'xmrig.com', 'xmrpool.eu', 'xmrpool.net', 'zergpool.com', 'zpool.ca'
        ]
      END
        || domain_list($more || ',' || $instead)
    )
), pool_domain AS (
  SELECT DISTINCT domain, len(string_split(domain, '.')) AS labels FROM pool
), asked_name AS (
  SELECT name, any_value(registered_domain) AS registered_domain
  FROM main.dns
  WHERE name IS NOT NULL AND of(capture, $capture) AND within(query_timestamp, $from, $to)
  GROUP BY name
), listed_name AS (
  SELECT n.name, p.domain, false AS by_word
  FROM (
    SELECT name, labels, array_to_string(list_slice(string_split(name, '.'), -labels, -1), '.') AS suffix
    FROM asked_name, (SELECT DISTINCT labels FROM pool_domain)
  ) n
    JOIN pool_domain p ON p.domain = n.suffix AND p.labels = n.labels
), told_name AS (
  FROM listed_name
  UNION ALL
  SELECT name, coalesce(registered_domain, name), true
  FROM asked_name
    ANTI JOIN listed_name USING (name)
  WHERE regexp_matches(name, '(^|[.-])(xmr|monero|xmrig|stratum|miners?|mining|minexmr|randomx|ethash|kawpow|hashrate)([0-9]*)([.-]|$)')
    OR regexp_matches(name, '(^|[.-])pool([0-9]*)([.-]|$)')
        AND regexp_matches(name, '(^|[.-])(btc|eth|etc|xmr|rvn|zec|ltc|erg|kas|flux)([0-9]*)([.-]|$)')
), listed_port AS (
  SELECT trim(unnest(string_split($ports, ','))) AS entry
), pool_port AS (
  SELECT unnest(port_list(entry)) AS port FROM listed_port
), dropped_entry AS (
  FROM listed_port WHERE entry <> '' AND len(port_list(entry)) = 0
), asker AS (
  SELECT d.capture, d.srcaddr_n AS client_n, l.domain, l.by_word,
    count(*) AS queries, min(d.name) AS name,
    min(d.query_timestamp) AS first_time, max(d.query_timestamp) AS last_time,
    bool_and(coalesce(d.rcode, '') = 'NXDOMAIN') AS nonexistent
  FROM main.dns d
    JOIN told_name l ON l.name = d.name
  WHERE of(d.capture, $capture) AND within(d.query_timestamp, $from, $to)
  GROUP BY ALL
), call AS (
  SELECT s.capture, s.interface_id, s.client_key, s.server_key, s.server_port, s.refused,
    s.seconds, s.bytes_out, s.bytes_in, s.records, s.start, s."end", l.domain, coalesce(l.by_word, false) AS by_word
  FROM (
    SELECT capture, interface_id, client_key, server_key, server_port, refused,
      seconds, bytes_out, bytes_in, records, start, "end", name_no
    FROM main.connection_keys
    WHERE direction = 'out'
      AND protocol = 6
      AND of(capture, $capture) AND within(start, $from, $to)
  ) s
    LEFT JOIN (
      SELECT name_no, domain, by_word
      FROM told_name
        JOIN main.answer_name USING (name)
    ) l ON l.name_no = s.name_no
  WHERE l.domain IS NOT NULL AND NOT l.by_word
    OR (l.by_word OR s.server_port IN (SELECT port FROM pool_port))
        AND NOT s.refused
        AND s.seconds >= 60 * $minutes::BIGINT
), reached_pool AS (
  SELECT capture, client_key, domain, by_word,
    CASE WHEN domain IS NULL THEN server_key END AS server_key,
    CASE WHEN domain IS NULL THEN server_port END AS only_port,
    min(interface_id) AS interface_id,
    arg_min(server_key, (start, server_key, server_port)) AS first_server_key,
    arg_min(server_port, (start, server_key, server_port)) AS server_port,
    count(*) AS connections, count(*) FILTER (refused) AS refused, max(seconds) AS longest,
    sum(seconds) AS seconds, bounded(sum(bytes_out)) AS bytes_out, bounded(sum(bytes_in)) AS bytes_in,
    sum(records)::BIGINT AS records, min(start) AS first_time, max("end") AS last_time
  FROM call
  GROUP BY capture, client_key, domain, by_word, CASE WHEN domain IS NULL THEN server_key END,
    CASE WHEN domain IS NULL THEN server_port END
), contact AS (
  SELECT coalesce(a.capture, r.capture) AS capture, coalesce(a.client_n, r.client_n) AS client_n,
    coalesce(a.domain, r.domain) AS domain, coalesce(a.by_word, r.by_word) AS by_word, a.name,
    coalesce(a.queries, 0) AS queries, coalesce(a.nonexistent, false) AS nonexistent,
    r.server_n, r.server_port, r.interface_id,
    coalesce(r.connections, 0) AS connections, coalesce(r.refused, 0) AS refused,
    r.longest, r.seconds, r.bytes_out, r.bytes_in,
    coalesce(r.records, 0) + coalesce(a.queries, 0) AS records,
    least(a.first_time, r.first_time) AS first_time, greatest(a.last_time, r.last_time) AS last_time
  FROM asker a
    FULL JOIN (
      SELECT *, key_number(client_key) AS client_n, key_number(first_server_key) AS server_n
      FROM reached_pool
    ) r ON r.capture = a.capture AND r.client_n = a.client_n AND r.domain = a.domain
), scored AS (
  SELECT *,
    CASE
      WHEN domain IS NOT NULL AND NOT by_word
        THEN (CASE WHEN nonexistent THEN 0.3 ELSE 0.5 END)
          + 0.3 * (refused < connections)::INTEGER
          + 0.2 * least(1, coalesce(longest, 0) / 21600)
      ELSE 0.2
        + 0.3 * least(1, greatest(0, ln(longest / (60 * greatest(1, $minutes::BIGINT))) / ln(36)))
        + 0.2 * (coalesce(bytes_out, 0) < 2000 * seconds AND coalesce(bytes_in, 0) < 2000 * seconds)::INTEGER
        + 0.1 * coalesce(by_word, false)::INTEGER
    END AS score
  FROM contact
  WHERE NOT coalesce(by_word, false) OR connections > 0
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN domain IS NOT NULL AND NOT by_word AND refused < connections THEN 'high'
    WHEN domain IS NOT NULL AND NOT by_word AND NOT nonexistent OR score >= 0.6 THEN 'medium'
    ELSE 'low'
  END AS severity,
  CASE
    WHEN domain IS NOT NULL AND NOT by_word
      THEN format(
        '{} of the list: asked for {} time{}{}, {} connection{}, {} refused{}',
        domain, queries, plural(queries),
        CASE WHEN nonexistent THEN ' (nothing asked for exists)' ELSE '' END,
        connections, plural(connections), refused,
        CASE
          WHEN longest IS NULL THEN ''
          ELSE format(', the longest {:.1f} hours', longest / 3600)
        END
      )
    ELSE format(
      '{} connection{} to {}; the longest {:.1f} hours, {:.0f} bytes a second to it and {:.0f} from it',
      connections, plural(connections),
      CASE
        WHEN by_word THEN format('{}, a name with a word of mining, port {}', coalesce(name, domain), server_port)
        ELSE format('port {}, which pools use', server_port)
      END,
      longest / 3600, coalesce(bytes_out, 0) / greatest(1, seconds), coalesce(bytes_in, 0) / greatest(1, seconds)
    )
  END
    || coalesce((SELECT '; no port, in ports: ' || string_agg(entry, ' ' ORDER BY entry) FROM dropped_entry), '') AS reason,
  number_text(client_n) AS src, number_text(server_n) AS dst,
  server_port AS dstport, name, domain AS registered_domain, interface_id,
  records AS "rows", first_time AS from_time, last_time AS to_time,
  CASE WHEN domain IS NULL THEN 'port' WHEN by_word THEN 'word' ELSE 'name' END AS kind,
  queries, connections, refused, round(longest, 1) AS longest_seconds,
  bytes_out AS bytes_to_peer, bytes_in AS bytes_from_peer, capture
FROM scored
ORDER BY scored.score DESC, records DESC, client_n, domain, server_n, server_port, capture
