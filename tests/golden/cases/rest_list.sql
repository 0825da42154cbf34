-- the key, its role and its workspace

SELECT
  string_agg(p.item, ','),
  count(*) > 60,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(60, p.n)),
  (
    SELECT coalesce(sum(live), 0)::bigint
    FROM "workspace".record_count
    WHERE object_id = %s::uuid
  )
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 60 THEN ((
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
      ',"code":' || coalesce((p.data->'code')::text, '""') ||
      ',"kind":' || coalesce((p.data->'kind')::text, 'null') ||
      ',"radius":' || coalesce((p.data->'radius')::text, 'null') ||
      ',"firstSeen":' || coalesce((p.data->'firstSeen')::text, 'null') ||
      ',"price":' || CASE WHEN p.data->'price' IS NULL THEN '{"amountMicros":null,"currencyCode":null}' ELSE (
        '{"amountMicros":' || coalesce((p.data->'price'->'amountMicros')::text, 'null') ||
        ',"currencyCode":' || coalesce((p.data->'price'->'currencyCode')::text, 'null') ||
        '}'
      ) END ||
      '}'
    )) END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "workspace"."planet" r
      WHERE r.deleted_at IS NULL
      ORDER BY (r.id) ASC
      LIMIT 61
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- <object planet>
