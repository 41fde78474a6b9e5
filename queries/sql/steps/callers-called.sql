-- Who called in: only those that were called themselves are looked at
--
-- After calls. Others that called in cannot be what was called.
WITH kept_caller AS (
  SELECT DISTINCT server_key AS client_key FROM seen_call WHERE outward
)
