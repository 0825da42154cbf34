"""Reads the values of Core REST's parameters, as they are typed; BadRequest names the parameter."""

from __future__ import annotations

from config.errors import BadRequest, ConflictingArguments, MalformedBody
from config.http.rendering import read_json
from core.query import ir
from core.query.orders import DIRECTIONS
from core.query.scope import nearest
from core.rest.filters import parse_filter
from core.rest.query_string import Query
from core.transfer.reading import SEPARATORS

DEFAULT_DIRECTION = "AscNullsFirst"


def read_filter(query: Query) -> ir.Filter | None:
    text = query.text("filter")
    return None if text is None else parse_filter(text)


def read_fields(query: Query) -> tuple[str, ...] | None:
    """The names of `fields`: trimmed, without empty ones and repeats; None when it is absent.

    >>> read_fields(Query({"fields": ["id, name,,id", "stage"]}))
    ('id', 'name', 'stage')
    """
    example = "Expected a comma-separated list of field names, e.g. fields=id,name"
    values = query.get("fields")
    if values is None:
        if any(name.startswith("fields[") and not name.startswith("fields[]") for name in query):
            raise BadRequest(f"'fields' parameter invalid. {example}", path="fields")
        values = query.get("fields[]")
        if values is None:
            return None
    names = dict.fromkeys(name.strip() for value in values for name in value.split(","))
    names.pop("", None)
    if not names:
        raise BadRequest(f"'fields' parameter is empty. {example}", path="fields")
    return tuple(names)


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


def read_limit(query: Query, largest: int) -> int | None:
    text = query.joined("limit")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise BadRequest(f"limit '{text}' is invalid. Should be an integer", path="limit")
    return largest if len(text) > 9 else min(int(text), largest)


def read_depth(query: Query) -> int | None:
    text = query.joined("depth")
    if text and text not in ("0", "1"):
        raise BadRequest(f"'depth={text}' parameter invalid. Allowed values are 0, 1", path="depth")
    return int(text) if text else None


def read_before(query: Query) -> str | None:
    before = query.cursor("ending_before")
    if before is not None and query.text("starting_after") is not None:
        raise ConflictingArguments("Cannot provide both before and after", path="ending_before")
    return before


def read_separator(query: Query) -> str | None:
    """The separator that is named, or written as it is; None when it is absent."""
    text = query.joined("separator")
    if text in SEPARATORS.values():
        return text
    name = query.choice("separator", tuple(SEPARATORS))
    return None if name is None else SEPARATORS[name]


def read_array(query: Query, name: str, kind: type, message: str) -> tuple[object, ...]:
    """The items of a JSON array; none when the parameter is absent. Repeated values are no JSON."""
    text = query.joined(name)
    if not text:
        return ()
    try:
        items = read_json(text.encode())
    except MalformedBody:
        items = None
    if not isinstance(items, list) or not all(isinstance(item, kind) for item in items):
        raise BadRequest(message, path=name)
    return tuple(items)


GROUP_BY_FORM = (
    "Invalid group_by query parameter - should be a valid array of objects - ex: "
    """[{"firstField": true}, {"secondField": {"subField": true}}, {"dateField": {"granularity": 'DAY'}}]"""
)
AGGREGATE_FORM = (
    'Invalid aggregate query parameter - should be a valid array of string - ex: ["countNotEmptyId", "countEmptyField"]'
)
ORDER_BY_FORM = (
    "Invalid order_by query parameter - should be a valid array of objects - ex: "
    '[{"firstField": "AscNullsFirst"}, {"secondField": {"subField": "DescNullsLast"}}, '
    '{"aggregate": {"aggregateField": "DescNullsLast"}}, '
    '{dateField: {"orderBy": "AscNullsFirst", "granularity": "DAY"}}]'
)
