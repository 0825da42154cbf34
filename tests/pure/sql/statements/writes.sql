-- insert
WITH
  w AS (
    INSERT INTO "ws_test"."o_person" (id, data, search, position, created_at, updated_at, deleted_at, created_by, updated_by)
    SELECT
      x.id,
      x.d,
      to_tsvector('simple', x.s),
      x.p,
      coalesce(x.ca, now()),
      now(),
      x.da,
      x.cb,
      %s::jsonb
    FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, d jsonb, s text, w text, k int, p float8, ca timestamptz, da timestamptz, cb jsonb)
    RETURNING *
  ),
  c AS (
    INSERT INTO "ws_test".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT count(*) FROM w WHERE deleted_at IS NULL) kept(n)
    WHERE n <> 0
  ),
  h AS (
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
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
  ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}'),
  ARRAY[]::bigint[]
FROM w r;
-- '{"source":"API","name":"Ada"}'
-- '[{"id":"00000000-0000-4000-8000-0000000000aa","d":{},"hs":false,"h":null,"rv":false}]'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- insert with related records
WITH
  k0 AS MATERIALIZED (
    SELECT t.id
    FROM "ws_test"."o_company" t
    WHERE t.id = ANY(%s::uuid[])
    FOR KEY SHARE
  ),
  k1 AS MATERIALIZED (
    SELECT t.id
    FROM "ws_test"."o_person" t
    WHERE t.id = ANY(%s::uuid[])
    FOR KEY SHARE
  ),
  w AS (
    INSERT INTO "ws_test"."o_person" (id, data, search, position, created_at, updated_at, deleted_at, created_by, updated_by)
    SELECT
      x.id,
      x.d,
      to_tsvector('simple', x.s),
      x.p,
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
    INSERT INTO "ws_test".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT count(*) FROM w WHERE deleted_at IS NULL) kept(n)
    WHERE n <> 0
  ),
  h AS (
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
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
  ARRAY[(SELECT count(*) FROM k0),
  (SELECT count(*) FROM k1)]::bigint[]
FROM w r;
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'
-- '{"00000000-0000-4000-8000-0000000000bb"}'
-- '{"source":"API","name":"Ada"}'
-- '[{"id":"00000000-0000-4000-8000-0000000000aa","d":{},"hs":false,"h":null,"rv":false}]'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- update
WITH
  k0 AS MATERIALIZED (
    SELECT t.id
    FROM "ws_test"."o_company" t
    WHERE t.id = ANY(%s::uuid[])
    FOR KEY SHARE
  ),
  k1 AS MATERIALIZED (
    SELECT t.id
    FROM "ws_test"."o_person" t
    WHERE t.id = ANY(%s::uuid[])
    FOR KEY SHARE
  ),
  w AS (
    UPDATE "ws_test"."o_person" r
    SET data = (r.data || x.d) - x.g, search = CASE WHEN x.hs THEN to_tsvector('simple', x.s) ELSE r.search END, position = coalesce(x.p, r.position), deleted_at = CASE WHEN x.rv THEN NULL ELSE r.deleted_at END, updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
    FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, d jsonb, g text[], s text, hs boolean, w text, k int, p float8, rv boolean, h jsonb)
    WHERE r.id = x.id
    RETURNING r.*, x.h, x.rv
  ),
  h AS (
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
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
  ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}'),
  ARRAY[(SELECT count(*) FROM k0),
  (SELECT count(*) FROM k1)]::bigint[]
