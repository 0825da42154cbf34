-- edges
SELECT ('{"edges":' || a0.e0 || '}')
FROM (
  SELECT
    concat('[', string_agg(p0.e0, ','), ']') AS e0,
    count(*) AS n
  FROM (
    SELECT
      p0.*,
      CASE WHEN p0.rn <= 2 THEN (
        '{"cursor":' || to_json(replace(encode(convert_to(('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}'), 'UTF8'), 'base64'), E'\n', ''))::text ||
        ',"node":' || (
          '{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') ||
          ',"name":' || ('{"firstName":' || coalesce((p0.data->'name'->'firstName')::text, '""') || '}') ||
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
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
        ORDER BY (r.id) ASC
        LIMIT 3
      ) q0
    ) p0
    OFFSET 0
  ) p0
  HAVING coalesce(sum((octet_length(p0.e0))::real * '1.0141204e+31'::real), 0) >= 0
) a0;

-- everything of a page
SELECT (
  '{"__typename":"PersonConnection","totalCount":' || (
    SELECT coalesce(sum(live), 0)::bigint
    FROM "ws_test".record_count
    WHERE object_id = %s::uuid
  ) ||
  ',"maxEmployees":' || c0.x0 ||
  ',"again":' || c0.x0 ||
  ',"pageInfo":' || (
    '{"__typename":"PageInfo","hasNextPage":' || (a0.n > 2)::text ||
    ',"hasPreviousPage":' || (false)::text ||
    ',"startCursor":' || coalesce(to_json(a0.startcursor)::text, 'null') ||
    ',"endCursor":' || coalesce(to_json(a0.endcursor)::text, 'null') ||
    '}'
  ) ||
  ',"edges":' || a0.e0 ||
  '}'
)
FROM
  (
    SELECT
      concat('[', string_agg(p0.e0, ','), ']') AS e0,
      count(*) AS n,
      max(replace(encode(convert_to((
        '{"jobTitle":' || CASE WHEN octet_length(coalesce((p0.data->'jobTitle')::text, '""')) <= 1500 THEN coalesce((p0.data->'jobTitle')::text, '""') ELSE (
          '{"startsWith":' || to_json(left((p0.data->>'jobTitle'), 125))::text ||
          ',"md5":' || to_json(md5((p0.data->>'jobTitle')))::text ||
          '}'
        ) END ||
        ',"id":' || coalesce('"' || (p0.id)::text || '"', 'null') ||
        '}'
      ), 'UTF8'), 'base64'), E'\n', '')) FILTER (WHERE p0.rn = 1) AS startcursor,
      max(replace(encode(convert_to((
        '{"jobTitle":' || CASE WHEN octet_length(coalesce((p0.data->'jobTitle')::text, '""')) <= 1500 THEN coalesce((p0.data->'jobTitle')::text, '""') ELSE (
          '{"startsWith":' || to_json(left((p0.data->>'jobTitle'), 125))::text ||
          ',"md5":' || to_json(md5((p0.data->>'jobTitle')))::text ||
          '}'
        ) END ||
        ',"id":' || coalesce('"' || (p0.id)::text || '"', 'null') ||
        '}'
      ), 'UTF8'), 'base64'), E'\n', '')) FILTER (WHERE p0.rn = least(2, p0.n)) AS endcursor
    FROM (
      SELECT
        p0.*,
        CASE WHEN p0.rn <= 2 THEN ('{"__typename":"PersonEdge","node":' || ('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}') || '}') END AS e0
      FROM (
        SELECT
          q0.*,
          row_number() OVER () AS rn,
          count(*) OVER () AS n
        FROM (
          SELECT r.*
          FROM "ws_test"."o_person" r
          WHERE r.deleted_at IS NULL
          ORDER BY lower((r.data->>'jobTitle')) COLLATE "C" ASC, (r.id) ASC
          LIMIT 3
        ) q0
      ) p0
      OFFSET 0
    ) p0
    HAVING coalesce(sum((octet_length(p0.e0))::real * '1.0141204e+31'::real), 0) >= 0
  ) a0,
  (
    SELECT coalesce(to_json(max(((r.data->>'employees'))::numeric))::text, 'null') AS x0
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
  ) c0;
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- everything of a page read backwards
SELECT (
  '{"totalCount":' || c0.x0 ||
  ',"pageInfo":' || (
    '{"hasNextPage":' || (CASE WHEN EXISTS (
      SELECT 1
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND (r.data->>'jobTitle') = %s::text
        AND (r.id) = %s::uuid
    ) THEN true ELSE EXISTS (
      SELECT 1
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND (r.data->>'jobTitle') = %s::text
        AND ((r.id)) > (%s::uuid)
    ) END)::text ||
    ',"hasPreviousPage":' || (a0.n > 2)::text ||
    ',"startCursor":' || coalesce(to_json(a0.startcursor)::text, 'null') ||
    ',"endCursor":' || coalesce(to_json(a0.endcursor)::text, 'null') ||
    '}'
  ) ||
  ',"edges":' || a0.e0 ||
  ',"more":' || a0.e1 ||
  '}'
)
FROM
  (
    SELECT
      concat('[', string_agg(p0.e0, ',' ORDER BY p0.rn DESC), ']') AS e0,
      concat('[', string_agg(p0.e1, ',' ORDER BY p0.rn DESC), ']') AS e1,
      count(*) AS n,
      max(replace(encode(convert_to(('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}'), 'UTF8'), 'base64'), E'\n', '')) FILTER (WHERE p0.rn = least(2, p0.n)) AS startcursor,
      max(replace(encode(convert_to(('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}'), 'UTF8'), 'base64'), E'\n', '')) FILTER (WHERE p0.rn = 1) AS endcursor
    FROM (
      SELECT
        p0.*,
        CASE WHEN p0.rn <= 2 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}') || '}') END AS e0,
        CASE WHEN p0.rn <= 2 THEN ('{"cursor":' || to_json(replace(encode(convert_to(('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}'), 'UTF8'), 'base64'), E'\n', ''))::text || '}') END AS e1
      FROM (
        SELECT
          q0.*,
          row_number() OVER () AS rn,
          count(*) OVER () AS n
        FROM (
          SELECT r.*
          FROM "ws_test"."o_person" r
          WHERE r.deleted_at IS NULL
            AND (r.data->>'jobTitle') = %s::text
            AND ((r.id)) < (%s::uuid)
          ORDER BY (r.id) DESC
          LIMIT 3
        ) q0
      ) p0
      OFFSET 0
    ) p0
    HAVING coalesce(sum((coalesce(octet_length(p0.e0), 0) + coalesce(octet_length(p0.e1), 0))::real * '1.0141204e+31'::real), 0) >= 0
  ) a0,
  (
    SELECT count(*) AS x0
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (r.data->>'jobTitle') = %s::text
  ) c0;
