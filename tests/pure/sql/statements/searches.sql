-- words
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          ts_rank_cd(r.search, to_tsquery('simple', %s)),
          ts_rank(r.search, to_tsquery('simple', %s))
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_person" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- 'ada:* & lovelace:*'
-- 'ada:* | lovelace:*'
-- 'ada:* | lovelace:*'
-- the server's address
-- 'ada:* | lovelace:*'
-- 'ada'
-- 'lovelace'

-- of several objects
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          ts_rank_cd(r.search, to_tsquery('simple', %s)),
          ts_rank(r.search, to_tsquery('simple', %s))
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_person" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          1,
          r.id,
          coalesce((r.data->>'name'), ''),
          NULL::text,
          ts_rank_cd(r.search, to_tsquery('simple', %s)),
          ts_rank(r.search, to_tsquery('simple', %s))
        FROM "ws_test"."o_pet" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          1,
          r.id,
          coalesce((r.data->>'name'), ''),
          NULL::text,
          0::real,
          0::real
        FROM "ws_test"."o_pet" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_pet" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- the server's address
-- 'ada:*'
-- 'ada'
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada'

-- an address
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          ts_rank_cd(r.search, to_tsquery('simple', %s)),
          ts_rank(r.search, to_tsquery('simple', %s))
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_person" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
          AND strpos((
            SELECT string_agg(w.lexeme, ' ' ORDER BY p.place)
            FROM
              unnest(r.search) w(lexeme, positions, weights),
              unnest(w.positions) p(place)
          ), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- '(ada:* <-> acme:* <-> example:*)'
-- '(ada:* <-> acme:* <-> example:*)'
-- '(ada:* <-> acme:* <-> example:*)'
-- the server's address
-- '(ada:* <-> acme:* <-> example:*)'
-- 'ada '
-- ' acme '
-- ' example'
-- 'ada acme example'

-- no words
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- '--'

-- no text
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address

-- filtered
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          ts_rank_cd(r.search, to_tsquery('simple', %s)),
          ts_rank(r.search, to_tsquery('simple', %s))
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND (r.created_at) > %s::timestamptz
          AND r.search @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND (r.created_at) > %s::timestamptz
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_person" r
            WHERE r.deleted_at IS NULL
              AND (r.created_at) > %s::timestamptz
              AND r.search @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- 'ada:*'
-- 'ada:*'
-- '2024-01-01T00:00:00.000Z'
-- 'ada:*'
-- the server's address
-- '2024-01-01T00:00:00.000Z'
-- '2024-01-01T00:00:00.000Z'
-- 'ada:*'
-- 'ada'

-- behind a page
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          ts_rank_cd(r.search, to_tsquery('simple', %s)),
          ts_rank(r.search, to_tsquery('simple', %s))
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      WHERE (
        (s.cover, s.rank) < (%s::real, %s::real)
        OR (
          (s.cover, s.rank) = (%s::real, %s::real)
          AND (
            s.id > %s::uuid
            OR (
              SELECT (ts_rank_cd(r.search, to_tsquery('simple', %s)), ts_rank(r.search, to_tsquery('simple', %s))) <> (%s::real, %s::real)
              FROM "ws_test"."o_person" r
              WHERE r.id = %s::uuid
            )
          )
        )
      )
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_person" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      WHERE (
        (s.cover, s.rank) < (%s::real, %s::real)
        OR ((s.cover, s.rank) = (%s::real, %s::real) AND (s.id > %s::uuid))
      )
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 0.5
-- 0.25
-- 0.5
-- 0.25
-- '00000000-0000-4000-8000-0000000000aa'
-- 'ada:*'
-- 'ada:*'
-- 0.5
-- 0.25
-- '00000000-0000-4000-8000-0000000000aa'
-- the server's address
-- 'ada:*'
-- 'ada'
-- 0.5
-- 0.25
-- 0.5
-- 0.25
-- '00000000-0000-4000-8000-0000000000aa'

-- behind a page without a record of it
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          ts_rank_cd(r.search, to_tsquery('simple', %s)),
          ts_rank(r.search, to_tsquery('simple', %s))
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      WHERE ((s.cover, s.rank) < (%s::real, %s::real) OR ((s.cover, s.rank) = (%s::real, %s::real)))
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_person" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      WHERE ((s.cover, s.rank) < (%s::real, %s::real) OR ((s.cover, s.rank) = (%s::real, %s::real)))
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 0.5
-- 0.25
-- 0.5
-- 0.25
-- the server's address
-- 'ada:*'
-- 'ada'
-- 0.5
-- 0.25
-- 0.5
-- 0.25

