-- the key, its role and its workspace

SELECT (
  '{"totalCount":' || (
    SELECT coalesce(sum(live), 0)::bigint
    FROM "workspace".record_count
    WHERE object_id = %s::uuid
  ) ||
  ',"edges":' || a0.e0 ||
  ',"pageInfo":' || (
    '{"hasNextPage":' || (a0.n > 200)::text ||
    ',"hasPreviousPage":' || (false)::text ||
    ',"startCursor":' || coalesce(to_json(a0.startcursor)::text, 'null') ||
    ',"endCursor":' || coalesce(to_json(a0.endcursor)::text, 'null') ||
    '}'
  ) ||
  '}'
)
FROM (
  SELECT
    concat('[', string_agg(p0.e0, ','), ']') AS e0,
    count(*) AS n,
    max(replace(encode(convert_to(('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}'), 'UTF8'), 'base64'), E'\n', '')) FILTER (WHERE p0.rn = 1) AS startcursor,
    max(replace(encode(convert_to(('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}'), 'UTF8'), 'base64'), E'\n', '')) FILTER (WHERE p0.rn = least(200, p0.n)) AS endcursor
  FROM (
    SELECT
      p0.*,
      CASE WHEN p0.rn <= 200 THEN (
        '{"cursor":' || to_json(replace(encode(convert_to(('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}'), 'UTF8'), 'base64'), E'\n', ''))::text ||
        ',"node":' || (
          '{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') ||
          ',"name":' || coalesce((p0.data->'name')::text, '""') ||
          '}'
        ) ||
        '}'
      ) END AS e0
    FROM (
      SELECT
        q0.*,
        row_number() OVER () AS rn,
        count(*) OVER () AS n
      FROM (
        SELECT r.*
        FROM "workspace"."planet" r
        WHERE r.deleted_at IS NULL
        ORDER BY (r.id) ASC
        LIMIT 201
      ) q0
    ) p0
    OFFSET 0
  ) p0
  HAVING coalesce(sum((octet_length(p0.e0))::real * '1.0141204e+31'::real), 0) >= 0
) a0;
-- <object planet>
