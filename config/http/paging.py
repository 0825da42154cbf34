"""Lists of the metadata REST API: newest id first, with plain UUIDs as cursors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet

from config.errors import BadParameter
from config.http.inputs import uuid_of

_INTEGER = re.compile(r"[0-9]+", re.ASCII)
_LONGEST_INTEGER = 9
PAGE_PARAMETERS = frozenset(("limit", "starting_after", "ending_before"))
Item = TypeVar("Item", bound=Model)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`after` and `before` bound the ids of the page; they need not be ids of anything."""

    limit: int
    after: UUID | None = None
    before: UUID | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    items: Sequence[Item]
    has_next: bool
    has_previous: bool
    total: int

    def envelope(self, data: Any) -> dict[str, Any]:
        ids = [each.pk for each in self.items]
        return {
            "data": data,
            "pageInfo": {
                "hasNextPage": self.has_next,
                "hasPreviousPage": self.has_previous,
                "startCursor": ids[0] if ids else None,
                "endCursor": ids[-1] if ids else None,
            },
            "totalCount": self.total,
        }


def read_page_request(parameters: Mapping[str, str]) -> PageRequest:
    """The list parameters of a query string. Raises BadParameter."""
    after, before = parameters.get("starting_after"), parameters.get("ending_before")
    if after and before:
        raise BadParameter("'starting_after' and 'ending_before' cannot be used together.")
    return PageRequest(_limit(parameters.get("limit")), _cursor(after), _cursor(before))


def page_of(items: Sequence[Item], page: PageRequest) -> list[Item]:
    """The page of a list that has its own order; cursors are ids of its items, and one of none leaves it empty."""
    places = {each.pk: place for place, each in enumerate(items)}
    cursor = page.after or page.before
    if cursor is not None and cursor not in places:
        return []
    if page.before is not None:
        end = places[page.before]
        return list(items[max(0, end - page.limit) : end])
    start = 0 if page.after is None else places[page.after] + 1
    return list(items[start : start + page.limit])


def _limit(text: str | None) -> int:
    if text is None:
        return int(settings.DEFAULT_PAGE_SIZE)
    if not _INTEGER.fullmatch(text):
        raise BadParameter(f"limit '{text}' is invalid. Should be an integer", path="limit")
    limit = int(text) if len(text) <= _LONGEST_INTEGER else settings.MAX_PAGE_SIZE_REST
    return min(limit, int(settings.MAX_PAGE_SIZE_REST))


def _cursor(text: str | None) -> UUID | None:
    if not text:
        return None
    found = uuid_of(text)
    if found is None:
        raise BadParameter(f"Invalid cursor: {text}")
    return found


def read_page(items: QuerySet[Item], page: PageRequest) -> Page[Item]:
    """The page of `items` by id, descending; three statements at most."""
    total = items.count()
    if page.before is not None:
        found = list(items.filter(pk__gt=page.before).order_by("pk")[: page.limit + 1])
        return Page(
            items=found[: page.limit][::-1],
            has_next=items.filter(pk__lte=page.before).exists(),
            has_previous=len(found) > page.limit,
            total=total,
        )
    bounded = items if page.after is None else items.filter(pk__lt=page.after)
    found = list(bounded.order_by("-pk")[: page.limit + 1])
    return Page(
        items=found[: page.limit],
        has_next=len(found) > page.limit,
        has_previous=page.after is not None and items.filter(pk__gte=page.after).exists(),
        total=total,
    )
