"""Rows of the data model → the file's entries; knows nothing of how a file is read or applied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from uuid import UUID

from config.errors import WorkspaceNotFound
from config.texts import capitalised
from metadata import services
from metadata.fieldtypes.registry import field_type
from metadata.models import (
    MADE_BY_USERS,
    FieldMetadata,
    IndexFieldMetadata,
    IndexMetadata,
    ObjectMetadata,
    Workspace,
)
from metadata.snapshot.entries import (
    FIELD_MEMBERS,
    FORMAT_VERSION,
    IDENTIFIERS,
    INVERSE_MEMBERS,
    IRRELEVANT_SETTINGS,
    OBJECT_MEMBERS,
    OBJECT_TEXTS,
    SHOWN,
    TO_MANY,
    TO_ONE,
    Entry,
    Model,
    shortened,
)
from metadata.standard import CATALOGUE


def schema_export(workspace_id: UUID) -> Model:
    """The workspace's data model, the same for the same model whatever its ids and history."""
    if not Workspace.objects.filter(id=workspace_id, deleted_at=None).exists():
        raise WorkspaceNotFound("Workspace not found")
    whole = entries_of(*rows_of(workspace_id))
    fresh = standard_entries()
    return {
        "version": FORMAT_VERSION,
        "objects": [shortened(entry, fresh.get(name)) for name, entry in sorted(whole.items())],
    }


def rows_of(workspace_id: UUID) -> tuple[list[ObjectMetadata], list[FieldMetadata], list[IndexFieldMetadata]]:
    return (
        list(ObjectMetadata.objects.filter(workspace_id=workspace_id)),
        list(FieldMetadata.objects.filter(workspace_id=workspace_id)),
        list(
            IndexFieldMetadata.objects.filter(
                index__in=IndexMetadata.objects.filter(MADE_BY_USERS, workspace_id=workspace_id)
            ).select_related("index")
        ),
    )


def entries_of(
    objects: Iterable[ObjectMetadata], fields: Sequence[FieldMetadata], index_fields: Sequence[IndexFieldMetadata]
) -> dict[str, Entry]:
    """Whole entries, every member written out, by the objects' singular names."""
    names = {each.id: each for each in objects}
    by_id = {each.id: each for each in fields}
    own: dict[UUID, list[FieldMetadata]] = defaultdict(list)
    for each in sorted(fields, key=lambda each: (each.position, each.name)):
        own[each.object_id].append(each)
    indexes: dict[UUID, dict[UUID, list[IndexFieldMetadata]]] = defaultdict(lambda: defaultdict(list))
    for column in index_fields:
        indexes[column.index.object_id][column.index_id].append(column)
    return {
        obj.name_singular: {
            **{name: _value(obj, name, attribute) for name, attribute in OBJECT_TEXTS.items()},
            **{name: _value(obj, name, attribute) for name, (attribute, _) in OBJECT_MEMBERS.items()},
            **{
                name: None if (id := getattr(obj, attribute)) is None else by_id[id].name
                for name, (attribute, _) in IDENTIFIERS.items()
            },
            "fields": [_field_entry(each, names, by_id) for each in own[obj.id] if _is_listed(each, by_id)],
            "indexes": sorted(
                (index_entry(columns, by_id) for columns in indexes[obj.id].values()), key=lambda each: str(each)
            ),
        }
        for obj in names.values()
    }


def _value(row: ObjectMetadata | FieldMetadata, name: str, attribute: str) -> object:
    return row.shown(name) if name in SHOWN else getattr(row, attribute)


def _is_listed(row: FieldMetadata, by_id: Mapping[UUID, FieldMetadata]) -> bool:
    """Whether the field has an entry of its own: none of the engine's, and one side of each relation."""
    if row.column is not None or row.is_managed:
        return False
    if row.relation_type is None:
        return True
    other = by_id[row.relation_target_field_id] if row.relation_target_field_id else None
    assert other is not None
    if row.relation_type == TO_MANY:
        return field_type(row.type).is_morph
    return not field_type(other.type).is_morph


def _field_entry(
    row: FieldMetadata, objects: Mapping[UUID, ObjectMetadata], by_id: Mapping[UUID, FieldMetadata]
) -> Entry:
    entry: Entry = {"name": row.name, "type": row.type, "label": row.shown("label")}
    entry |= {name: _value(row, name, attribute) for name, (attribute, _) in FIELD_MEMBERS.items()}
    settings = {name: value for name, value in (row.settings or {}).items() if name not in IRRELEVANT_SETTINGS}
    entry["settings"] = (settings if row.relation_type else row.settings) or None
    entry["options"] = [
        {"value": each["value"], "label": each["label"], "color": each.get("color")}
        for each in sorted(row.options or (), key=lambda each: each["position"])
    ]
    entry["relation"] = None
    if row.relation_target_object_id is not None and row.relation_target_field_id is not None:
        target, other = objects[row.relation_target_object_id], by_id[row.relation_target_field_id]
        to_one = row if row.relation_type == TO_ONE else other
        suffix = target.name_singular if row.relation_type == TO_ONE else target.name_plural
        entry["relation"] = {
            "object": target.name_singular,
            "kind": str(row.relation_type),
            "onDelete": to_one.on_delete,
            "morph": row.name.removesuffix(capitalised(suffix)) if field_type(row.type).is_morph else None,
            "inverse": {
                "name": other.name,
                "label": other.shown("label"),
                **{name: _value(other, name, attribute) for name, (attribute, _) in INVERSE_MEMBERS.items()},
            },
        }
    return entry


def index_entry(columns: list[IndexFieldMetadata], by_id: Mapping[UUID, FieldMetadata]) -> Entry:
    ordered = sorted(columns, key=lambda each: each.order)
    return {
        "fields": [
            by_id[each.field_id].name + (f".{each.sub_field_name}" if each.sub_field_name else "") for each in ordered
        ],
        "type": str(ordered[0].index.index_type),
    }


@lru_cache(maxsize=1)
def standard_entries() -> Mapping[str, Entry]:
    """Whole entries of the standard objects as a new workspace has them. The standard model is part of the code."""
    objects, fields = services.standard_rows(UUID(int=0), CATALOGUE)
    return entries_of(objects.values(), [each for own in fields.values() for each in own], [])