-- behind a page without words
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
      ) s(object, id, label, image, cover, rank)
      WHERE (
        (s.cover, s.rank) < (%s::real, %s::real)
        OR ((s.cover, s.rank) = (%s::real, %s::real) AND (s.id > %s::uuid))
      )
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- 0.0
-- 0.0
-- 0.0
-- 0.0
-- '00000000-0000-4000-8000-0000000000aa'

-- some words hidden
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          ts_rank_cd(to_tsvector('simple', translate(lower(regexp_replace(normalize(left(concat_ws(' ', coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'name', 'strict $.**') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.primaryEmail') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.additionalEmails[*]') v
            WHERE jsonb_typeof(v) = 'string'
          ), '')), 100000), NFKD), '[\u0300-\u036f]', '', 'g')), '!"#$%%&''()*+,-./:;<=>?@[\]^`{|}~', '                               ')), to_tsquery('simple', %s)),
          ts_rank(to_tsvector('simple', translate(lower(regexp_replace(normalize(left(concat_ws(' ', coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'name', 'strict $.**') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.primaryEmail') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.additionalEmails[*]') v
            WHERE jsonb_typeof(v) = 'string'
          ), '')), 100000), NFKD), '[\u0300-\u036f]', '', 'g')), '!"#$%%&''()*+,-./:;<=>?@[\]^`{|}~', '                               ')), to_tsquery('simple', %s))
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
          AND to_tsvector('simple', translate(lower(regexp_replace(normalize(left(concat_ws(' ', coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'name', 'strict $.**') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.primaryEmail') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.additionalEmails[*]') v
            WHERE jsonb_typeof(v) = 'string'
          ), '')), 100000), NFKD), '[\u0300-\u036f]', '', 'g')), '!"#$%%&''()*+,-./:;<=>?@[\]^`{|}~', '                               ')) @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_person" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
              AND to_tsvector('simple', translate(lower(regexp_replace(normalize(left(concat_ws(' ', coalesce((
                SELECT string_agg(v #>> '{}', ' ')
                FROM jsonb_path_query(r.data->'name', 'strict $.**') v
                WHERE jsonb_typeof(v) = 'string'
              ), ''), coalesce((
                SELECT string_agg(v #>> '{}', ' ')
                FROM jsonb_path_query(r.data->'emails', '$.primaryEmail') v
                WHERE jsonb_typeof(v) = 'string'
              ), ''), coalesce((
                SELECT string_agg(v #>> '{}', ' ')
                FROM jsonb_path_query(r.data->'emails', '$.additionalEmails[*]') v
                WHERE jsonb_typeof(v) = 'string'
              ), '')), 100000), NFKD), '[\u0300-\u036f]', '', 'g')), '!"#$%%&''()*+,-./:;<=>?@[\]^`{|}~', '                               ')) @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(to_tsvector('simple', translate(lower(regexp_replace(normalize(left(concat_ws(' ', coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'name', 'strict $.**') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.primaryEmail') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.additionalEmails[*]') v
            WHERE jsonb_typeof(v) = 'string'
          ), '')), 100000), NFKD), '[\u0300-\u036f]', '', 'g')), '!"#$%%&''()*+,-./:;<=>?@[\]^`{|}~', '                               '))), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- the server's address
-- 'ada:*'
-- 'ada:*'
-- 'ada'

-- every word hidden
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          r.id::text,
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          ts_rank_cd(''::tsvector, to_tsquery('simple', %s)),
          ts_rank(''::tsvector, to_tsquery('simple', %s))
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
          AND ''::tsvector @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          r.id::text,
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_person" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
              AND ''::tsvector @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(''::tsvector), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- the server's address
-- 'ada:*'
-- 'ada:*'
-- 'ada'

