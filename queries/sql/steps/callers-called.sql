-- Who called in: only those that were called themselves are looked at
--
-- After calls. Others that called in cannot be what was called.
WITH caller_kept AS (
  SELECT DISTINCT server_key AS client_key FROM talked WHERE outward
)
