"""When an API key or its token ends, within the longest life that the workspace gives its keys."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from apikeys.models import ApiKey
from apikeys.services.inputs import moment
from config.errors import InvalidInput
from config.principal import Principal
from metadata.models import Workspace

NEVER = timedelta(days=36_525)  # "never expires" is stored as a hundred years


def expiry(value: str | date | None) -> datetime:
    """When a key or token ends: a future moment; None is a hundred years from now."""
    now = timezone.now()
    if value is None:
        return now + NEVER
    until = moment(value, "expiresAt")
    if until <= now:
        raise InvalidInput(["expiresAt must be in the future"])
    return until


def expiry_of_key(principal: Principal, value: str | date | None) -> datetime:
    """`expiry`, within the longest life that the workspace gives its keys: to the end of that day."""
    until, days = expiry(value), _longest_days(principal.workspace_id)
    if days is not None and timezone.localdate(until) > timezone.localdate(timezone.now() + timedelta(days=days)):
        raise InvalidInput([f"expiresAt must be within {days} days, the longest life of a key in this workspace"])
    return until


def _longest_days(workspace_id: UUID) -> int | None:
    return Workspace.objects.values_list("max_api_key_lifetime_days", flat=True).get(id=workspace_id)


def as_long_as(key: ApiKey) -> datetime:
    life, days = key.expires_at - key.created_at, _longest_days(key.workspace_id)
    return timezone.now() + (life if days is None else min(life, timedelta(days=days)))
