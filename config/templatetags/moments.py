"""Times as people read them: `{{ key.expires_at|relative }}` → "in 3 months", exact on hover."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy

register = template.Library()

_DAY_S = 86_400
_UNITS = (  # from how many seconds on, size in seconds, words of what comes and of what was
    (
        350 * _DAY_S,
        365 * _DAY_S,
        ngettext_lazy("in %d year", "in %d years"),
        ngettext_lazy("%d year ago", "%d years ago"),
    ),
    (
        60 * _DAY_S,
        30 * _DAY_S,
        ngettext_lazy("in %d month", "in %d months"),
        ngettext_lazy("%d month ago", "%d months ago"),
    ),
    (_DAY_S - 60, _DAY_S, ngettext_lazy("in %d day", "in %d days"), ngettext_lazy("%d day ago", "%d days ago")),
    (3_540, 3_600, ngettext_lazy("in %d hour", "in %d hours"), ngettext_lazy("%d hour ago", "%d hours ago")),
    (45, 60, ngettext_lazy("in %d minute", "in %d minutes"), ngettext_lazy("%d minute ago", "%d minutes ago")),
)
_FOREVER_S = 90 * 365 * _DAY_S  # what ends later than that was meant to last


@register.filter
def relative(moment: datetime | None) -> SafeString | str:
    """A <time> that says how far away the moment is; "Never" for none, and for one beyond a lifetime."""
    if moment is None or is_forever(moment):
        return gettext("Never")
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
        return gettext("Never")
    utc, local = _shown(moment)
    if local is not None:
        return format_html('<time datetime="{}" title="{}" data-zone>{}</time>', _iso(moment), utc, local)
    return format_html('<time datetime="{}" data-local>{}</time>', _iso(moment), utc)


def _shown(moment: datetime) -> tuple[str, str | None]:
    """The moment in UTC, and in the zone that was chosen; None where none was."""
    utc = f"{_minute(moment.astimezone(UTC))} UTC"
    zone = timezone.get_current_timezone()
    is_chosen = zone != timezone.get_default_timezone()
    return utc, _minute(moment.astimezone(zone)) if is_chosen else None


def _minute(moment: datetime) -> str:
    return f"{_day(moment)}, {moment:%H:%M}"


def _day(moment: datetime) -> str:
    """As "27 Nov 2026": by hand, since Django's `date_format` takes ten times as long, and lists show hundreds."""
    return f"{moment.day} {MONTHS_3[moment.month].title()} {moment.year}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@register.filter
def last_moment(moment: datetime | None) -> SafeString | str:
    """When something ends. A day chosen as the last one is shown as that day, in whatever zone it is read."""
    if moment is None or is_forever(moment):
        return gettext("Never")
    utc = moment.astimezone(UTC)
    if (utc.hour, utc.minute, utc.second) != (23, 59, 59):
        return exact(moment)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        _minute(utc),
        gettext("the end of %s") % _day(utc),
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
    for least, size, coming, past in _UNITS:
        if abs(seconds) >= least:
            words: str = (coming if seconds > 0 else past) % max(1, round(abs(seconds) / size))
            return words
    return gettext("just now") if seconds <= 5 else gettext("in a moment")
