"""One filter of a stored view as a condition on records, in the shape of a GraphQL filter; or why it is none.

A filter is put into words when it is written too, so that none is kept that cannot be read through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from config.errors import InvalidFilter
from metadata import layout_models
from metadata.fieldtypes.date import read_moment
from metadata.fieldtypes.datetime import moment_text
from metadata.fieldtypes.number import decimal_of
from metadata.fieldtypes.operators import OPERATORS
from metadata.schema import FieldSchema
from metadata.services.layout.spans import midnight, span_of

Filter = dict[str, Any]

_NEEDS_NO_VALUE = frozenset({"IS_EMPTY", "IS_NOT_EMPTY", "IS_NOT_NULL", "IS_IN_PAST", "IS_IN_FUTURE", "IS_TODAY"})


def filter_values(value: object) -> list[object]:
    """The list that a filter's value stands for: a list, its JSON text, or one value.

    >>> filter_values('["A"]'), filter_values(["A"]), filter_values("A"), filter_values("")
    (['A'], ['A'], ['A'], [])
    """
    if isinstance(value, str) and value.startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            pass
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def condition(
    row: layout_models.ViewFilter, fields: Mapping[UUID, FieldSchema], *, member_id: UUID | None, now: datetime
) -> Filter | None:
    """The filter as a condition; None while its value is not filled in, or its field is switched off.

    Raises InvalidFilter for what cannot be said of the field, kept by an earlier version or written past the APIs:
    left out, it would show more records than the view says. The filter is named, its value is not repeated.
    """
    field = fields.get(row.field_id)
    if field is None:
        return None
    if row.operand not in _NEEDS_NO_VALUE and not filter_values(row.value):
        return None
    try:
        return _said(row, field, fields, member_id, now)
    except InvalidFilter as error:
        named = {"viewFilterId": str(row.id)}
        hint = f"Change view filter {row.id} (operand {row.operand}), or delete it."
        raise error.saying(hint=hint, details=named, extensions=named) from error


def _said(
    row: layout_models.ViewFilter,
    field: FieldSchema,
    fields: Mapping[UUID, FieldSchema],
    member_id: UUID | None,
    now: datetime,
) -> Filter | None:
    if row.relation_target_field_id is None:
        return _Said(field, row.sub_field_name, row.value, member_id, now).by(row.operand)
    related = fields.get(row.relation_target_field_id)
    if related is None:
        return None
    inner = _Said(related, row.sub_field_name, row.value, member_id, now)
    if related.is_to_many:  # records of records of records
        raise inner.refused()
    said = inner.by(row.operand)
    return {"not": {field.name: said["not"]}} if "not" in said else {field.name: said}


def is_sayable(operand: str, value: object, field: FieldSchema, part: str | None) -> bool:
    """Whether records can be compared so. One whose value is not filled in yet can."""
    if operand not in _NEEDS_NO_VALUE and not filter_values(value):
        return True
    try:
        _Said(field, part, value, None, datetime.now(UTC)).by(operand)
    except InvalidFilter:
        return False
    return True


class _Said:
    """One filter while it is put into words. Negations hold for what is empty too."""

    def __init__(
        self, field: FieldSchema, part: str | None, value: object, member_id: UUID | None, now: datetime
    ) -> None:
        self.field = field
        self.type = field.type
        self.part = part
        self.value = value
        self.member_id = member_id
        self.now = now.astimezone(UTC)
        join_name = field.relation.join_name if field.relation is not None else None
        self.name = join_name or field.name

    def by(self, operand: str) -> Filter:
        if operand not in layout_models.ViewFilterOperand.values:
            raise self.refused()
        if self.part is not None and self.type.subfields and self.part not in self.type.subfields:
            raise self.refused()
        say: Callable[[], Filter] = getattr(self, f"_{operand.lower()}")
        return say()

    # Equality

    def _is(self) -> Filter:
        if self.type.is_relation:
            return self._leaf(None, {"in": self._record_ids()})
        if self.type.has_time:
            return self._day_of(self._moment(self.value))
        chosen = self._record_ids() if self._names_records() else filter_values(self.value)
        values = [self.type.view_value(each) for each in chosen]
        return self._any_part(
            lambda operators: (
                {"in": values}
                if "in" in operators
                else {"containsAny": values}
                if "containsAny" in operators
                else {"eq": values[0]}
                if "eq" in operators and len(values) == 1
                else None
            )
        )

    def _is_not(self) -> Filter:
        return {"not": self._is()}

    def _record_ids(self) -> list[str]:
        """The records chosen, the caller's own among them when that was chosen."""
        chosen = self.value
        if isinstance(chosen, str) and chosen.startswith("{"):
            try:
                chosen = json.loads(chosen)
            except (ValueError, RecursionError):
                raise self.refused() from None
        if not isinstance(chosen, Mapping):
            return [str(each) for each in filter_values(chosen)]
        selected = chosen.get("selectedRecordIds") or []
        if not isinstance(selected, list):
            raise self.refused()
        ids = [str(each) for each in selected]
        if chosen.get("isCurrentWorkspaceMemberSelected"):
            ids.append(str(self.member_id or UUID(int=0)))  # nobody's id: without a member nothing is found
        return ids or [str(UUID(int=0))]

    def _names_records(self) -> bool:
        """Whether records are chosen for a part that holds the id of one (who made a record)."""
        value = self.value
        is_choice = isinstance(value, Mapping) or (isinstance(value, str) and value.startswith("{"))
        part = None if self.part is None else self.type.subfields.get(self.part)
        return is_choice and part is not None and part.filter_type == "UUID"

    # Text and lists

    def _contains(self) -> Filter:
        values = [self.type.view_value(each) for each in filter_values(self.value)]
        if self.type.has_options:
            return self._any_part(lambda operators: {"containsAny": values} if "containsAny" in operators else None)
        if not all(isinstance(each, str | int | float) and not isinstance(each, bool) for each in values):
            raise self.refused()
        return either([self._containing(str(each)) for each in values])

    def _containing(self, text: str) -> Filter:
        pattern = f"%{escaped(text)}%"
        return self._any_part(
            lambda operators: next(
                ({name: pattern} for name in ("ilike", "containsIlike", "like") if name in operators), None
            )
        )

    def _does_not_contain(self) -> Filter:
        return {"not": self._contains()}

    def _vector_search(self) -> Filter:
        return self._leaf(None, {"search": self.value})

    # Emptiness

    def _is_empty(self) -> Filter:
        if self.field.is_to_many:
            return {"not": self._is_not_empty()}
        if not self.type.subfields:
            return self._leaf(None, {"is": "NULL"})
        parts = (self.part,) if self.part else self.type.empty_subfields or tuple(self.type.subfields)
        return {"and": [self._leaf(part, {"is": "NULL"}) for part in parts]}

    def _is_not_empty(self) -> Filter:
        if self.field.is_to_many:
            return {self.name: {"id": {"is": "NOT_NULL"}}}
        return {"not": self._is_empty()}

    _is_not_null = _is_not_empty

    # Order

    def _greater_than_or_equal(self) -> Filter:
        return self._compared("gte")

    def _less_than_or_equal(self) -> Filter:
        return self._compared("lte")

    def _compared(self, operator: str) -> Filter:
        values = filter_values(self.value)
        if len(values) != 1:
            raise self.refused()
        value = self.type.view_value(values[0])
        if not self.type.subfields:
            return self._leaf(None, {operator: value})
        for name, part in self.type.subfields.items():
            if (self.part in (None, name)) and part.filter_type == "NUMERIC":
                return self._leaf(name, {operator: self._scaled(value, part.view_scale)})
        raise self.refused()

    def _scaled(self, value: object, scale: int) -> object:
        if scale == 1:
            return value
        number = decimal_of(value)
        if number is None:
            raise self.refused()
        return round(number * scale)

    # Time

    def _is_before(self) -> Filter:
        return self._leaf(None, {"lt": self._written(self._moment(self.value))})

    def _is_after(self) -> Filter:
        return self._leaf(None, {"gte": self._written(self._moment(self.value))})

    def _is_in_past(self) -> Filter:
        return self._leaf(None, {"lt": self._written(self.now)})

    def _is_in_future(self) -> Filter:
        return self._leaf(None, {"gt": self._written(self.now)})

    def _is_today(self) -> Filter:
        return self._day_of(self.now)

    def _is_relative(self) -> Filter:
        value = self.value
        if isinstance(value, Mapping):
            value = f"{value.get('direction')}_{value.get('amount') or 1}_{value.get('unit')}"
        span = span_of(str(value).partition(";")[0], self.now)
        if span is None:
            raise self.refused()
        return self._between(*span)

    def _moment(self, value: object) -> datetime:
        moment = read_moment(value) if isinstance(value, str) else None
        if moment is None:
            raise self.refused()
        return moment

    def _day_of(self, moment: datetime) -> Filter:
        start = midnight(moment)
        last = datetime.max.replace(tzinfo=UTC)
        return self._between(start, last if start.date() == last.date() else start + timedelta(days=1))

    def _between(self, start: datetime, end: datetime) -> Filter:
        """From the start on, before the end; days count whole, so a range inside one day is that day."""
        if self.type.has_time:
            return {"and": [self._leaf(None, {"gte": moment_text(start)}), self._leaf(None, {"lt": moment_text(end)})]}
        last = (end - timedelta(milliseconds=1)).date()
        return {"and": [self._leaf(None, {"gte": _day(start.date())}), self._leaf(None, {"lte": _day(last)})]}

    def _written(self, moment: datetime) -> str:
        return moment_text(moment) if self.type.has_time else _day(moment.date())

    # Shape

    def _leaf(self, part: str | None, body: Filter) -> Filter:
        [(operator, operand)] = body.items()
        operators = self.type.operators if part is None else self.type.subfields[part].operators
        if operator not in operators:
            raise self.refused()
        if operator != "is":
            self._try(part, operator, operand)
        if self.field.is_to_many:
            return {self.name: {"id": body}}
        return {self.name: body if part is None else {part: body}}

    def _try(self, part: str | None, operator: str, operand: Any) -> None:
        """Read what is compared with, as a query will."""
        path = self.name if part is None else f"{self.name}.{part}"
        for each in operand if OPERATORS[operator].shape == "list" else [operand]:
            try:
                if each is not None and each != "":
                    self.type.coerce(each, operator, self.field, path)
            except InvalidFilter:
                raise self.refused() from None

    def _any_part(self, say: Callable[[Sequence[str]], Filter | None]) -> Filter:
        """What is said of the value, or of one of its parts: the one asked for, or any of those it can be said of."""
        if not self.type.subfields:
            body = say(self.type.operators)
            if body is None:
                raise self.refused()
            return self._leaf(None, body)
        if self.part is not None:
            body = say(self.type.subfields[self.part].operators)
            if body is None:
                raise self.refused()
            return self._leaf(self.part, body)
        said = []
        for name, part in self.type.subfields.items():
            body = say(part.operators) if part.filter_type in ("TEXT", "SELECT", "RAW_JSON") else None
            try:
                if body is not None:
                    said.append(self._leaf(name, body))
            except InvalidFilter:
                pass  # not a value of this part, but maybe of another
        if not said:
            raise self.refused()
        return either(said)

    def refused(self) -> InvalidFilter:
        return InvalidFilter(
            f'A filter of the view cannot be used on field "{self.field.name}" of type {self.type.name}', path="viewId"
        )


