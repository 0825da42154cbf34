"""What clients of both APIs send of webhooks: moments, and how long two secrets overlap."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.errors import BadRequest
from metadata.fieldtypes.date import read_moment


def overlap(hours: object) -> timedelta:
    if isinstance(hours, bool) or not isinstance(hours, int) or not 0 <= hours <= 168:
        raise BadRequest("overlapHours must be an integer from 0 to 168", path="overlapHours")
    return timedelta(hours=hours)


def moment(value: object, name: str) -> datetime:
    """An ISO 8601 text as a moment; UTC where it names no zone."""
    found = read_moment(value) if isinstance(value, str) else None
    if found is None:
        raise BadRequest(f"{name} must be a valid ISO 8601 date string", path=name)
    return found
