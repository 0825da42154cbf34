"""Pages and filters of lists that are in memory: the metadata connections and their arguments. Pure.

A cursor is the item's place in the list, in the form of graphql-relay (`arrayconnection:7` in base64).
"""

from __future__ import annotations

import operator
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypedDict
from uuid import UUID

from config.errors import ConflictingArguments, InvalidCursor, InvalidFirst, InvalidLast

DEFAULT_PAGE_SIZE = 10
MAX_PAGE_SIZE = 1000
_PREFIX = "arrayconnection:"


def encode_cursor(place: int) -> str:
    """
    >>> encode_cursor(0)
    'YXJyYXljb25uZWN0aW9uOjA='
    """
    return b64encode(f"{_PREFIX}{place}".encode()).decode()


def decode_cursor(cursor: str) -> int:
    try:
        text = b64decode(cursor, validate=True).decode()
    except (NoBase64, ValueError):
        text = ""
    number = text.removeprefix(_PREFIX)
    if not text.startswith(_PREFIX) or not number.isdecimal():
        raise InvalidCursor.of(cursor)
    return int(number)


Criteria = Mapping[str, object]  # of a filter, by the members' names


class Paging(TypedDict, total=False):
    """What a list is asked for with; null is absent."""

    first: int | None
    after: str | None
    last: int | None
    before: str | None


class Edge(TypedDict):
    node: object
    cursor: str


class PageInfo(TypedDict):
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Connection(TypedDict):
    page_info: PageInfo
    edges: list[Edge]


def page(rows: Sequence[object], paging: Paging) -> Connection:
    """The part of `rows` that `paging` asks for, as a connection.

    `hasNextPage` and `hasPreviousPage` are true to the list in both directions. Raises
    ConflictingArguments, InvalidFirst, InvalidLast or InvalidCursor.
    """
    first, last = paging.get("first"), paging.get("last")
    after, before = paging.get("after"), paging.get("before")
    if first is not None and last is not None:
        raise ConflictingArguments("Cannot provide both first and last")
    if after is not None and before is not None:
        raise ConflictingArguments("Cannot provide both before and after")
    _check_size(first, "First", InvalidFirst)
    _check_size(last, "Last", InvalidLast)

    start = 0 if after is None else min(decode_cursor(after) + 1, len(rows))
    end = len(rows) if before is None else min(decode_cursor(before), len(rows))
    if first is None and last is None:
        first, last = (DEFAULT_PAGE_SIZE, None) if before is None else (None, DEFAULT_PAGE_SIZE)
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)

    edges: list[Edge] = [{"node": rows[place], "cursor": encode_cursor(place)} for place in range(start, end)]
    return {
        "page_info": {
            "has_next_page": end < len(rows),
            "has_previous_page": start > 0,
            "start_cursor": edges[0]["cursor"] if edges else None,
            "end_cursor": edges[-1]["cursor"] if edges else None,
        },
        "edges": edges,
    }


def _check_size(size: int | None, name: str, error: type[InvalidFirst | InvalidLast]) -> None:
    if size is None:
        return
    if size < 0:
        raise error(f"{name} argument must be non-negative")
    if size > MAX_PAGE_SIZE:
        raise error(f"{name} argument must be at most {MAX_PAGE_SIZE}, got {size}")


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, operand: value is not None and operand is not None and compare(value, operand)


def _is_in(value: object, operands: Sequence[object] | None) -> bool:
    return value in (operands or ())


# `like` takes a whole UUID, in which no wildcard can stand: it is equality.
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is_": operator.eq,
    "is_not": operator.ne,
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "like": operator.eq,
    "not_like": operator.ne,
    "i_like": operator.eq,
    "not_i_like": operator.ne,
    "in_": _is_in,
    "not_in": lambda value, operands: not _is_in(value, operands),
}
_ATTRIBUTES: Mapping[str, str] = {
    "object_metadata_id": "object_id",
    "field_metadata_id": "field_id",
}  # where a row calls it differently


def matching(rows: Iterable[object], criteria: Criteria | None) -> list[object]:
    """The rows that satisfy a filter input. Members are joined by AND; an empty `or` matches nothing."""
    return [row for row in rows if _matches(row, criteria)]


def _matches(row: object, criteria: Mapping[str, Any] | None) -> bool:
    for name, condition in (criteria or {}).items():
        if condition is None:
            continue
        if name == "and_":
            satisfied = all(_matches(row, each) for each in condition)
        elif name == "or_":
            satisfied = any(_matches(row, each) for each in condition)
        else:
            value = getattr(row, _ATTRIBUTES.get(name, name))
            comparable = str(value) if isinstance(value, UUID) else value
            satisfied = all(_OPERATORS[each](comparable, operand) for each, operand in condition.items())
        if not satisfied:
            return False
    return True
