-- the key, its role and its workspace

SELECT r.id::text, r.data::text, r.deleted_at IS NOT NULL
FROM "workspace"."planet" r
WHERE r.deleted_at IS NULL
  AND r.id = %s::uuid
ORDER BY r.id
LIMIT 1
FOR UPDATE;
-- 00000000-0000-4000-8000-0000000000a1

WITH
  w AS (
    UPDATE "workspace"."planet" r
    SET data = (r.data || x.d) - x.g, position = coalesce(x.p, r.position), deleted_at = CASE WHEN x.rv THEN NULL ELSE r.deleted_at END, updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
    FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, d jsonb, g text[], s text, hs boolean, w text, k int, p float8, rv boolean, h jsonb)
    WHERE r.id = x.id
    RETURNING r.*, x.h, x.rv
  ),
  h AS (
    INSERT INTO "workspace".history (object_id, record_id, action, at, actor, changes)
    SELECT
      %s::uuid,
      w.id,
      CASE WHEN w.rv THEN 'restored' ELSE 'updated' END,
      w.updated_at,
      w.updated_by,
      w.h
    FROM w
    WHERE w.h IS NOT NULL OR w.rv
  )
SELECT r.id::text, ARRAY[]::bigint[]
FROM w r;
-- {"source":"API","name":"Astronomer","context":{}}
-- [{"id":"00000000-0000-4000-8000-0000000000a1","d":{"radius":6378},"g":[],"hs":false,"rv":false,"h":{"before":{"radius":6371},"after":{"radius":6378}}}]
-- <object planet>

SELECT
  r.id::text,
  (
    '{"name":' || coalesce((r.data->'name')::text, '""') ||
    ',"radius":' || coalesce((r.data->'radius')::text, 'null') ||
    ',"moons":' || (
      SELECT ('{"totalCount":' || c0.x0 || '}')
      FROM (
        SELECT count(*) AS x0
        FROM "workspace"."moon" m0
        WHERE ((m0.data->>'planet'))::uuid = r.id
          AND m0.deleted_at IS NULL
      ) c0
    ) ||
    '}'
  )
FROM "workspace"."planet" r
WHERE r.id = ANY(%s::uuid[]);
-- {"00000000-0000-4000-8000-0000000000a1"}