-- the label hidden
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          r.id::text,
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          ts_rank_cd(to_tsvector('simple', translate(lower(regexp_replace(normalize(left(concat_ws(' ', coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.primaryEmail') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.additionalEmails[*]') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'jobTitle', 'strict $.**') v
            WHERE jsonb_typeof(v) = 'string'
          ), '')), 100000), NFKD), '[\u0300-\u036f]', '', 'g')), '!"#$%%&''()*+,-./:;<=>?@[\]^`{|}~', '                               ')), to_tsquery('simple', %s)),
          ts_rank(to_tsvector('simple', translate(lower(regexp_replace(normalize(left(concat_ws(' ', coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.primaryEmail') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.additionalEmails[*]') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'jobTitle', 'strict $.**') v
            WHERE jsonb_typeof(v) = 'string'
          ), '')), 100000), NFKD), '[\u0300-\u036f]', '', 'g')), '!"#$%%&''()*+,-./:;<=>?@[\]^`{|}~', '                               ')), to_tsquery('simple', %s))
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
          AND to_tsvector('simple', translate(lower(regexp_replace(normalize(left(concat_ws(' ', coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.primaryEmail') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.additionalEmails[*]') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'jobTitle', 'strict $.**') v
            WHERE jsonb_typeof(v) = 'string'
          ), '')), 100000), NFKD), '[\u0300-\u036f]', '', 'g')), '!"#$%%&''()*+,-./:;<=>?@[\]^`{|}~', '                               ')) @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          r.id::text,
          (
            SELECT %s::text || public.core_file_path('ws_test', file->>'fileId')
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_person" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
              AND to_tsvector('simple', translate(lower(regexp_replace(normalize(left(concat_ws(' ', coalesce((
                SELECT string_agg(v #>> '{}', ' ')
                FROM jsonb_path_query(r.data->'emails', '$.primaryEmail') v
                WHERE jsonb_typeof(v) = 'string'
              ), ''), coalesce((
                SELECT string_agg(v #>> '{}', ' ')
                FROM jsonb_path_query(r.data->'emails', '$.additionalEmails[*]') v
                WHERE jsonb_typeof(v) = 'string'
              ), ''), coalesce((
                SELECT string_agg(v #>> '{}', ' ')
                FROM jsonb_path_query(r.data->'jobTitle', 'strict $.**') v
                WHERE jsonb_typeof(v) = 'string'
              ), '')), 100000), NFKD), '[\u0300-\u036f]', '', 'g')), '!"#$%%&''()*+,-./:;<=>?@[\]^`{|}~', '                               ')) @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(to_tsvector('simple', translate(lower(regexp_replace(normalize(left(concat_ws(' ', coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.primaryEmail') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'emails', '$.additionalEmails[*]') v
            WHERE jsonb_typeof(v) = 'string'
          ), ''), coalesce((
            SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(r.data->'jobTitle', 'strict $.**') v
            WHERE jsonb_typeof(v) = 'string'
          ), '')), 100000), NFKD), '[\u0300-\u036f]', '', 'g')), '!"#$%%&''()*+,-./:;<=>?@[\]^`{|}~', '                               '))), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- the server's address
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- the server's address
-- 'ada:*'
-- 'ada:*'
-- 'ada'

-- a picture that is a site's
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          coalesce((r.data->>'name'), ''),
          'https://' || substring((r.data->'domainName'->>'primaryLinkUrl') from '^(?:[a-z]+://)?(?:[^/?#@]*@)?([^/?#]+)') || '/favicon.ico',
          ts_rank_cd(r.search, to_tsquery('simple', %s)),
          ts_rank(r.search, to_tsquery('simple', %s))
        FROM "ws_test"."o_company" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          coalesce((r.data->>'name'), ''),
          'https://' || substring((r.data->'domainName'->>'primaryLinkUrl') from '^(?:[a-z]+://)?(?:[^/?#@]*@)?([^/?#]+)') || '/favicon.ico',
          0::real,
          0::real
        FROM "ws_test"."o_company" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_company" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada'

-- a picture that is hidden
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          coalesce((r.data->>'name'), ''),
          NULL::text,
          ts_rank_cd(r.search, to_tsquery('simple', %s)),
          ts_rank(r.search, to_tsquery('simple', %s))
        FROM "ws_test"."o_company" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          coalesce((r.data->>'name'), ''),
          NULL::text,
          0::real,
          0::real
        FROM "ws_test"."o_company" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_company" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada'

-- a picture that may not be downloaded
SELECT c0, c1, c2, c3, c4, c5
FROM (
  SELECT
    b.*,
    sum((octet_length(c2))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT *
    FROM ((
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT NULL
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          ts_rank_cd(r.search, to_tsquery('simple', %s)),
          ts_rank(r.search, to_tsquery('simple', %s))
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND r.search @@ to_tsquery('simple', %s)
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    ) UNION ALL (
      SELECT *
      FROM (
        SELECT
          0,
          r.id,
          concat_ws(' ', (r.data->'name'->>'firstName'), (r.data->'name'->>'lastName')),
          (
            SELECT NULL
            FROM (SELECT (r.data->'badge')->0) AS first(file)
            WHERE file IS NOT NULL
          ),
          0::real,
          0::real
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND NOT EXISTS (
            SELECT 1
            FROM "ws_test"."o_person" r
            WHERE r.deleted_at IS NULL
              AND r.search @@ to_tsquery('simple', %s)
          )
          AND strpos(concat(' ', array_to_string(tsvector_to_array(r.search), ' '), ' '), %s) > 0
      ) s(object, id, label, image, cover, rank)
      ORDER BY s.cover DESC, s.rank DESC, s.id
      LIMIT 3
    )) found
    ORDER BY cover DESC, rank DESC, object, id
    LIMIT 3
  ) b(c0, c1, c2, c3, c4, c5)
) b
WHERE coalesce(total, 0) >= 0;
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada:*'
-- 'ada'
