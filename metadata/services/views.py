"""What a stored view says of records, in the shape of a GraphQL filter."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from config.errors import InvalidFilter, MetadataNotFound
from metadata import cache, view_models
from metadata.fieldtypes.date import read_moment
from metadata.fieldtypes.datetime import moment_text
from metadata.models import FieldMetadata
from metadata.schema import FieldSchema
from metadata.services.resources import (
    VIEW,
    VIEW_FILTER,
    VIEW_FILTER_GROUP,
    filter_values,
    resource_find,
    resource_rows,
)

Filter = dict[str, Any]

_NEEDS_NO_VALUE = frozenset({"IS_EMPTY", "IS_NOT_EMPTY", "IS_NOT_NULL", "IS_IN_PAST", "IS_IN_FUTURE", "IS_TODAY"})
_RELATIVE = re.compile(r"(PAST|NEXT|THIS)_(?:(\d{1,4})_)?(SECOND|MINUTE|HOUR|DAY|WEEK|MONTH|QUARTER|YEAR)", re.ASCII)
_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3_600, "DAY": 86_400, "WEEK": 604_800}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def view_filter(
    workspace_id: UUID,
    view_id: UUID,
    *,
    object_id: UUID | None = None,
    member_id: UUID | None = None,
    now: datetime | None = None,
) -> Filter:
    """All filters of the view, AND-ed with its groups, as nested mappings (`{"and": [{"stage": {"in": […]}}]}`).

    `{}` when it has none. A filter without a value says nothing yet. `member_id` is the caller's record as a
    member, for filters like "assigned to me", which find nothing without one. Raises MetadataNotFound for a
    view that the workspace (or the object) does not have, and InvalidFilter for what cannot be said of a field.
    """
    view = resource_find(VIEW, workspace_id, view_id)
    if view is None or object_id not in (None, view.object_id):
        raise MetadataNotFound(f"View {view_id} not found", path="viewId")
    filters = list(resource_rows(VIEW_FILTER, workspace_id, view.id))
    groups = list(resource_rows(VIEW_FILTER_GROUP, workspace_id, view.id)) if filters else []
    is_anywhere = bool(view.any_field_filter_value)
    rows = FieldMetadata.objects.filter(workspace_id=workspace_id, object_id=view.object_id)
    if not is_anywhere:
        rows = rows.filter(id__in=[each.field_id for each in filters])
    fields = {row.id: cache.field_schema(row) for row in rows.filter(is_active=True)} if filters or is_anywhere else {}
    related_ids = {each.relation_target_field_id for each in filters} - {None}
    related = FieldMetadata.objects.filter(workspace_id=workspace_id, id__in=related_ids, is_active=True)
    known = fields | {row.id: cache.field_schema(row) for row in (related if related_ids else ())}
    said = conditions(filters, groups, known, member_id=member_id, now=now or timezone.now())
    if is_anywhere:
        said.append(_anywhere(view.any_field_filter_value, fields.values()))
    return {"and": said} if said else {}


def conditions(
    filters: Sequence[view_models.ViewFilter],
    groups: Sequence[view_models.ViewFilterGroup],
    fields: Mapping[UUID, FieldSchema],
    *,
    member_id: UUID | None,
    now: datetime,
) -> list[Filter]:
    """What the top of the tree says: the groups without a parent, and the filters without a group."""
    known = {each.id for each in groups}
    by_group: dict[UUID | None, list[view_models.ViewFilter]] = defaultdict(list)
    for each in filters:
        by_group[each.view_filter_group_id if each.view_filter_group_id in known else None].append(each)
    children: dict[UUID | None, list[view_models.ViewFilterGroup]] = defaultdict(list)
    for group in groups:
        parent = group.parent_view_filter_group_id
        children[parent if parent in known else None].append(group)

    def below(group_id: UUID | None) -> list[Filter]:
        parts: list[tuple[float, Filter]] = []
        for each in by_group[group_id]:
            said = _condition(each, fields, member_id, now)
            if said is not None:
                parts.append((each.position_in_view_filter_group or 0, said))
        for group in children[group_id]:
            inner = below(group.id)
            if inner:
                parts.append((group.position_in_view_filter_group or 0, _joined(group.logical_operator, inner)))
        return [said for _, said in sorted(parts, key=lambda part: part[0])]

    return below(None)


def _joined(operator: str, parts: list[Filter]) -> Filter:
    if operator == view_models.ViewFilterGroupLogicalOperator.NOT:
        return {"not": {"and": parts}}
    return {operator.lower(): parts}


# One filter ------------------------------------------------------------------------------------------


def _condition(
    row: view_models.ViewFilter, fields: Mapping[UUID, FieldSchema], member_id: UUID | None, now: datetime
) -> Filter | None:
    """The filter as a condition; None while its value is not filled in, or its field is switched off."""
    field = fields.get(row.field_id)
    if field is None:
        return None
    if row.operand not in _NEEDS_NO_VALUE and (row.value is None or row.value == "" or row.value == []):
        return None
    if row.relation_target_field_id is None:
        return _Said(field, row.sub_field_name, row.value, member_id, now).by(row.operand)
    related = fields.get(row.relation_target_field_id)
    if related is None:
        return None
    said = _Said(related, row.sub_field_name, row.value, member_id, now).by(row.operand)
    return {"not": {field.name: said["not"]}} if "not" in said else {field.name: said}


class _Said:
    """One filter while it is put into words. Negations hold for what is empty too."""

    def __init__(self, field: FieldSchema, part: str | None, value: Any, member_id: UUID | None, now: datetime) -> None:
        self.field = field
        self.type = field.type
        self.part = part
        self.value = value
        self.member_id = member_id
        self.now = now.astimezone(UTC)
        join_name = field.relation.join_name if field.relation is not None else None
        self.name = join_name or field.name

    def by(self, operand: str) -> Filter:
        say: Callable[[], Filter] | None = getattr(self, f"_{operand.lower()}", None)
        assert say is not None, operand
        return say()

    # Equality

    def _is(self) -> Filter:
        if self.type.is_relation:
            return self._leaf(None, {"in": self._record_ids()})
        if self.type.has_time:
            start = self._midnight(self._moment(self.value))
            return self._between(start, start + timedelta(days=1))
        values = [self.type.view_value(each) for each in filter_values(self.value)]
        return self._any_part(
            lambda operators: (
                {"in": values}
                if "in" in operators
                else {"containsAny": values}
                if "containsAny" in operators
                else {"eq": values[0]}
                if "eq" in operators
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
                raise self._refused() from None
        if not isinstance(chosen, Mapping):
            return [str(each) for each in filter_values(chosen)]
        ids = [str(each) for each in chosen.get("selectedRecordIds") or ()]
        if chosen.get("isCurrentWorkspaceMemberSelected"):
            ids.append(str(self.member_id or UUID(int=0)))  # nobody's id: without a member nothing is found
        return ids or [str(UUID(int=0))]

    # Text and lists

    def _contains(self) -> Filter:
        values = [self.type.view_value(each) for each in filter_values(self.value)]
        if self.type.has_options:
            return self._any_part(lambda operators: {"containsAny": values} if "containsAny" in operators else None)
        return _either([self._containing(str(each)) for each in values])

    def _containing(self, text: str) -> Filter:
        pattern = f"%{_escaped(text)}%"
        return self._any_part(
            lambda operators: next(
                ({name: pattern} for name in ("ilike", "containsIlike", "like") if name in operators), None
            )
        )

    def _does_not_contain(self) -> Filter:
        return {"not": self._contains()}

    def _vector_search(self) -> Filter:
        return {"searchVector": {"search": str(self.value)}}

    # Emptiness

    def _is_empty(self) -> Filter:
        if not self.type.subfields:
            return self._leaf(None, {"is": "NULL"})
        parts = (self.part,) if self.part else self.type.empty_subfields or tuple(self.type.subfields)
        return {"and": [self._leaf(part, {"is": "NULL"}) for part in parts]}

    def _is_not_empty(self) -> Filter:
        return {"not": self._is_empty()}

    _is_not_null = _is_not_empty

    # Order

    def _greater_than_or_equal(self) -> Filter:
        return self._compared("gte")

    def _less_than_or_equal(self) -> Filter:
        return self._compared("lte")

    def _compared(self, operator: str) -> Filter:
        value = self.type.view_value(filter_values(self.value)[0])
        if not self.type.subfields:
            return self._leaf(None, {operator: value})
        for name, part in self.type.subfields.items():
            if (self.part in (None, name)) and part.filter_type == "NUMERIC":
                return self._leaf(name, {operator: self._scaled(value, part.view_scale)})
        raise self._refused()

    def _scaled(self, value: Any, scale: int) -> Any:
        try:
            return value if scale == 1 else round(float(value) * scale)
        except (TypeError, ValueError):
            raise self._refused() from None

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
        start = self._midnight(self.now)
        return self._between(start, start + timedelta(days=1))

    def _is_relative(self) -> Filter:
        direction, amount, unit = self._relative()
        if direction == "THIS":
            start = self._start_of(unit)
            return self._between(start, _shifted(start, 1, unit))
        try:
            other = _shifted(self.now, -amount if direction == "PAST" else amount, unit)
        except (ValueError, OverflowError):  # a year that the calendar does not have
            raise self._refused() from None
        return self._between(*sorted((self.now, other)))

    def _relative(self) -> tuple[str, int, str]:
        value = self.value
        if isinstance(value, Mapping):
            value = f"{value.get('direction')}_{value.get('amount') or 1}_{value.get('unit')}"
        match = _RELATIVE.fullmatch(str(value).partition(";")[0])
        if match is None:
            raise self._refused()
        return match[1], int(match[2] or 1), match[3]

    def _start_of(self, unit: str) -> datetime:
        now = self.now
        if unit in ("SECOND", "MINUTE", "HOUR"):
            return datetime.fromtimestamp(now.timestamp() // _SECONDS[unit] * _SECONDS[unit], UTC)
        day = self._midnight(now)
        if unit == "DAY":
            return day
        if unit == "WEEK":
            return day - timedelta(days=day.weekday())
        months = _MONTHS[unit]
        return day.replace(day=1, month=(day.month - 1) // months * months + 1)

    def _moment(self, value: Any) -> datetime:
        moment = read_moment(value) if isinstance(value, str) else None
        if moment is None:
            raise self._refused()
        return moment

    @staticmethod
    def _midnight(moment: datetime) -> datetime:
        return datetime.combine(moment.date(), time(), UTC)

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
        [operator] = body
        operators = self.type.operators if part is None else self.type.subfields[part].operators
        if operator not in operators:
            raise self._refused()
        return {self.name: body if part is None else {part: body}}

    def _any_part(self, say: Callable[[Sequence[str]], Filter | None]) -> Filter:
        """What is said of the value, or of one of its parts: the one asked for, or any of those it can be said of."""
        if not self.type.subfields:
            body = say(self.type.operators)
            if body is None:
                raise self._refused()
            return self._leaf(None, body)
        parts = {name: part for name, part in self.type.subfields.items() if self.part in (None, name)}
        bodies = [
            self._leaf(name, body)
            for name, part in parts.items()
            if (self.part is not None or part.filter_type in ("TEXT", "SELECT", "RAW_JSON"))
            and (body := say(part.operators)) is not None
        ]
        if not bodies:
            raise self._refused()
        return _either(bodies)

    def _refused(self) -> InvalidFilter:
        return InvalidFilter(
            f'A filter of the view cannot be used on field "{self.field.name}" of type {self.type.name}', path="viewId"
        )


def _anywhere(text: str, fields: Any) -> Filter:
    """The text in any field that can contain one."""
    pattern = {"ilike": f"%{_escaped(text)}%"}
    found: list[Filter] = []
    for field in fields:
        if "ilike" in field.type.operators:
            found.append({field.name: pattern})
        found += [
            {field.name: {name: pattern}} for name, part in field.type.subfields.items() if "ilike" in part.operators
        ]
    return _either(found)


def _either(parts: list[Filter]) -> Filter:
    return parts[0] if len(parts) == 1 else {"or": parts}


def _escaped(text: str) -> str:
    r"""A text as a pattern that matches only itself.

    >>> _escaped("50%_a")
    '50\\%\\_a'
    """
    return re.sub(r"([\\%_])", r"\\\1", text)


def _day(day: date) -> str:
    return day.isoformat()


def _shifted(moment: datetime, amount: int, unit: str) -> datetime:
    """The moment so many units later; a day that a month lacks becomes its last.

    >>> _shifted(datetime(2026, 3, 31, tzinfo=UTC), -1, "MONTH").date().isoformat()
    '2026-02-28'
    """
    if unit in _SECONDS:
        return moment + timedelta(seconds=amount * _SECONDS[unit])
    months = moment.year * 12 + moment.month - 1 + amount * _MONTHS[unit]
    year, month = divmod(months, 12)
    first = moment.replace(year=year, month=month + 1, day=1)
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first.replace(day=min(moment.day, (following - timedelta(days=1)).day))
