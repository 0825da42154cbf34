"""The enums of the metadata schema; their values are plain strings on both sides."""

from __future__ import annotations

from collections.abc import Iterable

import graphene

import metadata.fieldtypes  # noqa: F401  (registers the types)
from metadata import models
from metadata.fieldtypes.contract import field_types


def _enum(name: str, values: Iterable[str]) -> graphene.Enum:
    return graphene.Enum(name, [(value, value) for value in values])


FieldMetadataType = _enum(
    "FieldMetadataType", sorted(name for each in field_types() for name in (each.name, *each.aliases))
)
RelationType = _enum("RelationType", models.RelationType.values)
IndexType = _enum("IndexType", models.IndexType.values)
ObjectOpenRecordIn = _enum("ObjectOpenRecordIn", models.OpenRecordIn.values)
MetadataReadability = _enum("MetadataReadability", ("OPEN", "PRIVATE", "INHERITED", "APPLICATION", "SYSTEM"))
MetadataWritability = _enum("MetadataWritability", ("OPEN", "APPLICATION", "SYSTEM"))
WorkspaceActivationStatus = _enum("WorkspaceActivationStatus", models.ActivationStatus.values)
ViewType = _enum(
    "ViewType",
    (
        "TABLE", "KANBAN", "CALENDAR", "LIST",
        "FIELDS_WIDGET", "TABLE_WIDGET", "KANBAN_WIDGET", "LIST_WIDGET", "CALENDAR_WIDGET",
    ),
)  # fmt: skip
ViewKey = _enum("ViewKey", ("INDEX",))
