"""What a Core REST request asks: the route out of its path, and its parameters and body as typed.

Names and values stay as they were written; nothing here knows the data model or HTTP libraries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from config.errors import BadRequest, ConflictingArguments, MethodNotAllowed
from config.http.ignored import meant
from core.query import ir
from core.query.names import nearest
from core.rest.filters import parse_filter
from core.rest.query_string import Parameters, joined, single

DEFAULT_DIRECTION = "AscNullsFirst"
DIRECTIONS = ("AscNullsFirst", "AscNullsLast", "DescNullsFirst", "DescNullsLast")
ON_ERROR = ("stop", "continue")
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

RESERVED_PATHS = frozenset(  # first segments below /rest that are no object's
    ("apiKeys", "batch", "metadata", "open-api", "restore", "search", "webhooks")
)

# Routes ----------------------------------------------------------------------------------------------


class Route(NamedTuple):
    """`operation` is a key of PARAMETERS; `object_name` and `id` are path segments as typed."""

    operation: str
    object_name: str
    id: str | None = None


_OF_MANY = {"GET": "find_many", "POST": "create_one", "PATCH": "update_many", "DELETE": "delete_many"}
_OF_ONE = {"GET": "find_one", "POST": "create_one", "PATCH": "update_one", "DELETE": "delete_one"}
_OF_BATCH = {**_OF_MANY, "POST": "create_many"}
_OF_SUFFIX = {
    "duplicates": {"GET": "find_many", "POST": "duplicates"},
    "merge": {"GET": "find_many", "PATCH": "merge"},
    "groupBy": {"GET": "group_by"},
}
_OF_HISTORY = {"GET": "history"}
_SAME_METHOD = {"HEAD": "GET", "PUT": "PATCH"}


def parse_route(method: str, path: str) -> Route:
    """The route of a path below `/rest`; raises BadRequest or MethodNotAllowed. Its id is not looked at yet.

    Doubled and trailing slashes are harmless. A restore is `…/{objects}[/{id}]/restore`, or, for
    older clients, `…/restore/{objects}[/{id}]`.

    >>> parse_route("PATCH", "/rest/restore/people")
    Route(operation='restore_many', object_name='people', id=None)
    """
    segments = [segment for segment in path.split("/") if segment][1:]
    is_restore = method == "PATCH"
    verb = _SAME_METHOD.get(method, method)
    match segments:
        case [name]:
            return Route(_operation(_OF_MANY, verb, method), name)
        case ["batch", name]:
            return Route(_operation(_OF_BATCH, verb, method), name)
        case [name, suffix] if suffix in _OF_SUFFIX:
            return Route(_operation(_OF_SUFFIX[suffix], verb, method), name)
        case [name, "restore"] if is_restore:
            return Route("restore_many", name)
        case ["restore", name] if is_restore and not UUID.fullmatch(name):
            return Route("restore_many", name)
        case [name, record_id]:
            return Route(_operation(_OF_ONE, verb, method), name, record_id)
        case ["restore", name, record_id] if is_restore and record_id != "restore":
            return Route("restore_one", name, record_id)
        case [name, record_id, "restore"] if is_restore:
            return Route("restore_one", name, record_id)
        case [name, record_id, "history"]:
            return Route(_operation(_OF_HISTORY, verb, method), name, record_id)
    raise BadRequest(
        f"Query path '{path}' invalid. Valid examples: /rest/companies/id or /rest/companies or /rest/batch/companies"
    )


def check_id(route: Route) -> None:
    """Refuse an id in the path that is none; asked once it is known what the caller may do at all."""
    if route.id is not None:
        require_uuid(route.id)


def _operation(by_method: Mapping[str, str], verb: str, method: str) -> str:
    found = by_method.get(verb)
    if found is None:
        raise MethodNotAllowed(f"Method {method} is not allowed here", details={"allow": sorted(by_method)})
    return found


def require_uuid(text: str) -> str:
    if UUID.fullmatch(text) is None:
        raise BadRequest(f"'{text}' is not a valid UUID")
    return text


# Parameters ------------------------------------------------------------------------------------------

_SELECTION = frozenset(("depth", "fields"))
PARAMETERS: Mapping[str, frozenset[str]] = {
    "find_many": _SELECTION
    | {"filter", "order_by", "limit", "starting_after", "ending_before", "discover", "count"},
    "find_one": _SELECTION | {"discover"},
    "history": frozenset(("limit", "starting_after")),
    "create_one": _SELECTION | {"upsert"},
    "create_many": _SELECTION | {"upsert", "on_error"},
    "update_one": _SELECTION,
    "update_many": _SELECTION | {"filter"},
    "delete_one": frozenset(("soft_delete",)),
    "delete_many": frozenset(("soft_delete", "filter")),
    "restore_one": _SELECTION,
    "restore_many": _SELECTION | {"filter"},
    "duplicates": _SELECTION,
    "merge": _SELECTION,
    "search": frozenset(("query", "limit", "starting_after", "objects", "excluded_objects", "filter")),
    "export": frozenset(("format", "filter", "order_by", "fields", "limit", "separator", "safe")),
    "import": frozenset(("format", "upsert", "dry_run", "on_error", "separator", "safe")),
    "group_by": frozenset(
        (
            "group_by", "aggregate", "filter", "order_by", "limit", "view_id",
            "include_records_sample", "order_by_for_records", "omit_null_values",
        )
    ),
}  # fmt: skip
_EVERYTHING, _FIRST_PAGE = ir.Everything(), ir.Page()
_LISTS_COUNT_AS_ABSENT = ("filter", "order_by", "starting_after", "ending_before")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a request, each with its default."""

    selection: ir.Everything = _EVERYTHING
    filter: ir.Filter | None = None
    order: tuple[ir.Order, ...] = ()
    page: ir.Page = _FIRST_PAGE
    with_total: bool = True
    upsert: bool = False
    soft_delete: bool = False
    goes_on: bool = False  # records with faults are left out, the others written


