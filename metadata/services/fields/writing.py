"""New fields in the data model, in their views and in the tables."""

from __future__ import annotations

from collections.abc import Sequence

from config.errors import Problem
from metadata import schema_rows
from metadata.fieldtypes.contract import FieldType
from metadata.models import FieldMetadata, IndexFieldMetadata, IndexMetadata, ObjectMetadata
from metadata.services.autoindex import create_automatic_indexes
from metadata.services.change import Change
from metadata.services.layout import links
from metadata.services.rows import (
    automatic_indexes,
)


def apply_default(field: FieldMetadata, type_: FieldType, default: object) -> list[Problem]:
    """Put the default on the field, or say what is wrong with it."""
    schema = schema_rows.field_schema(field)
    problems = type_.default_problems(default, schema)
    if not problems:
        field.default_value = type_.clean_default(default, schema)
    return problems


def write_new_fields(change: Change, fields: Sequence[FieldMetadata]) -> None:
    objects = {each.object_id: each.object for each in fields}
    for obj in objects.values():
        obj.updated_at = change.now
    ObjectMetadata.objects.bulk_update(objects.values(), ["used_storage_keys", "updated_at"])
    FieldMetadata.objects.bulk_create(fields)
    write_indexes(change, fields)
    links.fields_created(fields)


def write_indexes(change: Change, fields: Sequence[FieldMetadata]) -> None:
    indexes = [each for field in fields for each in automatic_indexes(field.object, [field])]
    IndexMetadata.objects.bulk_create([index for index, _ in indexes])
    IndexFieldMetadata.objects.bulk_create([column for _, columns in indexes for column in columns])
    for field in fields:
        create_automatic_indexes(change.storage, field)
