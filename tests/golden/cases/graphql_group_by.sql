-- the key, its role and its workspace

SELECT c0
FROM (
  SELECT
    b.*,
    sum((octet_length(c0))::real * '1.0141204e+31'::real) OVER (ROWS UNBOUNDED PRECEDING) AS total
  FROM (
    SELECT (
      '{"groupByDimensionValues":' || concat('[', coalesce(to_json(r.d0::text)::text, 'null'), ']') ||
      ',"totalCount":' || coalesce(to_json(count(*))::text, 'null') ||
      ',"maxRadius":' || coalesce(to_json(max(((r.data->>'radius'))::numeric))::text, 'null') ||
      '}'
    )
    FROM (
      SELECT g.*, ((g.data->>'planet'))::uuid AS d0
      FROM "workspace"."moon" g
      WHERE g.deleted_at IS NULL
    ) r
    GROUP BY r.d0
    ORDER BY r.d0
    LIMIT 50
  ) b(c0)
) b
WHERE coalesce(total, 0) >= 0;
