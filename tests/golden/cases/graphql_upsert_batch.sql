-- the key, its role and its workspace

SELECT c0, c1, c2
FROM (
  SELECT
    b.*,
    sum((octet_length(c1))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT r.id::text, r.data::text, r.deleted_at IS NOT NULL
    FROM "workspace"."planet" r
    WHERE ((r.data->>'code') = ANY(%s::text[]))
    ORDER BY r.id
    FOR UPDATE
  ) b(c0, c1, c2)
) b
WHERE coalesce(total, 0) >= 0;
-- {"E","V"}

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
    ON CONFLICT DO NOTHING
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
    ',"code":' || coalesce((r.data->'code')::text, '""') ||
    ',"radius":' || coalesce((r.data->'radius')::text, 'null') ||
    '}'
  ),
  ARRAY[]::bigint[]
FROM w r;
-- {"source":"API","name":"Astronomer","context":{}}
-- [{"id":"<id 1>","d":{"code":"V","name":"Vulcan","radius":1},"cb":{"source":"API","name":"Astronomer","context":{}},"w":"first","k":1,"s":"vulcan"}]
-- <object planet>
-- <object planet>

WITH
  w AS (
    UPDATE "workspace"."planet" r
    SET data = (r.data || x.d) - x.g, search = CASE WHEN x.hs THEN to_tsvector('simple', x.s) ELSE r.search END, position = coalesce(x.p, r.position), deleted_at = CASE WHEN x.rv THEN NULL ELSE r.deleted_at END, updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
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
SELECT
  r.id::text,
  (
    '{"id":' || coalesce('"' || (r.id)::text || '"', 'null') ||
    ',"name":' || coalesce((r.data->'name')::text, '""') ||
    ',"code":' || coalesce((r.data->'code')::text, '""') ||
    ',"radius":' || coalesce((r.data->'radius')::text, 'null') ||
    '}'
  ),
  ARRAY[]::bigint[]
FROM w r;
-- {"source":"API","name":"Astronomer","context":{}}
-- [{"id":"00000000-0000-4000-8000-0000000000a1","d":{"name":"Terra"},"g":[],"hs":true,"rv":false,"h":{"before":{"name":"Earth"},"after":{"name":"Terra"}},"s":"terra"}]
-- <object planet>
