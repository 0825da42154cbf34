-- the key, its role and its workspace

SELECT
  string_agg(p.item, ',' ORDER BY p.rn DESC),
  count(*) > 2,
  CASE WHEN EXISTS (
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
  ) END,
  max((
    '{"name":' || coalesce((p.data->'name')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"name":' || coalesce((p.data->'name')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  (
    SELECT coalesce(sum(live), 0)::bigint
    FROM "workspace".record_count
    WHERE object_id = %s::uuid
  )
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ((
      '{"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
      ',"name":' || coalesce((p.data->'name')::text, '""') ||
      ',"createdAt":' || coalesce('"' || to_char((p.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
      ',"updatedAt":' || coalesce('"' || to_char((p.updated_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
      ',"deletedAt":' || coalesce('"' || to_char((p.deleted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
      ',"createdBy":' || CASE WHEN p.created_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
        '{"source":' || coalesce((p.created_by->'source')::text, '"MANUAL"') ||
        ',"workspaceMemberId":' || coalesce((p.created_by->'workspaceMemberId')::text, 'null') ||
        ',"name":' || coalesce((p.created_by->'name')::text, '""') ||
        ',"context":' || coalesce((p.created_by->'context')::text, '{}') ||
        '}'
      ) END ||
      ',"updatedBy":' || CASE WHEN p.updated_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
        '{"source":' || coalesce((p.updated_by->'source')::text, '"MANUAL"') ||
        ',"workspaceMemberId":' || coalesce((p.updated_by->'workspaceMemberId')::text, 'null') ||
        ',"name":' || coalesce((p.updated_by->'name')::text, '""') ||
        ',"context":' || coalesce((p.updated_by->'context')::text, '{}') ||
        '}'
      ) END ||
      ',"position":' || coalesce(((p.position)::text)::numeric::text, 'null')
    ) || (
      ',"radius":' || coalesce((p.data->'radius')::text, 'null') ||
      ',"planetId":' || coalesce((p.data->'planet')::text, 'null') ||
      '}'
    )) END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
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
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- Ganymede
-- 00000000-0000-4000-8000-0000000000b4
-- Ganymede
-- Ganymede
-- Ganymede
-- 00000000-0000-4000-8000-0000000000b4
-- <object moon>
-- Ganymede
-- Ganymede
-- Ganymede
-- 00000000-0000-4000-8000-0000000000b4
