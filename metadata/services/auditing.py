"""What a change of the data model is in the audit: its objects and fields before and after.

Found out of the two snapshots that a change has anyway, so that no way of changing can be left out. Of the rows that
an update is about (`Change.watch`) everything is told, what records know nothing of too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from config import audit
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema
from metadata.services.columns import FIELD_COLUMNS, OBJECT_COLUMNS

if TYPE_CHECKING:
    from metadata.services.change import Change

_OBJECT_COLUMNS: Mapping[str, str] = {
    **OBJECT_COLUMNS,
    "shortcut": "shortcut",
    "standardOverrides": "standard_overrides",
}
_FIELD_COLUMNS: Mapping[str, str] = {
    "name": "name",
    "type": "type",
    **FIELD_COLUMNS,
    "isNullable": "is_nullable",
    "isUnique": "is_unique",
    "defaultValue": "default_value",
    "options": "options",
    "settings": "settings",
    "onDelete": "on_delete",
    "standardOverrides": "standard_overrides",
}
Watched = tuple[ObjectMetadata | FieldMetadata, audit.Facts]  # a row, and what it was


def facts_of_row(row: ObjectMetadata | FieldMetadata) -> audit.Facts:
    columns = _OBJECT_COLUMNS if isinstance(row, ObjectMetadata) else _FIELD_COLUMNS
    return {name: getattr(row, column) for name, column in columns.items()}


def note_changes(change: Change, after: WorkspaceSchema) -> None:
    """Write down how `after` differs from what there was. Fields come and go with the objects that they lead to."""
    before = change.before
    came = {each.id for each in (*after.objects, *after.dormant)} - _ids(before)
    went = _ids(before) - {each.id for each in (*after.objects, *after.dormant)}
    moved = came | went | ({each.id for each in before.objects} ^ {each.id for each in after.objects})
    note = _noter(change.workspace.id)
    for row, facts in change.watched.values():
        _note_row(note, row, facts, is_gone=row.id in change.gone)
    for obj in after.objects:
        if obj.id in came:
            fields = [each.name for each in obj.fields if not each.is_system]
            note("object.created", obj.id, obj.singular, None, {**_object_facts(obj), "fields": fields})
    for obj in before.objects:
        if obj.id in went:
            fields = [each.name for each in obj.fields if not each.is_system]
            note("object.deleted", obj.id, obj.singular, {**_object_facts(obj), "fields": fields}, None)
    for obj in before.dormant:
        if obj.id in went:
            note("object.deleted", obj.id, obj.singular, _object_facts(obj), None)
    for obj in after.objects:
        was = before.by_id.get(obj.id)
        if was is None or was is obj:
            continue
        if obj.id not in change.watched:
            note("object.updated", obj.id, obj.singular, _object_facts(was), _object_facts(obj))
        for field in (*was.fields, *(each for each in obj.fields if each.id not in was.by_id)):
            if field.id in change.watched or (field.relation and field.relation.target_object_id in moved):
                continue
            old, new = was.by_id.get(field.id), obj.by_id.get(field.id)
            verb = "created" if old is None else "deleted" if new is None else "updated"
            if old is None or new is None or old is not new:
                name = f"{obj.singular}.{field.name if new is None else new.name}"
                note(f"field.{verb}", field.id, name, old and _field_facts(old), new and _field_facts(new))


def _ids(schema: WorkspaceSchema) -> set[UUID]:
    return {each.id for each in (*schema.objects, *schema.dormant)}


def _noter(workspace_id: UUID) -> Any:
    def note(act: str, id: UUID, name: str, before: audit.Facts | None, after: audit.Facts | None) -> None:
        audit.note(workspace_id, act, subject_id=id, name=name, before=before, after=after)

    return note


def _note_row(note: Any, row: ObjectMetadata | FieldMetadata, before: audit.Facts, *, is_gone: bool) -> None:
    verb = "deleted" if is_gone else "updated"
    if row.is_active != before["isActive"]:
        verb = "switchedOn" if row.is_active else "switchedOff"
    after = None if is_gone else facts_of_row(row)
    if isinstance(row, ObjectMetadata):
        note(f"object.{verb}", row.id, row.name_singular, before, after)
    else:
        note(f"field.{verb}", row.id, f"{row.object.name_singular}.{row.name}", before, after)


def _object_facts(obj: ObjectSchema) -> audit.Facts:
    return {
        "nameSingular": obj.singular,
        "namePlural": obj.plural,
        "labelSingular": obj.label_singular,
        "labelPlural": obj.label_plural,
        "description": obj.description,
        "icon": obj.icon,
        "isSearchable": obj.is_searchable,
        "labelIdentifierFieldMetadataId": obj.label_identifier_id,
        "imageIdentifierFieldMetadataId": obj.image_identifier_id,
        "duplicateCriteria": obj.duplicate_criteria,
    }


def _field_facts(field: FieldSchema) -> audit.Facts:
    facts: dict[str, object] = {
        "name": field.name,
        "label": field.label,
        "type": field.type.name,
        "description": field.description,
        "icon": field.icon,
        "isNullable": field.is_nullable,
        "isUnique": field.is_unique,
        "defaultValue": field.default,
        "options": [{"value": each.value, "label": each.label, "color": each.color} for each in field.options],
        "settings": dict(field.settings),
    }
    if field.relation is not None:
        facts |= {"relation": field.relation.kind, "targetObjectMetadataId": field.relation.target_object_id}
        facts["onDelete"] = field.relation.on_delete
    return {name: value for name, value in facts.items() if value not in (None, [], {})}
