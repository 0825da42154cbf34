"""What conditions tell: values of fields that a role may not read are not told to it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from uuid import UUID

from django.db.models import Q

from config.http.inputs import uuid_of
from config.principal import Permissions
from metadata.models import FieldMetadata
from metadata.services.layout.members import Member, Resource, Row

MASK = ""  # a condition without a value, as one that is not filled in


def hidden_fields(resource: Resource, rows: Iterable[Row], permissions: Permissions) -> frozenset[UUID]:
    """Those fields that the rows hold values of in conditions, and whose values a role may not read.

    Of conditions on all fields of an object the id of the object, when a field of it may not be read. At most one
    statement for all of the rows.
    """
    rows = list(rows)
    ids = {field_id for row in rows for field_id in _compared(resource, row)}
    objects = {object_id for row in rows for object_id in _compared_as_a_whole(resource, row)}
    if not ids and not objects:
        return frozenset()
    fields = FieldMetadata.objects.filter(Q(id__in=ids) | Q(object_id__in=objects)).select_related("object")
    hidden = [each for each in fields if not permissions.allows("read", each.object) or permissions.hides(each)]
    return frozenset(each.id for each in hidden) | {each.object_id for each in hidden if each.object_id in objects}


def shown_value(member: Member, row: Row, hidden: Container[UUID]) -> object:
    """A member as it is answered: conditions on hidden fields lose their values, and stay in their place."""
    value = getattr(row, member.attribute)
    if not member.holds_conditions:
        return value
    if member.object_attribute is not None:
        return MASK if value and getattr(row, member.object_attribute) in hidden else value
    if member.field_attributes:
        return MASK if any(getattr(row, each) in hidden for each in member.field_attributes) else value
    return _masked(value, hidden)


def _compared_as_a_whole(resource: Resource, row: Row) -> Iterator[UUID]:
    for member in resource.members:
        if member.object_attribute is not None and getattr(row, member.attribute):
            yield getattr(row, member.object_attribute)


def _compared(resource: Resource, row: Row) -> Iterator[UUID]:
    for member in resource.members:
        if not member.holds_conditions or member.object_attribute is not None:
            continue
        if member.field_attributes:
            ids = (getattr(row, each) for each in member.field_attributes)
            yield from (each for each in ids if each is not None)
        else:
            for condition in _conditions(getattr(row, member.attribute)):
                yield from _field_of(condition)


def _conditions(value: object) -> Iterator[Mapping[str, object]]:
    """Whatever in a JSON value names a field beside a value."""
    if isinstance(value, Mapping):
        if "fieldMetadataId" in value and "value" in value:
            yield value
        for each in value.values():
            yield from _conditions(each)
    elif isinstance(value, list):
        for each in value:
            yield from _conditions(each)


def _field_of(condition: Mapping[str, object]) -> list[UUID]:
    found = uuid_of(condition["fieldMetadataId"])
    return [] if found is None else [found]


def _masked(value: object, hidden: Container[UUID]) -> object:
    if isinstance(value, list):
        return [_masked(each, hidden) for each in value]
    if not isinstance(value, Mapping):
        return value
    shown = {name: _masked(each, hidden) for name, each in value.items()}
    is_hidden = "fieldMetadataId" in value and "value" in value and any(each in hidden for each in _field_of(value))
    return {**shown, "value": MASK} if is_hidden else shown
