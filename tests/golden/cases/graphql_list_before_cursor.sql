-- the key, its role and its workspace

SELECT (
  '{"edges":' || a0.e0 ||
  ',"pageInfo":' || (
    '{"hasNextPage":' || (CASE WHEN EXISTS (
      SELECT 1
      FROM "workspace"."moon" r
      WHERE r.deleted_at IS NULL
        AND lower((r.data->>'name')) COLLATE "C" = lower(%s::text) COLLATE "C"
        AND (r.id) = %s::uuid
    ) THEN true ELSE EXISTS (
      SELECT 1
      FROM "workspace"."moon" r
      WHERE r.deleted_at IS NULL
        AND (
          lower((r.data->>'name')) COLLATE "C" >= lower(%s::text) COLLATE "C"
          OR lower((r.data->>'name')) COLLATE "C" IS NULL
        )
        AND (
          ((
            lower((r.data->>'name')) COLLATE "C" > lower(%s::text) COLLATE "C"
            OR lower((r.data->>'name')) COLLATE "C" IS NULL
          ))
          OR (lower((r.data->>'name')) COLLATE "C" = lower(%s::text) COLLATE "C" AND (r.id) > %s::uuid)
        )
    ) END)::text ||
    ',"hasPreviousPage":' || (a0.n > 2)::text ||
    '}'
  ) ||
  '}'
)
FROM (
  SELECT
    concat('[', string_agg(p0.e0, ',' ORDER BY p0.rn DESC), ']') AS e0,
    count(*) AS n
  FROM (
    SELECT
      p0.*,
      CASE WHEN p0.rn <= 2 THEN ('{"node":' || ('{"name":' || coalesce((p0.data->'name')::text, '""') || '}') || '}') END AS e0
    FROM (
      SELECT
        q0.*,
        row_number() OVER () AS rn,
        count(*) OVER () AS n
      FROM (
        SELECT r.*
        FROM "workspace"."moon" r
        WHERE r.deleted_at IS NULL
          AND lower((r.data->>'name')) COLLATE "C" <= lower(%s::text) COLLATE "C"
          AND (
            (lower((r.data->>'name')) COLLATE "C" < lower(%s::text) COLLATE "C")
            OR (lower((r.data->>'name')) COLLATE "C" = lower(%s::text) COLLATE "C" AND (r.id) < %s::uuid)
          )
        ORDER BY lower((r.data->>'name')) COLLATE "C" DESC, (r.id) DESC
        LIMIT 3
      ) q0
    ) p0
    OFFSET 0
  ) p0
  HAVING coalesce(sum((octet_length(p0.e0))::real * '1.0141204e+31'::real), 0) >= 0
) a0;
-- Ganymede
-- 00000000-0000-4000-8000-0000000000b4
-- Ganymede
-- Ganymede
-- Ganymede
-- 00000000-0000-4000-8000-0000000000b4
-- Ganymede
-- Ganymede
-- Ganymede
-- 00000000-0000-4000-8000-0000000000b4
