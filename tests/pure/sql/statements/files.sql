-- keep
INSERT INTO "ws"."file" (id, field_id, path, name, content_type, size_bytes, created_by)
VALUES (%s::uuid, %s::uuid, %s::text, %s::text, %s::text, %s::bigint, %s::jsonb);
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000bb'
-- 'p'
-- 'n'
-- 'text/plain'
-- 5
-- '{}'

-- keep a part
INSERT INTO "ws"."file_part" (file_id, number, content)
VALUES (%s::uuid, %s::integer, %s::bytea);
-- '00000000-0000-4000-8000-0000000000aa'
-- 3
-- b'x'

-- use
WITH used AS (
  UPDATE "ws"."file"
  SET unused_since = NULL
  WHERE id = ANY(%s::uuid[])
  RETURNING id, field_id, name
)
SELECT id::text, field_id::text, name
FROM used;
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'

-- delete
WITH
  gone AS (DELETE FROM "ws"."file" f WHERE f.id = %s::uuid RETURNING f.*),
  parts AS (DELETE FROM "ws"."file_part" p USING gone WHERE p.file_id = gone.id)
SELECT id::text
FROM gone;
-- '00000000-0000-4000-8000-0000000000aa'

-- delete and tell
WITH
  gone AS (DELETE FROM "ws"."file" f WHERE true RETURNING f.*),
  parts AS (DELETE FROM "ws"."file_part" p USING gone WHERE p.file_id = gone.id)
SELECT name
FROM gone;

-- note what is unused
WITH
  used(id) AS (
    SELECT file->>'fileId'
    FROM
      "ws"."o_a" r,
      jsonb_array_elements(CASE WHEN jsonb_typeof(r.data->'k') = 'array' THEN r.data->'k' END) AS file
    UNION ALL
    SELECT file->>'fileId'
    FROM
      "ws"."o_b" r,
      jsonb_array_elements(CASE WHEN jsonb_typeof(r.data->'it''s') = 'array' THEN r.data->'it''s' END) AS file
  ),
  t AS (SELECT now() AS at)
UPDATE "ws"."file" f
SET unused_since = CASE WHEN f.unused_since IS NULL THEN t.at END
FROM t
WHERE (f.unused_since IS NULL) <> (f.id::text IN (SELECT id FROM used WHERE id IS NOT NULL));

-- note what is unused without fields
WITH
  used(id) AS (SELECT NULL::text WHERE false),
  t AS (SELECT now() AS at)
UPDATE "ws"."file" f
SET unused_since = CASE WHEN f.unused_since IS NULL THEN t.at END
FROM t
WHERE (f.unused_since IS NULL) <> (f.id::text IN (SELECT id FROM used WHERE id IS NOT NULL));

-- find
SELECT
  id::text,
  field_id::text,
  path,
  name,
  content_type,
  size_bytes,
  created_at,
  %s::text || public.core_file_path('ws', id::text)
FROM "ws"."file"
WHERE id = %s::uuid;
-- the server's address
-- '00000000-0000-4000-8000-0000000000aa'

-- sign
SELECT
  public.core_file_signature(%s::text, %s::text, %s::bigint),
  now() >= to_timestamp(%s::bigint);
-- 'ws'
-- '00000000-0000-4000-8000-0000000000aa'
-- 5
-- 5

-- content
SELECT content
FROM "ws"."file_part"
WHERE file_id = %s::uuid
  AND number = %s::integer;
-- '00000000-0000-4000-8000-0000000000aa'
-- 2

-- any
SELECT EXISTS (SELECT 1 FROM "ws"."file");
