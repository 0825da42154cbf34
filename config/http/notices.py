"""What needs somebody's attention, on every settings page of those who may see to it, by one statement a page.

The apps name their parts in settings.PAGE_NOTICES, by dotted paths to `Source`s; so none knows another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from config.http.rights import may
from config.principal import KEYS_FLAG, Principal
from config.templatetags.moments import relative

SHOWN = 5  # of each source; of further ones the number


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence with {name}, which leads to `url`, and with {at} where it speaks of a moment."""

    url: str
    name: str
    sentence: str
    at: datetime | None = None

    @property
    def html(self) -> SafeString:
        link = format_html('<a href="{}">{}</a>', self.url, self.name)
        return format_html(self.sentence, name=link, at=relative(self.at))


@dataclass(frozen=True, slots=True)
class Source:
    """`select` gives id, name, moment and reason (text) of what to tell of in the workspace %(workspace_id)s, the most
    urgent first; `told` makes a notice of them."""

    select: str
    told: Callable[[UUID, str, datetime | None, str | None], Notice]
    others: Promise  # "{count} other keys …", by the number


def notices_of(principal: Principal, path: str) -> Mapping[str, Sequence[object]]:
    """`{notices, others}` for who manages keys and webhooks; what the page at `path` is of is not told there again."""
    if not may(principal, KEYS_FLAG):
        return {}
    sources, statement = _sources()
    with connection.cursor() as cursor:
        cursor.execute(statement, {"workspace_id": str(principal.workspace_id)})
        rows = cursor.fetchall()
    told = [sources[number].told(id, name, at, reason) for number, id, name, at, reason, _ in rows]
    counts = {row[0]: row[5] - SHOWN for row in rows if row[5] > SHOWN}
    return {
        "notices": [each for each in told if each.url != path],
        "others": [sources[number].others.format(count=count) for number, count in sorted(counts.items())],
    }


@lru_cache(maxsize=1)
def _sources() -> tuple[Sequence[Source], str]:
    sources: list[Source] = [import_string(path) for path in settings.PAGE_NOTICES]
    parts = [
        f"(SELECT {number}, found.*, count(*) OVER () FROM ({each.select}) found LIMIT {SHOWN})"  # noqa: S608 - ours
        for number, each in enumerate(sources)
    ]
    return sources, " UNION ALL ".join(parts)
