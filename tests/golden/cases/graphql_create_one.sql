-- the key, its role and its workspace

WITH
  pf AS MATERIALIZED (
    SELECT coalesce(min(b.position), 0) AS at
    FROM "workspace"."planet" b
    WHERE b.deleted_at IS NULL
  ),
  w AS (
    INSERT INTO "workspace"."planet" (id, data, search, position, created_at, updated_at, deleted_at, created_by, updated_by)
    SELECT
      x.id,
      x.d,
      to_tsvector('simple', x.s),
      CASE WHEN x.w = 'first' THEN (SELECT pf.at FROM pf) - x.k ELSE x.p END,
      coalesce(x.ca, now()),
      now(),
      x.da,
      x.cb,
      %s::jsonb
    FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, d jsonb, s text, w text, k int, p float8, ca timestamptz, da timestamptz, cb jsonb)
    WHERE true
    RETURNING *
  ),
  c AS (
    INSERT INTO "workspace".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT count(*) FROM w WHERE deleted_at IS NULL) kept(n)
    WHERE n <> 0
  ),
  h AS (
    INSERT INTO "workspace".history (object_id, record_id, action, at, actor, changes)
    SELECT
      %s::uuid,
      w.id,
      'created',
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
    ',"kind":' || coalesce((r.data->'kind')::text, 'null') ||
    ',"radius":' || coalesce((r.data->'radius')::text, 'null') ||
    '}'
  ),
  ARRAY[]::bigint[]
FROM w r;
-- {"source":"API","name":"Astronomer","context":{}}
-- [{"id":"<id 1>","d":{"name":"Vulcan","code":"V","kind":"ROCK"},"cb":{"source":"API","name":"Astronomer","context":{}},"w":"first","k":1,"s":"vulcan"}]
-- <object planet>
-- <object planet>
