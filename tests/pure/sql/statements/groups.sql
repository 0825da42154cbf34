-- by one
SELECT c0
FROM (
  SELECT
    b.*,
    sum((octet_length(c0))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT (
      '{"__typename":"PersonGroupByConnection","groupByDimensionValues":' || concat('[', coalesce(to_json(r.d0)::text, 'null'), ']') ||
      ',"totalCount":' || coalesce(to_json(count(*))::text, 'null') ||
      '}'
    )
    FROM (
      SELECT g.*, ((g.data->>'isActive'))::boolean AS d0
      FROM "ws_test"."o_person" g
      WHERE g.deleted_at IS NULL
      OFFSET 0
    ) r
    GROUP BY r.d0
    ORDER BY r.d0
    LIMIT 50
  ) b(c0)
) b
WHERE coalesce(total, 0) >= 0;

-- by several, with records
SELECT c0
FROM (
  SELECT
    b.*,
    sum((octet_length(c0))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT (
      '{"groupByDimensionValues":' || concat('[', coalesce(to_json(r.d0::text)::text, 'null'), ',', coalesce(to_json(CASE WHEN r.d1 < '0001-01-01' THEN to_char(r.d1, '"0000"-MM-DD') WHEN r.d1 >= '10000-01-01' THEN to_char(r.d1, '"+0"YYYY-MM-DD') ELSE to_char(r.d1, 'YYYY-MM-DD') END)::text, 'null'), ',', coalesce(to_json(r.d2)::text, 'null'), ']') ||
      ',"maxEmployees":' || coalesce(to_json(max(((r.data->>'employees'))::numeric))::text, 'null') ||
      ',"edges":' || concat('[', string_agg((
        '{"cursor":' || to_json(replace(encode(convert_to(('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}'), 'UTF8'), 'base64'), E'\n', ''))::text ||
        ',"node":' || ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}') ||
        '}'
      ), ',' ORDER BY r.rn) FILTER (WHERE r.rn > 0 AND r.rn <= 10), ']') ||
      '}'
    )
    FROM (
      SELECT
        n.*,
        row_number() OVER (PARTITION BY n.d0, n.d1, n.d2 ORDER BY (n.id) ASC) AS rn
      FROM (
        SELECT
          g.*,
          (j0.data->>'name') AS d0,
          date_trunc('month', (((g.data->>'seenAt') COLLATE "C"))::timestamptz AT TIME ZONE %s::text) AS d1,
          u2.value AS d2
        FROM "ws_test"."o_person" g
        LEFT JOIN "ws_test"."o_company" j0 ON j0.id = ((g.data->>'company'))::uuid AND j0.deleted_at IS NULL
        CROSS JOIN LATERAL jsonb_array_elements_text(coalesce((g.data->'workPreference'), '[null]'::jsonb)) AS u2(value)
        WHERE g.deleted_at IS NULL
          AND (g.data->>'jobTitle') = %s::text
      ) n
    ) r
    GROUP BY r.d0, r.d1, r.d2
    ORDER BY lower(r.d0) COLLATE "C" ASC NULLS FIRST, max(((r.data->>'employees'))::numeric) DESC NULLS LAST, r.d0, r.d1, r.d2
    LIMIT 7
  ) b(c0)
) b
WHERE coalesce(total, 0) >= 0;
-- 'Europe/Oslo'
-- 'CEO'

-- with related records
SELECT c0
FROM (
  SELECT
    b.*,
    sum((octet_length(c0))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT ('{"edges":' || concat('[', string_agg(('{"node":' || (
      '{"company":' || coalesce((
        SELECT ('{"name":' || coalesce((t1.data->'name')::text, '""') || '}')
        FROM "ws_test"."o_company" t1
        WHERE t1.id = ((r.data->>'company'))::uuid
          AND t1.deleted_at IS NULL
      ), 'null') ||
      ',"mentor":' || coalesce((
        SELECT ('{"mentor":' || coalesce((
          SELECT ('{"id":' || coalesce('"' || (t2.id)::text || '"', 'null') || '}')
          FROM "ws_test"."o_person" t2
          WHERE t2.id = ((t1.data->>'mentor'))::uuid
            AND t2.deleted_at IS NULL
        ), 'null') || '}')
        FROM "ws_test"."o_person" t1
        WHERE t1.id = ((r.data->>'mentor'))::uuid
          AND t1.deleted_at IS NULL
      ), 'null') ||
      '}'
    ) || '}'), ',' ORDER BY r.rn) FILTER (WHERE r.rn > 0 AND r.rn <= 10), ']') || '}')
    FROM (
      SELECT
        n.*,
        row_number() OVER (PARTITION BY n.d0 ORDER BY (n.id) ASC) AS rn
      FROM (
        SELECT g.*, ((g.data->>'isActive'))::boolean AS d0
        FROM "ws_test"."o_person" g
        WHERE g.deleted_at IS NULL
      ) n
    ) r
    GROUP BY r.d0
    ORDER BY r.d0
    LIMIT 50
  ) b(c0)
) b
WHERE coalesce(total, 0) >= 0;