FROM w r;
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'
-- '{"00000000-0000-4000-8000-0000000000bb"}'
-- '{"source":"API","name":"Ada"}'
-- '[{"id":"00000000-0000-4000-8000-0000000000aa","d":{"jobTitle":"CEO"},"h":{"before":{},"after":{"jobTitle":"CEO"}},"hs":true,"rv":false}]'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- insert under a condition
WITH
  k0 AS MATERIALIZED (
    SELECT t.id
    FROM "ws_test"."o_company" t
    WHERE t.id = ANY(%s::uuid[])
    FOR KEY SHARE
  ),
  k1 AS MATERIALIZED (
    SELECT t.id
    FROM "ws_test"."o_person" t
    WHERE t.id = ANY(%s::uuid[])
    FOR KEY SHARE
  ),
  w AS (
    INSERT INTO "ws_test"."o_person" (id, data, search, position, created_at, updated_at, deleted_at, created_by, updated_by)
    SELECT
      x.id,
      x.d,
      to_tsvector('simple', x.s),
      x.p,
      coalesce(x.ca, now()),
      now(),
      x.da,
      x.cb,
      %s::jsonb
    FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, d jsonb, s text, w text, k int, p float8, ca timestamptz, da timestamptz, cb jsonb)
    WHERE now() < %s
      AND (SELECT count(*) FROM k0) = %s::bigint
      AND (SELECT count(*) FROM k1) = %s::bigint
    RETURNING *
  ),
  c AS (
    INSERT INTO "ws_test".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT count(*) FROM w WHERE deleted_at IS NULL) kept(n)
    WHERE n <> 0
  ),
  h AS (
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
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
  ARRAY[(SELECT count(*) FROM k0),
  (SELECT count(*) FROM k1)]::bigint[]
FROM w r;
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'
-- '{"00000000-0000-4000-8000-0000000000bb"}'
-- '{"source":"API","name":"Ada"}'
-- '[{"id":"00000000-0000-4000-8000-0000000000aa","d":{},"hs":false,"h":null,"rv":false}]'
-- 'x'
-- 2
-- 1
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- update under a condition
WITH
  k0 AS MATERIALIZED (
    SELECT t.id
    FROM "ws_test"."o_company" t
    WHERE t.id = ANY(%s::uuid[])
    FOR KEY SHARE
  ),
  k1 AS MATERIALIZED (
    SELECT t.id
    FROM "ws_test"."o_person" t
    WHERE t.id = ANY(%s::uuid[])
    FOR KEY SHARE
  ),
  w AS (
    UPDATE "ws_test"."o_person" r
    SET data = (r.data || x.d) - x.g, search = CASE WHEN x.hs THEN to_tsvector('simple', x.s) ELSE r.search END, position = coalesce(x.p, r.position), deleted_at = CASE WHEN x.rv THEN NULL ELSE r.deleted_at END, updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
    FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, d jsonb, g text[], s text, hs boolean, w text, k int, p float8, rv boolean, h jsonb)
    WHERE r.id = x.id
      AND r.id <> %s
      AND (SELECT count(*) FROM k0) = %s::bigint
      AND (SELECT count(*) FROM k1) = %s::bigint
    RETURNING r.*, x.h, x.rv
  ),
  h AS (
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
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
  ARRAY[(SELECT count(*) FROM k0),
  (SELECT count(*) FROM k1)]::bigint[]
FROM w r;
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'
-- '{"00000000-0000-4000-8000-0000000000bb"}'
-- '{"source":"API","name":"Ada"}'
-- '[{"id":"00000000-0000-4000-8000-0000000000aa","d":{"jobTitle":"CEO"},"h":{"before":{},"after":{"jobTitle":"CEO"}},"hs":true,"rv":false}]'
-- 'x'
-- 2
-- 1
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- update that changes nothing
WITH w AS (
  UPDATE "ws_test"."o_person" r
  SET data = (r.data || x.d) - x.g, position = coalesce(x.p, r.position), deleted_at = CASE WHEN x.rv THEN NULL ELSE r.deleted_at END, updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
  FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, d jsonb, g text[], s text, hs boolean, w text, k int, p float8, rv boolean, h jsonb)
  WHERE r.id = x.id
  RETURNING r.*, x.h, x.rv
)
SELECT r.id::text, ARRAY[]::bigint[]
FROM w r;
-- '{"source":"API","name":"Ada"}'
-- '[{"id":"00000000-0000-4000-8000-0000000000aa","d":{},"hs":false,"h":null,"rv":false}]'

-- update that restores
WITH
  w AS (
    UPDATE "ws_test"."o_person" r
    SET data = (r.data || x.d) - x.g, position = coalesce(x.p, r.position), deleted_at = CASE WHEN x.rv THEN NULL ELSE r.deleted_at END, updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
    FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, d jsonb, g text[], s text, hs boolean, w text, k int, p float8, rv boolean, h jsonb)
    WHERE r.id = x.id
    RETURNING r.*, x.h, x.rv
  ),
  h AS (
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
    SELECT
      %s::uuid,
      w.id,
      CASE WHEN w.rv THEN 'restored' ELSE 'updated' END,
      w.updated_at,
      w.updated_by,
      w.h
    FROM w
    WHERE w.h IS NOT NULL OR w.rv
  ),
  c AS (
    INSERT INTO "ws_test".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT %s::bigint) kept(n)
    WHERE n <> 0
  )
