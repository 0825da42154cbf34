"""Whether a field's values differ from record to record, and the records that are in the way."""

from __future__ import annotations

import json
from collections.abc import Sequence

from config.errors import Problem
from metadata import schema_rows
from metadata.fieldtypes.contract import FieldType
from metadata.models import FieldMetadata, IndexMetadata
from metadata.services.change import Change
from metadata.services.fields.rules import INVALID
from metadata.services.fields.writing import write_indexes


def apply_unique(
    change: Change, field: FieldMetadata, type_: FieldType, is_unique: bool, was_unique: bool
) -> list[Problem]:
    if not is_unique:
        if was_unique and not _custom_unique(field):
            message = "Cannot delete unique index that have not been created by the workspace custom application"
            return [Problem(INVALID, message, field.name)]
        field.is_unique = False
        return []
    field.is_unique = True
    if field.secret_flag is not None:  # values that are alike are stored unlike
        return [Problem(INVALID, f"Field {field.name} cannot be unique: its values are encrypted", field.name)]
    schema = schema_rows.field_schema(field)
    problems = type_.unique_problems(schema)
    if problems or was_unique:
        return problems
    duplicates = change.storage.duplicates(schema)
    if duplicates and not change.may_read(field):
        message = f"Unique index cannot be created for field {field.name}: several records have the same value"
        return [Problem("INDEX_CREATION_FAILED", message)]
    return [
        Problem(
            "INDEX_CREATION_FAILED",
            f"Unique index cannot be created for field {field.name}: "
            f"{len(ids)} records have the value {json.dumps(_shown(values), ensure_ascii=False, default=str)}",
            {"value": _shown(values), "recordIds": [str(each) for each in ids]},
        )
        for values, ids in duplicates
    ]


def _shown(values: Sequence[object]) -> object:
    shown = [each if isinstance(each, str | int | float | bool | None) else str(each) for each in values]
    return shown[0] if len(shown) == 1 else shown


def _custom_unique(field: FieldMetadata) -> bool:
    """Whether the field's unique index was made in this workspace rather than by the standard model."""
    return IndexMetadata.objects.filter(
        workspace_id=field.workspace_id, index_fields__field=field, is_unique=True, is_custom=True
    ).exists()


def write_uniqueness(change: Change, field: FieldMetadata, was_unique: bool) -> None:
    if field.is_unique == was_unique:
        return
    if field.is_unique:
        write_indexes(change, [field])
        IndexMetadata.objects.filter(workspace=change.workspace, index_fields__field=field, is_unique=True).update(
            is_custom=True
        )
        return
    change.storage.drop_unique_index(field.id)
    IndexMetadata.objects.filter(workspace=change.workspace, index_fields__field=field, is_unique=True).delete()
