"""The rows of a morph relation: one field for each target, named after it, edited as one."""

from __future__ import annotations

from collections.abc import Iterable

from config.texts import capitalised
from metadata.models import FieldMetadata, ObjectMetadata, RelationType
from metadata.services.change import Change
from metadata.services.criteria import columns_of, follow_fields


def siblings_of(change: Change, field: FieldMetadata) -> list[FieldMetadata]:
    """The other rows of a morph relation that was made in this workspace; none of any other field.

    The rows of the standard model (`targetPerson`, `targetRocket`) have labels of their own and come and go with
    their objects: each is edited by itself.
    """
    if field.morph_id is None or not field.is_custom:
        return []
    return [
        each
        for each in change.fields_of(field.object_id)
        if each.morph_id == field.morph_id and each.is_custom and each.id != field.id
    ]


def suffix_of(kind: str | None, name_singular: str, name_plural: str) -> str:
    """What a row's name ends with: `Person`, or `People` where there can be many."""
    return capitalised(name_singular if kind == RelationType.MANY_TO_ONE else name_plural)


def suffix(change: Change, row: FieldMetadata) -> str:
    assert row.relation_target_object_id is not None
    target = change.objects[row.relation_target_object_id]
    return suffix_of(row.relation_type, target.name_singular, target.name_plural)


def base_name(change: Change, rows: Iterable[FieldMetadata]) -> str:
    """The name that the rows have in common, as the first tells that still ends with its target's name."""
    rows = list(rows)
    for row in rows:
        base = row.name.removesuffix(suffix(change, row))
        if base != row.name:
            return base
    return rows[0].name


def give_name(field: FieldMetadata, name: str) -> None:
    field.name = name
    if field.join_name is not None:
        field.join_name = f"{name}Id"
        field.settings = {**(field.settings or {}), "joinColumnName": field.join_name}


def named_after(change: Change, target: ObjectMetadata, before: tuple[str, str]) -> list[tuple[FieldMetadata, str]]:
    """The rows that lead to an object which had other names `before` (singular, plural), each with its new name.

    Rows that were not named after it keep their names, and so do plain relations.
    """
    found = []
    for row in change.fields_to(target.id):
        if row.morph_id is None or row.is_managed:
            continue
        base = row.name.removesuffix(suffix_of(row.relation_type, *before))
        name = base + suffix(change, row)
        if row.name not in (base, name):
            found.append((row, name))
    return found


def rename(change: Change, row: FieldMetadata, name: str) -> None:
    """Give the row another name, which its object's duplicate criteria follow."""
    owner, columns = change.objects[row.object_id], columns_of(row)
    give_name(row, name)
    row.updated_at = change.now
    row.save(update_fields=["name", "join_name", "settings", "updated_at"])
    if follow_fields(owner, dict(zip(columns, columns_of(row), strict=True))):
        owner.save(update_fields=["duplicate_criteria"])