SELECT r.id::text, ARRAY[]::bigint[]
FROM w r;
-- '{"source":"API","name":"Ada"}'
-- '[{"id":"00000000-0000-4000-8000-0000000000aa","d":{},"hs":false,"h":null,"rv":true}]'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- 3

-- lock one
SELECT r.id::text, NULL::text, r.deleted_at IS NOT NULL, r.position
FROM "ws_test"."o_person" r
WHERE r.deleted_at IS NULL
  AND r.id = %s::uuid
ORDER BY r.id
LIMIT 1
FOR UPDATE;
-- '00000000-0000-4000-8000-0000000000aa'

-- lock one that is deleted
SELECT r.id::text, r.data::text, r.deleted_at IS NOT NULL
FROM "ws_test"."o_person" r
WHERE r.deleted_at IS NOT NULL
  AND r.id = %s::uuid
ORDER BY r.id
LIMIT 1
FOR UPDATE;
-- '00000000-0000-4000-8000-0000000000aa'

-- lock many
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((coalesce(octet_length(c1), 0) + coalesce(octet_length(c4), 0))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT
      r.id::text,
      r.data::text,
      r.deleted_at IS NOT NULL,
      r.position,
      ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}'),
      (extract(epoch FROM r.updated_at) * 1000)::bigint::text
    FROM "ws_test"."o_person" r
    WHERE (r.data->>'jobTitle') = %s::text
    ORDER BY r.id
    LIMIT 7
    FOR UPDATE
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- 'CEO'

-- lock many without what they hold
SELECT
  r.id::text,
  NULL::text,
  r.deleted_at IS NOT NULL,
  (extract(epoch FROM r.updated_at) * 1000)::bigint::text
FROM "ws_test"."o_person" r
WHERE r.deleted_at IS NULL
  AND true
ORDER BY r.id
LIMIT 7
FOR UPDATE;

-- count
SELECT count(*)
FROM "ws_test"."o_person" r
WHERE r.deleted_at IS NULL
  AND (r.data->>'jobTitle') = %s::text;
-- 'CEO'

-- count the deleted
SELECT count(*)
FROM "ws_test"."o_person" r
WHERE r.deleted_at IS NOT NULL
  AND true;

-- count all
SELECT count(*)
FROM "ws_test"."o_person" r
WHERE true;

-- delete one
WITH
  w AS (
    UPDATE "ws_test"."o_person" r
    SET deleted_at = now(), updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
    WHERE r.id = ANY(%s::uuid[])
    RETURNING r.*
  ),
  c AS (
    INSERT INTO "ws_test".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT %s::bigint) kept(n)
    WHERE n <> 0
  ),
  h AS (
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
    SELECT
      %s::uuid,
      w.id,
      'deleted',
      w.updated_at,
      w.updated_by,
      NULL
    FROM w
  )
SELECT
  r.id::text,
  ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}')
FROM w r;
-- '{"source":"API","name":"Ada"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- -1
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- delete some of which one was
WITH
  t AS (SELECT now() AS at),
  w AS (
    UPDATE "ws_test"."o_person" r
    SET deleted_at = coalesce(r.deleted_at, t.at), updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
    FROM t
    WHERE r.id = ANY(%s::uuid[])
    RETURNING r.*
  ),
  c AS (
    INSERT INTO "ws_test".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT %s::bigint) kept(n)
    WHERE n <> 0
  ),
  h AS (
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
    SELECT
      %s::uuid,
      w.id,
      'deleted',
      w.updated_at,
      w.updated_by,
      NULL
    FROM w
    WHERE w.id = ANY(%s::uuid[])
  )
SELECT c0, c1
FROM (
  SELECT
    b.*,
    sum((octet_length(c1))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT
      r.id::text,
      ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}')
    FROM w r
  ) b(c0, c1)
) b
WHERE coalesce(total, 0) >= 0;
-- '{"source":"API","name":"Ada"}'
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- -1
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- '{"00000000-0000-4000-8000-0000000000bb"}'

