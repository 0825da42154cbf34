-- the key, its role and its workspace

SELECT string_agg(concat('{"id":',coalesce('"' || (p.id)::text || '"', 'null'),',"name":',coalesce((p.data->'name')::text, '""'),'}'), ',') FILTER (WHERE p.rn <= 1), count(*) > 1, false, max(concat('{"id":',coalesce('"' || (p.id)::text || '"', 'null'),'}')) FILTER (WHERE p.rn = 1), max(concat('{"id":',coalesce('"' || (p.id)::text || '"', 'null'),'}')) FILTER (WHERE p.rn = least(1, p.n)), NULL
FROM (SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
FROM (SELECT r.*
FROM "workspace"."planet" r
WHERE r.deleted_at IS NULL
ORDER BY (r.id) ASC
LIMIT 2) q) p;
