"""Reads the arguments of record fields: which are allowed, of which JSON kind, and what they mean.

Variable types are never looked at, so every argument is checked here by its value alone. Values
inside filters, orders and data stay raw; the planner checks them against the data model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from config.errors import BadRequest
from core.query import ir
from core.query.pages import order_of, page_of, row_count
from metadata.fieldtypes.uuid import is_uuid

Values = Mapping[str, Any]
REFUSED = object()  # a value of another kind


def _number(value: object) -> object:
    count = row_count(value)
    return REFUSED if count is None else count


def _object(value: object) -> Any:
    return value if isinstance(value, Mapping) else REFUSED


def _array(value: object) -> Any:
    """A list; one object where a list is expected is a list of it."""
    if isinstance(value, Mapping):
        return [value]
    return value if isinstance(value, list | tuple) else REFUSED


def _objects(value: object) -> Any:
    items = _array(value)
    if items is REFUSED:
        return REFUSED
    present = [item for item in items if item is not None]
    return present if all(isinstance(item, Mapping) for item in present) else REFUSED


def _as_is(value: object) -> object:
    """Page arguments are checked where pages are read, at the root as in nested connections."""
    return value


def _string(value: object) -> object:
    return value if isinstance(value, str) else REFUSED


def _strings(value: Any) -> object:
    """Several strings; one alone is a list of it."""
    items = (value,) if isinstance(value, str) else value
    is_list = isinstance(items, list | tuple) and all(isinstance(item, str) for item in items)
    return tuple(items) if is_list else REFUSED


def _boolean(value: object) -> object:
    return value if isinstance(value, bool) else REFUSED


def _uuid(value: Any) -> object:
    return value.lower() if is_uuid(value) else REFUSED


@dataclass(frozen=True, slots=True)
class Argument:
    """`type` is its GraphQL type, `{Object}` standing for the object's; `missing` makes it required."""

    name: str
    type: str
    read: Callable[[object], object]
    kind: str  # as the message about another kind names it
    missing: str | None = None


_REQUIRED = 'Argument "{}" of type "{}" is required, but it was not provided.'

FIRST = Argument("first", "Int", _as_is, "a number")
LAST = Argument("last", "Int", _as_is, "a number")
OFFSET = Argument("offset", "Int", _as_is, "a number")
BEFORE = Argument("before", "String", _as_is, "a string")
AFTER = Argument("after", "String", _as_is, "a string")
FILTER = Argument("filter", "{Object}FilterInput", _object, "an object")
ORDER_BY = Argument("orderBy", "[{Object}OrderByInput]", _objects, "an array")
ONE_FILTER = Argument("filter", "{Object}FilterInput!", _object, "an object", "Missing filter argument")
BULK_FILTER = Argument("filter", "{Object}FilterInput!", _object, "", 'Missing required argument: "filter" (object)')
ID = Argument("id", "UUID!", _uuid, "", 'Missing required argument: "id" (UUID)')
NEW_RECORD = Argument("data", "{Object}CreateInput!", _object, "", 'Missing required argument: "data" (object)')
NEW_RECORDS = Argument("data", "[{Object}CreateInput!]!", _objects, "", 'Missing required argument: "data" (array)')
CHANGES = Argument("data", "{Object}UpdateInput!", _object, "", 'Missing required argument: "data" (object)')
UPSERT = Argument("upsert", "Boolean", _boolean, "a boolean")
MERGED_IDS = Argument("ids", "[UUID!]!", _array, "", 'Missing required argument: "ids" (array)')
PRIORITY = Argument(
    "conflictPriorityIndex", "Int!", _number, "", 'Missing required argument: "conflictPriorityIndex" (number)'
)
DRY_RUN = Argument("dryRun", "Boolean", _boolean, "a boolean")
DUPLICATE_IDS = Argument("ids", "[UUID]", _array, "an array")
DUPLICATE_DATA = Argument("data", "[{Object}CreateInput]", _objects, "an array")
DIMENSIONS = Argument(
    "groupBy", "[{Object}GroupByInput!]!", _objects, "", 'Missing required argument: "groupBy" must be an array.'
)
GROUP_ORDER = Argument("orderBy", "[{Object}OrderByWithGroupByInput]", _objects, "an array")
RECORD_ORDER = Argument("orderByForRecords", "[{Object}OrderByInput]", _objects, "an array")
VIEW_ID = Argument("viewId", "UUID", _string, "a string")
INCLUDE_RECORDS = Argument("includeRecords", "", _boolean, "a boolean")  # taken, but not in the schema
LIMIT = Argument("limit", "Int", _number, "a number")
RECORD_OFFSET = Argument("offsetForRecords", "Int", _number, "a number")

SEARCH_INPUT = Argument("searchInput", "String!", _string, "", _REQUIRED.format("searchInput", "String!"))
SEARCH_LIMIT = Argument("limit", "Int!", _number, "", _REQUIRED.format("limit", "Int!"))
SEARCH_AFTER = Argument("after", "String", _string, "a string")
INCLUDED_OBJECTS = Argument("includedObjectNameSingulars", "[String!]", _strings, "an array of strings")
EXCLUDED_OBJECTS = Argument("excludedObjectNameSingulars", "[String!]", _strings, "an array of strings")
SEARCH_FILTER = Argument("filter", "ObjectRecordFilterInput", _object, "an object")

LIST_ARGUMENTS = (FIRST, LAST, OFFSET, BEFORE, AFTER, FILTER, ORDER_BY)


def read_arguments(known: tuple[Argument, ...], values: Values) -> dict[str, object]:
    """The arguments given, by name; null means not given. Raises BadRequest in the order they are declared."""
    if values:
        names = {argument.name for argument in known}
        for name in values:
            if name not in names:
                raise BadRequest(f"Argument not allowed: {name}", path=name)
    result = {}
    for argument in known:
        value = values.get(argument.name)
        if value is None:
            if argument.missing is not None:
                raise BadRequest(argument.missing)
            continue
        read = argument.read(value)
        if read is REFUSED:
            if argument.missing is not None and not argument.kind:
                raise BadRequest(argument.missing)
            raise BadRequest(f'Invalid argument: "{argument.name}" must be {argument.kind}')
        result[argument.name] = read
    return result


def filter_argument(values: Values, name: str = "filter") -> ir.Filter | None:
    """The filter given; an empty one is none."""
    given = values.get(name)
    return ir.filter_of(given) if given else None


def bulk_filter(values: Values) -> ir.Filter:
    """The filter of a write to many records, which must restrict something."""
    query_filter = ir.filter_of(values["filter"])
    if ir.is_empty(query_filter):
        raise BadRequest("A non-empty filter is required")
    return query_filter


def page_argument(values: Values) -> ir.Page:
    """The page asked for; raises ConflictingArguments, InvalidFirst, InvalidLast, TooComplex."""
    return page_of(values, largest=settings.MAX_PAGE_SIZE_GRAPHQL)


def order_argument(values: Values, name: str = "orderBy") -> tuple[ir.Order, ...]:
    """Order keys in the order of the list, then of each object's members."""
    return order_of(values.get(name))
