"""How much a key is used, drawn: 24 bars as SVG without a script, and bars beside its rate limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from django.utils.translation import gettext, ngettext

from apikeys.activity.usage import Day, Hour, day_of, last_minute
from apikeys.models import ApiKey

STEP, BAR, HEIGHT = 20, 14, 72  # of one hour, of its bar, of the highest bar; units of the drawing
LEAST = 2  # so that one request is seen beside a thousand


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour: what worked, and above it what was refused or failed. `words` are its title."""

    x: int
    y: int
    height: int
    failed_height: int
    words: str

    @property
    def failed_y(self) -> int:
        return self.y - self.failed_height


def usage_of(key: ApiKey) -> dict[str, object]:
    """What `apikeys/key_usage.html` needs."""
    day = day_of(key.id)
    return {"day": day, "bars": bars_of(day), "busiest": _span(day), "meters": _meters(key)}


def bars_of(day: Day) -> list[Bar]:
    most = max(day.busiest.requests, 1)
    found = []
    for place, hour in enumerate(day.hours):
        whole = max(LEAST, round(HEIGHT * hour.requests / most)) if hour.requests else 0
        failed = max(LEAST, round(whole * hour.failed / hour.requests)) if hour.failed else 0
        worked = max(0, whole - failed)
        found.append(Bar(place * STEP + (STEP - BAR) // 2, HEIGHT - worked, worked, failed, _words(hour)))
    return found


def _words(hour: Hour) -> str:
    begin = f"{hour.begin.astimezone(UTC):%H:%M} UTC"
    if not hour.failed:
        said = ngettext(
            "%(begin)s and the hour after: %(requests)s request",
            "%(begin)s and the hour after: %(requests)s requests",
            hour.requests,
        )
        return said % {"begin": begin, "requests": f"{hour.requests:,}"}
    said = ngettext(
        "%(begin)s and the hour after: %(requests)s request, %(failed)s of them refused or failed",
        "%(begin)s and the hour after: %(requests)s requests, %(failed)s of them refused or failed",
        hour.requests,
    )
    return said % {"begin": begin, "requests": f"{hour.requests:,}", "failed": f"{hour.failed:,}"}


def _span(day: Day) -> str:
    return f"{day.busiest.begin.astimezone(UTC):%H:%M} UTC"


def _meters(key: ApiKey) -> list[dict[str, object]]:
    """Of the limits that the key has of its own; of those it has not, nothing is said."""
    limits = (
        (gettext("Requests in the last minute"), key.max_requests_per_minute, 0),
        (gettext("Requests in the busiest second of the last minute"), key.max_requests_per_second, 1),
    )
    if not any(limit for _, limit, _ in limits):
        return []
    used = last_minute(key.id)
    return [{"label": label, "limit": limit, "used": used[place]} for label, limit, place in limits if limit]
