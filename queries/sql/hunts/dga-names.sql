-- Who asks for many names that look generated
--
-- Per client: registered domains whose first label reads like chance, judged by pairs of letters,
-- and how many of them do not exist. Software that makes up its meeting places asks for many until
-- one answers.
--
-- cannot: Whether a name was made by a program: brands, abbreviations and words of other languages
-- look like chance too; words put together from a list do not.
--
-- method: Each pair of neighbouring letters costs as many bits as it is rare in English prose (0 to
-- 9, counted over the comments of Go's source; pairs with a digit 8, of two digits 5); a
-- label's score is the sum of what each costs over 4.2, the cost of ordinary words: a
-- ratio of likelihoods, in bits. From 19 on it counts as generated. Ids under the domains of clouds (cloudfront.net and the like) are
-- made by a program too, but not by this kind, and do not count. After Yadav et al., IMC
-- 2010, with NXDOMAIN after Antonakakis et al., USENIX Security 2012. Score: 0.4 for the
-- number of such domains (full at 100), 0.3 for their share of the client's domains (full at
-- a third), 0.3 for the share that does not exist.
--
-- false-positives: Ids as domains in telemetry and advertising, names in other languages, IDN,
-- typing errors, browsers that probe with random names (those have no dot and are
-- left out).
--
-- not-proof: That the client is infected: look at what asks, whether one of the names answered, and
-- what was called then.
--
-- measured: found: planted acts 1 of 1, families of 170 names 7 of 13, families of 40 names 7 of 13. False findings in
-- benign days, high and medium: a generated day 0 and 0. False findings per million benign records, high and medium:
-- benign-dns 0 and 0, wrccdc 0 and 0, ordinary day 0 and 0. 2026-11-22, andrewaeva/DGA, name by name, by the step
-- generated of this query. Benign lists: 181 of 21,000 (0.86%): alexa 0.20%, OpenDNS top 1.61% (identifiers as domains
-- of advertisers), random 0.18%. 13,198 of 19,002 generated names (69.5%): new GameOver Zeus and Zeus 100%, GameOver
-- Zeus 99.6%, DDS list 93.1%, Ramdo 84.4%, CryptoLocker 79.1%, Tinba 71.9%, others 57.0%, Conficker 32.3%, Pushdo 1.9%
-- (syllables), Matsnu and Rovnix 0% (words). The threshold was chosen on these benign lists. By client: ten clients
-- that ask for 200 names of one family each, none of which exists, among 53,606 benign queries: seven are found, all of
-- them high, and nothing else (precision 1, recall 0.7); Pushdo, Matsnu and Rovnix are not.
--
-- attack: T1568.002
-- phase:  home
-- kind:   form
-- log:    dns
-- weight: own channel
-- needs:  dns
-- param:  names    int      = 10  at least so many generated domains
-- param:  bits     number   = 19  a label counts as generated from this score on: less than 1% of benign domains do
-- param:  from     time           only what begins at or after this moment
-- param:  to       time           only what begins before this moment
-- param:  capture  capture        only this capture; empty for all
-- step:   query  queries with a registered domain
-- step:   domain  registered domains
-- step:   generated  registered domains that look generated
-- step:   suspect  clients with enough of them
-- column: generated_domains count
-- column: domains count
-- column: nonexistent number
-- column: examples text
WITH query AS (
  SELECT capture, srcaddr_n, vpc_id, registered_domain, rcode, query_timestamp
  FROM dns
  WHERE registered_domain IS NOT NULL
    AND NOT registered_domain SIMILAR TO '(.*\.)?(arpa|internal|local|localdomain|lan|home|corp)'
    AND NOT registered_domain SIMILAR TO (
      '.*\.('
        || 'cloudfront\.net|amazonaws\.com(\.cn)?|elasticbeanstalk\.com|on\.aws|amplifyapp\.com|'
        || 'azurewebsites\.net|azureedge\.net|cloudapp\.net|windows\.net|trafficmanager\.net|'
        || 'googleapis\.com|appspot\.com|web\.app|run\.app|firebaseapp\.com|workers\.dev|pages\.dev|'
        || 'herokuapp\.com|netlify\.app|vercel\.app|github\.io|fastly\.net|akamaized\.net'
        || ')'
    )
    AND of(capture, $capture) AND within(query_timestamp, $from, $to)
), domain AS (
  SELECT registered_domain, split_part(registered_domain, '.', 1) AS label
  FROM (SELECT DISTINCT registered_domain FROM query)
), spelled_label AS (
  SELECT registered_domain, list_transform(range(1, length(label)), lambda i: substr(label, i, 2)) AS pairs
  FROM domain
  WHERE length(label) >= 7 AND NOT starts_with(label, 'xn--')
), costed_label AS (
  SELECT registered_domain,
    list_transform(
      list_filter(pairs, lambda p: regexp_matches(p, '^[a-z0-9]{2}$')),
      lambda p: CASE
        WHEN regexp_matches(p, '^[0-9]{2}$') THEN 5
        WHEN regexp_matches(p, '[0-9]') THEN 8
        ELSE substr(
          '95449759596353959342668869' -- aa to az; a row for each first letter
            || '36673889369288479446389969'
            || '39583873494489288563589979'
            || '49751779279577489547478969'
            || '48436568799453857334867589'
            || '49663489299488389455499959'
            || '49582754399564389347489988'
            || '29882899399768389464599979'
            || '56455559999542369543959795'
            || '39952799599967359936299999'
            || '57771659399664668736797969'
            || '38752789298399379955579939'
            || '25772999397758439957499989'
            || '48443628496676579833668989'
            || '66457669697442549345455899'
            || '39783976497389349254599979'
            || '99799999999698889768099998'
            || '38652669396656379544578959'
            || '59492794396578548842497959'
            || '39672894299679469345598959'
            || '44464659499342649333999898'
            || '39791989399979599989979999'
            || '28763784398674379347997999'
            || '49483877399768729892779669'
            || '67574897399533529634996996'
            || '39861999399887479878898975',
          (ascii(p) - 97) * 26 + ascii(substr(p, 2)) - 96, 1
        )::INTEGER
      END
    ) AS bits
  FROM spelled_label
), generated AS (
  SELECT registered_domain, list_sum(bits) - 4.2 * len(bits) AS looks
  FROM costed_label
  WHERE len(bits) > 0 AND list_sum(bits) - 4.2 * len(bits) >= $bits::DOUBLE
), asked_domain AS (
  SELECT capture, srcaddr_n, min(vpc_id) AS vpc_id, registered_domain,
    count(*) AS queries, bool_and(rcode = 'NXDOMAIN') AS nonexistent,
    min(query_timestamp) AS first_query, max(query_timestamp) AS last_query
  FROM query
  GROUP BY ALL
), suspect AS (
  SELECT a.capture, a.srcaddr_n,
    min(a.vpc_id) AS vpc_id, count(*) AS domains, count(g.looks) AS generated,
    coalesce(avg(a.nonexistent::INTEGER) FILTER (g.looks IS NOT NULL), 0) AS nonexistent,
    sum(a.queries) FILTER (g.looks IS NOT NULL) AS queries,
    min(a.first_query) FILTER (g.looks IS NOT NULL) AS first_query,
    max(a.last_query) FILTER (g.looks IS NOT NULL) AS last_query,
    array_to_string(
      list_slice(
        list_reverse_sort(list({'looks': g.looks, 'domain': a.registered_domain}) FILTER (g.looks IS NOT NULL)),
        1, 5
      ).list_transform(lambda x: x.domain),
      ' '
    ) AS examples
  FROM asked_domain a
    LEFT JOIN generated g USING (registered_domain)
  GROUP BY a.capture, a.srcaddr_n
  HAVING count(g.looks) >= $names::BIGINT
), scored AS (
  SELECT *,
    0.4 * least(1, ln(generated) / ln(100))
      + 0.3 * least(1, 3 * generated / domains)
      + 0.3 * nonexistent AS score
  FROM suspect
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN score >= 0.7 AND nonexistent >= 0.3 THEN 'high'
    WHEN score >= 0.5 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} of {} registered domains look generated, {:.0f}% of these do not exist: {}',
    generated, domains, 100 * nonexistent, examples
  ) AS reason,
  number_text(srcaddr_n) AS client, queries::BIGINT AS "rows", first_query AS from_time, last_query AS to_time,
  generated AS generated_domains, domains, round(nonexistent, 3) AS nonexistent, examples, vpc_id, capture
FROM scored
ORDER BY scored.score DESC, generated DESC, srcaddr_n, capture
