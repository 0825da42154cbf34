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
_FOREVER_S = 90 * 365 * _DAY_S  # what ends later than that was meant to last


@register.filter
def relative(moment: datetime | None) -> SafeString | str:
    """A <time> that says how far away the moment is; "Never" for none, and for one beyond a lifetime."""
    if moment is None or is_forever(moment):
        return "Never"
    text = distance((moment - timezone.now()).total_seconds())
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        utc.strftime("%-d %b %Y, %H:%M"),
        text,
    )


@register.filter
def exact(moment: datetime | None) -> SafeString | str:
    """A <time> with the day and the minute in UTC; settings.js shows it in the reader's zone."""
    if moment is None or is_forever(moment):
        return "Never"
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-local>{} UTC</time>',
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        utc.strftime("%-d %b %Y, %H:%M"),
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