-- restore
WITH
  w AS (
    UPDATE "ws_test"."o_person" r
    SET deleted_at = NULL, updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
    WHERE r.id = ANY(%s::uuid[])
    RETURNING r.*
  ),
  c AS (
    INSERT INTO "ws_test".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT %s::bigint) kept(n)
    WHERE n <> 0
  ),
  h AS (
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
    SELECT
      %s::uuid,
      w.id,
      'restored',
      w.updated_at,
      w.updated_by,
      NULL
    FROM w
  )
SELECT r.id::text, r.position
FROM w r;
-- '{"source":"API","name":"Ada"}'
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- 2
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- restore what was not deleted
WITH w AS (
  UPDATE "ws_test"."o_person" r
  SET deleted_at = NULL, updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
  WHERE r.id = ANY(%s::uuid[])
  RETURNING r.*
)
SELECT r.id::text
FROM w r;
-- '{"source":"API","name":"Ada"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'

-- destroy
WITH
  g AS (
    DELETE FROM "ws_test"."o_person" r
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
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
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
    INSERT INTO "ws_test".record_count (object_id, live)
    SELECT %s::uuid, n
    FROM (SELECT -count(*) FROM w WHERE deleted_at IS NULL) kept(n)
    WHERE n <> 0
  )
SELECT r.id::text
FROM w r;
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'
-- '{"source":"API","name":"Ada"}'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- who points here
SELECT 0
WHERE EXISTS (
  SELECT 1
  FROM "ws_test"."o_person" r
  WHERE ((r.data->>'company'))::uuid = ANY(%s::uuid[]) OR ((r.data->>'mentor'))::uuid = ANY(%s::uuid[])
)
UNION ALL
SELECT 1
WHERE EXISTS (
  SELECT 1
  FROM "ws_test"."o_person" r
  WHERE (((r.data->>'company'))::uuid = ANY(%s::uuid[]) OR ((r.data->>'mentor'))::uuid = ANY(%s::uuid[]))
    AND r.id <> ALL(%s::uuid[])
);
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000bb"}'
-- '{"00000000-0000-4000-8000-0000000000bb"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'

-- how many point here
SELECT count(*)
FROM "ws_test"."o_person" r
WHERE (((r.data->>'company'))::uuid = ANY(%s::uuid[]) OR ((r.data->>'mentor'))::uuid = ANY(%s::uuid[]))
  AND r.id <> ALL(%s::uuid[]);
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000bb"}'

-- all that goes
WITH RECURSIVE g(o, id) AS (
  SELECT 0, unnest(%s::uuid[])
  UNION
  SELECT n.o, n.id
  FROM g
  CROSS JOIN LATERAL (
    SELECT 1 AS o, r.id
    FROM "ws_test"."o_person" r
    WHERE g.o = 0
      AND ((r.data->>'company'))::uuid = g.id
    UNION ALL
    SELECT 2 AS o, r.id
    FROM "ws_test"."o_pet" r
    WHERE g.o = 1
      AND ((r.data->>'ownerPerson'))::uuid = g.id
  ) n
)
SELECT g.o, g.id::text
FROM g
LIMIT 9;
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'

-- hold
SELECT c0, c1, c2
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT
      r.id::text,
      (extract(epoch FROM r.updated_at) * 1000)::bigint::text,
      ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}')
    FROM "ws_test"."o_person" r
    WHERE r.id = ANY(%s::uuid[])
    ORDER BY r.id
    FOR UPDATE
  ) b(c0, c1, c2)
) b
WHERE coalesce(total, 0) >= 0;
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'

-- hold without answers
SELECT r.id::text
FROM "ws_test"."o_person" r
WHERE r.id = ANY(%s::uuid[])
ORDER BY r.id
FOR UPDATE;
-- '{"00000000-0000-4000-8000-0000000000aa"}'

-- what follows
SELECT r.id::text, r.deleted_at IS NOT NULL
FROM "ws_test"."o_company" s
JOIN "ws_test"."o_person" r ON (((r.data->>'company'))::uuid = s.id OR ((r.data->>'mentor'))::uuid = s.id)
WHERE s.id = ANY(%s::uuid[])
  AND r.deleted_at IS NOT DISTINCT
FROM s.deleted_at
ORDER BY r.id
FOR UPDATE OF r;
-- '{"00000000-0000-4000-8000-0000000000aa"}'

