"""Relative time of a filter (this week, the past 3 days) → the moments from which and before which it is, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

_RELATIVE = re.compile(r"(PAST|NEXT|THIS)_(?:(\d{1,4})_)?(SECOND|MINUTE|HOUR|DAY|WEEK|MONTH|QUARTER|YEAR)", re.ASCII)
_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3_600, "DAY": 86_400, "WEEK": 604_800}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_LONGEST_SPAN = 12_000  # months, of a relative filter: its other end is a day of the calendar whenever it is read


def span_of(text: str, now: datetime) -> tuple[datetime, datetime] | None:
    """Its start and its end; None for what says no span, or one that is too long.

    >>> [each.isoformat() for each in span_of("PAST_3_DAY", datetime(2026, 3, 31, tzinfo=UTC))]
    ['2026-03-28T00:00:00+00:00', '2026-03-31T00:00:00+00:00']
    """
    match = _RELATIVE.fullmatch(text)
    if match is None:
        return None
    direction, unit, amount = match[1], match[3], int(match[2] or 1)
    if amount * _MONTHS.get(unit, 0) > _LONGEST_SPAN:
        return None
    if direction == "THIS":
        start = _start_of(unit, now)
        return start, _shifted(start, 1, unit)
    other = _shifted(now, -amount if direction == "PAST" else amount, unit)
    return (other, now) if direction == "PAST" else (now, other)


def midnight(moment: datetime) -> datetime:
    """The start of its day."""
    return datetime.combine(moment.date(), time(), UTC)


def _start_of(unit: str, now: datetime) -> datetime:
    if unit in ("SECOND", "MINUTE", "HOUR"):
        return datetime.fromtimestamp(now.timestamp() // _SECONDS[unit] * _SECONDS[unit], UTC)
    day = midnight(now)
    if unit == "DAY":
        return day
    if unit == "WEEK":
        return day - timedelta(days=day.weekday())
    months = _MONTHS[unit]
    return day.replace(day=1, month=(day.month - 1) // months * months + 1)


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
