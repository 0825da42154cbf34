"""A new field of an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from config.errors import MetadataValidationFailed, Problem
from config.http.inputs import uuid_of
from metadata import schema_rows
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.registry import field_type, is_field_type
from metadata.inputs import FIELD_CREATE_REQUIRED, require_texts
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.services.change import Change, changing, tidy
from metadata.services.fields.relations import create_relation
from metadata.services.fields.rules import INVALID, failure, name_rules, unprepared
from metadata.services.fields.writing import apply_default, write_new_fields
from metadata.services.rows import (
    new_field,
    next_position,
)


def field_create(*, workspace_id: UUID, values: Mapping[str, object]) -> FieldMetadata:
    """A custom field of the object `objectMetadataId`; for relations both sides, answering the one asked for.

    A morph relation answers the row of its first target. Raises InvalidInput, MetadataValidationFailed.
    """
    require_texts(values, FIELD_CREATE_REQUIRED)
    given = tidy(values)
    require_texts(given, ("label",))
    with changing(workspace_id) as change:
        obj = _object_of(change, given)
        type_ = _creatable_type(given)
        if type_.is_relation:
            return create_relation(change, obj, type_, given)
        return _create_plain(change, obj, type_, given)


def _object_of(change: Change, given: Mapping[str, object]) -> ObjectMetadata:
    object_id = uuid_of(given.get("objectMetadataId"))
    obj = None if object_id is None else change.objects.get(object_id)
    if obj is None:
        message = "Provided object metadata id does not exist"
        raise unprepared(Problem(INVALID, message, str(given.get("objectMetadataId"))))
    return obj


def _creatable_type(given: Mapping[str, object]) -> FieldType:
    name = given.get("type")
    if not is_field_type(name):
        raise unprepared(
            Problem("UNCOVERED_FIELD_METADATA_TYPE_VALIDATION", f"Unsupported field metadata type {name}", name)
        )
    type_ = field_type(str(name))
    if type_.creation_refusal is not None:
        raise unprepared(Problem(INVALID, type_.creation_refusal, name))
    if given.get("isRemoteCreation"):
        raise unprepared(Problem(INVALID, "Remote fields aren't supported"))
    return type_


def _create_plain(change: Change, obj: ObjectMetadata, type_: FieldType, given: Mapping[str, Any]) -> FieldMetadata:
    others = change.fields_of(obj.id)
    is_synced = bool(given.get("isLabelSyncedWithName"))
    problems = name_rules(given["name"], given["label"], others, "create", is_synced=is_synced)
    settings = given.get("settings")
    settings_problems = type_.settings_problems(settings)
    options = given.get("options")
    options_problems = type_.options_problems(options)
    field = new_field(
        obj,
        name=given["name"],
        type_name=type_.name,
        label=given["label"],
        icon=given.get("icon"),
        description=given.get("description"),
        position=next_position(others),
        application_id=change.workspace.custom_application_id,
        is_custom=True,
        is_system=bool(given.get("isSystem")),
        is_nullable=given.get("isNullable") is not False,
        is_unique=bool(given.get("isUnique")),
        is_searchable=given.get("isSearchable"),
        is_audit_logged=given.get("isAuditLogged") is not False,
        is_ui_read_only=bool(given.get("isUIReadOnly")),
        is_ui_editable=given.get("isUIEditable") is not False,
        is_label_synced_with_name=is_synced,
        settings=None if settings_problems else type_.clean_settings(settings),
        options=None if options_problems or not type_.has_options else list(type_.clean_options(options)),
    )
    problems += [*settings_problems, *options_problems]
    if not options_problems:
        problems += apply_default(field, type_, given.get("defaultValue", type_.initial_default))
    if field.is_unique:
        problems += type_.unique_problems(schema_rows.field_schema(field))
    if problems:
        raise MetadataValidationFailed([failure(field, obj, "create", problems)])
    if field.default_value is None:
        write_new_fields(change, [field])
        return field
    change.watch_search(obj.id)  # the records are going to have words in it
    write_new_fields(change, [field])
    change.storage.fill(schema_rows.field_schema(field))
    return field
