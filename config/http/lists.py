"""Lists on pages: in an order and with a filter that are chosen by query parameters, part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.functional import Promise

from config.http.pages import page_of

Row = TypeVar("Row")
Sorts = Mapping[
    str, tuple[str | Promise, Callable[[Any], Any]]
]  # value of `sort` → its words, the key; the first is the default

PAGE_SIZE = 50


def listing(
    request: HttpRequest,
    rows: Iterable[Row],
    *,
    sorts: Sorts,
    states: Mapping[str, str | Promise] | None = None,
    state_of: Callable[[Row], str] | None = None,
    size: int = PAGE_SIZE,
    **kept: str,
) -> tuple[Sequence[Row], dict[str, object]]:
    """The rows of the page asked for, and what `includes/list_choices.html` and `includes/pager.html` need.

    `state` filters by `state_of`, one of `states` (value → words); `sort` orders. What is neither is as if not said.
    `kept` are further parameters that links to other pages of the list carry.
    """
    state = request.GET.get("state", "")
    chosen = list(rows)
    if states is not None and state_of is not None and state in states:
        chosen = [each for each in chosen if state_of(each) == state]
    order = request.GET.get("sort", "")
    order = order if order in sorts else next(iter(sorts))
    chosen.sort(key=sorts[order][1])
    listed, pager = page_of(request, chosen, size)
    said = {"state": state, "sort": order if "sort" in request.GET else "", **kept}
    more = urlencode({name: value for name, value in said.items() if value})
    return listed, {
        "states": (states or {}).items(),
        "state": state,
        "sorts": [(value, words) for value, (words, _) in sorts.items()],
        "sort": order,
        "more": f"&{more}" if more else "",
        **pager,
    }
