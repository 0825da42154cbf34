"""How often an API key may ask: what is written, against the server's limits and those of the key that writes it."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from apikeys.models import ApiKey
from config.errors import Forbidden, InvalidInput
from config.principal import Principal

RATES: Mapping[str, str] = {  # API name → column, of a key and of a principal
    "maxRequestsPerSecond": "max_requests_per_second",
    "maxRequestsPerMinute": "max_requests_per_minute",
}
MAX_RATE = 1_000_000_000


def rates_of(key: ApiKey) -> dict[str, int | None]:
    """The members of RATES of a key."""
    return {name: getattr(key, column) for name, column in RATES.items()}


def rates_written(
    principal: Principal, values: Mapping[str, object], stored: Mapping[str, int | None]
) -> dict[str, int | None]:
    """The limits of a key by column: those in `values`, by their API names, over the stored ones.

    null is the server's limit, 0 is none. A key passes on no wider limits than it has, and passes its own on where
    none are named.
    """
    limits = dict(stored)
    for member, column in RATES.items():
        if member in values:
            limits[column] = _rate(values[member], member)
        if principal.api_key_id is None:
            continue
        own = getattr(principal, column)
        if limits[column] is None and member not in values:
            limits[column] = own
        had, wanted = _in_force(column, own), _in_force(column, limits[column])
        if member in values and had and (not wanted or wanted > had):
            raise Forbidden(f"{member} must not exceed that of the key that asks, {had:g}", path=member)
    return limits


def _rate(value: object, member: str) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_RATE:
        raise InvalidInput([f"{member} must be an integer from 0 to {MAX_RATE}, or null"])
    return value


def _in_force(column: str, limit: int | None) -> float:
    """What a key's limit amounts to in its window, the server's where it has none of its own; 0 is no limit."""
    if limit is not None:
        return limit
    if column == "max_requests_per_second":
        tokens, window_s = settings.RATE_LIMIT_SHORT
        return float(tokens / window_s)
    tokens, window_s = settings.RATE_LIMIT_LONG
    return float(tokens / window_s * 60)
