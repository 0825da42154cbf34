"""Calendar days, and how the many ways of writing a day or a moment are read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from config.errors import InvalidFilter, InvalidValue
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.json_schema import nullable
from metadata.fieldtypes.operators import NUMBER_OPERATORS
from metadata.fieldtypes.parts import Json, Samples, refused
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import CODE
from metadata.fieldtypes.values import show

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

_MONTHS = ("january", "february", "march", "april", "may", "june",
           "july", "august", "september", "october", "november", "december")  # fmt: skip
_MONTH_NUMBERS = {name: number for number, long in enumerate(_MONTHS, 1) for name in (long, long[:3])}

_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ISO_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
_OTHER_DAYS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
        r"(?P<y>\d{4})(?P<s>[./])(?P<m>\d\d)(?P=s)(?P<d>\d\d)",
        r"(?P<m>\d\d)(?P<s>[-./])(?P<d>\d\d)(?P=s)(?P<y>\d{4})",
        r"(?P<n>[A-Za-z]{3,9}) (?P<d>\d{1,2}), (?P<y>\d{4})",
        r"(?P<d>\d{1,2})(?P<s>[ -])(?P<n>[A-Za-z]{3,9})(?P=s)(?P<y>\d{4})",
        r"(?P<y>\d{4})-(?P<n>[A-Za-z]{3})-(?P<d>\d{1,2})",
    )
)
_LONGEST = 40  # no accepted form is longer


def read_day(text: str) -> date | None:
    """The day that a text without a time names: ISO 8601, US order, or with an English month."""
    if len(text) > _LONGEST:
        return None
    try:
        if _ISO_DAY.fullmatch(text):
            return date.fromisoformat(text)
        for form in _OTHER_DAYS:
            match = form.fullmatch(text)
            if match is None:
                continue
            parts = match.groupdict()
            month = _MONTH_NUMBERS.get(parts["n"].lower(), 0) if "n" in parts else int(parts["m"])
            return date(int(parts["y"]), month, int(parts["d"]))
    except ValueError:
        pass  # a day that the calendar does not have
    return None


def read_moment(text: str) -> datetime | None:
    """The moment that a text names, in UTC: ISO 8601 with a time, or a day alone (its first instant).

    A time without a zone is UTC. Digits beyond the milliseconds are cut off when it is stored.
    """
    if len(text) > _LONGEST:
        return None
    match = _ISO_MOMENT.fullmatch(text)
    try:
        if match is None:
            day = read_day(text)
            return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
        iso_day, hour, minute, second, fraction, zone = match.groups()
        day = date.fromisoformat(iso_day)
        microsecond = int(fraction.ljust(6, "0")[:6]) if fraction else 0
        moment = datetime(
            day.year, day.month, day.day, int(hour), int(minute), int(second or 0), microsecond, _zone(zone)
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def parse_date(value: Json) -> str | None:
    """`YYYY-MM-DD`, or None when the value names no day. A time of day in UTC or without a zone is dropped."""
    if not isinstance(value, str):
        return None
    if len(value) == 10 and _ISO_DAY.fullmatch(value):  # what nearly every client sends
        try:
            date.fromisoformat(value)
        except ValueError:
            return None
        return value
    day = read_day(value)
    if day is None and (match := _ISO_MOMENT.fullmatch(value)) and match[4] and match[6] in (None, "Z"):
        moment = read_moment(value)
        day = None if moment is None else moment.date()
    return None if day is None else day.isoformat()


def date_message(value: Json, path: str) -> str:
    return f"Invalid value {show(value)} for date field \"{path}\". Expected format: 'YYYY-MM-DD'"


@register
class DateType(FieldType):
    """Stored: `"2026-01-31"`."""

    name = "DATE"
    label = "Date"
    description = "A calendar day, without a time."

    sql_type = CODE
    operators = NUMBER_OPERATORS
    is_date = True
    aggregates = ("min", "max")
    aggregate_graphql = "DateTime"

    graphql = "Date"
    graphql_filter = "DateFilter"
    samples = Samples(
        good=[
            *(
                (text, "2025-01-13")
                for text in (
                    "2025-01-13", "20250113", "2025.01.13", "2025/01/13", "01-13-2025", "01/13/2025", "01.13.2025",
                    "January 13, 2025", "Jan 13, 2025", "13 January 2025", "13 Jan 2025", "13-Jan-2025",
                    "2025-Jan-13", "2025-01-13T10:30:00Z", "2025-01-13 10:30:00.000", "2025-01-13T23:59:59.999Z",
                )
            ),
            ("2024-02-29", "2024-02-29"),
            (None, None),
        ],
        bad=refused((
                "2024", "2024-01", "2025-13-01", "2024-02-31", "2025-02-29", "not-a-date", "2025-W01-1", "0000-01-01",
                "", 1, True, {}, [],
            ), lambda value: date_message(value, "sample")),
        answers=[("2026-01-31", "2026-01-31"), (None, None)],
        operands={"eq": "01/31/2026", "in": "2026-01-31", "gt": "2026-01-01"},
    )  # fmt: skip

    def clean(self, value: Json, field: FieldSchema) -> Json:
        if value is None:
            return None
        day = parse_date(value)
        if day is None:
            raise InvalidValue(date_message(value, field.name), path=field.name)
        return day

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        if value is None:
            return None
        day = parse_date(value)
        if day is None:
            raise InvalidFilter(date_message(value, path), path=path)
        return day

    def default(self, default: Json, field: FieldSchema) -> Json:
        if default == "now":
            return datetime.now(UTC).date().isoformat()
        return super().default(default, field)

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema: dict[str, object] = {"type": "string", "format": "date", "examples": ["2026-01-31"]}
        return nullable(schema) if field.is_nullable else schema

    def input_value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema = self.value_schema(field)
        del schema["format"]  # other ways of writing a day are accepted too
        return nullable(schema) if field.is_nullable else schema