-- repoint
WITH
  f AS MATERIALIZED (
    SELECT
      r.id,
      CASE WHEN ((r.data->>'company'))::uuid = ANY(%s::uuid[]) THEN jsonb_build_object('company', r.data->'company') ELSE '{}'::jsonb END || CASE WHEN ((r.data->>'mentor'))::uuid = ANY(%s::uuid[]) THEN jsonb_build_object('mentor', r.data->'mentor') ELSE '{}'::jsonb END AS b
    FROM "ws_test"."o_person" r
    WHERE ((r.data->>'company'))::uuid = ANY(%s::uuid[]) OR ((r.data->>'mentor'))::uuid = ANY(%s::uuid[])
    ORDER BY r.id
    LIMIT 9
    FOR UPDATE
  ),
  o AS MATERIALIZED (
    SELECT
      f.id,
      f.b,
      (SELECT jsonb_object_agg(k, %s::text) FROM jsonb_object_keys(f.b) k) AS a
    FROM f
  ),
  u AS (
    UPDATE "ws_test"."o_person" r
    SET data = r.data || o.a
    FROM o
    WHERE r.id = o.id
    RETURNING r.*, o.b, o.a
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
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
    SELECT
      %s::uuid,
      w.id,
      'updated',
      w.updated_at,
      w.updated_by,
      w.h
    FROM w
  )
SELECT c0, c1, c2
FROM (
  SELECT
    b.*,
    sum((octet_length(c1))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT
      r.id::text,
      ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}'),
      ARRAY(SELECT jsonb_object_keys(r.b))
    FROM u r
  ) b(c0, c1, c2)
) b
WHERE coalesce(total, 0) >= 0;
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '00000000-0000-4000-8000-0000000000bb'
-- '{"source":"API","name":"Ada"}'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- empty what points here
WITH
  f AS MATERIALIZED (
    SELECT
      r.id,
      CASE WHEN ((r.data->>'company'))::uuid = ANY(%s::uuid[]) THEN jsonb_build_object('company', r.data->'company') ELSE '{}'::jsonb END || CASE WHEN ((r.data->>'mentor'))::uuid = ANY(%s::uuid[]) THEN jsonb_build_object('mentor', r.data->'mentor') ELSE '{}'::jsonb END AS b
    FROM "ws_test"."o_person" r
    WHERE (((r.data->>'company'))::uuid = ANY(%s::uuid[]) OR ((r.data->>'mentor'))::uuid = ANY(%s::uuid[]))
      AND r.id <> ALL(%s::uuid[])
    ORDER BY r.id
    LIMIT 9
    FOR UPDATE
  ),
  o AS MATERIALIZED (SELECT f.id, f.b, '{}'::jsonb AS a FROM f),
  u AS (
    UPDATE "ws_test"."o_person" r
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
    INSERT INTO "ws_test".history (object_id, record_id, action, at, actor, changes)
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
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'
-- '{"00000000-0000-4000-8000-0000000000bb"}'
-- '{"source":"API","name":"Ada"}'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- matches of unique values
SELECT c0, c1, c2, c3, c4
FROM (
  SELECT
    b.*,
    sum((coalesce(octet_length(c1), 0) + coalesce(octet_length(c4), 0))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT
      r.id::text,
      r.data::text,
      r.deleted_at IS NOT NULL,
      (extract(epoch FROM r.updated_at) * 1000)::bigint::text,
      ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}')
    FROM "ws_test"."o_person" r
    WHERE ((r.data->'emails'->>'primaryEmail') = ANY(%s::text[])) OR ((r.id) = ANY(%s::uuid[]))
    ORDER BY r.id
    FOR UPDATE
  ) b(c0, c1, c2, c3, c4)
) b
WHERE coalesce(total, 0) >= 0;
-- '{"a@x.y","b@x.y"}'
-- '{"00000000-0000-4000-8000-0000000000aa"}'

-- keys for connect
SELECT c0, c1
FROM (
  SELECT
    b.*,
    sum((octet_length(c1))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT r.id::text, r.data::text
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.id) = ANY(%s::uuid[]))
  ) b(c0, c1)
) b
WHERE coalesce(total, 0) >= 0;
-- '{"00000000-0000-4000-8000-0000000000aa"}'

