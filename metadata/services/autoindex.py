"""The indexes in PostgreSQL that go with a field: unique ones, and those of to-one relations."""

from __future__ import annotations

from metadata import schema_rows
from metadata.models import FieldMetadata
from metadata.storage import Storage


def create_automatic_indexes(storage: Storage, field: FieldMetadata) -> None:
    """The indexes in PostgreSQL that go with the field; those of the record's own columns come with the table."""
    if field.column is not None:
        return
    if field.join_name is not None:
        storage.create_relation_index(schema_rows.field_schema(field))
    elif field.is_unique:
        storage.create_unique_index(schema_rows.field_schema(field))


def drop_automatic_indexes(storage: Storage, field: FieldMetadata) -> None:
    if field.column is not None:
        return
    if field.join_name is not None:
        storage.drop_relation_index(field.id)
    elif field.is_unique:
        storage.drop_unique_index(field.id)
