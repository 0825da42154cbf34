"""A row from what a client sent: each member, each reference and the rules, with all faults at once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from config.errors import FieldMetadataNotFound, MetadataNotFound, ObjectMetadataNotFound
from config.http.inputs import uuid_of
from config.texts import is_blank
from metadata import layout_models as shown
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.services.layout.kinds import RESOURCES, VIEW, VIEW_FIELD
from metadata.services.layout.members import LARGEST_COUNT, Member, Resource, Row
from metadata.services.layout.reading import label_identifier_of, leads, resource_find, resource_rows


def apply_members(resource: Resource, row: Row, values: Mapping[str, object], *, is_new: bool) -> list[str]:
    """Put the members on the row; answers what is wrong with them."""
    problems = _identify(resource, row, values) if is_new else []
    for member in resource.members:
        if member.is_fixed and not is_new:
            continue
        if member.name not in values:
            if is_new and member.is_required:
                problems.append(f"{member.name} should not be empty")
            continue
        value = values[member.name]
        if value is None and not member.is_nullable:
            if member.is_required:
                problems.append(f"{member.name} should not be empty")
            continue  # null leaves what cannot be null
        fault, cleaned = clean_member(member, value)
        if fault is not None:
            problems.append(f"{member.name} {fault}")
        else:
            setattr(row, member.attribute, cleaned)
    if problems:
        return problems
    is_ruled = is_new or not resource.ruled or bool(resource.ruled & values.keys())
    return _reference_problems(resource, row, is_ruled=is_ruled)


def _identify(resource: Resource, row: Row, values: Mapping[str, object]) -> list[str]:
    given = values.get("id")
    if given is None:
        row.id = uuid4()
        return []
    row.id = uuid_of(given)
    if row.id is None:
        return ["id must be a UUID"]
    return ["id is taken"] if resource.model._default_manager.filter(id=row.id).exists() else []


def clean_member(member: Member, value: Any) -> tuple[str | None, object]:
    """What is wrong with the value, and the value as kept."""
    if member.kind == "json" or value is None:
        return None, value
    if member.kind == "flag":
        return (None, value) if isinstance(value, bool) else ("must be a boolean value", None)
    if member.kind == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
        return (None, float(value)) if is_number else ("must be a number", None)
    if member.kind == "count":
        is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
        return (None, int(value)) if is_whole and 1 <= value <= LARGEST_COUNT else (_COUNT_FAULT, None)
    if member.kind == "choice":
        assert member.choices is not None
        return (
            (None, value) if value in member.choices.values else (f"must be one of: {', '.join(member.choices)}", None)
        )
    if member.kind == "text":
        if not isinstance(value, str) or "\x00" in value:
            return "must be a string", None
        text = value.strip()
        return (
            ("should not be empty", None)
            if member.is_required and is_blank(text) and member.name != "fieldValue"
            else (
                None,
                text,
            )
        )
    found = uuid_of(value)
    return ("must be a UUID", None) if found is None else (None, found)


_COUNT_FAULT = f"must be a whole number from 1 to {LARGEST_COUNT}"


def _reference_problems(resource: Resource, row: Row, *, is_ruled: bool) -> list[str]:
    """References to what belongs to another object or view; then the rules.

    Raises MetadataNotFound for what this workspace does not have.
    """
    problems = []
    workspace_id = row.workspace_id
    view = None
    for member in resource.members:
        id = getattr(row, member.attribute)
        if id is None or member.kind not in ("object", "resource"):
            continue
        if member.kind == "object":
            if not ObjectMetadata.objects.filter(workspace_id=workspace_id, id=id).exists():
                raise ObjectMetadataNotFound(path=member.name)
            continue
        target = resource_find(RESOURCES[str(member.of)], workspace_id, id)
        if target is None:
            raise MetadataNotFound(f"{RESOURCES[str(member.of)].label} not found", path=member.name)
        if member.of == "view":
            view = target
        elif view is not None and getattr(target, "view_id", view.id) != view.id:
            problems.append(f"{member.name} belongs to another view")
    if problems:
        return problems
    object_id = row.object_id if resource is VIEW else None if view is None else view.object_id
    members = [each for each in resource.members if each.kind in ("field", "related")]
    members = [each for each in members if getattr(row, each.attribute) is not None]
    ids = [getattr(row, each.attribute) for each in members]
    found = FieldMetadata.objects.filter(workspace_id=workspace_id, id__in=ids) if ids else ()
    fields = {each.id: each for each in found}
    for each in members:
        if getattr(row, each.attribute) not in fields:
            raise FieldMetadataNotFound(path=each.name)
    problems = [
        f"{each.name} is not a field of the view's object"
        for each in members
        if each.kind == "field" and fields[getattr(row, each.attribute)].object_id != object_id
    ]
    return problems or (resource.rules(row, fields) if is_ruled else [])


def space_problems(resource: Resource, row: Row) -> list[str]:
    """What the rows that exist leave no room for."""
    if resource.parent is not None:
        attribute = resource.by_name[resource.parent].attribute
        siblings = resource_rows(resource, row.workspace_id).filter(**{attribute: getattr(row, attribute)})
        if siblings.count() >= resource.limit:
            return [f"no more than {resource.limit} {resource.many} can belong to one {resource.parent[:-2]}"]
        if resource is VIEW_FIELD and siblings.filter(field_id=row.field_id).exists():
            return ["fieldMetadataId is shown in the view already"]
    return []


def place_problems(resource: Resource, row: Row, update: Mapping[str, object] | None = None) -> list[str]:
    """The field that names a record stands first in its views, for all to see. No `update`: the row is new."""
    if resource is not VIEW_FIELD:
        return []
    others = shown.ViewField.objects.filter(view_id=row.view_id, deleted_at=None).exclude(id=row.id)
    if not leads(row):
        leading = others.filter(field_id=label_identifier_of(row.view_id)).first() if update is None else None
        if leading is not None and row.position < leading.position:
            return ["View field position cannot be lower than label identifier view field position"]
        return []
    problems = [] if row.is_visible else ["Label identifier view field has to be visible"]
    is_placed = update is None or "position" in update
    if is_placed and others.filter(position__lt=row.position).exists():
        problems.append("Label identifier view field has to be in the lowest position")
    return problems
