-- the key, its role and its workspace

SELECT r.id::text, NULL::text, r.deleted_at IS NOT NULL
FROM "workspace"."planet" r
WHERE r.id = %s::uuid
ORDER BY r.id
LIMIT 1
FOR UPDATE;
-- 00000000-0000-4000-8000-0000000000a4

WITH
  w AS (
    UPDATE "workspace"."planet" r
    SET deleted_at = NULL, updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
    WHERE r.id = ANY(%s::uuid[])
    RETURNING r.*
  ),
  c AS (
    INSERT INTO "workspace".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT %s::bigint) kept(n)
    WHERE n <> 0
  ),
  h AS (
    INSERT INTO "workspace".history (object_id, record_id, action, at, actor, changes)
    SELECT
      %s::uuid,
      w.id,
      'restored',
      w.updated_at,
      w.updated_by,
      NULL
    FROM w
  )
SELECT
  r.id::text,
  (
    '{"id":' || coalesce('"' || (r.id)::text || '"', 'null') ||
    ',"name":' || coalesce((r.data->'name')::text, '""') ||
    ',"deletedAt":' || coalesce('"' || to_char((r.deleted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
    '}'
  )
FROM w r;
-- {"source":"API","name":"Astronomer","context":{}}
-- {"00000000-0000-4000-8000-0000000000a4"}
-- <object planet>
-- 1
-- <object planet>
