"""Page arguments of GraphQL connections, at the root and nested: one set of rules and messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.errors import BadRequest, ConflictingArguments, InvalidFirst, InvalidLast, TooComplex
from core.query import ir


def page_of(arguments: Mapping[str, Any], *, largest: int) -> ir.Page:
    """`first`, `last`, `before`, `after`, `offset` as a page; more than `largest` rows is an error that names it."""
    first, last, offset = (_count_argument(arguments, name) for name in ("first", "last", "offset"))
    for name in ("before", "after"):
        if arguments.get(name) is not None and not isinstance(arguments[name], str):
            raise BadRequest(f'Invalid argument: "{name}" must be a string', path=name)
    before, after = arguments.get("before"), arguments.get("after")
    for one, other, one_name, other_name in (
        (first, last, "first", "last"),
        (before, after, "before", "after"),
        (before, first, "before", "first"),
        (after, last, "after", "last"),
    ):
        if one and other:
            raise ConflictingArguments(f"Cannot provide both {one_name} and {other_name}")
    if first is not None and first < 0:
        raise InvalidFirst("First argument must be non-negative", path="first")
    if last is not None and last < 0:
        raise InvalidLast("Last argument must be non-negative", path="last")
    if offset is not None and offset < 0:
        raise BadRequest("Offset argument must be non-negative", path="offset")
    size = first if first is not None else last
    if size is not None and size > largest:
        raise TooComplex(f"At most {largest} records can be asked for in one page, not {size}", path="first")
    return ir.Page(size=size, after=after or None, before=before or None, offset=offset or 0)


def _count_argument(arguments: Mapping[str, object], name: str) -> int | None:
    value = arguments.get(name)
    count = None if value is None else row_count(value)
    if value is not None and count is None:
        raise BadRequest(f'Invalid argument: "{name}" must be a number', path=name)
    return count


def row_count(value: object) -> int | None:
    """A number of rows; `1.0` is one, since languages without integers write it so (GraphQL §3.5.1)."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def order_of(value: object) -> tuple[ir.Order, ...]:
    """`orderBy` as keys: a list of mappings, or one mapping, nested by composite or relation, in key order."""
    items = value if isinstance(value, list | tuple) else [value] if value is not None else []
    keys: list[ir.Order] = []
    for item in items:
        if not isinstance(item, Mapping):
            raise BadRequest('Invalid argument: "orderBy" must be an array', path="orderBy")
        _flatten(item, (), keys)
    return tuple(keys)


def _flatten(item: Mapping[str, object], path: tuple[str, ...], keys: list[ir.Order]) -> None:
    for name, value in item.items():
        if isinstance(value, Mapping) and value and len(path) < 3:
            _flatten(value, (*path, name), keys)
        elif value is not None:
            keys.append(ir.Order((*path, name), value))
