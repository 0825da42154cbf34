-- the key, its role and its workspace

WITH
  k0 AS MATERIALIZED (
    SELECT t.id
    FROM "workspace"."planet" t
    WHERE t.id = ANY(%s::uuid[])
    FOR KEY SHARE
  ),
  pf AS MATERIALIZED (
    SELECT coalesce(min(b.position), 0) AS at
    FROM "workspace"."moon" b
    WHERE b.deleted_at IS NULL
  ),
  w AS (
    INSERT INTO "workspace"."moon" (id, data, search, position, created_at, updated_at, deleted_at, created_by, updated_by)
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
      AND (SELECT count(*) FROM k0) = %s::bigint
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
  ((
    '{"id":' || coalesce('"' || (r.id)::text || '"', 'null') ||
    ',"name":' || coalesce((r.data->'name')::text, '""') ||
    ',"createdAt":' || coalesce('"' || to_char((r.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
    ',"updatedAt":' || coalesce('"' || to_char((r.updated_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
    ',"deletedAt":' || coalesce('"' || to_char((r.deleted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
    ',"createdBy":' || CASE WHEN r.created_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
      '{"source":' || coalesce((r.created_by->'source')::text, '"MANUAL"') ||
      ',"workspaceMemberId":' || coalesce((r.created_by->'workspaceMemberId')::text, 'null') ||
      ',"name":' || coalesce((r.created_by->'name')::text, '""') ||
      ',"context":' || coalesce((r.created_by->'context')::text, '{}') ||
      '}'
    ) END ||
    ',"updatedBy":' || CASE WHEN r.updated_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
      '{"source":' || coalesce((r.updated_by->'source')::text, '"MANUAL"') ||
      ',"workspaceMemberId":' || coalesce((r.updated_by->'workspaceMemberId')::text, 'null') ||
      ',"name":' || coalesce((r.updated_by->'name')::text, '""') ||
      ',"context":' || coalesce((r.updated_by->'context')::text, '{}') ||
      '}'
    ) END ||
    ',"position":' || coalesce(((r.position)::text)::numeric::text, 'null')
  ) || (
    ',"radius":' || coalesce((r.data->'radius')::text, 'null') ||
    ',"planetId":' || coalesce((r.data->'planet')::text, 'null') ||
    '}'
  )),
  ARRAY[(SELECT count(*) FROM k0)]::bigint[]
FROM w r;
-- {"00000000-0000-4000-8000-0000000000a2","00000000-0000-4000-8000-0000000000a3"}
-- {"source":"API","name":"Astronomer","context":{}}
-- [{"id":"<id 1>","d":{"name":"Triton","planet":"00000000-0000-4000-8000-0000000000a3","radius":1353},"cb":{"source":"API","name":"Astronomer","context":{}},"w":"first","k":1,"s":"triton"},{"id":"<id 2>","d":{"name":"Callisto","planet":"00000000-0000-4000-8000-0000000000a2"},"cb":{"source":"API","name":"Astronomer","context":{}},"w":"first","k":2,"s":"callisto"}]
-- 2
-- <object moon>
-- <object moon>