@dataclass(frozen=True, slots=True)
class Limits:
    default_size: int
    max_size: int


def parse_parameters(route: Route, parameters: Parameters, limits: Limits) -> Asked:
    """What the parameters of any route but groupBy ask; BadRequest names the first that cannot be read."""
    operation = route.operation
    taken = PARAMETERS[operation]
    selection = _read_selection(parameters) if parameters and "depth" in taken else _EVERYTHING
    if operation == "find_many":
        page = _read_page(parameters, limits)
        order = read_order(single(parameters, "order_by"), "order_by")
        asked = Asked(selection, read_filter(parameters), order, page, _reads_total(parameters))
    elif operation == "history":
        asked = Asked(page=ir.Page(read_limit(parameters, limits), read_cursor(parameters, "starting_after")))
    elif "filter" in taken:
        asked = Asked(selection, read_filter(parameters), soft_delete=_flag(parameters, "soft_delete", taken))
        if ir.is_empty(asked.filter):
            raise _no_filter(operation, asked.soft_delete)
    else:
        asked = Asked(
            selection,
            upsert=_flag(parameters, "upsert", taken),
            soft_delete=_flag(parameters, "soft_delete", taken),
            goes_on="on_error" in taken and read_choice(parameters, "on_error", ON_ERROR) == "continue",
        )
    if "discover" in parameters and "discover" in taken:
        _refuse_discover(joined(parameters, "discover"), route.object_name)
    return asked


def _flag(parameters: Parameters, name: str, taken: frozenset[str]) -> bool:
    return name in taken and read_flag(parameters, name)


def ignored_parameters(route: Route, parameters: Parameters) -> dict[str, str | None]:
    """Parameters that had no effect, each with the one that is meant (None: there is none).

    A removal with a misspelt `soft_delete` would be for good, so that one is refused.
    """
    taken = PARAMETERS[route.operation]
    ignored: dict[str, str | None] = {}
    for name, values in parameters.items():
        if name not in taken:
            ignored[name] = meant(name, taken)
        elif len(values) > 1 and name in _LISTS_COUNT_AS_ABSENT:
            ignored[name] = None
    if "soft_delete" in taken:
        for name, known in ignored.items():
            if known == "soft_delete":
                raise BadRequest(f"Unknown parameter '{name}'", hint="Did you mean soft_delete?", path=name)
    return ignored


def read_filter(parameters: Parameters) -> ir.Filter | None:
    text = single(parameters, "filter")
    return None if text is None else parse_filter(text)


def _no_filter(operation: str, soft_delete: bool) -> BadRequest:
    """Bulk writes without a filter would be about every record."""
    act, done = {
        "update_many": ("update", "update"),
        "restore_many": ("restore", "restoration"),
        "delete_many": ("delete", "deletion") if soft_delete else ("destroy", "deletion"),
    }[operation]
    return BadRequest(
        f"Filters are mandatory for bulk {act} operations."
        f" Please provide at least one filter to prevent accidental {done} of all records.",
        path="filter",
    )


def _read_selection(parameters: Parameters) -> ir.Everything:
    depth = joined(parameters, "depth")
    if depth and depth not in ("0", "1"):
        raise BadRequest(f"'depth={depth}' parameter invalid. Allowed values are 0, 1", path="depth")
    only = read_fields(parameters)
    deepens = not depth and only is not None and any("." in name for name in only)
    return ir.Everything(1 if depth == "1" else 0, only, deepens)


