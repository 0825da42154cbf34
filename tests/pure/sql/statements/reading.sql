-- one record
SELECT (
  '{"id":' || coalesce('"' || (r.id)::text || '"', 'null') ||
  ',"jobTitle":' || coalesce((r.data->'jobTitle')::text, '""') ||
  '}'
)
FROM "ws_test"."o_person" r
WHERE r.deleted_at IS NULL
  AND (r.id) = %s::uuid
LIMIT 1;
-- '00000000-0000-4000-8000-0000000000aa'

-- one record with its version
SELECT
  ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}'),
  r.id::text,
  (extract(epoch FROM r.updated_at) * 1000)::bigint::text
FROM "ws_test"."o_person" r
WHERE (r.deleted_at) IS NOT NULL
LIMIT 1;

-- one record of many lists
SELECT (
  SELECT string_agg(v.t, '')
  FROM (
    SELECT (
      '{"p0":' || (
        SELECT ('{"edges":' || a0.e0 || '}')
        FROM (
          SELECT
            concat('[', string_agg(p0.e0, ','), ']') AS e0,
            count(*) AS n
          FROM (
            SELECT
              p0.*,
              CASE WHEN p0.rn <= 60 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}') || '}') END AS e0
            FROM (
              SELECT
                q0.*,
                row_number() OVER () AS rn,
                count(*) OVER () AS n
              FROM (
                SELECT m0.*
                FROM "ws_test"."o_person" m0
                WHERE ((m0.data->>'company'))::uuid = r.id
                  AND m0.deleted_at IS NULL
                ORDER BY (m0.id) ASC
                LIMIT 61
              ) q0
            ) p0
            OFFSET 0
          ) p0
          HAVING coalesce(sum((octet_length(p0.e0))::real * '1.6902007e+31'::real), 0) >= 0
        ) a0
      ) ||
      ',"p1":' || (
        SELECT ('{"edges":' || a0.e0 || '}')
        FROM (
          SELECT
            concat('[', string_agg(p0.e0, ','), ']') AS e0,
            count(*) AS n
          FROM (
            SELECT
              p0.*,
              CASE WHEN p0.rn <= 60 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}') || '}') END AS e0
            FROM (
              SELECT
                q0.*,
                row_number() OVER () AS rn,
                count(*) OVER () AS n
              FROM (
                SELECT m0.*
                FROM "ws_test"."o_person" m0
                WHERE ((m0.data->>'company'))::uuid = r.id
                  AND m0.deleted_at IS NULL
                ORDER BY (m0.id) ASC
                LIMIT 61
              ) q0
            ) p0
            OFFSET 0
          ) p0
          HAVING coalesce(sum((octet_length(p0.e0))::real * '1.6902007e+31'::real), 0) >= 0
        ) a0
      ) ||
      ',"p2":' || (
        SELECT ('{"edges":' || a0.e0 || '}')
        FROM (
          SELECT
            concat('[', string_agg(p0.e0, ','), ']') AS e0,
            count(*) AS n
          FROM (
            SELECT
              p0.*,
              CASE WHEN p0.rn <= 60 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}') || '}') END AS e0
            FROM (
              SELECT
                q0.*,
                row_number() OVER () AS rn,
                count(*) OVER () AS n
              FROM (
                SELECT m0.*
                FROM "ws_test"."o_person" m0
                WHERE ((m0.data->>'company'))::uuid = r.id
                  AND m0.deleted_at IS NULL
                ORDER BY (m0.id) ASC
                LIMIT 61
              ) q0
            ) p0
            OFFSET 0
          ) p0
          HAVING coalesce(sum((octet_length(p0.e0))::real * '1.6902007e+31'::real), 0) >= 0
        ) a0
      ) ||
      ',"p3":' || (
        SELECT ('{"edges":' || a0.e0 || '}')
        FROM (
          SELECT
            concat('[', string_agg(p0.e0, ','), ']') AS e0,
            count(*) AS n
          FROM (
            SELECT
              p0.*,
              CASE WHEN p0.rn <= 60 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}') || '}') END AS e0
            FROM (
              SELECT
                q0.*,
                row_number() OVER () AS rn,
                count(*) OVER () AS n
              FROM (
                SELECT m0.*
                FROM "ws_test"."o_person" m0
                WHERE ((m0.data->>'company'))::uuid = r.id
                  AND m0.deleted_at IS NULL
                ORDER BY (m0.id) ASC
                LIMIT 61
              ) q0
            ) p0
            OFFSET 0
          ) p0
          HAVING coalesce(sum((octet_length(p0.e0))::real * '1.6902007e+31'::real), 0) >= 0
        ) a0
      ) ||
      ',"p4":' || (
        SELECT ('{"edges":' || a0.e0 || '}')
        FROM (
          SELECT
            concat('[', string_agg(p0.e0, ','), ']') AS e0,
            count(*) AS n
          FROM (
            SELECT
              p0.*,
              CASE WHEN p0.rn <= 60 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}') || '}') END AS e0
            FROM (
              SELECT
                q0.*,
                row_number() OVER () AS rn,
                count(*) OVER () AS n
              FROM (
                SELECT m0.*
                FROM "ws_test"."o_person" m0
                WHERE ((m0.data->>'company'))::uuid = r.id
                  AND m0.deleted_at IS NULL
                ORDER BY (m0.id) ASC
                LIMIT 61
              ) q0
            ) p0
            OFFSET 0
          ) p0
          HAVING coalesce(sum((octet_length(p0.e0))::real * '1.6902007e+31'::real), 0) >= 0
        ) a0
      ) ||
      ',"n0":' || coalesce((r.data->'name')::text, '""') ||
      ',"n1":' || coalesce((r.data->'name')::text, '""') ||
      ',"n2":' || coalesce((r.data->'name')::text, '""')
    ) AS t
    UNION ALL
    SELECT (
      ',"n3":' || coalesce((r.data->'name')::text, '""') ||
      ',"n4":' || coalesce((r.data->'name')::text, '""') ||
      ',"n5":' || coalesce((r.data->'name')::text, '""') ||
      ',"n6":' || coalesce((r.data->'name')::text, '""') ||
      ',"n7":' || coalesce((r.data->'name')::text, '""') ||
      ',"n8":' || coalesce((r.data->'name')::text, '""') ||
      ',"n9":' || coalesce((r.data->'name')::text, '""') ||
      ',"n10":' || coalesce((r.data->'name')::text, '""')
    ) AS t
    UNION ALL
    SELECT (
      ',"n11":' || coalesce((r.data->'name')::text, '""') ||
      ',"n12":' || coalesce((r.data->'name')::text, '""') ||
      ',"n13":' || coalesce((r.data->'name')::text, '""') ||
      ',"n14":' || coalesce((r.data->'name')::text, '""') ||
      ',"n15":' || coalesce((r.data->'name')::text, '""') ||
      ',"n16":' || coalesce((r.data->'name')::text, '""') ||
      ',"n17":' || coalesce((r.data->'name')::text, '""') ||
      ',"n18":' || coalesce((r.data->'name')::text, '""')
    ) AS t
    UNION ALL
    SELECT (',"n19":' || coalesce((r.data->'name')::text, '""') || '}') AS t
  ) v
  HAVING coalesce(sum((octet_length(v.t))::real * '1.0141204e+31'::real), 0) >= 0
)
FROM "ws_test"."o_company" r
WHERE r.deleted_at IS NULL
  AND (r.id) = %s::uuid
LIMIT 1;
-- '00000000-0000-4000-8000-0000000000aa'

-- a record by its id
SELECT
  r.id::text,
  ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}')
FROM "ws_test"."o_person" r
WHERE r.id = ANY(%s::uuid[]);
-- '{"00000000-0000-4000-8000-0000000000aa"}'

-- records by their ids
SELECT c0, c1
FROM (
  SELECT
    b.*,
    sum((octet_length(c1))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT
      r.id::text,
      ('{"id":' || coalesce('"' || (r.id)::text || '"', 'null') || '}')
    FROM "ws_test"."o_person" r
    WHERE r.id = ANY(%s::uuid[])
  ) b(c0, c1)
) b
WHERE coalesce(total, 0) >= 0;
-- '{"00000000-0000-4000-8000-0000000000aa","00000000-0000-4000-8000-0000000000bb"}'

-- how many there are
(
  SELECT coalesce(sum(live), 0)::bigint
  FROM "ws_test".record_count
  WHERE object_id = %s::uuid
);
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
