-- Who sent requests that servers read in different ways
--
-- One row per client and target: requests that the load balancer's desync guard called ambiguous or severe, why, and whether they
-- were handed on. Who smuggles a request makes two servers disagree where it ends.
--
-- cannot: See the request that was smuggled: it is in no log of the load balancer as one. Only Application Load Balancers
-- say how they read a request, and in the strictest mode what is refused never came further.
--
-- method: Requests with the classification Ambiguous or Severe. A reason is one of framing where it says that the end of a request
-- is in doubt: by its lengths, its transfer encodings, or both at once. Score: 0.2; 0.3 for Severe; 0.2 for framing; 0.2 where
-- one was handed to a target; 0.1 for several reasons. High: severe, of framing, and handed on, which a load balancer does in
-- monitor mode only. Medium: of framing and handed on. Low: the rest.
--
-- false-positives: Old clients and proxies, tests of one's own; a GET or HEAD that says it has no body is ambiguous, too.
--
-- measured: found: planted guests 1 of 1. False findings per million benign records, high and medium:
-- ordinary requests 0 and 0, a web tier 0 and 0.
--
-- not-proof: That a request was smuggled: only that it could have been read in two ways.
--
-- attack: T1190, T1557
-- phase:  exploit
-- kind:   desync
-- log:    alb
-- weight: support
-- needs:  alb
-- param:  from     time     only what begins at or after this moment
-- param:  to       time     only what begins before this moment
-- param:  capture  capture  only this capture; empty for all
-- step:   doubtful_request  requests that are ambiguous or severe
-- step:   doubtful_client  clients and targets
-- column: classification text
-- column: reasons text
-- column: requests count
-- column: framing count
-- column: handed_on count
-- column: answered count
-- column: url text
WITH doubtful_request AS (
  SELECT capture, client_ip_n AS client_n, target_ip_n AS target_n, coalesce(request_creation_time, time) AS time, classification,
    classification_reason, request_url, object_id, row_no,
    coalesce(
      classification_reason IN (
        'BadContentLength', 'BadTransferEncoding', 'BothTeClPresent', 'DuplicateContentLength', 'MultipleContentLength',
        'MultipleTransferEncodingChunked', 'UndefinedContentLengthSemantics', 'UndefinedTransferEncodingSemantics'
      ),
      false
    ) AS framing,
    coalesce(target_status_code BETWEEN 200 AND 299, false) AS answered
  FROM alb
  WHERE classification IN ('Ambiguous', 'Severe')
    AND of(capture, $capture) AND within(coalesce(request_creation_time, time), $from, $to)
), doubtful_client AS (
  SELECT capture, client_n, target_n, max(classification) AS classification, bool_or(framing AND classification = 'Severe') AS severe,
    list_sort(list_distinct(list(classification_reason) FILTER (classification_reason IS NOT NULL))) AS reasons,
    count(*) AS requests, count(*) FILTER (framing) AS framing, count(*) FILTER (target_n IS NOT NULL) AS handed_on,
    count(*) FILTER (answered) AS answered, arg_max(request_url, (framing, classification, time, object_id, row_no)) AS url,
    min(time) AS first_time, max(time) AS last_time
  FROM doubtful_request
  GROUP BY ALL
), scored AS (
  SELECT *,
    0.2
      + 0.3 * (classification = 'Severe')::INTEGER
      + 0.2 * (framing > 0)::INTEGER
      + 0.2 * (handed_on > 0)::INTEGER
      + 0.1 * (len(reasons) > 1)::INTEGER AS score
  FROM doubtful_client
)
SELECT round(score, 3)::DOUBLE AS score,
  CASE
    WHEN severe AND handed_on > 0 THEN 'high'
    WHEN framing > 0 AND handed_on > 0 THEN 'medium'
    ELSE 'low'
  END AS severity,
  format(
    '{} request{} of {} could be read in two ways (at worst {}: {}), {} of them about where a request ends; {}, {} answered '
      || 'with success; such as {}',
    requests, plural(requests), CASE WHEN client_n IS NULL THEN 'a client that the log does not name' ELSE number_text(client_n) END,
    classification, coalesce(nullif(array_to_string(reasons, ' '), ''), 'no reason given'), framing,
    CASE WHEN target_n IS NULL THEN 'handed to no target' ELSE format('{} handed to {}', handed_on, number_text(target_n)) END,
    answered, coalesce(url[:160], '-')
  ) AS reason,
  number_text(client_n) AS src, number_text(target_n) AS dst,
  requests AS "rows", first_time AS from_time, last_time AS to_time,
  classification, array_to_string(reasons, ' ') AS reasons, requests, framing, handed_on, answered, url, capture
FROM scored
ORDER BY scored.score DESC, requests DESC, client_n, target_n, capture
