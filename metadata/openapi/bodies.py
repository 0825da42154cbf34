"""What the metadata REST API is sent and answers where its views' serializers do not say it.

These are the workspace's settings, the data model as a file, changes of a field's type, and uploaded files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from config.openapi.schemas import UUID, array_of, component, object_of
from metadata.fieldtypes.registry import field_types
from metadata.models import ActivationStatus, Workspace
from metadata.openapi.entities import FIELD, FLAG, MOMENT, TEXT
from metadata.services.workspace_settings import SETTINGS
from metadata.snapshot import FORMAT_VERSION

Json = dict[str, object]

_JSON = ("application/json",)
_FORM = ("multipart/form-data",)
_JSON_OR_YAML = ("application/json", "application/yaml")  # RFC 9512


@dataclass(frozen=True, slots=True)
class Described:
    """One operation. `body` and `answer` name components; `parameters` are those of the query.

    `key` is what API version 1 has the answer under, where it wraps it.
    """

    id: str
    answer: str
    body: str | None = None
    key: str | None = None
    parameters: tuple[Json, ...] = ()
    media: tuple[str, ...] = _JSON  # of the answer
    body_media: tuple[str, ...] = _JSON
    status: str = "200"


def _flag(name: str, description: str) -> Json:
    schema = {"type": "boolean", "default": False}
    return {"name": name, "in": "query", "description": description, "required": False, "schema": schema}


_FORMAT: Json = {
    "name": "format", "in": "query", "description": "Goes before the `Accept` header", "required": False,
    "schema": {"type": "string", "enum": ["json", "yaml"]},
}  # fmt: skip

DESCRIBED: Mapping[tuple[str, str], Described] = {
    ("POST", "/fields/{id}/changeType"): Described(
        "changeFieldType", "FieldTypeChange", "FieldTypeChangeInput", key="changeFieldType"
    ),
    ("GET", "/workspace"): Described("getWorkspace", "WorkspaceForResponse"),
    ("PATCH", "/workspace"): Described("updateWorkspace", "WorkspaceForResponse", "WorkspaceForUpdate"),
    ("GET", "/schema"): Described("exportSchema", "DataModel", parameters=(_FORMAT,), media=_JSON_OR_YAML),
    ("POST", "/schema"): Described(
        "applySchema", "DataModelChange", "DataModel", media=_JSON_OR_YAML, body_media=_JSON_OR_YAML,
        parameters=(
            _flag("dryRun", "Only say what would be done"),
            _flag("allowDestructive", "Also take steps that lose values"),
            _FORMAT,
        ),
    ),
    ("POST", "/files"): Described(
        "createOneFile", "FileForResponse", "FileForCreate", key="createOneFile", body_media=_FORM, status="201"
    ),
    ("GET", "/files/{id}"): Described("findOneFile", "FileForResponse", key="file"),
    ("DELETE", "/files/{id}"): Described("deleteOneFile", "FileForResponse", key="deleteOneFile"),
}  # fmt: skip


def bodies() -> dict[str, Json]:
    """The schema components that DESCRIBED names."""
    return {
        "WorkspaceForUpdate": {"type": "object", "properties": _settings()},
        "WorkspaceForResponse": _workspace(),
        "DataModel": _data_model(),
        "DataModelChange": _data_model_change(),
        "FieldTypeChangeInput": _type_change_input(),
        "FieldTypeChange": _type_change(),
        "FileForCreate": _file_input(),
        "FileForResponse": _file(),
    }


# The workspace -----------------------------------------------------------------------------------------

_COLUMNS: Mapping[type[models.Field[Any, Any]], Json] = {
    models.BooleanField: FLAG,
    models.PositiveIntegerField: {"type": "integer", "minimum": 0},
    models.UUIDField: UUID,
    models.JSONField: array_of(TEXT),
}


def _settings() -> dict[str, Json]:
    return {name: _setting(column) for name, column in SETTINGS.items()}


def _setting(column: str) -> Json:
    field = Workspace._meta.get_field(column)
    assert isinstance(field, models.Field)
    schema = dict(_COLUMNS.get(type(field), TEXT))
    if field.choices:
        schema["enum"] = [value for value, _ in field.choices]
    return {**schema, "type": [schema["type"], "null"]} if field.null else schema


def _workspace() -> Json:
    return object_of(
        {
            "id": UUID,
            **_settings(),
            "isCustomDomainEnabled": FLAG,
            "activationStatus": {**TEXT, "enum": list(ActivationStatus.values)},
            "databaseSchema": TEXT,
            "metadataVersion": {"type": "integer", "description": "Grows with every change of the data model"},
            "workspaceCustomApplicationId": UUID,
            "featureFlags": array_of(object_of({"key": TEXT, "value": FLAG})),
            "workspaceUrls": object_of({"customUrl": {"type": ["string", "null"]}, "subdomainUrl": TEXT}),
            "createdAt": MOMENT,
            "updatedAt": MOMENT,
            "deletedAt": {"type": ["string", "null"], "format": "date-time"},
        }
    )


# The data model as a file ------------------------------------------------------------------------------


def _data_model() -> Json:
    field = {"type": "object", "properties": {"name": TEXT, "type": TEXT, "label": TEXT}, "required": ["name"]}
    subject = {
        "type": "object",
        "properties": {
            **dict.fromkeys(("nameSingular", "namePlural", "labelSingular", "labelPlural"), TEXT),
            "fields": array_of(field),
            "indexes": array_of({"type": "object"}),
        },
        "required": ["nameSingular"],
    }
    return object_of(
        {
            "version": {"type": "integer", "enum": [FORMAT_VERSION], "description": "Of the file's format"},
            "objects": array_of(subject, description="Speaks of names, never of ids. What is left out has its default"),
        }
    )


def _data_model_change() -> Json:
    step = {"action": TEXT, "path": TEXT, "details": {"type": "object"}, "isDestructive": FLAG}
    return object_of(
        {
            "dryRun": FLAG,
            "applied": FLAG,
            "metadataVersion": {"type": "integer"},
            "steps": array_of(object_of(step)),
        }
    )


# Changes of type ---------------------------------------------------------------------------------------


def _type_change_input() -> Json:
    types = [each.name for each in field_types() if each.creation_refusal is None and not each.is_relation]
    members: Mapping[str, Json] = {
        "type": {**TEXT, "enum": types},
        "options": FIELD.more["options"],
        "settings": FIELD.more["settings"],
        "dryRun": {**FLAG, "default": False, "description": "Only say which values are in the way"},
    }
    return object_of(members, optional=("options", "settings", "dryRun"))


def _type_change() -> Json:
    value = object_of({"recordId": UUID, "value": {}, "message": TEXT})
    count: Json = {"type": "integer", "minimum": 0}
    return object_of(
        {
            "field": component("FieldForResponse"),
            "dryRun": FLAG,
            "convertedCount": count,
            "unconvertedCount": count,
            "unconverted": array_of(value, description="The first of the values that the new type does not take"),
        }
    )


# Files -------------------------------------------------------------------------------------------------


def _file_input() -> Json:
    file = {**TEXT, "format": "binary", "description": "The file"}
    field = {**TEXT, "description": "The FILES field it is for: `person.avatarFile`, or the field's id"}
    return object_of({"file": file, "fieldMetadataId": {**field, "examples": ["person.avatarFile"]}})


def _file() -> Json:
    return object_of(
        {
            "id": {**UUID, "description": "The `fileId` in a record's value"},
            "name": TEXT,
            "contentType": TEXT,
            "size": {"type": "integer", "minimum": 0, "description": "In bytes"},
            "path": TEXT,
            "createdAt": MOMENT,
            "url": {**TEXT, "format": "uri", "description": "Where it can be downloaded for a day"},
        }
    )
