-- the first page
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(2, p.n)),
  (
    SELECT coalesce(sum(live), 0)::bigint
    FROM "ws_test".record_count
    WHERE object_id = %s::uuid
  )
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
      ORDER BY (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'

-- a page of everything at depth 1
SELECT
  string_agg(p.item, ','),
  count(*) > 60,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(60, p.n)),
  (
    SELECT coalesce(sum(live), 0)::bigint
    FROM "ws_test".record_count
    WHERE object_id = %s::uuid
  )
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 60 THEN ((
      '{"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
      ',"createdAt":' || coalesce('"' || to_char((p.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
      ',"updatedAt":' || coalesce('"' || to_char((p.updated_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
      ',"deletedAt":' || coalesce('"' || to_char((p.deleted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
      ',"createdBy":' || CASE WHEN p.created_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
        '{"source":' || coalesce((p.created_by->'source')::text, '"MANUAL"') ||
        ',"workspaceMemberId":' || coalesce((p.created_by->'workspaceMemberId')::text, 'null') ||
        ',"name":' || coalesce((p.created_by->'name')::text, '""') ||
        ',"context":' || coalesce((p.created_by->'context')::text, '{}') ||
        '}'
      ) END ||
      ',"position":' || coalesce(((p.position)::text)::numeric::text, 'null') ||
      ',"name":' || CASE WHEN p.data->'name' IS NULL THEN '{"firstName":"","lastName":""}' ELSE (
        '{"firstName":' || coalesce((p.data->'name'->'firstName')::text, '""') ||
        ',"lastName":' || coalesce((p.data->'name'->'lastName')::text, '""') ||
        '}'
      ) END ||
      ',"emails":' || CASE WHEN p.data->'emails' IS NULL THEN '{"primaryEmail":"","additionalEmails":[]}' ELSE (
        '{"primaryEmail":' || coalesce((p.data->'emails'->'primaryEmail')::text, '""') ||
        ',"additionalEmails":' || coalesce((p.data->'emails'->'additionalEmails')::text, '[]') ||
        '}'
      ) END
    ) || (
      ',"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
      ',"employees":' || coalesce((p.data->'employees')::text, 'null') ||
      ',"workPreference":' || coalesce((p.data->'workPreference')::text, '[]') ||
      ',"stage":' || coalesce((p.data->'stage')::text, 'null') ||
      ',"amount":' || CASE WHEN p.data->'amount' IS NULL THEN '{"amountMicros":null,"currencyCode":null}' ELSE (
        '{"amountMicros":' || coalesce((p.data->'amount'->'amountMicros')::text, 'null') ||
        ',"currencyCode":' || coalesce((p.data->'amount'->'currencyCode')::text, 'null') ||
        '}'
      ) END ||
      ',"isActive":' || coalesce((p.data->'isActive')::text, 'null') ||
      ',"tags":' || coalesce((p.data->'tags')::text, '[]') ||
      ',"birthday":' || coalesce((p.data->'birthday')::text, 'null')
    ) || (
      ',"companyId":' || coalesce((
        SELECT to_json(t0.id)::text
        FROM "ws_test"."o_company" t0
        WHERE t0.id = ((p.data->>'company'))::uuid
          AND t0.deleted_at IS NULL
      ), 'null') ||
      ',"company":' || coalesce((
        SELECT ((
          '{"id":' || coalesce('"' || (t0.id)::text || '"', 'null') ||
          ',"createdAt":' || coalesce('"' || to_char((t0.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
          ',"updatedAt":' || coalesce('"' || to_char((t0.updated_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
          ',"deletedAt":' || coalesce('"' || to_char((t0.deleted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
          ',"createdBy":' || CASE WHEN t0.created_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
            '{"source":' || coalesce((t0.created_by->'source')::text, '"MANUAL"') ||
            ',"workspaceMemberId":' || coalesce((t0.created_by->'workspaceMemberId')::text, 'null') ||
            ',"name":' || coalesce((t0.created_by->'name')::text, '""') ||
            ',"context":' || coalesce((t0.created_by->'context')::text, '{}') ||
            '}'
          ) END ||
          ',"position":' || coalesce(((t0.position)::text)::numeric::text, 'null') ||
          ',"name":' || coalesce((t0.data->'name')::text, '""') ||
          ',"domainName":' || CASE WHEN t0.data->'domainName' IS NULL THEN '{"primaryLinkLabel":"","primaryLinkUrl":"","secondaryLinks":[]}' ELSE (
            '{"primaryLinkLabel":' || coalesce((t0.data->'domainName'->'primaryLinkLabel')::text, '""') ||
            ',"primaryLinkUrl":' || coalesce((t0.data->'domainName'->'primaryLinkUrl')::text, '""') ||
            ',"secondaryLinks":' || coalesce((t0.data->'domainName'->'secondaryLinks')::text, '[]') ||
            '}'
          ) END
        ) || (
          ',"address":' || CASE WHEN t0.data->'address' IS NULL THEN '{"addressStreet1":"","addressStreet2":"","addressCity":"","addressPostcode":"","addressState":"","addressCountry":"","addressLat":null,"addressLng":null}' ELSE ((
            '{"addressStreet1":' || coalesce((t0.data->'address'->'addressStreet1')::text, '""') ||
            ',"addressStreet2":' || coalesce((t0.data->'address'->'addressStreet2')::text, '""') ||
            ',"addressCity":' || coalesce((t0.data->'address'->'addressCity')::text, '""') ||
            ',"addressPostcode":' || coalesce((t0.data->'address'->'addressPostcode')::text, '""') ||
            ',"addressState":' || coalesce((t0.data->'address'->'addressState')::text, '""') ||
            ',"addressCountry":' || coalesce((t0.data->'address'->'addressCountry')::text, '""') ||
            ',"addressLat":' || coalesce((t0.data->'address'->'addressLat')::text, 'null') ||
            ',"addressLng":' || coalesce((t0.data->'address'->'addressLng')::text, 'null')
          ) || '}') END ||
          ',"size":' || coalesce((t0.data->'size')::text, 'null') ||
          '}'
        ))
        FROM "ws_test"."o_company" t0
        WHERE t0.id = ((p.data->>'company'))::uuid
          AND t0.deleted_at IS NULL
      ), 'null') ||
      ',"pets":' || (
        SELECT concat('[', string_agg(p0.item, ','), ']')
        FROM (
          SELECT ((
            '{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') ||
            ',"createdAt":' || coalesce('"' || to_char((p0.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
            ',"updatedAt":' || coalesce('"' || to_char((p0.updated_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
            ',"deletedAt":' || coalesce('"' || to_char((p0.deleted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
            ',"createdBy":' || CASE WHEN p0.created_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
              '{"source":' || coalesce((p0.created_by->'source')::text, '"MANUAL"') ||
              ',"workspaceMemberId":' || coalesce((p0.created_by->'workspaceMemberId')::text, 'null') ||
              ',"name":' || coalesce((p0.created_by->'name')::text, '""') ||
              ',"context":' || coalesce((p0.created_by->'context')::text, '{}') ||
              '}'
            ) END ||
            ',"position":' || coalesce(((p0.position)::text)::numeric::text, 'null') ||
            ',"name":' || coalesce((p0.data->'name')::text, '""') ||
            ',"ownerPersonId":' || coalesce((p0.data->'ownerPerson')::text, 'null')
          ) || '}') AS item
          FROM (
            SELECT m0.*
            FROM "ws_test"."o_pet" m0
            WHERE ((m0.data->>'ownerPerson'))::uuid = p.id
              AND m0.deleted_at IS NULL
            ORDER BY (m0.id) ASC
            LIMIT 60
          ) p0
          OFFSET 0
        ) p0
        HAVING coalesce(sum((octet_length(p0.item))::real * '1.0141204e+31'::real), 0) >= 0
      ) ||
      ',"rank":' || coalesce((p.data->'rank')::text, 'null') ||
      ',"nick":' || coalesce((p.data->'nick')::text, '""') ||
      ',"seenAt":' || coalesce((p.data->'seenAt')::text, 'null') ||
      ',"salary":' || coalesce((p.data->'salary')::text, 'null') ||
      ',"token":' || coalesce((p.data->'token')::text, 'null')
    ) || (
      ',"notes":' || coalesce((p.data->'notes')::text, 'null') ||
      ',"badge":' || CASE WHEN (p.data->'badge') IS NULL THEN 'null' ELSE coalesce((
        SELECT jsonb_agg(file || jsonb_build_object('url', %s::text || public.core_file_path('ws_test', file->>'fileId'), 'extension', coalesce(file->>'extension', substring(file->>'label' from '[.][A-Za-z0-9]+$'))) ORDER BY place)::text
        FROM jsonb_array_elements((p.data->'badge'))
        WITH ORDINALITY AS files(file, place)
      ), 'null') END ||
      ',"phones":' || CASE WHEN p.data->'phones' IS NULL THEN '{"primaryPhoneNumber":"","primaryPhoneCountryCode":"","primaryPhoneCallingCode":"","additionalPhones":[]}' ELSE (
        '{"primaryPhoneNumber":' || coalesce((p.data->'phones'->'primaryPhoneNumber')::text, '""') ||
        ',"primaryPhoneCountryCode":' || coalesce((p.data->'phones'->'primaryPhoneCountryCode')::text, '""') ||
        ',"primaryPhoneCallingCode":' || coalesce((p.data->'phones'->'primaryPhoneCallingCode')::text, '""') ||
        ',"additionalPhones":' || coalesce((p.data->'phones'->'additionalPhones')::text, '[]') ||
        '}'
      ) END ||
      ',"mentorId":' || coalesce((
        SELECT to_json(t0.id)::text
        FROM "ws_test"."o_person" t0
        WHERE t0.id = ((p.data->>'mentor'))::uuid
          AND t0.deleted_at IS NULL
      ), 'null') ||
      ',"mentor":' || coalesce((
        SELECT ((
          '{"id":' || coalesce('"' || (t0.id)::text || '"', 'null') ||
          ',"createdAt":' || coalesce('"' || to_char((t0.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
          ',"updatedAt":' || coalesce('"' || to_char((t0.updated_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
          ',"deletedAt":' || coalesce('"' || to_char((t0.deleted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
          ',"createdBy":' || CASE WHEN t0.created_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
            '{"source":' || coalesce((t0.created_by->'source')::text, '"MANUAL"') ||
            ',"workspaceMemberId":' || coalesce((t0.created_by->'workspaceMemberId')::text, 'null') ||
            ',"name":' || coalesce((t0.created_by->'name')::text, '""') ||
            ',"context":' || coalesce((t0.created_by->'context')::text, '{}') ||
            '}'
          ) END ||
          ',"position":' || coalesce(((t0.position)::text)::numeric::text, 'null') ||
          ',"name":' || CASE WHEN t0.data->'name' IS NULL THEN '{"firstName":"","lastName":""}' ELSE (
            '{"firstName":' || coalesce((t0.data->'name'->'firstName')::text, '""') ||
            ',"lastName":' || coalesce((t0.data->'name'->'lastName')::text, '""') ||
            '}'
          ) END ||
          ',"emails":' || CASE WHEN t0.data->'emails' IS NULL THEN '{"primaryEmail":"","additionalEmails":[]}' ELSE (
            '{"primaryEmail":' || coalesce((t0.data->'emails'->'primaryEmail')::text, '""') ||
            ',"additionalEmails":' || coalesce((t0.data->'emails'->'additionalEmails')::text, '[]') ||
            '}'
          ) END
        ) || (
          ',"jobTitle":' || coalesce((t0.data->'jobTitle')::text, '""') ||
          ',"employees":' || coalesce((t0.data->'employees')::text, 'null') ||
          ',"workPreference":' || coalesce((t0.data->'workPreference')::text, '[]') ||
          ',"stage":' || coalesce((t0.data->'stage')::text, 'null') ||
          ',"amount":' || CASE WHEN t0.data->'amount' IS NULL THEN '{"amountMicros":null,"currencyCode":null}' ELSE (
            '{"amountMicros":' || coalesce((t0.data->'amount'->'amountMicros')::text, 'null') ||
            ',"currencyCode":' || coalesce((t0.data->'amount'->'currencyCode')::text, 'null') ||
            '}'
          ) END ||
          ',"isActive":' || coalesce((t0.data->'isActive')::text, 'null') ||
          ',"tags":' || coalesce((t0.data->'tags')::text, '[]') ||
          ',"birthday":' || coalesce((t0.data->'birthday')::text, 'null')
        ) || (
          ',"companyId":' || coalesce((t0.data->'company')::text, 'null') ||
          ',"rank":' || coalesce((t0.data->'rank')::text, 'null') ||
          ',"nick":' || coalesce((t0.data->'nick')::text, '""') ||
          ',"seenAt":' || coalesce((t0.data->'seenAt')::text, 'null') ||
          ',"salary":' || coalesce((t0.data->'salary')::text, 'null') ||
          ',"token":' || coalesce((t0.data->'token')::text, 'null') ||
          ',"notes":' || coalesce((t0.data->'notes')::text, 'null') ||
          ',"badge":' || CASE WHEN (t0.data->'badge') IS NULL THEN 'null' ELSE coalesce((
            SELECT jsonb_agg(file || jsonb_build_object('url', %s::text || public.core_file_path('ws_test', file->>'fileId'), 'extension', coalesce(file->>'extension', substring(file->>'label' from '[.][A-Za-z0-9]+$'))) ORDER BY place)::text
            FROM jsonb_array_elements((t0.data->'badge'))
            WITH ORDINALITY AS files(file, place)
          ), 'null') END
        ) || (
          ',"phones":' || CASE WHEN t0.data->'phones' IS NULL THEN '{"primaryPhoneNumber":"","primaryPhoneCountryCode":"","primaryPhoneCallingCode":"","additionalPhones":[]}' ELSE (
            '{"primaryPhoneNumber":' || coalesce((t0.data->'phones'->'primaryPhoneNumber')::text, '""') ||
            ',"primaryPhoneCountryCode":' || coalesce((t0.data->'phones'->'primaryPhoneCountryCode')::text, '""') ||
            ',"primaryPhoneCallingCode":' || coalesce((t0.data->'phones'->'primaryPhoneCallingCode')::text, '""') ||
            ',"additionalPhones":' || coalesce((t0.data->'phones'->'additionalPhones')::text, '[]') ||
            '}'
          ) END ||
          ',"mentorId":' || coalesce((t0.data->'mentor')::text, 'null') ||
          '}'
        ))
        FROM "ws_test"."o_person" t0
        WHERE t0.id = ((p.data->>'mentor'))::uuid
          AND t0.deleted_at IS NULL
      ), 'null') ||
      ',"pupils":' || (
        SELECT concat('[', string_agg(p0.item, ','), ']')
        FROM (
          SELECT ((
            '{"id":' || coalesce('"' || (p0.id)::text || '"', 'null') ||
            ',"createdAt":' || coalesce('"' || to_char((p0.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
            ',"updatedAt":' || coalesce('"' || to_char((p0.updated_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
            ',"deletedAt":' || coalesce('"' || to_char((p0.deleted_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
            ',"createdBy":' || CASE WHEN p0.created_by IS NULL THEN '{"source":"MANUAL","workspaceMemberId":null,"name":"","context":{}}' ELSE (
              '{"source":' || coalesce((p0.created_by->'source')::text, '"MANUAL"') ||
              ',"workspaceMemberId":' || coalesce((p0.created_by->'workspaceMemberId')::text, 'null') ||
              ',"name":' || coalesce((p0.created_by->'name')::text, '""') ||
              ',"context":' || coalesce((p0.created_by->'context')::text, '{}') ||
              '}'
            ) END ||
            ',"position":' || coalesce(((p0.position)::text)::numeric::text, 'null') ||
            ',"name":' || CASE WHEN p0.data->'name' IS NULL THEN '{"firstName":"","lastName":""}' ELSE (
              '{"firstName":' || coalesce((p0.data->'name'->'firstName')::text, '""') ||
              ',"lastName":' || coalesce((p0.data->'name'->'lastName')::text, '""') ||
              '}'
            ) END ||
            ',"emails":' || CASE WHEN p0.data->'emails' IS NULL THEN '{"primaryEmail":"","additionalEmails":[]}' ELSE (
              '{"primaryEmail":' || coalesce((p0.data->'emails'->'primaryEmail')::text, '""') ||
              ',"additionalEmails":' || coalesce((p0.data->'emails'->'additionalEmails')::text, '[]') ||
              '}'
            ) END
          ) || (
            ',"jobTitle":' || coalesce((p0.data->'jobTitle')::text, '""') ||
            ',"employees":' || coalesce((p0.data->'employees')::text, 'null') ||
            ',"workPreference":' || coalesce((p0.data->'workPreference')::text, '[]') ||
            ',"stage":' || coalesce((p0.data->'stage')::text, 'null') ||
            ',"amount":' || CASE WHEN p0.data->'amount' IS NULL THEN '{"amountMicros":null,"currencyCode":null}' ELSE (
              '{"amountMicros":' || coalesce((p0.data->'amount'->'amountMicros')::text, 'null') ||
              ',"currencyCode":' || coalesce((p0.data->'amount'->'currencyCode')::text, 'null') ||
              '}'
            ) END ||
            ',"isActive":' || coalesce((p0.data->'isActive')::text, 'null') ||
            ',"tags":' || coalesce((p0.data->'tags')::text, '[]') ||
            ',"birthday":' || coalesce((p0.data->'birthday')::text, 'null')
          ) || (
            ',"companyId":' || coalesce((p0.data->'company')::text, 'null') ||
            ',"rank":' || coalesce((p0.data->'rank')::text, 'null') ||
            ',"nick":' || coalesce((p0.data->'nick')::text, '""') ||
            ',"seenAt":' || coalesce((p0.data->'seenAt')::text, 'null') ||
            ',"salary":' || coalesce((p0.data->'salary')::text, 'null') ||
            ',"token":' || coalesce((p0.data->'token')::text, 'null') ||
            ',"notes":' || coalesce((p0.data->'notes')::text, 'null') ||
            ',"badge":' || CASE WHEN (p0.data->'badge') IS NULL THEN 'null' ELSE coalesce((
              SELECT jsonb_agg(file || jsonb_build_object('url', %s::text || public.core_file_path('ws_test', file->>'fileId'), 'extension', coalesce(file->>'extension', substring(file->>'label' from '[.][A-Za-z0-9]+$'))) ORDER BY place)::text
              FROM jsonb_array_elements((p0.data->'badge'))
              WITH ORDINALITY AS files(file, place)
            ), 'null') END
          ) || (
            ',"phones":' || CASE WHEN p0.data->'phones' IS NULL THEN '{"primaryPhoneNumber":"","primaryPhoneCountryCode":"","primaryPhoneCallingCode":"","additionalPhones":[]}' ELSE (
              '{"primaryPhoneNumber":' || coalesce((p0.data->'phones'->'primaryPhoneNumber')::text, '""') ||
              ',"primaryPhoneCountryCode":' || coalesce((p0.data->'phones'->'primaryPhoneCountryCode')::text, '""') ||
              ',"primaryPhoneCallingCode":' || coalesce((p0.data->'phones'->'primaryPhoneCallingCode')::text, '""') ||
              ',"additionalPhones":' || coalesce((p0.data->'phones'->'additionalPhones')::text, '[]') ||
              '}'
            ) END ||
            ',"mentorId":' || coalesce((p0.data->'mentor')::text, 'null') ||
            '}'
          )) AS item
          FROM (
            SELECT m0.*
            FROM "ws_test"."o_person" m0
            WHERE ((m0.data->>'mentor'))::uuid = p.id
              AND m0.deleted_at IS NULL
            ORDER BY (m0.id) ASC
            LIMIT 60
          ) p0
          OFFSET 0
        ) p0
        HAVING coalesce(sum((octet_length(p0.item))::real * '1.0141204e+31'::real), 0) >= 0
      ) ||
      '}'
    )) END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
      ORDER BY (r.id) ASC
      LIMIT 61
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- 'a476e69c-7c24-50cc-97d9-b48fa9a419eb'
-- the server's address
-- the server's address
-- the server's address

-- a filtered page counts what matches
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(2, p.n)),
  (
    SELECT count(*)
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (r.data->>'jobTitle') = %s::text
  )
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND (r.data->>'jobTitle') = %s::text
      ORDER BY (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- 'CEO'
-- 'CEO'

-- a page of none
SELECT
  string_agg(p.item, ','),
  count(*) > 0,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 0),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(0, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 0 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
      ORDER BY (r.id) ASC
      LIMIT 1
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;

-- records that are deleted
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(2, p.n)),
  (SELECT count(*) FROM "ws_test"."o_person" r WHERE (r.deleted_at) IS NOT NULL)
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE (r.deleted_at) IS NOT NULL
      ORDER BY (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;

-- deleted or not
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE ((r.deleted_at) IS NOT NULL OR (r.deleted_at) IS NULL)
      ORDER BY (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;

-- an offset
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  EXISTS (SELECT 1 FROM "ws_test"."o_person" r WHERE r.deleted_at IS NULL),
  max((
    '{"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
      ORDER BY lower((r.data->>'jobTitle')) COLLATE "C" ASC NULLS FIRST, (r.id) ASC
      LIMIT 3
      OFFSET 4
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;

-- after an id
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.id)) < (%s::uuid)
  ) END,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND ((r.id)) > (%s::uuid)
      ORDER BY (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'

-- before an id
SELECT
  string_agg(p.item, ',' ORDER BY p.rn DESC),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.id)) > (%s::uuid)
  ) END,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND ((r.id)) < (%s::uuid)
      ORDER BY (r.id) DESC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'

-- after a text
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND lower((r.data->>'jobTitle')) COLLATE "C" = lower(%s::text) COLLATE "C"
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND lower((r.data->>'jobTitle')) COLLATE "C" >= lower(%s::text) COLLATE "C"
      AND (
        (lower((r.data->>'jobTitle')) COLLATE "C" > lower(%s::text) COLLATE "C")
        OR (lower((r.data->>'jobTitle')) COLLATE "C" = lower(%s::text) COLLATE "C" AND (r.id) < %s::uuid)
      )
  ) END,
  max((
    '{"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND (
          lower((r.data->>'jobTitle')) COLLATE "C" <= lower(%s::text) COLLATE "C"
          OR lower((r.data->>'jobTitle')) COLLATE "C" IS NULL
        )
        AND (
          ((
            lower((r.data->>'jobTitle')) COLLATE "C" < lower(%s::text) COLLATE "C"
            OR lower((r.data->>'jobTitle')) COLLATE "C" IS NULL
          ))
          OR (lower((r.data->>'jobTitle')) COLLATE "C" = lower(%s::text) COLLATE "C" AND (r.id) > %s::uuid)
        )
      ORDER BY lower((r.data->>'jobTitle')) COLLATE "C" DESC NULLS LAST, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- 'CEO'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'CEO'
-- 'CEO'
-- 'CEO'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'CEO'
-- 'CEO'
-- 'CEO'
-- '00000000-0000-4000-8000-0000000000aa'

-- after no text, nulls last
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND lower((r.data->>'jobTitle')) COLLATE "C" IS NULL
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND true
      AND (
        (lower((r.data->>'jobTitle')) COLLATE "C" IS NOT NULL)
        OR (lower((r.data->>'jobTitle')) COLLATE "C" IS NULL AND (r.id) < %s::uuid)
      )
  ) END,
  max((
    '{"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND lower((r.data->>'jobTitle')) COLLATE "C" IS NULL
        AND ((lower((r.data->>'jobTitle')) COLLATE "C" IS NULL AND (r.id) > %s::uuid))
      ORDER BY lower((r.data->>'jobTitle')) COLLATE "C" ASC, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'

-- before no text, nulls first
SELECT
  string_agg(p.item, ',' ORDER BY p.rn DESC),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND lower((r.data->>'jobTitle')) COLLATE "C" IS NULL
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND true
      AND (
        (lower((r.data->>'jobTitle')) COLLATE "C" IS NOT NULL)
        OR (lower((r.data->>'jobTitle')) COLLATE "C" IS NULL AND (r.id) > %s::uuid)
      )
  ) END,
  max((
    '{"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND lower((r.data->>'jobTitle')) COLLATE "C" IS NULL
        AND ((lower((r.data->>'jobTitle')) COLLATE "C" IS NULL AND (r.id) < %s::uuid))
      ORDER BY lower((r.data->>'jobTitle')) COLLATE "C" DESC NULLS LAST, (r.id) DESC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'

-- after a moment that is never null
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (r.created_at) = %s::timestamptz
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.created_at), (r.id)) < (%s::timestamptz, %s::uuid)
  ) END,
  max((
    '{"createdAt":' || coalesce('"' || to_char((p.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"createdAt":' || coalesce('"' || to_char((p.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND ((r.created_at), (r.id)) > (%s::timestamptz, %s::uuid)
      ORDER BY (r.created_at) ASC, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '2024-01-01T00:00:00.000Z'
-- '00000000-0000-4000-8000-0000000000aa'
-- '2024-01-01T00:00:00.000Z'
-- '00000000-0000-4000-8000-0000000000aa'
-- '2024-01-01T00:00:00.000Z'
-- '00000000-0000-4000-8000-0000000000aa'

-- after a moment, keys in both directions
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (r.created_at) = %s::timestamptz
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (r.created_at) >= %s::timestamptz
      AND (((r.created_at) > %s::timestamptz) OR ((r.created_at) = %s::timestamptz AND (r.id) < %s::uuid))
  ) END,
  max((
    '{"createdAt":' || coalesce('"' || to_char((p.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"createdAt":' || coalesce('"' || to_char((p.created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND (r.created_at) <= %s::timestamptz
        AND (((r.created_at) < %s::timestamptz) OR ((r.created_at) = %s::timestamptz AND (r.id) > %s::uuid))
      ORDER BY (r.created_at) DESC, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '2024-01-01T00:00:00.000Z'
-- '00000000-0000-4000-8000-0000000000aa'
-- '2024-01-01T00:00:00.000Z'
-- '2024-01-01T00:00:00.000Z'
-- '2024-01-01T00:00:00.000Z'
-- '00000000-0000-4000-8000-0000000000aa'
-- '2024-01-01T00:00:00.000Z'
-- '2024-01-01T00:00:00.000Z'
-- '2024-01-01T00:00:00.000Z'
-- '00000000-0000-4000-8000-0000000000aa'

-- after a related record's text
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (
        SELECT lower((o.data->>'name')) COLLATE "C"
        FROM "ws_test"."o_company" o
        WHERE o.id = ((r.data->>'company'))::uuid
          AND o.deleted_at IS NULL
      ) = lower(%s::text) COLLATE "C"
      AND ((r.data->>'employees'))::numeric = %s::numeric
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (
        (
          SELECT lower((o.data->>'name')) COLLATE "C"
          FROM "ws_test"."o_company" o
          WHERE o.id = ((r.data->>'company'))::uuid
            AND o.deleted_at IS NULL
        ) <= lower(%s::text) COLLATE "C"
        OR (
          SELECT lower((o.data->>'name')) COLLATE "C"
          FROM "ws_test"."o_company" o
          WHERE o.id = ((r.data->>'company'))::uuid
            AND o.deleted_at IS NULL
        ) IS NULL
      )
      AND (
        ((
          (
            SELECT lower((o.data->>'name')) COLLATE "C"
            FROM "ws_test"."o_company" o
            WHERE o.id = ((r.data->>'company'))::uuid
              AND o.deleted_at IS NULL
          ) < lower(%s::text) COLLATE "C"
          OR (
            SELECT lower((o.data->>'name')) COLLATE "C"
            FROM "ws_test"."o_company" o
            WHERE o.id = ((r.data->>'company'))::uuid
              AND o.deleted_at IS NULL
          ) IS NULL
        ))
        OR (
          (
            SELECT lower((o.data->>'name')) COLLATE "C"
            FROM "ws_test"."o_company" o
            WHERE o.id = ((r.data->>'company'))::uuid
              AND o.deleted_at IS NULL
          ) = lower(%s::text) COLLATE "C"
          AND ((r.data->>'employees'))::numeric > %s::numeric
        )
        OR (
          (
            SELECT lower((o.data->>'name')) COLLATE "C"
            FROM "ws_test"."o_company" o
            WHERE o.id = ((r.data->>'company'))::uuid
              AND o.deleted_at IS NULL
          ) = lower(%s::text) COLLATE "C"
          AND ((r.data->>'employees'))::numeric = %s::numeric
          AND (r.id) < %s::uuid
        )
      )
  ) END,
  max((
    '{"company":' || ('{"name":' || coalesce((
      SELECT coalesce((o.data->'name')::text, '""')
      FROM "ws_test"."o_company" o
      WHERE o.id = ((p.data->>'company'))::uuid
        AND o.deleted_at IS NULL
    ), 'null') || '}') ||
    ',"employees":' || coalesce((p.data->'employees')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"company":' || ('{"name":' || coalesce((
      SELECT coalesce((o.data->'name')::text, '""')
      FROM "ws_test"."o_company" o
      WHERE o.id = ((p.data->>'company'))::uuid
        AND o.deleted_at IS NULL
    ), 'null') || '}') ||
    ',"employees":' || coalesce((p.data->'employees')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND (
          SELECT lower((o.data->>'name')) COLLATE "C"
          FROM "ws_test"."o_company" o
          WHERE o.id = ((r.data->>'company'))::uuid
            AND o.deleted_at IS NULL
        ) >= lower(%s::text) COLLATE "C"
        AND (
          ((
            SELECT lower((o.data->>'name')) COLLATE "C"
            FROM "ws_test"."o_company" o
            WHERE o.id = ((r.data->>'company'))::uuid
              AND o.deleted_at IS NULL
          ) > lower(%s::text) COLLATE "C")
          OR (
            (
              SELECT lower((o.data->>'name')) COLLATE "C"
              FROM "ws_test"."o_company" o
              WHERE o.id = ((r.data->>'company'))::uuid
                AND o.deleted_at IS NULL
            ) = lower(%s::text) COLLATE "C"
            AND (((r.data->>'employees'))::numeric < %s::numeric OR ((r.data->>'employees'))::numeric IS NULL)
          )
          OR (
            (
              SELECT lower((o.data->>'name')) COLLATE "C"
              FROM "ws_test"."o_company" o
              WHERE o.id = ((r.data->>'company'))::uuid
                AND o.deleted_at IS NULL
            ) = lower(%s::text) COLLATE "C"
            AND ((r.data->>'employees'))::numeric = %s::numeric
            AND (r.id) > %s::uuid
          )
        )
      ORDER BY (
        SELECT lower((o.data->>'name')) COLLATE "C"
        FROM "ws_test"."o_company" o
        WHERE o.id = ((r.data->>'company'))::uuid
          AND o.deleted_at IS NULL
      ) ASC NULLS FIRST, ((r.data->>'employees'))::numeric DESC NULLS LAST, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- 'Acme'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'Acme'
-- 'Acme'
-- 'Acme'
-- '5'
-- 'Acme'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'Acme'
-- 'Acme'
-- 'Acme'
-- '5'
-- 'Acme'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'

-- after a long text
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND lower((r.data->>'jobTitle')) COLLATE "C" = (
        SELECT lower((b.data->>'jobTitle')) COLLATE "C"
        FROM "ws_test"."o_person" b
        WHERE b.id = %s::uuid
          AND md5((b.data->>'jobTitle')) = %s::text
      )
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (
        lower((r.data->>'jobTitle')) COLLATE "C" <= coalesce((
          SELECT lower((b.data->>'jobTitle')) COLLATE "C"
          FROM "ws_test"."o_person" b
          WHERE b.id = %s::uuid
            AND md5((b.data->>'jobTitle')) = %s::text
        ), lower(%s::text) COLLATE "C")
        OR lower((r.data->>'jobTitle')) COLLATE "C" IS NULL
      )
      AND (
        ((
          lower((r.data->>'jobTitle')) COLLATE "C" < coalesce((
            SELECT lower((b.data->>'jobTitle')) COLLATE "C"
            FROM "ws_test"."o_person" b
            WHERE b.id = %s::uuid
              AND md5((b.data->>'jobTitle')) = %s::text
          ), lower(%s::text) COLLATE "C")
          OR lower((r.data->>'jobTitle')) COLLATE "C" IS NULL
        ))
        OR (
          lower((r.data->>'jobTitle')) COLLATE "C" = (
            SELECT lower((b.data->>'jobTitle')) COLLATE "C"
            FROM "ws_test"."o_person" b
            WHERE b.id = %s::uuid
              AND md5((b.data->>'jobTitle')) = %s::text
          )
          AND (r.id) < %s::uuid
        )
      )
  ) END,
  max((
    '{"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"jobTitle":' || coalesce((p.data->'jobTitle')::text, '""') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND lower((r.data->>'jobTitle')) COLLATE "C" >= coalesce((
          SELECT lower((b.data->>'jobTitle')) COLLATE "C"
          FROM "ws_test"."o_person" b
          WHERE b.id = %s::uuid
            AND md5((b.data->>'jobTitle')) = %s::text
        ), lower(%s::text) COLLATE "C")
        AND (
          (lower((r.data->>'jobTitle')) COLLATE "C" > coalesce((
            SELECT lower((b.data->>'jobTitle')) COLLATE "C"
            FROM "ws_test"."o_person" b
            WHERE b.id = %s::uuid
              AND md5((b.data->>'jobTitle')) = %s::text
          ), lower(%s::text) COLLATE "C"))
          OR (
            lower((r.data->>'jobTitle')) COLLATE "C" = (
              SELECT lower((b.data->>'jobTitle')) COLLATE "C"
              FROM "ws_test"."o_person" b
              WHERE b.id = %s::uuid
                AND md5((b.data->>'jobTitle')) = %s::text
            )
            AND (r.id) > %s::uuid
          )
        )
      ORDER BY lower((r.data->>'jobTitle')) COLLATE "C" ASC NULLS FIRST, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '00000000-0000-4000-8000-0000000000aa'
-- '7c1c566ab4cdb11ac8971191694e8bec'
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'
-- '7c1c566ab4cdb11ac8971191694e8bec'
-- 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\U0010ffff'
-- '00000000-0000-4000-8000-0000000000aa'
-- '7c1c566ab4cdb11ac8971191694e8bec'
-- 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\U0010ffff'
-- '00000000-0000-4000-8000-0000000000aa'
-- '7c1c566ab4cdb11ac8971191694e8bec'
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'
-- '7c1c566ab4cdb11ac8971191694e8bec'
-- 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
-- '00000000-0000-4000-8000-0000000000aa'
-- '7c1c566ab4cdb11ac8971191694e8bec'
-- 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
-- '00000000-0000-4000-8000-0000000000aa'
-- '7c1c566ab4cdb11ac8971191694e8bec'
-- '00000000-0000-4000-8000-0000000000aa'

-- after a long number, descending
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'salary'))::numeric = (
        SELECT ((b.data->>'salary'))::numeric
        FROM "ws_test"."o_person" b
        WHERE b.id = %s::uuid
          AND md5((b.data->>'salary')) = %s::text
      )
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'salary'))::numeric >= coalesce((
        SELECT ((b.data->>'salary'))::numeric
        FROM "ws_test"."o_person" b
        WHERE b.id = %s::uuid
          AND md5((b.data->>'salary')) = %s::text
      ), %s::numeric)
      AND (
        (((r.data->>'salary'))::numeric > coalesce((
          SELECT ((b.data->>'salary'))::numeric
          FROM "ws_test"."o_person" b
          WHERE b.id = %s::uuid
            AND md5((b.data->>'salary')) = %s::text
        ), %s::numeric))
        OR (
          ((r.data->>'salary'))::numeric = (
            SELECT ((b.data->>'salary'))::numeric
            FROM "ws_test"."o_person" b
            WHERE b.id = %s::uuid
              AND md5((b.data->>'salary')) = %s::text
          )
          AND (r.id) < %s::uuid
        )
      )
  ) END,
  max((
    '{"salary":' || coalesce((p.data->'salary')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"salary":' || coalesce((p.data->'salary')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND (
          ((r.data->>'salary'))::numeric <= coalesce((
            SELECT ((b.data->>'salary'))::numeric
            FROM "ws_test"."o_person" b
            WHERE b.id = %s::uuid
              AND md5((b.data->>'salary')) = %s::text
          ), %s::numeric)
          OR ((r.data->>'salary'))::numeric IS NULL
        )
        AND (
          ((
            ((r.data->>'salary'))::numeric < coalesce((
              SELECT ((b.data->>'salary'))::numeric
              FROM "ws_test"."o_person" b
              WHERE b.id = %s::uuid
                AND md5((b.data->>'salary')) = %s::text
            ), %s::numeric)
            OR ((r.data->>'salary'))::numeric IS NULL
          ))
          OR (
            ((r.data->>'salary'))::numeric = (
              SELECT ((b.data->>'salary'))::numeric
              FROM "ws_test"."o_person" b
              WHERE b.id = %s::uuid
                AND md5((b.data->>'salary')) = %s::text
            )
            AND (r.id) > %s::uuid
          )
        )
      ORDER BY ((r.data->>'salary'))::numeric DESC NULLS LAST, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '00000000-0000-4000-8000-0000000000aa'
-- 'e92b7cd4cf3a611a8a6a07935339eb6d'
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'e92b7cd4cf3a611a8a6a07935339eb6d'
-- '1.1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111E+1999'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'e92b7cd4cf3a611a8a6a07935339eb6d'
-- '1.1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111E+1999'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'e92b7cd4cf3a611a8a6a07935339eb6d'
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'e92b7cd4cf3a611a8a6a07935339eb6d'
-- '1.1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111112E+1999'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'e92b7cd4cf3a611a8a6a07935339eb6d'
-- '1.1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111112E+1999'
-- '00000000-0000-4000-8000-0000000000aa'
-- 'e92b7cd4cf3a611a8a6a07935339eb6d'
-- '00000000-0000-4000-8000-0000000000aa'

-- an index in its own order
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
      ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;

-- an index, nulls at the other end
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      WITH filled AS MATERIALIZED (
        SELECT r.*
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND ((r.data->>'rank'))::numeric IS NULL
        ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) ASC
        LIMIT 3
      )
      SELECT r.*
      FROM (
        SELECT 0 AS run, filled.*
        FROM filled
        UNION ALL
        SELECT 1, more.*
        FROM (
          SELECT r.*
          FROM "ws_test"."o_person" r
          WHERE r.deleted_at IS NULL
            AND ((r.data->>'rank'))::numeric IS NOT NULL
          ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) ASC
          LIMIT 3
        ) more
        WHERE (SELECT count(*) FROM filled) < 3
      ) r
      ORDER BY r.run, ((r.data->>'rank'))::numeric ASC NULLS FIRST, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;

-- an index, backwards
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      WITH filled AS MATERIALIZED (
        SELECT r.*
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND ((r.data->>'rank'))::numeric IS NOT NULL
        ORDER BY ((r.data->>'rank'))::numeric DESC, (r.id) ASC
        LIMIT 3
      )
      SELECT r.*
      FROM (
        SELECT 0 AS run, filled.*
        FROM filled
        UNION ALL
        SELECT 1, more.*
        FROM (
          SELECT r.*
          FROM "ws_test"."o_person" r
          WHERE r.deleted_at IS NULL
            AND ((r.data->>'rank'))::numeric IS NULL
          ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) ASC
          LIMIT 3
        ) more
        WHERE (SELECT count(*) FROM filled) < 3
      ) r
      ORDER BY r.run, ((r.data->>'rank'))::numeric DESC NULLS LAST, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;

-- an index behind a value
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'rank'))::numeric = %s::numeric
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'rank'))::numeric <= %s::numeric
      AND (
        (((r.data->>'rank'))::numeric < %s::numeric)
        OR (((r.data->>'rank'))::numeric = %s::numeric AND (r.id) < %s::uuid)
      )
  ) END,
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      WITH filled AS MATERIALIZED (
        SELECT r.*
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND (((r.data->>'rank'))::numeric, (r.id)) > (%s::numeric, %s::uuid)
        ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) ASC
        LIMIT 3
      )
      SELECT r.*
      FROM (
        SELECT 0 AS run, filled.*
        FROM filled
        UNION ALL
        SELECT 1, more.*
        FROM (
          SELECT r.*
          FROM "ws_test"."o_person" r
          WHERE r.deleted_at IS NULL
            AND ((r.data->>'rank'))::numeric IS NULL
          ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) ASC
          LIMIT 3
        ) more
        WHERE (SELECT count(*) FROM filled) < 3
      ) r
      ORDER BY r.run, ((r.data->>'rank'))::numeric ASC, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'
-- '5'
-- '5'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'

-- an index behind a value, nulls before it
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'rank'))::numeric = %s::numeric
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (((r.data->>'rank'))::numeric <= %s::numeric OR ((r.data->>'rank'))::numeric IS NULL)
      AND (
        ((((r.data->>'rank'))::numeric < %s::numeric OR ((r.data->>'rank'))::numeric IS NULL))
        OR (((r.data->>'rank'))::numeric = %s::numeric AND (r.id) < %s::uuid)
      )
  ) END,
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND (((r.data->>'rank'))::numeric, (r.id)) > (%s::numeric, %s::uuid)
      ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'
-- '5'
-- '5'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'

-- an index behind no value, nulls first
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'rank'))::numeric IS NULL
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'rank'))::numeric IS NULL
      AND ((((r.data->>'rank'))::numeric IS NULL AND (r.id) < %s::uuid))
  ) END,
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      WITH filled AS MATERIALIZED (
        SELECT r.*
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND ((r.data->>'rank'))::numeric IS NULL
          AND ((r.id)) > (%s::uuid)
        ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) ASC
        LIMIT 3
      )
      SELECT r.*
      FROM (
        SELECT 0 AS run, filled.*
        FROM filled
        UNION ALL
        SELECT 1, more.*
        FROM (
          SELECT r.*
          FROM "ws_test"."o_person" r
          WHERE r.deleted_at IS NULL
            AND ((r.data->>'rank'))::numeric IS NOT NULL
          ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) ASC
          LIMIT 3
        ) more
        WHERE (SELECT count(*) FROM filled) < 3
      ) r
      ORDER BY r.run, ((r.data->>'rank'))::numeric ASC NULLS FIRST, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'

-- an index behind no value, nulls last
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'rank'))::numeric IS NULL
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND true
      AND (
        (((r.data->>'rank'))::numeric IS NOT NULL)
        OR (((r.data->>'rank'))::numeric IS NULL AND (r.id) < %s::uuid)
      )
  ) END,
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND ((r.data->>'rank'))::numeric IS NULL
        AND ((r.id)) > (%s::uuid)
      ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'
-- '00000000-0000-4000-8000-0000000000aa'

-- an index before a value
SELECT
  string_agg(p.item, ',' ORDER BY p.rn DESC),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'rank'))::numeric = %s::numeric
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND (((r.data->>'rank'))::numeric <= %s::numeric OR ((r.data->>'rank'))::numeric IS NULL)
      AND (
        ((((r.data->>'rank'))::numeric < %s::numeric OR ((r.data->>'rank'))::numeric IS NULL))
        OR (((r.data->>'rank'))::numeric = %s::numeric AND (r.id) > %s::uuid)
      )
  ) END,
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
        AND ((r.data->>'rank'))::numeric >= %s::numeric
        AND (
          (((r.data->>'rank'))::numeric > %s::numeric)
          OR (((r.data->>'rank'))::numeric = %s::numeric AND (r.id) < %s::uuid)
        )
      ORDER BY ((r.data->>'rank'))::numeric ASC, (r.id) DESC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'
-- '5'
-- '5'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'
-- '5'
-- '5'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'

-- an index before a value, nulls behind it
SELECT
  string_agg(p.item, ',' ORDER BY p.rn DESC),
  count(*) > 2,
  CASE WHEN EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'rank'))::numeric = %s::numeric
      AND (r.id) = %s::uuid
  ) THEN true ELSE EXISTS (
    SELECT 1
    FROM "ws_test"."o_person" r
    WHERE r.deleted_at IS NULL
      AND ((r.data->>'rank'))::numeric >= %s::numeric
      AND (
        (((r.data->>'rank'))::numeric > %s::numeric)
        OR (((r.data->>'rank'))::numeric = %s::numeric AND (r.id) > %s::uuid)
      )
  ) END,
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      WITH filled AS MATERIALIZED (
        SELECT r.*
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND (((r.data->>'rank'))::numeric, (r.id)) < (%s::numeric, %s::uuid)
        ORDER BY ((r.data->>'rank'))::numeric DESC, (r.id) DESC
        LIMIT 3
      )
      SELECT r.*
      FROM (
        SELECT 0 AS run, filled.*
        FROM filled
        UNION ALL
        SELECT 1, more.*
        FROM (
          SELECT r.*
          FROM "ws_test"."o_person" r
          WHERE r.deleted_at IS NULL
            AND ((r.data->>'rank'))::numeric IS NULL
          ORDER BY ((r.data->>'rank'))::numeric DESC, (r.id) DESC
          LIMIT 3
        ) more
        WHERE (SELECT count(*) FROM filled) < 3
      ) r
      ORDER BY r.run, ((r.data->>'rank'))::numeric DESC NULLS LAST, (r.id) DESC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'
-- '5'
-- '5'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'
-- '5'
-- '00000000-0000-4000-8000-0000000000aa'

-- an index whose next key descends
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"employees":' || coalesce((p.data->'employees')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"employees":' || coalesce((p.data->'employees')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      WITH filled AS MATERIALIZED (
        SELECT r.*
        FROM "ws_test"."o_person" r
        WHERE r.deleted_at IS NULL
          AND ((r.data->>'rank'))::numeric IS NULL
        ORDER BY ((r.data->>'rank'))::numeric DESC, ((r.data->>'employees'))::numeric DESC NULLS LAST, (r.id) ASC
        LIMIT 3
      )
      SELECT r.*
      FROM (
        SELECT 0 AS run, filled.*
        FROM filled
        UNION ALL
        SELECT 1, more.*
        FROM (
          SELECT r.*
          FROM "ws_test"."o_person" r
          WHERE r.deleted_at IS NULL
            AND ((r.data->>'rank'))::numeric IS NOT NULL
          ORDER BY ((r.data->>'rank'))::numeric ASC, ((r.data->>'employees'))::numeric DESC NULLS LAST, (r.id) ASC
          LIMIT 3
        ) more
        WHERE (SELECT count(*) FROM filled) < 3
      ) r
      ORDER BY r.run, ((r.data->>'rank'))::numeric ASC NULLS FIRST, ((r.data->>'employees'))::numeric DESC NULLS LAST, (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;

-- an index with an offset
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  EXISTS (SELECT 1 FROM "ws_test"."o_person" r WHERE r.deleted_at IS NULL),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = 1),
  max((
    '{"rank":' || coalesce((p.data->'rank')::text, 'null') ||
    ',"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
    '}'
  )) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN ('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}') END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
      ORDER BY ((r.data->>'rank'))::numeric ASC NULLS FIRST, (r.id) ASC
      LIMIT 3
      OFFSET 1
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;

-- files without the right to download
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN (
      '{"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
      ',"badge":' || CASE WHEN (p.data->'badge') IS NULL THEN 'null' ELSE coalesce((
        SELECT jsonb_agg(file || jsonb_build_object('url', NULL, 'extension', coalesce(file->>'extension', substring(file->>'label' from '[.][A-Za-z0-9]+$'))) ORDER BY place)::text
        FROM jsonb_array_elements((p.data->'badge'))
        WITH ORDINALITY AS files(file, place)
      ), 'null') END ||
      '}'
    ) END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
      ORDER BY (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;

-- files
SELECT
  string_agg(p.item, ','),
  count(*) > 2,
  false,
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = 1),
  max(('{"id":' || coalesce('"' || (p.id)::text || '"', 'null') || '}')) FILTER (WHERE p.rn = least(2, p.n)),
  NULL
FROM (
  SELECT
    p.*,
    CASE WHEN p.rn <= 2 THEN (
      '{"id":' || coalesce('"' || (p.id)::text || '"', 'null') ||
      ',"badge":' || CASE WHEN (p.data->'badge') IS NULL THEN 'null' ELSE coalesce((
        SELECT jsonb_agg(file || jsonb_build_object('url', %s::text || public.core_file_path('ws_test', file->>'fileId'), 'extension', coalesce(file->>'extension', substring(file->>'label' from '[.][A-Za-z0-9]+$'))) ORDER BY place)::text
        FROM jsonb_array_elements((p.data->'badge'))
        WITH ORDINALITY AS files(file, place)
      ), 'null') END ||
      '}'
    ) END AS item
  FROM (
    SELECT q.*, row_number() OVER () AS rn, count(*) OVER () AS n
    FROM (
      SELECT r.*
      FROM "ws_test"."o_person" r
      WHERE r.deleted_at IS NULL
      ORDER BY (r.id) ASC
      LIMIT 3
    ) q
  ) p
  OFFSET 0
) p
HAVING coalesce(sum((octet_length(p.item))::real * '1.0141204e+31'::real), 0) >= 0;
-- the server's address
