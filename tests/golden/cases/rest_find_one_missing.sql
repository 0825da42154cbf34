-- the key, its role and its workspace

SELECT
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
    ',"code":' || coalesce((r.data->'code')::text, '""') ||
    ',"kind":' || coalesce((r.data->'kind')::text, 'null') ||
    ',"radius":' || coalesce((r.data->'radius')::text, 'null') ||
    ',"firstSeen":' || coalesce((r.data->'firstSeen')::text, 'null') ||
    ',"price":' || CASE WHEN r.data->'price' IS NULL THEN '{"amountMicros":null,"currencyCode":null}' ELSE (
      '{"amountMicros":' || coalesce((r.data->'price'->'amountMicros')::text, 'null') ||
      ',"currencyCode":' || coalesce((r.data->'price'->'currencyCode')::text, 'null') ||
      '}'
    ) END ||
    '}'
  )),
  r.id::text,
  (extract(epoch FROM r.updated_at) * 1000)::bigint::text
FROM "workspace"."planet" r
WHERE r.deleted_at IS NULL
  AND (r.id) = %s::uuid
LIMIT 1;
-- 00000000-0000-4000-8000-0000000000ff
