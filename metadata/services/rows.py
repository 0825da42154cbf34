"""Makes rows of the data model in memory; the callers check them and write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from metadata.fieldtypes.registry import field_type
from metadata.models import (
    STANDARD_APPLICATION_ID,
    FieldMetadata,
    IndexFieldMetadata,
    IndexMetadata,
    IndexType,
    ObjectMetadata,
    RelationType,
)
from metadata.services.indexnames import index_name
from metadata.standard.definition import SYSTEM_FIELDS, StandardField, StandardObject, identifier

_NO_KEY = re.compile(r"[^A-Za-z0-9]")


def take_storage_key(obj: ObjectMetadata, name: str) -> str:
    """A key that no field of the object has or had; noted on the object, which the caller saves.

    >>> rocket = ObjectMetadata(used_storage_keys=["speed"])
    >>> take_storage_key(rocket, "speed"), take_storage_key(rocket, "speed"), rocket.used_storage_keys
    ('speed2', 'speed3', ['speed', 'speed2', 'speed3'])
    """
    plain = _NO_KEY.sub("", name) or "field"
    key, number = plain, 1
    while key in obj.used_storage_keys:
        number += 1
        key = f"{plain}{number}"
    obj.used_storage_keys = [*obj.used_storage_keys, key]
    return key


def next_position(fields: Sequence[FieldMetadata]) -> float:
    """The place after the last of an object's fields."""
    return max((each.position for each in fields), default=-1) + 1


def taken_names(fields: Sequence[FieldMetadata]) -> set[str]:
    """The names that the fields use up: their own, and the id members of to-one relations (`companyId`)."""
    return {each.name for each in fields} | {each.join_name for each in fields if each.join_name}


def new_field(
    obj: ObjectMetadata, *, name: str, type_name: str, label: str, position: float, **more: Any
) -> FieldMetadata:
    """A field of the object, owned by the application that owns custom things unless `more` says otherwise."""
    return FieldMetadata(
        workspace_id=obj.workspace_id,
        object=obj,
        name=name,
        type=type_name,
        label=label,
        position=position,
        storage_key=take_storage_key(obj, name),
        application_id=more.pop("application_id", obj.application_id),
        **more,
    )


def system_fields(obj: ObjectMetadata) -> list[FieldMetadata]:
    """The fields that every object has; labels, icons and defaults differ between standard and custom objects."""
    return [
        new_field(
            obj,
            name=each.name,
            type_name=each.type,
            label=each.custom_label if obj.is_custom else each.label,
            icon=each.custom_icon if obj.is_custom else each.icon,
            description=each.description,
            position=position,
            column=each.column,
            is_system=True,
            is_managed=True,
            is_nullable=each.is_nullable,
            is_unique=each.is_unique,
            is_ui_read_only=each.is_ui_read_only,
            is_ui_editable=not each.is_ui_read_only,
            is_searchable=False,
            default_value=each.custom_default if obj.is_custom else each.default,
            settings=dict(each.settings) or None if not obj.is_custom else None,
            universal_identifier=uuid4() if obj.is_custom else identifier(obj.name_singular, each.name),
        )
        for position, each in enumerate(SYSTEM_FIELDS)
    ]


def standard_object(workspace_id: UUID, definition: StandardObject) -> ObjectMetadata:
    return ObjectMetadata(
        workspace_id=workspace_id,
        universal_identifier=identifier(definition.singular),
        application_id=STANDARD_APPLICATION_ID,
        name_singular=definition.singular,
        name_plural=definition.plural,
        label_singular=definition.label_singular,
        label_plural=definition.label_plural,
        description=definition.description,
        icon=definition.icon,
        shortcut=definition.shortcut,
        is_system=definition.is_system,
        is_searchable=definition.is_searchable,
        duplicate_criteria=None
        if definition.duplicate_criteria is None
        else [list(each) for each in definition.duplicate_criteria],
    )


