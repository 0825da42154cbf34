"""Which operation a path below `/rest` asks, and about what: the rows of `core.rest.operations`, found by shape."""

from __future__ import annotations

import re
from typing import NamedTuple

from config.errors import BadRequest, MethodNotAllowed
from core.rest.operations import RECORD_OPERATIONS, Operation

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
RESERVED_PATHS = frozenset(  # first segments below /rest that are no object's
    ("apiKeys", "batch", "metadata", "open-api", "restore", "search", "webhooks")
)
_SAME_METHOD = {"HEAD": "GET", "PUT": "PATCH"}


class Route(NamedTuple):
    """`object_name` and `id` are path segments as typed."""

    operation: Operation
    object_name: str
    id: str | None = None


_Shape = tuple[int, str | None, str | None]  # how many segments a path has; the first and the last that are our words


class _Place:
    """A path: where the names stand in it, and what each method asks there."""

    def __init__(self, parts: list[str]) -> None:
        self.name_at = parts.index("{plural}")
        self.id_at = parts.index("{id}") if "{id}" in parts else None
        self.by_method: dict[str, Operation] = {}
        self.is_shared = True  # the last segment is an id for other methods


def _places() -> dict[_Shape, _Place]:
    found: dict[_Shape, _Place] = {}
    for operation in RECORD_OPERATIONS:
        for method, path in ((operation.method, operation.path), *operation.also):
            parts = path.replace("{{", "{").replace("}}", "}").strip("/").split("/")
            first, last = (None if part.startswith("{") else part for part in (parts[0], parts[-1]))
            place = found.setdefault((len(parts), first, last), _Place(parts))
            place.by_method[method] = operation
            place.is_shared &= operation.shares_path
    return found


_PLACES = _places()
_FIRST = frozenset(first for _, first, _ in _PLACES if first)
_LAST = frozenset(last for _, _, last in _PLACES if last)


def parse_route(method: str, path: str) -> Route:
    """The route of a path below `/rest`; raises BadRequest or MethodNotAllowed. Its id is not looked at yet.

    Doubled and trailing slashes are harmless. A first segment of ours goes before a last one, so that every object
    can be reached whatever its name.

    >>> route = parse_route("PATCH", "/rest/restore/people")
    >>> route.operation.name, route.object_name, route.id
    ('restore_many', 'people', None)
    """
    segments = [segment for segment in path.split("/") if segment][1:]
    verb = _SAME_METHOD.get(method, method)
    length = len(segments)
    if 0 < length <= 3:
        first = segments[0] if length > 1 and segments[0] in _FIRST else None
        last = segments[-1] if length > 1 and segments[-1] in _LAST else None
        for shape in ((length, first, None if first else last), (length, None, None)):
            place = _PLACES.get(shape)
            if place is None:
                continue
            operation = place.by_method.get(verb)
            if operation is not None:
                record_id = None if place.id_at is None else segments[place.id_at]
                return Route(operation, segments[place.name_at], record_id)
            if not place.is_shared:
                details = {"allow": sorted(place.by_method)}
                raise MethodNotAllowed(f"Method {method} is not allowed here", details=details)
    raise BadRequest(
        f"Query path '{path}' invalid. Valid examples: /rest/companies/id or /rest/companies or /rest/batch/companies"
    )


def check_id(route: Route) -> None:
    """Refuse an id in the path that is none; asked once it is known what the caller may do at all."""
    if route.id is not None and UUID.fullmatch(route.id) is None:
        raise BadRequest(f"'{route.id}' is not a valid UUID")