def anywhere(text: str, fields: Iterable[FieldSchema]) -> list[Filter]:
    """The text in any field that can contain one: a condition for each, and for each part of a composite."""
    pattern = {"ilike": f"%{escaped(text)}%"}
    found: list[Filter] = []
    for field in fields:
        if "ilike" in field.type.operators:
            found.append({field.name: pattern})
        found += [
            {field.name: {name: pattern}} for name, part in field.type.subfields.items() if "ilike" in part.operators
        ]
    return found


def count(said: Sequence[Filter]) -> int:
    """How many conditions they come to.

    >>> count([{"and": [{"a": {"eq": 1}}, {"not": {"or": [{"b": {"c": {"eq": 1}}}]}}]}, {"d": {"is": "NULL"}}])
    3
    """
    total, left = 0, list(said)
    while left:
        [(name, inner)] = left.pop().items()
        if name in ("and", "or"):
            left += inner
        elif name == "not":
            left.append(inner)
        else:
            total += 1
    return total


def either(parts: list[Filter]) -> Filter:
    return parts[0] if len(parts) == 1 else {"or": parts}


def escaped(text: str) -> str:
    r"""A text as a pattern that matches only itself.

    >>> escaped("50%_a")
    '50\\%\\_a'
    """
    return re.sub(r"([\\%_])", r"\\\1", text)


def _day(day: date) -> str:
    return day.isoformat()
