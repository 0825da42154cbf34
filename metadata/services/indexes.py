"""Indexes that users make; the automatic ones come and go with their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from config import audit
from config.errors import Failure, IndexMetadataNotFound, MetadataValidationFailed, Problem
from config.http.inputs import uuid_of
from metadata import schema_rows
from metadata.fieldtypes.registry import field_type
from metadata.models import (
    MADE_BY_USERS,
    FieldMetadata,
    IndexFieldMetadata,
    IndexMetadata,
    IndexState,
    IndexType,
    ObjectMetadata,
)
from metadata.services.change import Change, changing
from metadata.services.indexnames import index_name
from metadata.services.rows import index_rows

MAX_CUSTOM_INDEXES = 10  # per object
INDEX_INLINE_ROWS = 10_000  # of more records an index is built by `manage.py maintain`, and is BUILDING until then
INVALID: Final = "INVALID_INDEX_INPUT"

Column = tuple[FieldMetadata, str | None]


def index_create(*, workspace_id: UUID, values: Mapping[str, Any]) -> IndexMetadata:
    """An index over `fields` (`{fieldMetadataId, subFieldName?}`) of the object `objectMetadataId`.

    Never unique: uniqueness is a field's. Raises MetadataValidationFailed.
    """
    with changing(workspace_id) as change:
        obj = _object_of(change, values.get("objectMetadataId"))
        index_type = values.get("indexType") or IndexType.BTREE.value
        columns, problems = _columns(change, obj, values.get("fields") or ())
        if not problems:
            problems = _whole_problems(change, obj, columns, index_type)
        if problems:
            raise _refused("create", problems)
        index, index_fields = index_rows(obj, columns, index_type=index_type, is_custom=True)
        if change.storage.has_more_records(obj.id, INDEX_INLINE_ROWS):
            index.state = IndexState.BUILDING
        index.save(force_insert=True)
        IndexFieldMetadata.objects.bulk_create(index_fields)
        _note("created", obj, index, [(field.name, part) for field, part in columns])
        if index.state == IndexState.BUILDING:
            return index
        change.storage.create_index(
            index.id, index_type, [(schema_rows.field_schema(field), sub_field) for field, sub_field in columns]
        )
    return index


def index_delete(*, workspace_id: UUID, index_id: UUID) -> IndexMetadata:
    """Delete an index that a user made; answers it as it was.

    Raises IndexMetadataNotFound, MetadataValidationFailed.
    """
    with changing(workspace_id) as change:
        index = IndexMetadata.objects.filter(workspace=change.workspace, id=index_id).first()
        if index is None:
            raise IndexMetadataNotFound(f"Index {index_id} not found")
        if not index.is_made_by_user:
            message = f"Index {index_id} is a system index and cannot be deleted"
            raise _refused("delete", [Problem(INVALID, message, str(index_id))])
        change.storage.drop_index(index.id)
        parts = index.index_fields.order_by("order").values_list("field__name", "sub_field_name")
        _note("deleted", change.objects[index.object_id], index, list(parts))
        IndexMetadata.objects.filter(workspace=change.workspace, id=index_id).delete()
    return index


def _note(verb: str, obj: ObjectMetadata, index: IndexMetadata, columns: Sequence[tuple[str, str | None]]) -> None:
    fields = [name if part is None else f"{name}.{part}" for name, part in columns]
    facts = {"fields": fields, "indexType": index.index_type}
    told: dict[str, Any] = {"after": facts} if verb == "created" else {"before": facts}
    name = f"{obj.name_singular}: {', '.join(fields)}"
    audit.note(obj.workspace_id, f"index.{verb}", subject_id=index.id, name=name, **told)


def _object_of(change: Change, object_id: object) -> ObjectMetadata:
    known = uuid_of(object_id)
    obj = None if known is None else change.objects.get(known)
    if obj is None:
        raise _refused("create", [Problem(INVALID, f"Object metadata {object_id} not found", str(object_id))])
    return obj


def _columns(
    change: Change, obj: ObjectMetadata, given: Sequence[Mapping[str, Any]]
) -> tuple[list[Column], list[Problem]]:
    if not given:
        return [], [Problem(INVALID, "At least one field is required to create an index")]
    by_id = {str(each.id): each for each in change.fields_of(obj.id)}
    columns: list[Column] = []
    problems: list[Problem] = []
    for each in given:
        field_id, sub_field = str(each.get("fieldMetadataId")).lower(), each.get("subFieldName") or None
        field = by_id.get(field_id)
        if field is None:
            problems.append(Problem(INVALID, f"Field {field_id} not found on object {obj.id}", field_id))
            continue
        problem = column_problem(field, sub_field)
        if problem is not None:
            problems.append(Problem(INVALID, problem, sub_field))
        columns.append((field, sub_field))
    if len({(field.id, sub_field) for field, sub_field in columns}) < len(columns):
        problems.append(Problem(INVALID, "Duplicate field+sub-field in index field list"))
    return columns, problems


def column_problem(field: FieldMetadata, sub_field: str | None) -> str | None:
    type_ = field_type(field.type)
    if type_.subfields and sub_field is None:
        return f"Composite field {field.name} requires a sub-field selection"
    if type_.subfields and sub_field not in type_.subfields:
        return f"Unknown sub-field {sub_field} on composite field {field.name}"
    if not type_.subfields and sub_field is not None:
        return f"Field {field.name} is not composite — subFieldName must not be set"
    if field.relation_type is not None and field.join_name is None:
        return f"Field {field.name} has no value of its own to index"
    if not type_.subfields and type_.sql_type is None:
        return f"Field {field.name} of type {field.type} cannot be indexed"
    return None


def _whole_problems(change: Change, obj: ObjectMetadata, columns: Sequence[Column], index_type: str) -> list[Problem]:
    if index_type not in IndexType.values:
        return [Problem(INVALID, f"indexType must be one of: {', '.join(IndexType.values)}", index_type)]
    if index_type == IndexType.GIN and any(field.column for field, _ in columns):
        return [Problem(INVALID, "A GIN index takes fields that hold JSON", index_type)]
    existing = IndexMetadata.objects.filter(workspace=change.workspace, object=obj)
    if existing.filter(MADE_BY_USERS).count() >= MAX_CUSTOM_INDEXES:
        return [Problem(INVALID, f"Custom index limit of {MAX_CUSTOM_INDEXES} reached for object {obj.id}")]
    if existing.filter(name=index_name(obj.name_singular, columns, index_type, False)).exists():
        return [Problem(INVALID, "An index on the same fields already exists")]
    return []


def _refused(operation: Any, problems: Sequence[Problem]) -> MetadataValidationFailed:
    return MetadataValidationFailed([Failure("index", operation, problems)])
