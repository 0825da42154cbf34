"""A field's change of type in the schema of /metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID as Uuid

from graphene import Argument, Boolean, Field, InputObjectType, Int, List, NonNull, ObjectType, String
from graphene import ResolveInfo as Info

from metadata import services
from metadata.graphql import types
from metadata.graphql.enums import FieldMetadataType
from metadata.graphql.inputs import payload
from metadata.graphql.resolvers import DATA_MODEL, begin_change
from metadata.graphql.scalars import JSON, UUID
from metadata.models import FieldMetadata


class ChangeFieldTypeInput(InputObjectType):
    fieldMetadataId = UUID(required=True)
    type = FieldMetadataType(required=True)
    options = JSON()
    settings = JSON()
    dryRun = Boolean(default_value=False)


class UnconvertedValue(ObjectType):
    """A stored value that the new type does not take, and the record that has it."""

    record_id = UUID(required=True)
    value = JSON()
    message = String(required=True)


class FieldTypeChange(ObjectType):
    """What a change of type did, or would do: `unconverted` lists up to 20 of the values in its way."""

    field = Field(types.MetadataField, required=True)
    is_dry_run = Boolean(required=True)
    converted_count = Int(required=True)
    unconverted_count = Int(required=True)
    unconverted = List(NonNull(UnconvertedValue), required=True)


def _change_field_type(root: object, info: Info, input: Mapping[str, Any]) -> object:
    principal = begin_change(info, DATA_MODEL)
    change = services.field_change_type(
        workspace_id=principal.workspace_id,
        field_id=Uuid(input["fieldMetadataId"]),
        type=payload(input["type"]),
        options=payload(input.get("options")),
        settings=payload(input.get("settings")),
        dry_run=bool(input.get("dryRun")),
        permissions=principal.permissions,
    )
    return {
        "field": FieldMetadata.objects.get(workspace_id=principal.workspace_id, id=change.field_id),
        "is_dry_run": change.is_dry_run,
        "converted_count": change.converted,
        "unconverted_count": change.unconverted_count,
        "unconverted": change.unconverted,
    }


CHANGE_FIELD_TYPE = Field(
    FieldTypeChange, required=True, input=Argument(ChangeFieldTypeInput, required=True), resolver=_change_field_type
)
