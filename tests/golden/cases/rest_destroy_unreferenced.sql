-- the key, its role and its workspace

SELECT
  r.id::text,
  NULL::text,
  r.deleted_at IS NOT NULL,
  ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}')
FROM "workspace"."moon" r
WHERE r.id = %s::uuid
ORDER BY r.id
LIMIT 1
FOR UPDATE;
-- 00000000-0000-4000-8000-0000000000b1

SELECT 0
WHERE EXISTS (
  SELECT 1
  FROM "workspace"."noteTarget" r
  WHERE ((r.data->>'targetMoon'))::uuid = ANY(%s::uuid[])
)
UNION ALL
SELECT 1
WHERE EXISTS (
  SELECT 1
  FROM "workspace"."taskTarget" r
  WHERE ((r.data->>'targetMoon'))::uuid = ANY(%s::uuid[])
)
UNION ALL
SELECT 2
WHERE EXISTS (
  SELECT 1
  FROM "workspace"."attachment" r
  WHERE ((r.data->>'targetMoon'))::uuid = ANY(%s::uuid[])
)
UNION ALL
SELECT 3
WHERE EXISTS (
  SELECT 1
  FROM "workspace"."timelineActivity" r
  WHERE ((r.data->>'targetMoon'))::uuid = ANY(%s::uuid[])
);
-- {"00000000-0000-4000-8000-0000000000b1"}
-- {"00000000-0000-4000-8000-0000000000b1"}
-- {"00000000-0000-4000-8000-0000000000b1"}
-- {"00000000-0000-4000-8000-0000000000b1"}

WITH
  g AS (
    DELETE FROM "workspace"."moon" r
    WHERE r.id = ANY(%s::uuid[])
    RETURNING r.id, r.deleted_at, r.updated_at
  ),
  w AS (
    SELECT
      g.id,
      g.deleted_at,
      greatest(now(), g.updated_at) AS updated_at,
      %s::jsonb AS updated_by
    FROM g
  ),
  h AS (
    INSERT INTO "workspace".history (object_id, record_id, action, at, actor, changes)
    SELECT
      %s::uuid,
      w.id,
      'destroyed',
      w.updated_at,
      w.updated_by,
      NULL
    FROM w
  ),
  c AS (
    INSERT INTO "workspace".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT -count(*) FROM w WHERE deleted_at IS NULL) kept(n)
    WHERE n <> 0
  )
SELECT r.id::text
FROM w r;
-- {"00000000-0000-4000-8000-0000000000b1"}
-- {"source":"API","name":"Astronomer","context":{}}
-- <object moon>
-- <object moon>
