"""What clients send of keys and roles: names, moments, ids. Refusals are `InvalidInput`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_date, parse_datetime

from config.errors import InvalidInput
from config.texts import is_blank, refuse_nul

MAX_NAME_LENGTH = 255


def moment(value: str | date, path: str) -> datetime:
    """A date or a moment in ISO 8601; without an offset it is UTC, a date is its first moment."""
    parsed: date | None = None
    if isinstance(value, str):
        try:
            parsed = parse_datetime(value) or parse_date(value)
        except ValueError:
            parsed = None
    elif isinstance(value, date):
        parsed = value
    if parsed is None:
        raise InvalidInput([f"{path} must be a valid ISO 8601 date string"])
    if not isinstance(parsed, datetime):
        parsed = datetime.combine(parsed, time.min)
    try:
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except OverflowError:
        raise InvalidInput([f"{path} must be a valid ISO 8601 date string"]) from None


def name_of(value: Any, path: str) -> str:
    if not isinstance(value, str) or is_blank(value):
        raise InvalidInput([f"{path} should not be empty"])
    if len(value.strip()) > MAX_NAME_LENGTH:
        raise InvalidInput([f"{path} must be shorter than or equal to {MAX_NAME_LENGTH} characters"])
    refuse_nul(value, path)
    return value.strip()


def as_uuid(value: Any, path: str) -> UUID:
    """The UUID in a value that a client sent."""
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        raise InvalidInput([f"{path} must be a UUID"]) from None
