-- the key, its role and its workspace

SELECT ((
  '{"id":' || coalesce('"' || (r.id)::text || '"', 'null') ||
  ',"name":' || coalesce((r.data->'name')::text, '""') ||
  ',"code":' || coalesce((r.data->'code')::text, '""') ||
  ',"kind":' || coalesce((r.data->'kind')::text, 'null') ||
  ',"radius":' || coalesce((r.data->'radius')::text, 'null') ||
  ',"firstSeen":' || coalesce((r.data->'firstSeen')::text, 'null') ||
  ',"price":' || (
    '{"amountMicros":' || coalesce((r.data->'price'->'amountMicros')::text, 'null') ||
    ',"currencyCode":' || coalesce((r.data->'price'->'currencyCode')::text, 'null') ||
    '}'
  ) ||
  ',"createdBy":' || (
    '{"source":' || coalesce((r.created_by->'source')::text, '"MANUAL"') ||
    ',"name":' || coalesce((r.created_by->'name')::text, '""') ||
    '}'
  )
) || '}')
FROM "workspace"."planet" r
WHERE r.deleted_at IS NULL
  AND (r.id) = %s::uuid
LIMIT 1;
-- 00000000-0000-4000-8000-0000000000a1