-- 'CEO'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'CEO'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'CEO'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'CEO'

-- nothing but a number
SELECT ('{"totalCount":' || (
  SELECT coalesce(sum(live), 0)::bigint
  FROM "ws_test".record_count
  WHERE object_id = %s::uuid
) || '}');
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- numbers of what matches
SELECT (
  '{"totalCount":' || c0.x0 ||
  ',"countEmptyJobTitle":' || c0.x1 ||
  '}'
)
FROM (
  SELECT
    count(*) AS x0,
    coalesce(to_json(count(*) FILTER (WHERE (r.data->>'jobTitle') IS NULL))::text, 'null') AS x1
  FROM "ws_test"."o_person" r
  WHERE r.deleted_at IS NULL
    AND (r.data->>'jobTitle') = %s::text
) c0;
-- 'CEO'

-- nothing but a name
SELECT '{"__typename":"PersonConnection"}';

-- ends of a page of none
SELECT ('{"pageInfo":' || (
  '{"startCursor":' || coalesce(to_json(a0.startcursor)::text, 'null') ||
  ',"endCursor":' || coalesce(to_json(a0.endcursor)::text, 'null') ||
  '}'
) || '}')
FROM (
  SELECT
    count(*) AS n,
    max(replace(encode(convert_to(('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}'), 'UTF8'), 'base64'), E'\n', '')) FILTER (WHERE p0.rn = 0) AS startcursor,
    max(replace(encode(convert_to(('{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') || '}'), 'UTF8'), 'base64'), E'\n', '')) FILTER (WHERE p0.rn = least(0, p0.n)) AS endcursor
  FROM (
    SELECT q0.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
      ORDER BY (r.id) ASC
      LIMIT 1
    ) q0
  ) p0
) a0;

