"""Plans duplicates: which stored values make two records look the same, by the object's criteria."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from config.errors import BadRequest
from config.texts import capitalised
from core.query.plan import All, Any_, Compare, Condition, Negation
from core.query.scope import Scope, reads
from metadata.fieldtypes.operators import OPERATORS
from metadata.schema import FieldSchema, ObjectSchema

SHORTEST = 3  # characters a value must have to tell anything
LARGEST_PAGE = 200
Column = tuple[FieldSchema, str | None]


@lru_cache(maxsize=1024)
def criteria_of(subject: ObjectSchema) -> tuple[tuple[Column, ...], ...]:
    """The object's criteria with their columns (`nameFirstName`) resolved; those of missing fields are left out."""
    columns: dict[str, Column] = {}
    for field in subject.fields:
        if field.relation is not None:
            if field.relation.join_name is not None:
                columns[field.relation.join_name] = (field, None)
        elif field.type.subfields:
            for part in field.type.subfields:
                columns[f"{field.name}{capitalised(part)}"] = (field, part)
        else:
            columns[field.name] = (field, None)
    return tuple(
        tuple(columns[name] for name in group)
        for group in subject.duplicate_criteria or ()
        if all(name in columns for name in group)
    )


def similar_to(scope: Scope, subject: ObjectSchema, data: Mapping[str, Any], record_id: str | None) -> Condition | None:
    """Records that agree with the stored `data` on every value of some criterion; None when no criterion can tell.

    A criterion with a field that the caller may not read tells them nothing.
    """
    alternatives: list[Condition] = []
    for group in criteria_of(subject):
        if not all(reads(scope, subject, field) for field, _ in group):
            continue
        comparisons = []
        for field, part in group:
            stored = data.get(field.storage_key)
            value = stored if part is None or stored is None else stored.get(part)
            if value is None or len(str(value)) < SHORTEST:
                break
            comparisons.append(Compare(field.type.sql(field, part), OPERATORS["eq"], value))
        else:
            alternatives.append(All(tuple(comparisons)))
    if not alternatives:
        return None
    similar: Condition = Any_(tuple(alternatives))
    if record_id is None:
        return similar
    id_field = subject.by_name["id"]
    return All((similar, Negation(Compare(id_field.type.sql(id_field), OPERATORS["eq"], record_id))))


def check_duplicates(ids: Sequence[object] | None, records: Sequence[object] | None) -> None:
    """Exactly one of both; an empty list of ids is fine, an empty list of records is not."""
    if ids is not None and records is not None:
        raise BadRequest('You cannot provide both "data" and "ids" arguments')
    if ids is None and records is None:
        raise BadRequest('You have to provide either "data" or "ids" argument')
    if ids is None and not records:
        raise BadRequest('The "data" condition can not be empty when "ids" input not provided')
