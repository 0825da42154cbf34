"""Duplicate criteria: lists of column names (`nameFirstName`) that have to agree; they follow their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from config.errors import Problem
from metadata.fieldtypes.registry import field_type
from metadata.models import FieldMetadata, ObjectMetadata
from metadata.names import composite_column

INVALID: Final = "INVALID_OBJECT_INPUT"
MAX_CRITERIA = 10


def columns_of(field: FieldMetadata) -> list[str]:
    """The columns of one field: itself, each part of a composite, the id of a to-one relation, none of a to-many.

    >>> columns_of(FieldMetadata(name="name", type="FULL_NAME"))
    ['nameFirstName', 'nameLastName']
    """
    if field.relation_type is not None:
        return [field.join_name] if field.join_name else []
    parts = field_type(field.type).subfields
    return [composite_column(field.name, part) for part in parts] if parts else [field.name]


def criteria_problems(criteria: object, fields: Iterable[FieldMetadata]) -> list[Problem]:
    """What is wrong with criteria given for an object with these fields; null is no criteria."""
    if criteria is None:
        return []
    if (
        not isinstance(criteria, list)
        or not all(isinstance(group, list) and group for group in criteria)
        or not all(isinstance(name, str) for group in criteria for name in group)
    ):
        return [Problem(INVALID, "duplicateCriteria must be a list of lists of column names", criteria)]
    if len(criteria) > MAX_CRITERIA:
        return [Problem(INVALID, f"duplicateCriteria has more than {MAX_CRITERIA} entries", len(criteria))]
    known = {column for field in fields for column in columns_of(field)}
    unknown = sorted({name for group in criteria for name in group} - known)
    return [Problem(INVALID, f'duplicateCriteria has an unknown column "{name}"', name) for name in unknown]


def follow_fields(obj: ObjectMetadata, renamed: Mapping[str, str | None]) -> bool:
    """Put new column names in the place of old ones; a criterion with a column that is gone (None) goes with it.

    Answers whether the object has changed; the caller saves it.
    """
    if not obj.duplicate_criteria:
        return False
    followed = [[renamed.get(name, name) for name in group] for group in obj.duplicate_criteria]
    kept = [group for group in followed if None not in group] or None
    if kept == obj.duplicate_criteria:
        return False
    obj.duplicate_criteria = kept
    return True
