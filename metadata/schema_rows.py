"""The rows of a workspace's data model → its snapshot, read by one statement; and one field from its row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from sys import intern
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from config.errors import WorkspaceNotFound
from metadata.fieldtypes.registry import field_type
from metadata.models import FieldMetadata, table_name
from metadata.schema import (
    FieldSchema,
    IndexColumn,
    ObjectSchema,
    OnDelete,
    Option,
    RelationKind,
    RelationSchema,
    WorkspaceSchema,
)
from metadata.standard import guard_of, secrets_of

# One statement sees one state of the database, so objects, fields and version belong together. Each object comes
# as one text, which nothing but its own rows changes: of fields that are switched off, or whose relation leads nowhere
# active, only to-one relations are here, as dormant ones. So it is with all fields of an object that is switched off.
# MATERIALIZED and EXISTS behind an OR keep stale statistics from making the planner do the inner work per row.
_READ = """
WITH seen AS MATERIALIZED (
  SELECT f.*, f.is_active AND EXISTS (SELECT FROM metadata_objectmetadata own
                                      WHERE own.workspace_id = %(id)s AND own.id = f.object_id AND own.is_active)
    AND (f.relation_type IS NULL OR (
      EXISTS (SELECT FROM metadata_objectmetadata target
              WHERE target.workspace_id = %(id)s AND target.id = f.relation_target_object_id AND target.is_active)
      AND EXISTS (SELECT FROM metadata_fieldmetadata back
                  WHERE back.workspace_id = %(id)s AND back.id = f.relation_target_field_id AND back.is_active))
    ) AS is_seen
  FROM metadata_fieldmetadata f WHERE f.workspace_id = %(id)s
), fields AS MATERIALIZED (
  SELECT f.object_id, f.is_seen, json_agg(json_build_array(
      f.id, f.object_id, f.name, f.label, f.type, f.storage_key, f."column", f.description, f.icon, f.is_nullable,
      f.is_unique, f.is_system, f.is_custom, f.default_value, f.options, f.settings, f.relation_type,
      f.relation_target_object_id, f.relation_target_field_id, f.join_name, f.on_delete, f.morph_id, f.is_searchable,
      f.standard_overrides, (
        SELECT json_agg(json_build_array(x.index_id, x."order", coalesce(x.sub_field_name, ''))
                        ORDER BY x.index_id, x."order")
        FROM metadata_indexfieldmetadata x JOIN metadata_indexmetadata i ON i.id = x.index_id
        WHERE x.field_id = f.id AND i.workspace_id = %(id)s AND i.is_custom
          AND i.index_type = 'BTREE' AND i.state = 'READY')) ORDER BY f.position, f.name) AS rows
  FROM seen f WHERE f.is_seen OR f.relation_type = 'MANY_TO_ONE'
  GROUP BY f.object_id, f.is_seen
)
SELECT w.schema_version, w.database_schema, CASE WHEN o.id IS NOT NULL THEN json_build_array(
    json_build_array(
      o.id, o.name_singular, o.name_plural, o.label_singular, o.label_plural, o.description, o.icon, o.is_system,
      o.is_custom, o.is_searchable, o.label_identifier_field_id, o.image_identifier_field_id, o.duplicate_criteria,
      o.standard_overrides, o.universal_identifier, o.is_active, (o.search_rebuild->>'isMissing')::boolean),
    fields.rows, dormant.rows)::text END, o.is_active
FROM metadata_workspace w
LEFT JOIN metadata_objectmetadata o ON o.workspace_id = %(id)s
LEFT JOIN fields ON fields.object_id = o.id AND fields.is_seen
LEFT JOIN fields dormant ON dormant.object_id = o.id AND NOT dormant.is_seen
WHERE w.id = %(id)s AND w.deleted_at IS NULL
ORDER BY o.created_at, o.name_singular
"""


class _ObjectRow(NamedTuple):
    id: str
    singular: str
    plural: str
    label_singular: str
    label_plural: str
    description: str | None
    icon: str | None
    is_system: bool
    is_custom: bool
    is_searchable: bool
    label_identifier_id: str | None
    image_identifier_id: str | None
    duplicate_criteria: list[list[str]] | None
    standard_overrides: dict[str, Any] | None
    universal_identifier: str
    is_active: bool
    misses_words: bool | None  # None: nothing is to be rebuilt


class _FieldRow(NamedTuple):
    id: str
    object_id: str
    name: str
    label: str
    type: str
    storage_key: str
    column: str | None
    description: str | None
    icon: str | None
    is_nullable: bool
    is_unique: bool
    is_system: bool
    is_custom: bool
    default: object
    options: list[dict[str, object]] | None
    settings: dict[str, object] | None
    relation_type: RelationKind | None
    target_object_id: str | None
    target_field_id: str | None
    join_name: str | None
    on_delete: OnDelete | None
    morph_id: str | None
    is_searchable: bool | None
    standard_overrides: dict[str, Any] | None
    index_columns: list[tuple[str, int, str]] | None


def field_schema(field: FieldMetadata) -> FieldSchema:
    """One field as records see it, from its row."""
    return FieldSchema(
        id=field.id,
        object_id=field.object_id,
        name=field.name,
        label=field.shown("label"),
        type=field_type(field.type),
        storage_key=field.storage_key,
        column=field.column,
        description=field.shown("description"),
        icon=field.shown("icon"),
        is_nullable=field.is_nullable,
        is_unique=field.is_unique,
        is_system=field.is_system,
        is_custom=field.is_custom,
        default=field.default_value,
        options=_options(field.options),
        settings=field.settings or {},
        relation=_relation(
            field.relation_type,
            field.relation_target_object_id,
            field.relation_target_field_id,
            field.on_delete,
            field.join_name,
        ),
        morph_id=field.morph_id,
    )


def is_searched(type_name: str, is_searchable: bool | None, is_label_identifier: bool) -> bool:
    """Whether a field's words are in the search vector: the label identifier, and what says so."""
    if not field_type(type_name).searchable:
        return False
    return is_label_identifier or bool(is_searchable)


