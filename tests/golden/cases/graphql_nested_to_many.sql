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
        ',"moons":' || (
          SELECT (
            '{"totalCount":' || c1.x0 ||
            ',"edges":' || a1.e0 ||
            ',"pageInfo":' || ('{"hasNextPage":' || (a1.n > 2)::text || '}') ||
            '}'
          )
          FROM
            (
              SELECT
                concat('[', string_agg(p1.e0, ','), ']') AS e0,
                count(*) AS n
              FROM (
                SELECT
                  p1.*,
                  CASE WHEN p1.rn <= 2 THEN ('{"node":' || (
                    '{"name":' || coalesce((p1.data->'name')::text, '""') ||
                    ',"radius":' || coalesce((p1.data->'radius')::text, 'null') ||
                    '}'
                  ) || '}') END AS e0
                FROM (
                  SELECT
                    q1.*,
                    row_number() OVER () AS rn,
                    count(*) OVER () AS n
                  FROM (
                    SELECT m1.*
                    FROM "workspace"."moon" m1
                    WHERE ((m1.data->>'planet'))::uuid = p0.id
                      AND m1.deleted_at IS NULL
                    ORDER BY ((m1.data->>'radius'))::numeric DESC NULLS LAST, (m1.id) ASC
                    LIMIT 3
                  ) q1
                ) p1
                OFFSET 0
              ) p1
              HAVING coalesce(sum((octet_length(p1.e0))::real * '1.0141204e+31'::real), 0) >= 0
            ) a1,
            (
              SELECT count(*) AS x0
              FROM "workspace"."moon" m1
              WHERE ((m1.data->>'planet'))::uuid = p0.id
                AND m1.deleted_at IS NULL
            ) c1
        ) ||
        '}'
      ) || '}') END AS e0
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