def read_fields(parameters: Parameters) -> tuple[str, ...] | None:
    """The names of `fields`: trimmed, without empty ones and repeats; None when it is absent.

    >>> read_fields({"fields": ["id, name,,id", "stage"]})
    ('id', 'name', 'stage')
    """
    example = "Expected a comma-separated list of field names, e.g. fields=id,name"
    values = parameters.get("fields")
    if values is None:
        if any(name.startswith("fields[") and not name.startswith("fields[]") for name in parameters):
            raise BadRequest(f"'fields' parameter invalid. {example}", path="fields")
        values = parameters.get("fields[]")
        if values is None:
            return None
    names = dict.fromkeys(name.strip() for value in values for name in value.split(","))
    names.pop("", None)
    if not names:
        raise BadRequest(f"'fields' parameter is empty. {example}", path="fields")
    return tuple(names)


def read_flag(parameters: Parameters, name: str) -> bool:
    """`true`, `1`, `false` or `0`; absent means false. Anything else is refused, never taken for false."""
    value = joined(parameters, name)
    if value in (None, "false", "0"):
        return False
    if value in ("true", "1"):
        return True
    raise BadRequest(f"'{name}={value}' parameter invalid. Allowed values are true, false", path=name)


def read_choice(parameters: Parameters, name: str, choices: Sequence[str]) -> str | None:
    """One of the words a parameter takes; None when it is absent or empty."""
    value = joined(parameters, name)
    if not value:
        return None
    if value not in choices:
        raise BadRequest(f"'{name}={value}' parameter invalid. Allowed values are {', '.join(choices)}", path=name)
    return value


def read_order(text: str | None, name: str) -> tuple[ir.Order, ...]:
    """`path[Direction],path…` as order keys; of a path given twice the first counts.

    >>> read_order("name.lastName[DescNullsLast],id", "order_by")
    (Order(path=('name', 'lastName'), direction='DescNullsLast'), Order(path=('id',), direction='AscNullsFirst'))
    """
    if text is None:
        return ()
    orders: dict[str, ir.Order] = {}
    for item in text.split(","):
        path, direction = item, DEFAULT_DIRECTION
        if "[" in item and "]" in item:
            path, _, rest = item.partition("[")
            direction = rest[:-1] if rest.endswith("]") else rest
        if direction not in DIRECTIONS:
            raise BadRequest(
                f"'{name}' direction '{direction}' invalid. Allowed values are 'AscNullsFirst', 'AscNullsLast',"
                " 'DescNullsFirst', 'DescNullsLast'."
                f" eg: ?{name}=field_1[AscNullsFirst],field_2[DescNullsLast],field_3",
                hint=nearest(direction, DIRECTIONS),
                path=name,
            )
        orders.setdefault(path, ir.Order(tuple(path.split(".")), direction))
    return tuple(orders.values())


def read_limit(parameters: Parameters, limits: Limits) -> int:
    raw = joined(parameters, "limit")
    if not raw:
        return limits.default_size
    if not (raw.isascii() and raw.isdigit()):
        raise BadRequest(f"limit '{raw}' is invalid. Should be an integer", path="limit")
    return limits.max_size if len(raw) > 9 else min(int(raw), limits.max_size)


def _read_page(parameters: Parameters, limits: Limits) -> ir.Page:
    after, before = (read_cursor(parameters, name) for name in ("starting_after", "ending_before"))
    if after is not None and before is not None:
        raise ConflictingArguments("Cannot provide both before and after", path="ending_before")
    return ir.Page(read_limit(parameters, limits), after, before)


def read_cursor(parameters: Parameters, name: str) -> str | None:
    """A cursor is base64, whose `+` reads as a space where the client did not encode it."""
    text = single(parameters, name)
    return None if text is None else text.replace(" ", "+")


def _reads_total(parameters: Parameters) -> bool:
    value = joined(parameters, "count")
    if value in (None, "", "exact"):
        return True
    if value == "none":
        return False
    raise BadRequest(f"'count={value}' parameter invalid. Allowed values are exact, none", path="count")


def _refuse_discover(value: str | None, plural: str) -> None:
    """Records shared with single callers do not exist here, so there are none to discover."""
    if value == "true":
        raise BadRequest(
            "'discover' parameter is only available on objects whose records can be discovered,"
            f" which {plural} are not",
            path="discover",
        )
    if value != "false":
        raise BadRequest(f"'discover={value}' parameter invalid. Allowed values are true, false", path="discover")