-- an offset has a page before it
SELECT ('{"pageInfo":' || ('{"hasPreviousPage":' || (EXISTS (SELECT 1 FROM "ws_test"."o_person" r WHERE r.deleted_at IS NULL))::text || '}') || '}')
FROM (
  SELECT count(*) AS n
  FROM (
    SELECT q0.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
      ORDER BY (r.id) ASC
      LIMIT 2
      OFFSET 3
    ) q0
  ) p0
) a0;

-- related records
SELECT ('{"edges":' || a0.e0 || '}')
FROM (
  SELECT
    concat('[', string_agg(p0.e0, ','), ']') AS e0,
    count(*) AS n
  FROM (
    SELECT
      p0.*,
      CASE WHEN p0.rn <= 3 THEN ('{"node":' || (
        '{"name":' || coalesce((p0.data->'name')::text, '""') ||
        ',"people":' || (
          SELECT (
            '{"totalCount":' || c1.x0 ||
            ',"pageInfo":' || (
              '{"hasNextPage":' || (a1.n > 2)::text ||
              ',"endCursor":' || coalesce(to_json(a1.endcursor)::text, 'null') ||
              '}'
            ) ||
            ',"edges":' || a1.e0 ||
            '}'
          )
          FROM
            (
              SELECT
                concat('[', string_agg(p1.e0, ','), ']') AS e0,
                count(*) AS n,
                max(replace(encode(convert_to((
                  '{"rank":' || CASE WHEN octet_length(coalesce((p1.data->'rank')::text, 'null')) <= 1500 THEN coalesce((p1.data->'rank')::text, 'null') ELSE (
                    '{"startsWith":' || to_json(left((p1.data->>'rank'), 125))::text ||
                    ',"md5":' || to_json(md5((p1.data->>'rank')))::text ||
                    ',"digits":' || length(split_part((p1.data->>'rank'), '.', 1))::text ||
                    '}'
                  ) END ||
                  ',"id":' || coalesce('"' || (p1.id)::text || '"', 'null') ||
                  '}'
                ), 'UTF8'), 'base64'), E'\n', '')) FILTER (WHERE p1.rn = least(2, p1.n)) AS endcursor
              FROM (
                SELECT
                  p1.*,
                  CASE WHEN p1.rn <= 2 THEN ('{"node":' || (
                    '{"id":' || coalesce('"' || (p1.id)::text || '"', 'null') ||
                    ',"companyId":' || coalesce((
                      SELECT to_json(t2.id)::text
                      FROM "ws_test"."o_company" t2
                      WHERE t2.id = ((p1.data->>'company'))::uuid
                        AND t2.deleted_at IS NULL
                    ), 'null') ||
                    ',"company":' || coalesce((
                      SELECT ('{"name":' || coalesce((t2.data->'name')::text, '""') || '}')
                      FROM "ws_test"."o_company" t2
                      WHERE t2.id = ((p1.data->>'company'))::uuid
                        AND t2.deleted_at IS NULL
                    ), 'null') ||
                    ',"pets":' || (
                      SELECT (
                        '{"totalCount":' || c2.x0 ||
                        ',"edges":' || a2.e0 ||
                        '}'
                      )
                      FROM
                        (
                          SELECT
                            concat('[', string_agg(p2.e0, ','), ']') AS e0,
                            count(*) AS n
                          FROM (
                            SELECT
                              p2.*,
                              CASE WHEN p2.rn <= 60 THEN ('{"node":' || ('{"name":' || coalesce((p2.data->'name')::text, '""') || '}') || '}') END AS e0
                            FROM (
                              SELECT
                                q2.*,
                                row_number() OVER () AS rn,
                                count(*) OVER () AS n
                              FROM (
                                SELECT m2.*
                                FROM "ws_test"."o_pet" m2
                                WHERE ((m2.data->>'ownerPerson'))::uuid = p1.id
                                  AND m2.deleted_at IS NULL
                                ORDER BY (m2.id) ASC
                                LIMIT 61
                              ) q2
                            ) p2
                            OFFSET 0
                          ) p2
                          HAVING coalesce(sum((octet_length(p2.e0))::real * '1.0141204e+31'::real), 0) >= 0
                        ) a2,
                        (
                          SELECT count(*) AS x0
                          FROM "ws_test"."o_pet" m2
                          WHERE ((m2.data->>'ownerPerson'))::uuid = p1.id
                            AND m2.deleted_at IS NULL
                        ) c2
                    ) ||
                    '}'
                  ) || '}') END AS e0
                FROM (
                  SELECT
                    q1.*,
                    row_number() OVER () AS rn,
                    count(*) OVER () AS n
                  FROM (
                    WITH filled AS MATERIALIZED (
                      SELECT m1.*
                      FROM "ws_test"."o_person" m1
                      WHERE ((m1.data->>'company'))::uuid = p0.id
                        AND m1.deleted_at IS NULL
                        AND ((m1.data->>'stage') COLLATE "C") = %s::text
                        AND ((m1.data->>'rank'))::numeric IS NOT NULL
                      ORDER BY ((m1.data->>'rank'))::numeric DESC, (m1.id) ASC
                      LIMIT 3
                    )
                    SELECT m1.*
                    FROM (
                      SELECT 0 AS run, filled.*
                      FROM filled
                      UNION ALL
                      SELECT 1, more.*
                      FROM (
                        SELECT m1.*
                        FROM "ws_test"."o_person" m1
                        WHERE ((m1.data->>'company'))::uuid = p0.id
                          AND m1.deleted_at IS NULL
                          AND ((m1.data->>'stage') COLLATE "C") = %s::text
                          AND ((m1.data->>'rank'))::numeric IS NULL
                        ORDER BY ((m1.data->>'rank'))::numeric ASC, (m1.id) ASC
                        LIMIT 3
                      ) more
                      WHERE (SELECT count(*) FROM filled) < 3
                    ) m1
                    ORDER BY m1.run, ((m1.data->>'rank'))::numeric DESC NULLS LAST, (m1.id) ASC
                    LIMIT 3
                  ) q1
                ) p1
                OFFSET 0
              ) p1
              HAVING coalesce(sum((octet_length(p1.e0))::real * '1.0141204e+31'::real), 0) >= 0
            ) a1,
            (
              SELECT count(*) AS x0
              FROM "ws_test"."o_person" m1
              WHERE ((m1.data->>'company'))::uuid = p0.id
                AND m1.deleted_at IS NULL
                AND ((m1.data->>'stage') COLLATE "C") = %s::text
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
        FROM "ws_test"."o_company" r
        WHERE r.deleted_at IS NULL
        ORDER BY (r.id) ASC
        LIMIT 4
      ) q0
    ) p0
    OFFSET 0
  ) p0
  HAVING coalesce(sum((octet_length(p0.e0))::real * '1.0141204e+31'::real), 0) >= 0
) a0;
-- 'NEW'
-- 'NEW'
-- 'NEW'

-- relations inside each other
SELECT ('{"edges":' || a0.e0 || '}')
FROM (
  SELECT
    concat('[', string_agg(p0.e0, ','), ']') AS e0,
    count(*) AS n
  FROM (
    SELECT
      p0.*,
      CASE WHEN p0.rn <= 1 THEN ('{"node":' || ('{"mentor":' || coalesce((
        SELECT ('{"mentor":' || coalesce((
          SELECT ('{"company":' || coalesce((
            SELECT (
              '{"name":' || coalesce((t3.data->'name')::text, '""') ||
              ',"people":' || (
                SELECT ('{"edges":' || a4.e0 || '}')
                FROM (
                  SELECT
                    concat('[', string_agg(p4.e0, ','), ']') AS e0,
                    count(*) AS n
                  FROM (
                    SELECT
                      p4.*,
                      CASE WHEN p4.rn <= 1 THEN ('{"node":' || ('{"mentor":' || coalesce((
                        SELECT ('{"id":' || coalesce('"' || (t5.id)::text || '"', 'null') || '}')
                        FROM "ws_test"."o_person" t5
                        WHERE t5.id = ((p4.data->>'mentor'))::uuid
                          AND t5.deleted_at IS NULL
                      ), 'null') || '}') || '}') END AS e0
                    FROM (
                      SELECT
                        q4.*,
                        row_number() OVER () AS rn,
                        count(*) OVER () AS n
                      FROM (
                        SELECT m4.*
                        FROM "ws_test"."o_person" m4
                        WHERE ((m4.data->>'company'))::uuid = t3.id
                          AND m4.deleted_at IS NULL
                        ORDER BY (m4.id) ASC
                        LIMIT 2
                      ) q4
                    ) p4
                    OFFSET 0
                  ) p4
                  HAVING coalesce(sum((octet_length(p4.e0))::real * '1.0141204e+31'::real), 0) >= 0
                ) a4
              ) ||
              '}'
            )
            FROM "ws_test"."o_company" t3
            WHERE t3.id = ((t2.data->>'company'))::uuid
              AND t3.deleted_at IS NULL
          ), 'null') || '}')
          FROM "ws_test"."o_person" t2
          WHERE t2.id = ((t1.data->>'mentor'))::uuid
            AND t2.deleted_at IS NULL
        ), 'null') || '}')
        FROM "ws_test"."o_person" t1
        WHERE t1.id = ((p0.data->>'mentor'))::uuid
          AND t1.deleted_at IS NULL
      ), 'null') || '}') || '}') END AS e0
    FROM (
      SELECT
        q0.*,
        row_number() OVER () AS rn,
        count(*) OVER () AS n
      FROM (
        SELECT r.*
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
        ORDER BY (r.id) ASC
        LIMIT 2
      ) q0
    ) p0
    OFFSET 0
  ) p0
  HAVING coalesce(sum((octet_length(p0.e0))::real * '1.0141204e+31'::real), 0) >= 0
) a0;

-- cursors of long values
SELECT ('{"edges":' || a0.e0 || '}')
FROM (
  SELECT
    concat('[', string_agg(p0.e0, ','), ']') AS e0,
    count(*) AS n
  FROM (
    SELECT
      p0.*,
      CASE WHEN p0.rn <= 200 THEN ('{"cursor":' || to_json(replace(encode(convert_to((
        '{"jobTitle":' || CASE WHEN octet_length(coalesce((p0.data->'jobTitle')::text, '""')) <= 500 THEN coalesce((p0.data->'jobTitle')::text, '""') ELSE (
          '{"startsWith":' || to_json(left((p0.data->>'jobTitle'), 41))::text ||
          ',"md5":' || to_json(md5((p0.data->>'jobTitle')))::text ||
          '}'
        ) END ||
        ',"salary":' || CASE WHEN octet_length(coalesce((p0.data->'salary')::text, 'null')) <= 500 THEN coalesce((p0.data->'salary')::text, 'null') ELSE (
          '{"startsWith":' || to_json(left((p0.data->>'salary'), 41))::text ||
          ',"md5":' || to_json(md5((p0.data->>'salary')))::text ||
          ',"digits":' || length(split_part((p0.data->>'salary'), '.', 1))::text ||
          '}'
        ) END ||
        ',"company":' || ('{"name":' || CASE WHEN octet_length(coalesce((
          SELECT coalesce((o.data->'name')::text, '""')
          FROM "ws_test"."o_company" o
          WHERE o.id = ((p0.data->>'company'))::uuid
            AND o.deleted_at IS NULL
        ), 'null')) <= 500 THEN coalesce((
          SELECT coalesce((o.data->'name')::text, '""')
          FROM "ws_test"."o_company" o
          WHERE o.id = ((p0.data->>'company'))::uuid
            AND o.deleted_at IS NULL
        ), 'null') ELSE (
          '{"startsWith":' || to_json(left((
            SELECT (o.data->>'name')
            FROM "ws_test"."o_company" o
            WHERE o.id = ((p0.data->>'company'))::uuid
              AND o.deleted_at IS NULL
          ), 41))::text ||
          ',"md5":' || to_json(md5((
            SELECT (o.data->>'name')
            FROM "ws_test"."o_company" o
            WHERE o.id = ((p0.data->>'company'))::uuid
              AND o.deleted_at IS NULL
          )))::text ||
          '}'
        ) END || '}') ||
        ',"createdAt":' || coalesce('"' || to_char((p0.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
        ',"id":' || coalesce('"' || (p0.id)::text || '"', 'null') ||
        '}'
      ), 'UTF8'), 'base64'), E'\n', ''))::text || '}') END AS e0
    FROM (
      SELECT
        q0.*,
        row_number() OVER () AS rn,
        count(*) OVER () AS n
      FROM (
        SELECT r.*
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
        ORDER BY lower((r.data->>'jobTitle')) COLLATE "C" ASC NULLS FIRST, ((r.data->>'salary'))::numeric ASC NULLS FIRST, (
          SELECT lower((o.data->>'name')) COLLATE "C"
          FROM "ws_test"."o_company" o
          WHERE o.id = ((r.data->>'company'))::uuid
            AND o.deleted_at IS NULL
        ) ASC NULLS FIRST, (r.created_at) ASC, (r.id) ASC
        LIMIT 201
      ) q0
    ) p0
    OFFSET 0
  ) p0
  HAVING coalesce(sum((octet_length(p0.e0))::real * '1.0141204e+31'::real), 0) >= 0
) a0;

-- many lists of one record
SELECT ('{"edges":' || a0.e0 || '}')
FROM (
  SELECT
    concat('[', string_agg(p0.e0, ','), ']') AS e0,
    count(*) AS n
  FROM (
    SELECT
      p0.*,
      CASE WHEN p0.rn <= 200 THEN ('{"node":' || (
        '{"p0":' || (
          SELECT ('{"edges":' || a1.e0 || '}')
          FROM (
            SELECT
              concat('[', string_agg(p1.e0, ','), ']') AS e0,
              count(*) AS n
            FROM (
              SELECT
                p1.*,
                CASE WHEN p1.rn <= 60 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p1.id)::text || '"', 'null') || '}') || '}') END AS e0
              FROM (
                SELECT
                  q1.*,
                  row_number() OVER () AS rn,
                  count(*) OVER () AS n
                FROM (
                  SELECT m1.*
                  FROM "ws_test"."o_person" m1
                  WHERE ((m1.data->>'company'))::uuid = p0.id
                    AND m1.deleted_at IS NULL
                  ORDER BY (m1.id) ASC
                  LIMIT 61
                ) q1
              ) p1
              OFFSET 0
            ) p1
            HAVING coalesce(sum((octet_length(p1.e0))::real * '1.6902007e+31'::real), 0) >= 0
          ) a1
        ) ||
        ',"p1":' || (
          SELECT ('{"edges":' || a1.e0 || '}')
          FROM (
            SELECT
              concat('[', string_agg(p1.e0, ','), ']') AS e0,
              count(*) AS n
            FROM (
              SELECT
                p1.*,
                CASE WHEN p1.rn <= 60 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p1.id)::text || '"', 'null') || '}') || '}') END AS e0
              FROM (
                SELECT
                  q1.*,
                  row_number() OVER () AS rn,
                  count(*) OVER () AS n
                FROM (
                  SELECT m1.*
                  FROM "ws_test"."o_person" m1
                  WHERE ((m1.data->>'company'))::uuid = p0.id
                    AND m1.deleted_at IS NULL
                  ORDER BY (m1.id) ASC
                  LIMIT 61
                ) q1
              ) p1
              OFFSET 0
            ) p1
            HAVING coalesce(sum((octet_length(p1.e0))::real * '1.6902007e+31'::real), 0) >= 0
          ) a1
        ) ||
        ',"p2":' || (
          SELECT ('{"edges":' || a1.e0 || '}')
          FROM (
            SELECT
              concat('[', string_agg(p1.e0, ','), ']') AS e0,
              count(*) AS n
            FROM (
              SELECT
                p1.*,
                CASE WHEN p1.rn <= 60 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p1.id)::text || '"', 'null') || '}') || '}') END AS e0
              FROM (
                SELECT
                  q1.*,
                  row_number() OVER () AS rn,
                  count(*) OVER () AS n
                FROM (
                  SELECT m1.*
                  FROM "ws_test"."o_person" m1
                  WHERE ((m1.data->>'company'))::uuid = p0.id
                    AND m1.deleted_at IS NULL
                  ORDER BY (m1.id) ASC
                  LIMIT 61
                ) q1
              ) p1
              OFFSET 0
            ) p1
            HAVING coalesce(sum((octet_length(p1.e0))::real * '1.6902007e+31'::real), 0) >= 0
          ) a1
        ) ||
        ',"p3":' || (
          SELECT ('{"edges":' || a1.e0 || '}')
          FROM (
            SELECT
              concat('[', string_agg(p1.e0, ','), ']') AS e0,
              count(*) AS n
            FROM (
              SELECT
                p1.*,
                CASE WHEN p1.rn <= 60 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p1.id)::text || '"', 'null') || '}') || '}') END AS e0
              FROM (
                SELECT
                  q1.*,
                  row_number() OVER () AS rn,
                  count(*) OVER () AS n
                FROM (
                  SELECT m1.*
                  FROM "ws_test"."o_person" m1
                  WHERE ((m1.data->>'company'))::uuid = p0.id
                    AND m1.deleted_at IS NULL
                  ORDER BY (m1.id) ASC
                  LIMIT 61
                ) q1
              ) p1
              OFFSET 0
            ) p1
            HAVING coalesce(sum((octet_length(p1.e0))::real * '1.6902007e+31'::real), 0) >= 0
          ) a1
        ) ||
        ',"p4":' || (
          SELECT ('{"edges":' || a1.e0 || '}')
          FROM (
            SELECT
              concat('[', string_agg(p1.e0, ','), ']') AS e0,
              count(*) AS n
            FROM (
              SELECT
                p1.*,
                CASE WHEN p1.rn <= 60 THEN ('{"node":' || ('{"id":' || coalesce('"' || (p1.id)::text || '"', 'null') || '}') || '}') END AS e0
              FROM (
                SELECT
                  q1.*,
                  row_number() OVER () AS rn,
                  count(*) OVER () AS n
                FROM (
                  SELECT m1.*
                  FROM "ws_test"."o_person" m1
                  WHERE ((m1.data->>'company'))::uuid = p0.id
                    AND m1.deleted_at IS NULL
                  ORDER BY (m1.id) ASC
                  LIMIT 61
                ) q1
              ) p1
              OFFSET 0
            ) p1
            HAVING coalesce(sum((octet_length(p1.e0))::real * '1.6902007e+31'::real), 0) >= 0
          ) a1
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
        FROM "ws_test"."o_company" r
        WHERE r.deleted_at IS NULL
        ORDER BY (r.id) ASC
        LIMIT 201
      ) q0
    ) p0
    OFFSET 0
  ) p0
  HAVING coalesce(sum((octet_length(p0.e0))::real * '1.0141204e+31'::real), 0) >= 0
) a0;