def read_rows(workspace_id: UUID, known: Mapping[bytes, ObjectSchema]) -> WorkspaceSchema:
    """The present snapshot. Objects whose rows are those of a `known` one, by digest, are that one."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"id": workspace_id})
        rows = cursor.fetchall()
    if not rows:
        raise WorkspaceNotFound("Workspace not found")
    version, schema_name = rows[0][:2]
    ids = _Ids()
    objects: list[ObjectSchema] = []
    dormant: list[ObjectSchema] = []
    for text, is_active in (row[2:] for row in rows if row[2] is not None):
        digest = blake2b(text.encode(), digest_size=16).digest()
        subject = known.get(digest) or _object_schema(text, digest, ids, schema_name)
        (objects if is_active else dormant).append(subject)
    return WorkspaceSchema(workspace_id, version, schema_name, tuple(objects), tuple(dormant))


class _Ids(dict[str, UUID]):
    """Ids by their text, each made once."""

    def __missing__(self, text: str) -> UUID:
        self[text] = made = UUID(text)
        return made


def _shared(value: object) -> Any:
    """The same text only once in memory: most of a data model's words are those of every workspace."""
    return intern(value) if type(value) is str else value


def _object_schema(text: str, digest: bytes, ids: _Ids, schema_name: str) -> ObjectSchema:
    object_row, fields, dormant = json.loads(text)
    row = _ObjectRow(*map(_shared, object_row))
    field_rows = [_FieldRow(*map(_shared, each)) for each in fields or ()]
    overrides = row.standard_overrides or {}
    own = {each.id for each in field_rows}
    known_as = UUID(row.universal_identifier)
    secrets = secrets_of(known_as)
    return ObjectSchema(
        id=ids[row.id],
        singular=row.singular,
        plural=row.plural,
        label_singular=overrides.get("labelSingular") or row.label_singular,
        label_plural=overrides.get("labelPlural") or row.label_plural,
        schema_name=schema_name,
        table_name=table_name(ids[row.id]),
        fields=tuple(_field_schema(each, ids, secrets.get(each.name)) for each in field_rows),
        description=overrides.get("description") or row.description,
        icon=overrides.get("icon") or row.icon,
        is_system=row.is_system,
        is_custom=row.is_custom,
        is_searchable=row.is_searchable,
        label_identifier_id=ids[row.label_identifier_id] if row.label_identifier_id in own else None,
        image_identifier_id=ids[row.image_identifier_id] if row.image_identifier_id in own else None,
        duplicate_criteria=None
        if row.duplicate_criteria is None
        else tuple(tuple(each) for each in row.duplicate_criteria),
        search_field_ids=tuple(
            ids[each.id]
            for each in field_rows
            if is_searched(each.type, each.is_searchable, each.id == row.label_identifier_id)
        ),
        guard=guard_of(known_as),
        dormant=tuple(_field_schema(_FieldRow(*map(_shared, each)), ids, None) for each in dormant or ()),
        search_rebuild=None if row.misses_words is None else "missing" if row.misses_words else "superfluous",
        digest=digest,
    )


def _field_schema(row: _FieldRow, ids: _Ids, secret_flag: str | None) -> FieldSchema:
    overrides = row.standard_overrides or {}
    return FieldSchema(
        id=ids[row.id],
        object_id=ids[row.object_id],
        name=row.name,
        label=overrides.get("label") or row.label,
        type=field_type(row.type),
        storage_key=row.storage_key,
        column=row.column,
        description=overrides.get("description") or row.description,
        icon=overrides.get("icon") or row.icon,
        is_nullable=row.is_nullable,
        is_unique=row.is_unique,
        is_system=row.is_system,
        is_custom=row.is_custom,
        default=row.default,
        options=_options(row.options),
        settings=row.settings or {},
        relation=_relation(
            row.relation_type,
            ids[row.target_object_id] if row.target_object_id else None,
            ids[row.target_field_id] if row.target_field_id else None,
            row.on_delete,
            row.join_name,
        ),
        morph_id=UUID(row.morph_id) if row.morph_id else None,
        secret_flag=secret_flag,
        index_columns=tuple(IndexColumn(*each) for each in row.index_columns or ()),
    )


def _options(options: Sequence[Mapping[str, Any]] | None) -> tuple[Option, ...]:
    return tuple(
        Option(each["id"], each["value"], each["label"], each["position"], each.get("color"))
        for each in sorted(options or (), key=lambda each: each["position"])
    )


def _relation(
    kind: Any,
    target_object_id: UUID | None,
    target_field_id: UUID | None,
    on_delete: Any,
    join_name: str | None,
) -> RelationSchema | None:
    if kind is None or target_object_id is None or target_field_id is None:
        return None
    return RelationSchema(kind, target_object_id, target_field_id, on_delete or "SET_NULL", join_name)
