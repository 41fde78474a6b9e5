-- Requests with a text in a header
--
-- WAF sees all headers; load balancers and web servers log two or three. One row per header that holds the text, in any case.
--
-- cannot: Headers that were redacted, and text that is written in another way: see the column attack of waf.
--
-- needs:  waf_header, waf
-- param:  text     text     required  the text to look for
-- param:  from     time               only at or after this moment
-- param:  to       time               only before this moment
-- param:  capture  capture            only this capture; empty for all
SELECT h.timestamp, w.client_ip, h.header, h.value, w.action, w.http_method, w.host, w.uri AS path, w.attack, h.capture,
  h.object_id, h.row_no
FROM waf_header h
  JOIN waf w USING (object_id, row_no)
WHERE contains(lower(h.value), lower($text)) AND of(h.capture, $capture) AND within(h.timestamp, $from, $to)
ORDER BY h.timestamp, h.object_id, h.row_no, h.header_no