def standard_field(obj: ObjectMetadata, definition: StandardField, position: float) -> FieldMetadata:
    options = definition.options
    return new_field(
        obj,
        name=definition.name,
        type_name=definition.type,
        label=definition.label,
        icon=definition.icon,
        description=definition.description,
        position=position,
        is_nullable=definition.is_nullable,
        is_unique=definition.is_unique,
        is_system=definition.is_system,
        is_searchable=definition.is_searchable,
        default_value=definition.default,
        settings=None if definition.settings is None else dict(definition.settings),
        universal_identifier=identifier(obj.name_singular, definition.name),
        options=None
        if options is None
        else [
            {
                "id": str(identifier(obj.name_singular, definition.name, value)),
                "position": place,
                "label": label,
                "value": value,
                "color": color,
            }
            for place, (value, label, color) in enumerate(options)
        ],
    )


@dataclass(frozen=True, slots=True)
class RelationEnd:
    """What one side of a relation is called and how it looks."""

    name: str
    label: str
    icon: str | None
    description: str | None = None
    position: float = 0
    type_name: str = "RELATION"
    flags: Mapping[str, object] | None = None  # further columns of the row


def relation_pair(
    source: ObjectMetadata,
    source_end: RelationEnd,
    target: ObjectMetadata,
    target_end: RelationEnd,
    *,
    on_delete: str,
    morph_id: UUID | None = None,
) -> tuple[FieldMetadata, FieldMetadata]:
    """The MANY_TO_ONE field on `source` and its ONE_TO_MANY counterpart on `target`, pointing at each other."""
    join_name = f"{source_end.name}Id"
    to_one = _end(source, source_end, RelationType.MANY_TO_ONE, target, morph_id)
    to_one.join_name = join_name
    to_one.on_delete = on_delete
    to_one.settings = {
        "relationType": RelationType.MANY_TO_ONE.value,
        "onDelete": on_delete,
        "joinColumnName": join_name,
    }
    to_many = _end(target, target_end, RelationType.ONE_TO_MANY, source, morph_id)
    to_many.settings = {"relationType": RelationType.ONE_TO_MANY.value}
    to_one.relation_target_field_id = to_many.id
    to_many.relation_target_field_id = to_one.id
    return to_one, to_many


def _end(
    obj: ObjectMetadata, end: RelationEnd, kind: RelationType, target: ObjectMetadata, morph_id: UUID | None
) -> FieldMetadata:
    return new_field(
        obj,
        name=end.name,
        type_name=end.type_name,
        label=end.label,
        icon=end.icon,
        description=end.description,
        position=end.position,
        relation_type=kind,
        relation_target_object_id=target.id,
        morph_id=morph_id if field_type(end.type_name).is_morph else None,
        is_searchable=False,
        **(end.flags or {}),
    )


def index_rows(
    obj: ObjectMetadata,
    columns: Sequence[tuple[FieldMetadata, str | None]],
    *,
    index_type: str = IndexType.BTREE,
    is_unique: bool = False,
    is_custom: bool = False,
    where_clause: str | None = None,
) -> tuple[IndexMetadata, list[IndexFieldMetadata]]:
    """An index as the metadata APIs list it."""
    index = IndexMetadata(
        id=uuid4(),
        workspace_id=obj.workspace_id,
        object=obj,
        name=index_name(obj.name_singular, columns, index_type, is_unique),
        index_type=index_type,
        is_unique=is_unique,
        is_custom=is_custom,
        index_where_clause=where_clause,
    )
    return index, [
        IndexFieldMetadata(index=index, field=field, order=order, sub_field_name=sub_field)
        for order, (field, sub_field) in enumerate(columns)
    ]


def automatic_indexes(
    obj: ObjectMetadata, fields: Sequence[FieldMetadata]
) -> list[tuple[IndexMetadata, list[IndexFieldMetadata]]]:
    """What the engine indexes by itself: search vectors, join columns, unique fields. The id's key is not listed."""
    indexes = []
    for field in fields:
        if field.column == "search":
            indexes.append(index_rows(obj, [(field, None)], index_type=IndexType.GIN))
        elif field.join_name is not None:
            living = '"deletedAt" IS NULL'
            indexes.append(index_rows(obj, [(field, None)], is_custom=field.is_custom, where_clause=living))
        elif field.is_unique and field.column is None:
            columns: list[tuple[FieldMetadata, str | None]] = [
                (field, part or None) for part in field_type(field.type).unique_parts()
            ]
            indexes.append(index_rows(obj, columns, is_unique=True, is_custom=field.is_custom))
    return indexes
