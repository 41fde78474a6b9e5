-- Resolver answers as passive DNS
--
-- view:  dns_answer
-- time:  query_timestamp
-- order: rrname, rrtype, rdata, sensor_id
-- limit: rrname is the name that was asked for: the log does not say which name of a chain of CNAMEs an answer is about
-- limit: count is how many records had the answer: what the Resolver answered from its cache is in no log
SELECT (arg_min(w, (query_timestamp, w.o, w.r))).o AS "@object", (arg_min(w, (query_timestamp, w.o, w.r))).r AS "@row",
  capture AS "@capture", count(*) AS "@rows",
  CASE WHEN rdata IS NULL OR "type" IS NULL OR name IS NULL THEN 'an answer without a name, a type or data' END AS "@omit",
  CASE WHEN name = '' THEN '.' ELSE name END AS rrname, "type" AS rrtype, rdata,
  epoch_us(min(query_timestamp)) // 1000000 AS time_first, epoch_us(max(query_timestamp)) // 1000000 AS time_last,
  count(*) AS count, capture AS sensor_id
FROM (SELECT *, {o: object_id, r: row_no} AS w FROM source)
GROUP BY capture, name, "type", rdata
