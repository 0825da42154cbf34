-- the key, its role and its workspace

SELECT
  r.id::text,
  r.data::text,
  r.deleted_at IS NOT NULL,
  r.xmin::text
FROM "workspace"."planet" r
WHERE r.deleted_at IS NULL
  AND r.id = %s::uuid
ORDER BY r.id
LIMIT 1;
-- 00000000-0000-4000-8000-0000000000a1

WITH
  w AS (
    UPDATE "workspace"."planet" r
    SET data = (r.data || x.d) - x.g, position = coalesce(x.p, r.position), deleted_at = CASE WHEN x.rv THEN NULL ELSE r.deleted_at END, updated_at = greatest(now(), (r.updated_at AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'), updated_by = %s::jsonb
    FROM jsonb_to_recordset(%s::jsonb) AS x(id uuid, d jsonb, g text[], s text, hs boolean, w text, k int, p float8, rv boolean, h jsonb)
    WHERE r.id = x.id
      AND r.xmin::text = %s
      AND true
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
  ARRAY[]::bigint[]
FROM w r;
-- {"source":"API","name":"Astronomer","context":{}}
-- [{"id":"00000000-0000-4000-8000-0000000000a1","d":{"radius":6378,"price":{"currencyCode":"USD"}},"g":[],"hs":false,"rv":false,"h":{"before":{"radius":6371},"after":{"radius":6378,"price":{"currencyCode":"USD"}}}}]
-- <row version>
-- <object planet>
