"""What clients send of keys and roles: names, moments, ids. Refusals are `InvalidInput`."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from config.errors import InvalidInput
from config.http.inputs import uuid_of
from config.texts import is_blank, refuse_nul
from metadata.fieldtypes.date import read_moment

MAX_NAME_LENGTH = 255


def moment(value: object, path: str) -> datetime:
    """A date or a moment in ISO 8601; without an offset it is UTC, a date is its first moment."""
    found = read_moment(value.isoformat() if isinstance(value, date) else value if isinstance(value, str) else "")
    if found is None:
        raise InvalidInput([f"{path} must be a valid ISO 8601 date string"])
    return found


def name_of(value: object, path: str) -> str:
    if not isinstance(value, str) or is_blank(value):
        raise InvalidInput([f"{path} should not be empty"])
    if len(value.strip()) > MAX_NAME_LENGTH:
        raise InvalidInput([f"{path} must be shorter than or equal to {MAX_NAME_LENGTH} characters"])
    refuse_nul(value, path)
    return value.strip()


def as_uuid(value: object, path: str) -> UUID:
    """The UUID in a value that a client sent."""
    found = uuid_of(value)
    if found is None:
        raise InvalidInput([f"{path} must be a UUID"])
    return found