-- holders
SELECT c0, c1, c2
FROM (
  SELECT
    b.*,
    sum((octet_length(c1))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT r.id::text, r.data::text, r.deleted_at
    FROM "ws_test"."o_person" r
    WHERE (
        (
          (r.data->'phones'->>'primaryPhoneNumber') = %s::text
          AND coalesce((r.data->'phones'->>'primaryPhoneCountryCode'), '') = %s::text
          AND coalesce((r.data->'phones'->>'primaryPhoneCallingCode'), '') = %s::text
        )
        OR (
          (r.data->'phones'->>'primaryPhoneNumber') = %s::text
          AND coalesce((r.data->'phones'->>'primaryPhoneCountryCode'), '') = %s::text
          AND coalesce((r.data->'phones'->>'primaryPhoneCallingCode'), '') = %s::text
        )
      )
      AND (r.data->'phones'->>'primaryPhoneNumber') IS NOT NULL
  ) b(c0, c1, c2)
) b
WHERE coalesce(total, 0) >= 0;
-- '1'
-- '2'
-- '3'
-- '4'
-- '5'
-- '6'

-- stored
SELECT c0, c1
FROM (
  SELECT
    b.*,
    sum((octet_length(c1))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT r.id::text, r.data::text
    FROM "ws_test"."o_person" r
    WHERE r.id = ANY(%s::uuid[])
      AND r.deleted_at IS NULL
  ) b(c0, c1)
) b
WHERE coalesce(total, 0) >= 0;
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'

-- existing
SELECT t.id::text
FROM "ws_test"."o_person" t
WHERE t.id = ANY(%s::uuid[]);
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'

-- statistics
ANALYZE (SKIP_LOCKED) "ws_test"."o_person";

-- history
SELECT c0, c1, c2, c3, c4, c5, c6
FROM (
  SELECT
    b.*,
    sum((octet_length(c6))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT t.total, t.known, p.*
    FROM (
      SELECT
        count(*) AS total,
        EXISTS (SELECT 1 FROM "ws_test"."o_person" r WHERE r.id = %s::uuid) AS known
      FROM "ws_test".history h
      WHERE h.object_id = %s::uuid
        AND h.record_id = %s::uuid
    ) t
    LEFT JOIN LATERAL (
      SELECT
        h.id,
        h.action,
        to_char(h.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        h.actor::text,
        h.changes::text
      FROM "ws_test".history h
      WHERE h.object_id = %s::uuid
        AND h.record_id = %s::uuid
      ORDER BY h.id DESC
      OFFSET greatest(t.total - %s::bigint + 1, 0)
      LIMIT 11
    ) p ON true
    ORDER BY p.id DESC
  ) b(c0, c1, c2, c3, c4, c5, c6)
) b
WHERE coalesce(total, 0) >= 0;
-- '00000000-0000-4000-8000-0000000000aa'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- '00000000-0000-4000-8000-0000000000aa'
-- 9223372036854775807

-- history with hidden fields
SELECT c0, c1, c2, c3, c4, c5, c6
FROM (
  SELECT
    b.*,
    sum((octet_length(c6))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT t.total, t.known, p.*
    FROM (
      SELECT
        count(*) AS total,
        EXISTS (SELECT 1 FROM "ws_test"."o_person" r WHERE r.id = %s::uuid) AS known
      FROM "ws_test".history h
      WHERE h.object_id = %s::uuid
        AND h.record_id = %s::uuid
        AND (
          h.action <> 'updated'
          OR ((h.changes->'before') || (h.changes->'after')) = '{}'
          OR ((h.changes->'before') || (h.changes->'after')) - %s::text[] <> '{}'
        )
    ) t
    LEFT JOIN LATERAL (
      SELECT
        h.id,
        h.action,
        to_char(h.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        h.actor::text,
        h.changes::text
      FROM "ws_test".history h
      WHERE h.object_id = %s::uuid
        AND h.record_id = %s::uuid
        AND (
          h.action <> 'updated'
          OR ((h.changes->'before') || (h.changes->'after')) = '{}'
          OR ((h.changes->'before') || (h.changes->'after')) - %s::text[] <> '{}'
        )
      ORDER BY h.id DESC
      OFFSET greatest(t.total - %s::bigint + 1, 0)
      LIMIT 11
    ) p ON true
    ORDER BY p.id DESC
  ) b(c0, c1, c2, c3, c4, c5, c6)
) b
WHERE coalesce(total, 0) >= 0;
-- '00000000-0000-4000-8000-0000000000aa'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- '00000000-0000-4000-8000-0000000000aa'
-- '{"jobTitle","pin"}'
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- '00000000-0000-4000-8000-0000000000aa'
-- '{"jobTitle","pin"}'
-- 5
