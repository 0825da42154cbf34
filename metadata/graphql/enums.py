"""The enums of the metadata schema; their values are plain strings on both sides."""

from __future__ import annotations

from collections.abc import Iterable

import graphene

import metadata.fieldtypes  # noqa: F401  (registers the types)
from metadata import models
from metadata.fieldtypes.registry import field_types


def _enum(name: str, description: str, values: Iterable[str]) -> graphene.Enum:
    return graphene.Enum(name, [(value, value) for value in values], description=description)


FieldMetadataType = _enum(
    "FieldMetadataType",
    "What a field holds. RICH_TEXT_V2 is an older name of RICH_TEXT, taken on input only.",
    sorted(name for each in field_types() for name in (each.name, *each.aliases)),
)
RelationType = _enum("RelationType", "A relation as seen from one of its fields", models.RelationType.values)
IndexType = _enum("IndexType", "How PostgreSQL keeps an index", models.IndexType.values)
IndexState = _enum("IndexState", "Whether an index is there already", models.IndexState.values)
ObjectOpenRecordIn = _enum("ObjectOpenRecordIn", "Where a record opens", models.OpenRecordIn.values)
MetadataReadability = _enum(
    "MetadataReadability", "Who may read", ("OPEN", "PRIVATE", "INHERITED", "APPLICATION", "SYSTEM")
)
MetadataWritability = _enum("MetadataWritability", "Who may write", ("OPEN", "APPLICATION", "SYSTEM"))
WorkspaceActivationStatus = _enum(
    "WorkspaceActivationStatus", "How far a workspace is set up", models.ActivationStatus.values
)
ViewType = _enum(
    "ViewType",
    "How a view lays out records",
    (
        "TABLE", "KANBAN", "CALENDAR", "LIST",
        "FIELDS_WIDGET", "TABLE_WIDGET", "KANBAN_WIDGET", "LIST_WIDGET", "CALENDAR_WIDGET",
    ),
)  # fmt: skip
ViewKey = _enum("ViewKey", "What marks an object's own view", ("INDEX",))
