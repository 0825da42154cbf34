"""Objects and fields as REST answers them: the union of what the releases of the API show, nulls included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from metadata.cache import load_schema
from metadata.fieldtypes.datetime import moment_text
from metadata.models import FieldMetadata, ObjectMetadata


@dataclass(frozen=True, slots=True)
class RelationNames:
    """What a field's `relation` says of other rows: names of objects and fields, by id."""

    objects: Mapping[UUID, tuple[str, str]]  # nameSingular, namePlural
    fields: Mapping[UUID, str]
    schema_version: int | None  # of the data model they were read from; None: it has no object


def relation_names(workspace_id: UUID, fields: Iterable[FieldMetadata]) -> RelationNames:
    """Two statements, whatever the number of fields."""
    target_ids = [each.relation_target_field_id for each in fields if each.relation_target_field_id is not None]
    named = list(
        ObjectMetadata.objects.filter(workspace_id=workspace_id).values_list(
            "id", "name_singular", "name_plural", "workspace__schema_version"
        )
    )
    return RelationNames(
        objects={id: (singular, plural) for id, singular, plural, _ in named},
        fields=dict(
            FieldMetadata.objects.filter(workspace_id=workspace_id, id__in=target_ids).values_list("id", "name")
        ),
        schema_version=named[0][3] if named else None,
    )


def objects_json(workspace_id: UUID, objects: Sequence[ObjectMetadata], locale: str | None) -> list[dict[str, object]]:
    """Objects with all of their fields, active or not."""
    fields = list(
        FieldMetadata.objects.filter(workspace_id=workspace_id, object_id__in=[each.id for each in objects]).order_by(
            "position", "name"
        )
    )
    names = relation_names(workspace_id, fields)
    by_object: dict[UUID, list[dict[str, object]]] = defaultdict(list)
    for field in fields:
        by_object[field.object_id].append(field_json(field, names, locale))
    clashes = _name_clashes(workspace_id, names)
    return [
        {
            **object_json(each, locale),
            **({"nameClashes": clashes[each.id]} if each.id in clashes else {}),
            "fields": by_object[each.id],
        }
        for each in objects
    ]


def _name_clashes(workspace_id: UUID, names: RelationNames) -> Mapping[UUID, Sequence[str]]:
    """By object: what it, or a field of it, is left out of because another has its name. There should be none."""
    if names.schema_version is None:
        return {}
    schema = load_schema(workspace_id, names.schema_version)
    found: Mapping[UUID, Sequence[str]] = import_string(settings.NAME_CLASH_MESSAGES)(schema)
    return found


def object_json(obj: ObjectMetadata, locale: str | None) -> dict[str, object]:
    """An object without its fields."""
    return {
        "id": obj.id,
        "universalIdentifier": obj.universal_identifier,
        "applicationId": obj.application_id,
        "nameSingular": obj.name_singular,
        "namePlural": obj.name_plural,
        "labelSingular": obj.shown("labelSingular", locale),
        "labelPlural": obj.shown("labelPlural", locale),
        "description": obj.shown("description", locale),
        "icon": obj.shown("icon"),
        "color": obj.shown("color"),
        "shortcut": obj.shortcut,
        "standardOverrides": obj.standard_overrides,
        "isCustom": obj.is_custom,
        "isRemote": obj.is_remote,
        "isActive": obj.is_active,
        "isSystem": obj.is_system,
        "isUIEditable": obj.is_ui_editable,
        "isUICreatable": obj.is_ui_creatable,
        "isUIReadOnly": obj.is_ui_read_only,
        "isSearchable": obj.is_searchable,
        "isLabelSyncedWithName": obj.is_label_synced_with_name,
        "openRecordIn": obj.open_record_in,
        "readability": obj.readability,
        "writability": obj.writability,
        "workspaceId": obj.workspace_id,
        "labelIdentifierFieldMetadataId": obj.label_identifier_field_id,
        "imageIdentifierFieldMetadataId": obj.image_identifier_field_id,
        "duplicateCriteria": obj.duplicate_criteria,
        "createdAt": moment_text(obj.created_at),
        "updatedAt": moment_text(obj.updated_at),
    }


def field_json(field: FieldMetadata, names: RelationNames, locale: str | None) -> dict[str, object]:
    return {
        "id": field.id,
        "universalIdentifier": field.universal_identifier,
        "applicationId": field.application_id,
        "objectMetadataId": field.object_id,
        "workspaceId": field.workspace_id,
        "type": field.type,
        "name": field.name,
        "label": field.shown("label", locale),
        "description": field.shown("description", locale),
        "icon": field.shown("icon"),
        "standardOverrides": field.standard_overrides,
        "isCustom": field.is_custom,
        "isActive": field.is_active,
        "isSystem": field.is_system,
        "isUIEditable": field.is_ui_editable,
        "isUIReadOnly": field.is_ui_read_only,
        "isNullable": field.is_nullable,
        "isUnique": field.is_unique,
        "isSearchable": field.is_searchable,
        "isAuditLogged": field.is_audit_logged,
        "defaultValue": field.default_value,
        "options": field.options,
        "settings": field.settings,
        "isLabelSyncedWithName": field.is_label_synced_with_name,
        "morphId": field.morph_id,
        "relation": _relation_json(field, names),
        "createdAt": moment_text(field.created_at),
        "updatedAt": moment_text(field.updated_at),
    }


def _relation_json(field: FieldMetadata, names: RelationNames) -> dict[str, object] | None:
    target_object, target_field = field.relation_target_object_id, field.relation_target_field_id
    if target_object is None or target_field is None:
        return None
    return {
        "type": field.relation_type,
        "sourceObjectMetadata": _object_names(field.object_id, names),
        "targetObjectMetadata": _object_names(target_object, names),
        "sourceFieldMetadata": {"id": field.id, "name": field.name},
        "targetFieldMetadata": {"id": target_field, "name": names.fields.get(target_field)},
    }


def _object_names(object_id: UUID, names: RelationNames) -> dict[str, object]:
    singular, plural = names.objects.get(object_id, (None, None))
    return {"id": object_id, "nameSingular": singular, "namePlural": plural}
