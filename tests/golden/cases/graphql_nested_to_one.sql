-- the key, its role and its workspace

SELECT ('{"edges":' || a0.e0 || '}')
FROM (
  SELECT
    concat('[', string_agg(p0.e0, ','), ']') AS e0,
    count(*) AS n
  FROM (
    SELECT
      p0.*,
      CASE WHEN p0.rn <= 200 THEN ('{"node":' || (
        '{"name":' || coalesce((p0.data->'name')::text, '""') ||
        ',"planetId":' || coalesce((
          SELECT to_json(t1.id)::text
          FROM "workspace"."planet" t1
          WHERE t1.id = ((p0.data->>'planet'))::uuid
            AND t1.deleted_at IS NULL
        ), 'null') ||
        ',"planet":' || coalesce((
          SELECT (
            '{"name":' || coalesce((t1.data->'name')::text, '""') ||
            ',"kind":' || coalesce((t1.data->'kind')::text, 'null') ||
            '}'
          )
          FROM "workspace"."planet" t1
          WHERE t1.id = ((p0.data->>'planet'))::uuid
            AND t1.deleted_at IS NULL
        ), 'null') ||
        '}'
      ) || '}') END AS e0
    FROM (
      SELECT
        q0.*,
        row_number() OVER () AS rn,
        count(*) OVER () AS n
      FROM (
        SELECT r.*
        FROM "workspace"."moon" r
        WHERE r.deleted_at IS NULL
        ORDER BY lower((r.data->>'name')) COLLATE "C" ASC, (r.id) ASC
        LIMIT 201
      ) q0
    ) p0
    OFFSET 0
  ) p0
  HAVING coalesce(sum((octet_length(p0.e0))::real * '1.0141204e+31'::real), 0) >= 0
) a0;
