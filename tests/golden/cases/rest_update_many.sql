-- the key, its role and its workspace

SELECT c0, c1, c2
FROM (
  SELECT
    b.*,
    sum((octet_length(c1))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT r.id::text, r.data::text, r.deleted_at IS NOT NULL
    FROM "workspace"."moon" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'planet'))::uuid = %s::uuid
    ORDER BY r.id
    LIMIT 10001
    FOR UPDATE
  ) b(c0, c1, c2)
) b
WHERE coalesce(total, 0) >= 0;
-- 00000000-0000-4000-8000-0000000000a2

WITH
  w AS (
    UPDATE "workspace"."moon" r
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
SELECT
  r.id::text,
  (
    '{"id":' || coalesce('"' || (r.id)::text || '"', 'null') ||
    ',"radius":' || coalesce((r.data->'radius')::text, 'null') ||
    '}'
  ),
  ARRAY[]::bigint[]
FROM w r;
-- {"source":"API","name":"Astronomer","context":{}}
-- [{"id":"00000000-0000-4000-8000-0000000000b2","d":{"radius":1},"g":[],"hs":false,"rv":false,"h":{"before":{"radius":1822},"after":{"radius":1}}},{"id":"00000000-0000-4000-8000-0000000000b3","d":{"radius":1},"g":[],"hs":false,"rv":false,"h":{"before":{"radius":1561},"after":{"radius":1}}},{"id":"00000000-0000-4000-8000-0000000000b4","d":{"radius":1},"g":[],"hs":false,"rv":false,"h":{"before":{"radius":2634},"after":{"radius":1}}}]
-- <object moon>
