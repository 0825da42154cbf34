"""The end of a field, with its values."""

from __future__ import annotations

from uuid import UUID

from config.errors import FieldMetadataNotFound, MetadataValidationFailed, Problem
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.services.change import Change, changing
from metadata.services.criteria import columns_of, follow_fields
from metadata.services.fields.rules import INVALID, NOT_ALLOWED, failure
from metadata.services.removal import remove_fields


def field_delete(*, workspace_id: UUID, field_id: UUID) -> FieldMetadata:
    """Delete a custom field with its values; of a relation both sides, of a morph relation every row.

    Answers the field as it was. Raises FieldMetadataNotFound, MetadataValidationFailed.
    """
    with changing(workspace_id) as change:
        field = change.find_field(field_id)
        if field is None:
            raise FieldMetadataNotFound("Field metadata to delete not found")
        obj = change.objects[field.object_id]
        field.object = obj
        problems = _deletion_problems(field, obj)
        if problems:
            raise MetadataValidationFailed([failure(field, obj, "delete", problems)])
        change.watch(field)
        change.watch_search(obj.id)
        remove_fields(change, _with_counterparts(change, field))
        obj.updated_at = change.now
        if obj.image_identifier_field_id == field.id:
            obj.image_identifier_field_id = None
        follow_fields(obj, dict.fromkeys(columns_of(field)))
        obj.save(update_fields=["updated_at", "image_identifier_field_id", "duplicate_criteria"])
    return field


def _deletion_problems(field: FieldMetadata, obj: ObjectMetadata) -> list[Problem]:
    if field.is_system or field.is_managed:
        return [Problem(NOT_ALLOWED, "System fields cannot be deleted", field.name)]
    if field.id == obj.label_identifier_field_id:
        return [Problem(INVALID, "Cannot delete, please update the label identifier field first", field.name)]
    if not field.is_custom:
        return [Problem(INVALID, "Standard Fields can't be deleted", field.name)]
    return []


def _with_counterparts(change: Change, field: FieldMetadata) -> list[FieldMetadata]:
    """The field with the other side of its relation, and with every row of a morph relation and their other sides."""
    if field.relation_target_field_id is None:
        return [field]
    other = change.find_field(field.relation_target_field_id)
    morph_id = field.morph_id or (other.morph_id if other is not None else None)
    rows = (
        [field]
        if morph_id is None or field.morph_id is None
        else list(
            FieldMetadata.objects.filter(workspace=change.workspace, object_id=field.object_id, morph_id=morph_id)
        )
    )
    target_ids = {each.relation_target_field_id for each in rows if each.relation_target_field_id is not None}
    return [*rows, *FieldMetadata.objects.filter(workspace=change.workspace, id__in=target_ids)]
