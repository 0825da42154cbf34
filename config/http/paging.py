"""Lists of rows over REST, a page at a time, with plain UUIDs as cursors: one reader of the parameters, one pager."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from config.errors import ApiError, BadParameter
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
    """`total` is None where nobody counts."""

    items: Sequence[Item]
    has_next: bool
    has_previous: bool
    total: int | None

    def envelope(self, data: object) -> dict[str, object]:
        ids = [each.pk for each in self.items]
        page_info = {
            "hasNextPage": self.has_next,
            "hasPreviousPage": self.has_previous,
            "startCursor": ids[0] if ids else None,
            "endCursor": ids[-1] if ids else None,
        }
        counted = {} if self.total is None else {"totalCount": self.total}
        return {"data": data, "pageInfo": page_info, **counted}


def read_page_request(parameters: Mapping[str, str], fault: type[ApiError] = BadParameter) -> PageRequest:
    """The list parameters of a query string. Raises `fault`."""
    after, before = parameters.get("starting_after"), parameters.get("ending_before")
    if after and before:
        raise fault("'starting_after' and 'ending_before' cannot be used together.")
    return PageRequest(_limit(parameters.get("limit"), fault), _cursor(after, fault), _cursor(before, fault))


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


def _limit(text: str | None, fault: type[ApiError]) -> int:
    if text is None:
        return int(settings.DEFAULT_PAGE_SIZE)
    if not _INTEGER.fullmatch(text):
        raise fault(f"limit '{text}' is invalid. Should be an integer", path="limit")
    limit = int(text) if len(text) <= _LONGEST_INTEGER else settings.MAX_PAGE_SIZE_REST
    return min(limit, int(settings.MAX_PAGE_SIZE_REST))


def _cursor(text: str | None, fault: type[ApiError]) -> UUID | None:
    if not text:
        return None
    found = uuid_of(text)
    if found is None:
        raise fault(f"Invalid cursor: {text}")
    return found


# Rows of the database ---------------------------------------------------------------------------------

Place = tuple[object, ...]  # a row's values of the columns that a list is ordered by


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is ordered by, id last. `place_of` finds the place of a cursor, None for one that has none."""

    columns: tuple[str, ...] = ("pk",)
    is_descending: bool = True
    place_of: Callable[[UUID], Place | None] = lambda id: (id,)

    def names(self, *, backwards: bool) -> list[str]:
        return [f"-{name}" if self.is_descending is not backwards else name for name in self.columns]

    def beyond(self, place: Place, *, backwards: bool) -> Q:
        """The rows that come after a place, or before it."""
        comparison = "lt" if self.is_descending is not backwards else "gt"
        found = Q()
        for depth, (name, value) in enumerate(zip(self.columns, place, strict=True)):
            alike = dict(zip(self.columns[:depth], place[:depth], strict=True))
            found |= Q(**alike, **{f"{name}__{comparison}": value})
        return found


NEWEST_ID = Order()


def read_page(
    items: QuerySet[Item],
    page: PageRequest,
    order: Order = NEWEST_ID,
    *,
    is_counted: bool = True,
    is_exact: bool = True,
) -> Page[Item]:
    """The page of `items`, three statements at most.

    That something lies behind the cursor is looked up where `is_exact`, else believed of whoever has the cursor.
    """
    total = items.count() if is_counted else None
    cursor = page.before or page.after
    if cursor is None:
        found, more = _cut(items.order_by(*order.names(backwards=False)), page.limit)
        return Page(found, has_next=more, has_previous=False, total=total)
    backwards = page.before is not None
    place = order.place_of(cursor)
    if place is None:
        return Page([], has_next=backwards, has_previous=not backwards, total=total)
    beyond = order.beyond(place, backwards=backwards)
    found, more = _cut(items.filter(beyond).order_by(*order.names(backwards=backwards)), page.limit)
    behind = not is_exact or items.exclude(beyond).exists()
    if backwards:
        return Page(found[::-1], has_next=behind, has_previous=more, total=total)
    return Page(found, has_next=more, has_previous=behind, total=total)


def _cut(items: QuerySet[Item], limit: int) -> tuple[list[Item], bool]:
    """Up to `limit` of the items, and whether there are more."""
    found = list(items[: limit + 1])
    return found[:limit], len(found) > limit
