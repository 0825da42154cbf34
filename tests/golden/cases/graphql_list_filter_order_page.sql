-- the key, its role and its workspace

SELECT concat('{"totalCount":',c0.x0,',"edges":',a0.e0,',"pageInfo":',concat('{"hasNextPage":',(a0.n > 2)::text,'}'),'}')
FROM (SELECT concat('[', string_agg(concat('{"node":',concat('{"name":',coalesce((p0.data->'name')::text, '""'),',"radius":',coalesce((p0.data->'radius')::text, 'null'),'}'),'}'), ',') FILTER (WHERE p0.rn <= 2), ']') AS e0, count(*) AS n
FROM (SELECT q0.*, row_number() OVER () AS rn, count(*) OVER () AS n
FROM (SELECT r.*
FROM "workspace"."moon" r
WHERE r.deleted_at IS NULL AND (((r.data->>'radius'))::numeric >= %s::numeric AND ((r.data->>'name') ILIKE %s::text OR (r.data->'planet') IS NULL))
ORDER BY ((r.data->>'radius'))::numeric DESC NULLS LAST, lower((r.data->>'name')) COLLATE "C" ASC NULLS FIRST, (r.id) ASC
LIMIT 3) q0) p0) a0, (SELECT count(*) AS x0
FROM "workspace"."moon" r
WHERE r.deleted_at IS NULL AND (((r.data->>'radius'))::numeric >= %s::numeric AND ((r.data->>'name') ILIKE %s::text OR (r.data->'planet') IS NULL))) c0;
-- 1500
-- %o%
-- 1500
-- %o%
