"""Query parameters that had no effect: they are named in `X-Ignored-Parameters`, with the one that is meant.

The contract's clients send parameters that no server knows, so these are not refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import ClassVar
from urllib.parse import quote

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.http import bounds
from config.texts import refuse_surrogates

HEADER = "X-Ignored-Parameters"
PAGING = ("limit", "starting_after", "ending_before")
LONGEST_COMPARED = 64  # characters of a name
SUGGESTIONS = 20  # of one request
_MAX_NAMED = 20  # parameters listed in one header

# What other APIs, GraphQL of this one among them, call the parameters; the first of the row that is taken is meant.
_MEANT: Mapping[str, tuple[str, ...]] = {
    name: meant
    for names, meant in (
        ("after cursor starting_at start_cursor end_cursor next_cursor page_token offset skip page page_number",
         ("starting_after",)),
        ("before prev_cursor previous_cursor", ("ending_before",)),
        ("first last top take size count max max_results page_size per_page results_per_page", ("limit",)),
        ("order order_field sort sort_by sort_order sorting ordering", ("order_by",)),
        ("where filters filter_by conditions", ("filter",)),
        ("q search term text keyword", ("query", "filter")),
        ("select columns only attributes properties field", ("fields",)),
        ("include includes expand populate embed with relations", ("depth",)),
        ("total total_count with_total count_total", ("count",)),
        ("group groups group_field", ("group_by",)),
        ("aggregates aggregation aggregations", ("aggregate",)),
        ("view", ("view_id", "viewId")),
        ("object", ("objects", "objectMetadataId")),
        ("object_id", ("objectMetadataId",)),
        ("exclude exclude_objects without", ("excluded_objects",)),
        ("delimiter", ("separator",)),
        ("file_format type content_type", ("format",)),
        ("simulate test preview", ("dry_run",)),
        ("event_name event_type", ("event",)),
        ("state", ("status",)),
    )
    for name in names.split()
}  # fmt: skip


def meant(name: str, taken: Collection[str]) -> str | None:
    """The parameter somebody who wrote `name` means; None when there is none.

    >>> meant("after", PAGING), meant("orderBy", ["order_by"]), meant("limti", PAGING), meant("x", PAGING)
    ('starting_after', 'order_by', 'limit', None)
    """
    if len(name) > LONGEST_COMPARED or not bounds.has_left("suggestions", SUGGESTIONS):
        return None
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])|[-.\s]+", "_", name.partition("[")[0]).strip("_$").lower()
    for known in (plain, *_MEANT.get(plain, ())):
        if known in taken:
            return known
    if plain in _MEANT:
        return None
    in_small = {each.lower(): each for each in sorted(taken)}
    close = get_close_matches(plain, in_small, n=1, cutoff=0.6)
    return in_small[close[0]] if close else None


def ignored(names: Iterable[str], taken: Collection[str]) -> dict[str, str | None]:
    """The names that are not taken, each with the one that is meant."""
    return {name: meant(name, taken) for name in names if name not in taken}


def header_text(names: Mapping[str, str | None]) -> str:
    """Ignored names and those that are meant, safe as a header's value.

    >>> header_text({"limt": "limit", "x": None})
    'limt (did you mean limit?), x'
    """
    return ", ".join(
        quote(name[:80], safe="[].") + (f" (did you mean {known}?)" if known else "")
        for name, known in list(names.items())[:_MAX_NAMED]
    )


class NamesIgnored(APIView):
    """A view whose GET takes `parameters`, and whose answer to one names the others that were sent."""

    parameters: ClassVar[Collection[str]] = PAGING

    def taken(self) -> Collection[str]:
        return self.parameters

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        refuse_surrogates(request.META.get("QUERY_STRING", ""))

    def finalize_response(self, request: Request, response: Response, *args: object, **kwargs: object) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method in ("GET", "HEAD") and request.GET:
            found = ignored(request.GET, self.taken())
            if found:
                response[HEADER] = header_text(found)
        return response
