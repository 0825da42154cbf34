-- the key, its role and its workspace

SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(2, p.n)),
  (
    SELECT coalesce(sum(live), 0)::bigint
    FROM "workspace".record_count
    WHERE object_id = %s::uuid
  )
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN (
      '{"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
      ',"name":' || coalesce((p.data->'name')::text, '""') ||
      ',"moons":' || (
        SELECT concat('[', string_agg(p0.item, ','), ']')
        FROM (
          SELECT ((
            '{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') ||
            ',"name":' || coalesce((p0.data->'name')::text, '""') ||
            ',"createdAt":' || coalesce('"' || to_char((p0.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
            ',"updatedAt":' || coalesce('"' || to_char((p0.updated_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
            ',"deletedAt":' || coalesce('"' || to_char((p0.deleted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
            ',"createdBy":' || CASE WHEN p0.created_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
              '{"source":' || coalesce((p0.created_by->'source')::text, '"MANUAL"') ||
              ',"workspaceMemberId":' || coalesce((p0.created_by->'workspaceMemberId')::text, 'null') ||
              ',"name":' || coalesce((p0.created_by->'name')::text, '""') ||
              ',"context":' || coalesce((p0.created_by->'context')::text, '{}') ||
              '}'
            ) END ||
            ',"updatedBy":' || CASE WHEN p0.updated_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
              '{"source":' || coalesce((p0.updated_by->'source')::text, '"MANUAL"') ||
              ',"workspaceMemberId":' || coalesce((p0.updated_by->'workspaceMemberId')::text, 'null') ||
              ',"name":' || coalesce((p0.updated_by->'name')::text, '""') ||
              ',"context":' || coalesce((p0.updated_by->'context')::text, '{}') ||
              '}'
            ) END ||
            ',"position":' || coalesce(((p0.position)::text)::numeric::text, 'null')
          ) || (
            ',"radius":' || coalesce((p0.data->'radius')::text, 'null') ||
            ',"planetId":' || coalesce((p0.data->'planet')::text, 'null') ||
            '}'
          )) AS item
          FROM (
            SELECT m0.*
            FROM "workspace"."moon" m0
            WHERE ((m0.data->>'planet'))::uuid = p.id
              AND m0.deleted_at IS NULL
            ORDER BY (m0.id) ASC
            LIMIT 60
          ) p0
          OFFSET 0
        ) p0
        HAVING coalesce(sum((octet_length(p0.item))::real * '1.0141204e+31'::real), 0) >= 0
      ) ||
      '}'
    ) END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "workspace"."planet" r
      WHERE r.deleted_at IS NULL
      ORDER BY (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- <object planet>
