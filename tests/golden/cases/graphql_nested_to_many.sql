-- the key, its role and its workspace

SELECT concat('{"edges":',a0.e0,'}')
FROM (SELECT concat('[', string_agg(concat('{"node":',concat('{"name":',coalesce((p0.data->'name')::text, '""'),',"moons":',(SELECT concat('{"totalCount":',c1.x0,',"edges":',a1.e0,',"pageInfo":',concat('{"hasNextPage":',(a1.n > 2)::text,'}'),'}')
FROM (SELECT concat('[', string_agg(concat('{"node":',concat('{"name":',coalesce((p1.data->'name')::text, '""'),',"radius":',coalesce((p1.data->'radius')::text, 'null'),'}'),'}'), ',') FILTER (WHERE p1.rn <= 2), ']') AS e0, count(*) AS n
FROM (SELECT q1.*, row_number() OVER () AS rn, count(*) OVER () AS n
FROM (SELECT m1.*
FROM "workspace"."moon" m1
WHERE ((m1.data->>'planet'))::uuid = p0.id AND m1.deleted_at IS NULL
ORDER BY ((m1.data->>'radius'))::numeric DESC NULLS LAST, (m1.id) ASC
LIMIT 3) q1) p1) a1, (SELECT count(*) AS x0
FROM "workspace"."moon" m1
WHERE ((m1.data->>'planet'))::uuid = p0.id AND m1.deleted_at IS NULL) c1),'}'),'}'), ',') FILTER (WHERE p0.rn <= 200), ']') AS e0, count(*) AS n
FROM (SELECT q0.*, row_number() OVER () AS rn, count(*) OVER () AS n
FROM (SELECT r.*
FROM "workspace"."planet" r
WHERE r.deleted_at IS NULL
ORDER BY (r.id) ASC
LIMIT 201) q0) p0) a0;
