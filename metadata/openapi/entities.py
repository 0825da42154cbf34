"""How the metadata REST API's objects and fields look in its OpenAPI document.

Inputs are read from the serializers that check them; answers are written here, and a test holds them
against real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework.serializers import Serializer

from metadata.fieldtypes.registry import field_types
from metadata.models import OpenRecordIn
from metadata.rest.serializers import FieldCreateInput, FieldUpdateInput, ObjectCreateInput, ObjectUpdateInput

Json = dict[str, Any]

UUID: Json = {"type": "string", "format": "uuid"}
MOMENT: Json = {"type": "string", "format": "date-time", "examples": ["2026-01-31T09:30:00.000Z"]}
TEXT: Json = {"type": "string"}
FLAG: Json = {"type": "boolean"}
_NO_UUID: Json = {"type": ["string", "null"], "format": "uuid"}
_NO_TEXT: Json = {"type": ["string", "null"]}
_NO_OBJECT: Json = {"type": ["object", "null"]}


class TextSchema(OpenApiSerializerFieldExtension):
    """Text: a string, not empty where the serializer says so."""

    target_class = "metadata.rest.serializers.Text"

    def map_serializer_field(self, auto_schema: object, direction: object) -> Json:
        return dict(TEXT) if self.target.allow_empty else {**TEXT, "minLength": 1}


class FlagSchema(OpenApiSerializerFieldExtension):
    target_class = "metadata.rest.serializers.Flag"

    def map_serializer_field(self, auto_schema: object, direction: object) -> Json:
        return dict(FLAG)


class IdentifierSchema(OpenApiSerializerFieldExtension):
    target_class = "metadata.rest.serializers.Identifier"

    def map_serializer_field(self, auto_schema: object, direction: object) -> Json:
        return dict(UUID)


def _creatable_types() -> list[str]:
    return [each.name for each in field_types() if each.creation_refusal is None]


_OPTIONS: Json = {
    "type": ["array", "null"],
    "items": {
        "type": "object",
        "properties": {
            "id": UUID,
            "value": TEXT,
            "label": TEXT,
            "position": {"type": "number"},
            "color": _NO_TEXT,
        },
        "required": ["value", "label", "position"],
    },
    "description": "The choices of SELECT and MULTI_SELECT fields",
}
_DEFAULT: Json = {
    "description": "In its quoted form: text inside single quotes (`\"'New'\"`), `now` and `uuid` for computed ones"
}
_SETTINGS: Json = {**_NO_OBJECT, "description": "What the field's type has to be told, such as `dataType`"}
_NEW_RELATION: Json = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "enum": ["MANY_TO_ONE", "ONE_TO_MANY"]},
        "targetObjectMetadataId": UUID,
        "targetFieldLabel": TEXT,
        "targetFieldIcon": _NO_TEXT,
    },
    "required": ["type", "targetObjectMetadataId", "targetFieldLabel"],
}
_MORE_OF_FIELDS: Mapping[str, Json] = {
    "defaultValue": _DEFAULT,
    "options": _OPTIONS,
    "settings": _SETTINGS,
    "relationCreationPayload": {**_NEW_RELATION, "description": "The other end of a new RELATION field"},
    "morphRelationsCreationPayload": {
        "type": "array",
        "items": _NEW_RELATION,
        "description": "The other ends of a new MORPH_RELATION field",
    },
    "morphRelationsUpdatePayload": {"type": "array", "items": {"type": "object"}},
}


@dataclass(frozen=True, slots=True)
class Entity:
    """One resource of the API. `more` describes members closer than their serializer can."""

    one: str  # Object
    plural: str  # objects
    create: type[Serializer[object]]
    update: type[Serializer[object]]
    answer: Json
    removed: Json  # what a DELETE answers
    more: Mapping[str, Json]
    create_example: Json
    update_example: Json


def _object(properties: Mapping[str, Json]) -> Json:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def _with_clashes(schema: Json) -> Json:
    words = "Only when there are some: what of it is left out of an API because another has its name"
    clashes = {"type": "array", "items": TEXT, "description": words}
    return {**schema, "properties": {**schema["properties"], "nameClashes": clashes}}


_OBJECT_MEMBERS: Mapping[str, Json] = {
    "id": UUID,
    "universalIdentifier": UUID,
    "applicationId": UUID,
    "nameSingular": TEXT,
    "namePlural": TEXT,
    "labelSingular": TEXT,
    "labelPlural": TEXT,
    "description": _NO_TEXT,
    "icon": _NO_TEXT,
    "color": _NO_TEXT,
    "shortcut": _NO_TEXT,
    "standardOverrides": _NO_OBJECT,
    "isCustom": FLAG,
    "isRemote": FLAG,
    "isActive": FLAG,
    "isSystem": FLAG,
    "isUIEditable": FLAG,
    "isUICreatable": FLAG,
    "isUIReadOnly": FLAG,
    "isSearchable": FLAG,
    "isLabelSyncedWithName": FLAG,
    "openRecordIn": {"type": "string", "enum": list(OpenRecordIn.values)},
    "readability": TEXT,
    "writability": TEXT,
    "workspaceId": UUID,
    "labelIdentifierFieldMetadataId": _NO_UUID,
    "imageIdentifierFieldMetadataId": _NO_UUID,
    "duplicateCriteria": {"type": ["array", "null"], "items": {"type": "array", "items": TEXT}},
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
}
_FIELD_REF: Json = {"$ref": "#/components/schemas/FieldForResponse"}
_NAMED_OBJECT = _object({"id": UUID, "nameSingular": _NO_TEXT, "namePlural": _NO_TEXT})
_NAMED_FIELD = _object({"id": UUID, "name": _NO_TEXT})
_RELATION = {
    **_object(
        {
            "type": {"type": "string", "enum": ["MANY_TO_ONE", "ONE_TO_MANY"]},
            "sourceObjectMetadata": _NAMED_OBJECT,
            "targetObjectMetadata": _NAMED_OBJECT,
            "sourceFieldMetadata": _NAMED_FIELD,
            "targetFieldMetadata": _NAMED_FIELD,
        }
    ),
    "type": ["object", "null"],
}
_FIELD_MEMBERS: Mapping[str, Json] = {
    "id": UUID,
    "universalIdentifier": UUID,
    "applicationId": UUID,
    "objectMetadataId": UUID,
    "workspaceId": UUID,
    "type": {"type": "string", "enum": [each.name for each in field_types()]},
    "name": TEXT,
    "label": TEXT,
    "description": _NO_TEXT,
    "icon": _NO_TEXT,
    "standardOverrides": _NO_OBJECT,
    "isCustom": FLAG,
    "isActive": FLAG,
    "isSystem": FLAG,
    "isUIEditable": FLAG,
    "isUIReadOnly": FLAG,
    "isNullable": FLAG,
    "isUnique": FLAG,
    "isSearchable": {
        "type": ["boolean", "null"],
        "description": "Whether searching looks into it; into the field that records are shown by it always does",
    },
    "isAuditLogged": FLAG,
    "defaultValue": _DEFAULT,
    "options": _OPTIONS,
    "settings": _SETTINGS,
    "isLabelSyncedWithName": FLAG,
    "morphId": _NO_UUID,
    "relation": _RELATION,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
}

OBJECT = Entity(
    one="Object",
    plural="objects",
    create=ObjectCreateInput,
    update=ObjectUpdateInput,
    answer=_with_clashes(_object({**_OBJECT_MEMBERS, "fields": {"type": "array", "items": _FIELD_REF}})),
    removed=_object(_OBJECT_MEMBERS),
    more={},
    create_example={
        "nameSingular": "rocket",
        "namePlural": "rockets",
        "labelSingular": "Rocket",
        "labelPlural": "Rockets",
        "icon": "IconRocket",
    },
    update_example={"description": "Things that fly"},
)
FIELD = Entity(
    one="Field",
    plural="fields",
    create=FieldCreateInput,
    update=FieldUpdateInput,
    answer=_object(_FIELD_MEMBERS),
    removed=_object(_FIELD_MEMBERS),
    more={**_MORE_OF_FIELDS, "type": {"type": "string", "enum": _creatable_types()}},
    create_example={},
    update_example={"description": "What it is for"},
)
ENTITIES: Mapping[str, Entity] = {each.plural: each for each in (OBJECT, FIELD)}
