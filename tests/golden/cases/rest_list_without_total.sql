-- the key, its role and its workspace

SELECT
  string_agg(p.item, ','),
  count(*) > 1,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(1, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 1 THEN (
      '{"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
      ',"name":' || coalesce((p.data->'name')::text, '""') ||
      '}'
    ) END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "workspace"."planet" r
      WHERE r.deleted_at IS NULL
      ORDER BY (r.id) ASC
      LIMIT 2
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
