-- the key, its role and its workspace

SELECT
  r.id::text,
  NULL::text,
  r.deleted_at IS NOT NULL,
  ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}')
FROM "workspace"."planet" r
WHERE r.id = %s::uuid
ORDER BY r.id
LIMIT 1
FOR UPDATE;
-- 00000000-0000-4000-8000-0000000000a2

SELECT 0
WHERE EXISTS (
  SELECT 1
  FROM "workspace"."noteTarget" r
  WHERE ((r.data->>'targetPlanet'))::uuid = ANY(%s::uuid[])
)
UNION ALL
SELECT 1
WHERE EXISTS (
  SELECT 1
  FROM "workspace"."taskTarget" r
  WHERE ((r.data->>'targetPlanet'))::uuid = ANY(%s::uuid[])
)
UNION ALL
SELECT 2
WHERE EXISTS (
  SELECT 1
  FROM "workspace"."attachment" r
  WHERE ((r.data->>'targetPlanet'))::uuid = ANY(%s::uuid[])
)
UNION ALL
SELECT 3
WHERE EXISTS (
  SELECT 1
  FROM "workspace"."timelineActivity" r
  WHERE ((r.data->>'targetPlanet'))::uuid = ANY(%s::uuid[])
)
UNION ALL
SELECT 4
WHERE EXISTS (
  SELECT 1
  FROM "workspace"."moon" r
  WHERE ((r.data->>'planet'))::uuid = ANY(%s::uuid[])
);
-- {"00000000-0000-4000-8000-0000000000a2"}
-- {"00000000-0000-4000-8000-0000000000a2"}
-- {"00000000-0000-4000-8000-0000000000a2"}
-- {"00000000-0000-4000-8000-0000000000a2"}
-- {"00000000-0000-4000-8000-0000000000a2"}

WITH
  f AS MATERIALIZED (
    SELECT
      r.id,
      CASE WHEN ((r.data->>'planet'))::uuid = ANY(%s::uuid[]) THEN jsonb_build_object('planet', r.data->'planet') ELSE '{}'::jsonb END AS b
    FROM "workspace"."moon" r
    WHERE ((r.data->>'planet'))::uuid = ANY(%s::uuid[])
    ORDER BY r.id
    LIMIT 1000
    FOR UPDATE
  ),
  o AS MATERIALIZED (SELECT f.id, f.b, '{}'::jsonb AS a FROM f),
  u AS (
    UPDATE "workspace"."moon" r
    SET data = r.data - ARRAY(SELECT jsonb_object_keys(o.b))
    FROM o
    WHERE r.id = o.id
    RETURNING r.id, o.b, o.a
  ),
  w AS (
    SELECT
      u.id,
      now() AS updated_at,
      %s::jsonb AS updated_by,
      jsonb_build_object('before', u.b, 'after', u.a) AS h
    FROM u
  ),
  h AS (
    INSERT INTO "workspace".history (object_id, record_id, action, at, actor, changes)
    SELECT
      %s::uuid,
      w.id,
      'updated',
      w.updated_at,
      w.updated_by,
      w.h
    FROM w
  )
SELECT r.id::text, ARRAY(SELECT jsonb_object_keys(r.b))
FROM u r;
-- {"00000000-0000-4000-8000-0000000000a2"}
-- {"00000000-0000-4000-8000-0000000000a2"}
-- {"source":"API","name":"Astronomer","context":{}}
-- <object moon>

WITH
  g AS (
    DELETE FROM "workspace"."planet" r
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
-- {"00000000-0000-4000-8000-0000000000a2"}
-- {"source":"API","name":"Astronomer","context":{}}
-- <object planet>
-- <object planet>
