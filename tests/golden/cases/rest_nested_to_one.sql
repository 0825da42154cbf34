-- the key, its role and its workspace

SELECT
  (
    '{"id":' || coalesce('"' || (r.id)::text || '"', 'null') ||
    ',"name":' || coalesce((r.data->'name')::text, '""') ||
    ',"planetId":' || coalesce((
      SELECT to_json(t0.id)::text
      FROM "workspace"."planet" t0
      WHERE t0.id = ((r.data->>'planet'))::uuid
        AND t0.deleted_at IS NULL
    ), 'null') ||
    ',"planet":' || coalesce((
      SELECT ((
        '{"id":' || coalesce('"' || (t0.id)::text || '"', 'null') ||
        ',"name":' || coalesce((t0.data->'name')::text, '""') ||
        ',"createdAt":' || coalesce('"' || to_char((t0.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
        ',"updatedAt":' || coalesce('"' || to_char((t0.updated_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
        ',"deletedAt":' || coalesce('"' || to_char((t0.deleted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
        ',"createdBy":' || CASE WHEN t0.created_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
          '{"source":' || coalesce((t0.created_by->'source')::text, '"MANUAL"') ||
          ',"workspaceMemberId":' || coalesce((t0.created_by->'workspaceMemberId')::text, 'null') ||
          ',"name":' || coalesce((t0.created_by->'name')::text, '""') ||
          ',"context":' || coalesce((t0.created_by->'context')::text, '{}') ||
          '}'
        ) END ||
        ',"updatedBy":' || CASE WHEN t0.updated_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
          '{"source":' || coalesce((t0.updated_by->'source')::text, '"MANUAL"') ||
          ',"workspaceMemberId":' || coalesce((t0.updated_by->'workspaceMemberId')::text, 'null') ||
          ',"name":' || coalesce((t0.updated_by->'name')::text, '""') ||
          ',"context":' || coalesce((t0.updated_by->'context')::text, '{}') ||
          '}'
        ) END ||
        ',"position":' || coalesce(((t0.position)::text)::numeric::text, 'null')
      ) || (
        ',"code":' || coalesce((t0.data->'code')::text, '""') ||
        ',"kind":' || coalesce((t0.data->'kind')::text, 'null') ||
        ',"radius":' || coalesce((t0.data->'radius')::text, 'null') ||
        ',"firstSeen":' || coalesce((t0.data->'firstSeen')::text, 'null') ||
        ',"price":' || CASE WHEN t0.data->'price' IS NULL THEN '{"amountMicros":null,"currencyCode":null}' ELSE (
          '{"amountMicros":' || coalesce((t0.data->'price'->'amountMicros')::text, 'null') ||
          ',"currencyCode":' || coalesce((t0.data->'price'->'currencyCode')::text, 'null') ||
          '}'
        ) END ||
        '}'
      ))
      FROM "workspace"."planet" t0
      WHERE t0.id = ((r.data->>'planet'))::uuid
        AND t0.deleted_at IS NULL
    ), 'null') ||
    '}'
  ),
  r.id::text,
  (extract(epoch FROM r.updated_at) * 1000)::bigint::text
FROM "workspace"."moon" r
WHERE r.deleted_at IS NULL
  AND (r.id) = %s::uuid
LIMIT 1;
-- 00000000-0000-4000-8000-0000000000b2