-- for REST
SELECT c0
FROM (
  SELECT
    b.*,
    sum((octet_length(c0))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT (
      '{"totalCount":' || coalesce(to_json((count(*))::text)::text, 'null') ||
      ',"maxEmployees":' || coalesce(to_json((max(((r.data->>'employees'))::numeric))::text)::text, 'null') ||
      ',"groupByDimensionValues":' || concat('[', coalesce(to_json(r.d0::text)::text, 'null'), ']') ||
      '}'
    )
    FROM (
      SELECT g.*, ((g.data->>'stage') COLLATE "C") AS d0
      FROM "ws_test"."o_person" g
      WHERE g.deleted_at IS NULL
      OFFSET 0
    ) r
    GROUP BY r.d0
    ORDER BY r.d0
    LIMIT 50
  ) b(c0)
) b
WHERE coalesce(total, 0) >= 0;

-- with records
SELECT c0
FROM (
  SELECT
    b.*,
    sum((octet_length(c0))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT (
      '{"groupByDimensionValues":' || concat('[', coalesce(to_json(r.d0::text)::text, 'null'), ',', coalesce(trim_scale(r.d1)::text, 'null'), ']') ||
      ',"records":' || concat('[', string_agg(('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}'), ',' ORDER BY r.rn) FILTER (WHERE r.rn > 3 AND r.rn <= 13), ']') ||
      '}'
    )
    FROM (
      SELECT n.*
      FROM (
        SELECT
          n.*,
          row_number() OVER (PARTITION BY n.d0, n.d1 ORDER BY lower((n.data->>'jobTitle')) COLLATE "C" DESC NULLS LAST, (n.id) ASC) AS rn
        FROM (
          SELECT
            g.*,
            (j0.data->>'name') AS d0,
            ((j0.data->>'size'))::numeric AS d1
          FROM "ws_test"."o_person" g
          LEFT JOIN "ws_test"."o_company" j0 ON j0.id = ((g.data->>'company'))::uuid AND j0.deleted_at IS NULL
          WHERE (g.deleted_at) IS NOT NULL
        ) n
      ) n
      WHERE n.d0 IS NOT NULL
        AND n.d1 IS NOT NULL
    ) r
    GROUP BY r.d0, r.d1
    ORDER BY r.d1 DESC NULLS FIRST, r.d0, r.d1
    LIMIT 50
  ) b(c0)
) b
WHERE coalesce(total, 0) >= 0;

-- deleted or not
SELECT c0
FROM (
  SELECT
    b.*,
    sum((octet_length(c0))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT ('{"groupByDimensionValues":' || concat('[', coalesce(to_json(r.d0)::text, 'null'), ']') || '}')
    FROM (
      SELECT g.*, ((g.data->>'isActive'))::boolean AS d0
      FROM "ws_test"."o_person" g
      WHERE NOT coalesce((g.deleted_at) IS NULL, false)
      OFFSET 0
    ) r
    GROUP BY r.d0
    ORDER BY r.d0
    LIMIT 50
  ) b(c0)
) b
WHERE coalesce(total, 0) >= 0;

-- none of empty values
SELECT c0
FROM (
  SELECT
    b.*,
    sum((octet_length(c0))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT ('{"groupByDimensionValues":' || concat('[', coalesce(to_json(r.d0)::text, 'null'), ',', coalesce(to_json(r.d1::text)::text, 'null'), ']') || '}')
    FROM (
      SELECT n.*
      FROM (
        SELECT
          g.*,
          ((g.data->>'isActive'))::boolean AS d0,
          ((g.data->>'stage') COLLATE "C") AS d1
        FROM "ws_test"."o_person" g
        WHERE g.deleted_at IS NULL
        OFFSET 0
      ) n
      WHERE n.d0 IS NOT NULL
        AND n.d1 IS NOT NULL
    ) r
    GROUP BY r.d0, r.d1
    ORDER BY r.d0, r.d1
    LIMIT 50
  ) b(c0)
) b
WHERE coalesce(total, 0) >= 0;
