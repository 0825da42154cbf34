"""Times as people read them: `{{ key.expires_at|relative }}` → "in 3 months", exact on hover."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_DAY_S = 86_400
_UNITS = (  # from how many seconds on, size in seconds, name
    (350 * _DAY_S, 365 * _DAY_S, "year"),
    (60 * _DAY_S, 30 * _DAY_S, "month"),
    (_DAY_S - 60, _DAY_S, "day"),
    (3_540, 3_600, "hour"),
    (45, 60, "minute"),
)
_MINUTE = "%-d %b %Y, %H:%M"
_FOREVER_S = 90 * 365 * _DAY_S  # what ends later than that was meant to last


@register.filter
def relative(moment: datetime | None) -> SafeString | str:
    """A <time> that says how far away the moment is; "Never" for none, and for one beyond a lifetime."""
    if moment is None or is_forever(moment):
        return "Never"
    text = distance((moment - timezone.now()).total_seconds())
    utc, local = _shown(moment)
    if local is not None:
        return format_html('<time datetime="{}" title="{} ({})" data-zone>{}</time>', _iso(moment), local, utc, text)
    return format_html('<time datetime="{}" title="{}">{}</time>', _iso(moment), utc, text)


@register.filter
def exact(moment: datetime | None) -> SafeString | str:
    """A <time> with the day and the minute in the zone that the reader chose, UTC beside it; without a choice in UTC,
    which settings.js shows in the browser's zone."""
    if moment is None or is_forever(moment):
        return "Never"
    utc, local = _shown(moment)
    if local is not None:
        return format_html('<time datetime="{}" title="{}" data-zone>{}</time>', _iso(moment), utc, local)
    return format_html('<time datetime="{}" data-local>{}</time>', _iso(moment), utc)


def _shown(moment: datetime) -> tuple[str, str | None]:
    """The moment in UTC, and in the zone that was chosen; None where none was."""
    utc = f"{moment.astimezone(UTC):{_MINUTE}} UTC"
    zone = timezone.get_current_timezone()
    return utc, None if zone == timezone.get_default_timezone() else f"{moment.astimezone(zone):{_MINUTE}}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@register.filter
def last_moment(moment: datetime | None) -> SafeString | str:
    """When something ends. A day chosen as the last one is shown as that day, in whatever zone it is read."""
    if moment is None or is_forever(moment):
        return "Never"
    utc = moment.astimezone(UTC)
    if (utc.hour, utc.minute, utc.second) != (23, 59, 59):
        return exact(moment)
    return format_html(
        '<time datetime="{}" title="{} UTC">the end of {}</time>',
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        utc.strftime("%-d %b %Y, %H:%M"),
        utc.strftime("%-d %b %Y"),
    )


@register.filter
def counted(number: int) -> str:
    """A number with its thousands told apart.

    >>> counted(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def is_forever(moment: datetime) -> bool:
    """Whether it is so far away that it means never."""
    return (moment - timezone.now()).total_seconds() > _FOREVER_S


def distance(seconds: float) -> str:
    """Seconds from now in words.

    >>> distance(90 * _DAY_S), distance(30 * _DAY_S), distance(-7_300), distance(5)
    ('in 3 months', 'in 30 days', '2 hours ago', 'just now')
    """
    for least, size, unit in _UNITS:
        if abs(seconds) >= least:
            count = max(1, round(abs(seconds) / size))
            words = f"{count} {unit}{'s' if count != 1 else ''}"
            return f"in {words}" if seconds > 0 else f"{words} ago"
    return "just now" if seconds <= 5 else "in a moment"
