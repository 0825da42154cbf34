-- the key, its role and its workspace

SELECT (
  '{"totalCount":' || c0.x0 ||
  ',"edges":' || a0.e0 ||
  ',"pageInfo":' || ('{"hasNextPage":' || (a0.n > 2)::text || '}') ||
  '}'
)
FROM
  (
    SELECT
      concat('[', string_agg(p0.e0, ','), ']') AS e0,
      count(*) AS n
    FROM (
      SELECT
        p0.*,
        CASE WHEN p0.rn <= 2 THEN ('{"node":' || (
          '{"name":' || coalesce((p0.data->'name')::text, '""') ||
          ',"radius":' || coalesce((p0.data->'radius')::text, 'null') ||
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
            AND (
              ((r.data->>'radius'))::numeric >= %s::numeric
              AND ((r.data->>'name') ILIKE %s::text OR (r.data->'planet') IS NULL)
            )
          ORDER BY ((r.data->>'radius'))::numeric DESC NULLS LAST, lower((r.data->>'name')) COLLATE "C" ASC NULLS FIRST, (r.id) ASC
          LIMIT 3
        ) q0
      ) p0
      OFFSET 0
    ) p0
    HAVING coalesce(sum((octet_length(p0.e0))::real * '1.0141204e+31'::real), 0) >= 0
  ) a0,
  (
    SELECT count(*) AS x0
    FROM "workspace"."moon" r
    WHERE r.deleted_at IS NULL
      AND (
        ((r.data->>'radius'))::numeric >= %s::numeric
        AND ((r.data->>'name') ILIKE %s::text OR (r.data->'planet') IS NULL)
      )
  ) c0;
-- 1500
-- %o%
-- 1500
-- %o%
