"""The filter language of Core REST, `or(stage[eq]:NEW,amount.amountMicros[gte]:5)`, read in one pass.

    filter      := predicate ( "," predicate )*            several are ANDed
    predicate   := ("and" | "or" | "not") "(" filter ")" | leaf
    leaf        := name ( "." name )* "[" comparator "]:" value
    value       := '"' … '"' | "'" … "'" | "[" item ( "," item )* "]" | bare

White space counts. One pair of quotes around a value is taken off; there are no escapes. A comma ends
a value outside quotes that open it, outside square brackets and outside parentheses. An item of a list
ends at a comma, and quotes that open the item protect the commas and brackets between them. Values stay
text: their meaning depends on the field.
"""

from __future__ import annotations

import re
from typing import Any

from config.errors import BadRequest
from core.query import ir
from core.query.names import nearest

MAX_DEPTH = 20
COMPARATORS = (
    "eq", "neq", "in", "containsAny", "is", "gt", "gte", "lt", "lte", "startsWith", "endsWith", "like", "ilike",
)  # fmt: skip
LIST_COMPARATORS = frozenset(("in", "containsAny"))

_CONJUNCTION = re.compile(r"(and|or|not)\(")
_LEAF_START = re.compile(r"([^\[,()]+)\[([^\]]+)\]:")
_STOP = re.compile(r"[,()\[]")


def parse_filter(text: str) -> ir.Filter:
    """The filter tree of a non-empty text; BadRequest says what is wrong with it.

    >>> parse_filter("name.firstName[eq]:'Ada'")
    Match(name='name', body={'firstName': {'eq': 'Ada'}})
    >>> parse_filter("not(id[in]:[1,2])")
    Not(item=Match(name='id', body={'in': ['1', '2']}))
    """
    missing = text.count("(") - text.count(")")
    if missing:
        raise _unbalanced(missing)
    items, end = _read_list(text, 0, 0)
    if end < len(text):
        raise _no_leaf(text[end:])
    return items[0] if len(items) == 1 else ir.And(tuple(items))


def _read_list(text: str, at: int, depth: int) -> tuple[list[ir.Filter], int]:
    """Predicates from `at` up to what no longer belongs to them: a closing bracket or the end."""
    items: list[ir.Filter] = []
    while True:
        conjunction = _CONJUNCTION.match(text, at)
        item, at = _read_leaf(text, at) if conjunction is None else _read_conjunction(text, conjunction, depth)
        items.append(item)
        if not text.startswith(",", at):
            return items, at
        at += 1


def _read_conjunction(text: str, opening: re.Match[str], depth: int) -> tuple[ir.Filter, int]:
    if depth >= MAX_DEPTH:
        raise BadRequest(f"'filter' invalid. Conjunctions can be nested at most {MAX_DEPTH} levels deep", path="filter")
    items, end = _read_list(text, opening.end(), depth + 1)
    if not text.startswith(")", end):
        raise _unbalanced(1) if end == len(text) else _no_leaf(text[end : _value_end(text, end)])
    kind = opening[1]
    if kind == "not":
        if len(items) != 1:
            raise BadRequest(
                "'filter' invalid. 'not' conjunction should contain only 1 condition. eg: not(field[eq]:1)",
                path="filter",
            )
        return ir.Not(items[0]), end + 1
    return (ir.And if kind == "and" else ir.Or)(tuple(items)), end + 1


def _read_leaf(text: str, at: int) -> tuple[ir.Match, int]:
    start = _LEAF_START.match(text, at)
    if start is None:
        raise _no_leaf(text[at : _value_end(text, at)])
    path, comparator = start.groups()
    end = _value_end(text, start.end())
    raw = text[start.end() : end]
    if not raw:
        raise _no_leaf(text[at:end])
    if comparator not in COMPARATORS:
        raise BadRequest(
            f"'filter' invalid for '{text[at:end]}', comparator {comparator} not in {', '.join(COMPARATORS)}",
            hint=nearest(comparator, COMPARATORS),
            path="filter",
        )
    names = path.split(".")
    body: Any = {comparator: _value(comparator, raw)}
    for name in reversed(names[1:]):
        body = {name: body}
    return ir.Match(names[0], body), end


def _value_end(text: str, at: int) -> int:
    """Where the value that starts at `at` ends: at a comma or bracket that is not its own."""
    quote = text[at : at + 1]
    if quote in ("'", '"'):
        closing = text.find(quote, at + 1)
        at = at if closing < 0 else closing + 1
    level = 0
    while (stop := _STOP.search(text, at)) is not None:
        at = stop.end()
        match stop[0]:
            case "[":
                closing = _list_end(text, at)
                at = at if closing < 0 else closing + 1
            case "(":
                level += 1
            case ")" if level:
                level -= 1
            case "," if level:
                pass
            case _:
                return stop.start()
    return len(text)


def _value(comparator: str, raw: str) -> str | list[str]:
    if comparator == "is":  # NULL and NOT_NULL are words, a quoted one is something else
        return raw
    if comparator not in LIST_COMPARATORS:
        return _unquoted(raw)
    if raw[0] != "[" or raw[-1] != "]":
        raise BadRequest(
            f"'filter' invalid for '{comparator}' operator. Received '{raw}' but array value expected"
            f" eg: 'field[{comparator}]:[value_1,value_2]'",
            path="filter",
        )
    return [_unquoted(item) for item in _items(raw[1:-1])] if raw != "[]" else []


def _items(text: str) -> list[str]:
    """
    >>> _items('"Acme, Inc",B,"C')
    ['"Acme, Inc"', 'B', '"C']
    """
    items, start = [], 0
    text += ","
    while start < len(text):
        end = text.index(",", _quoted_end(text, start, ",") or start)
        items.append(text[start:end])
        start = end + 1
    return items


def _list_end(text: str, at: int) -> int:
    """The square bracket that closes a list whose items start at `at`; -1 when there is none."""
    while True:
        behind = _quoted_end(text, at, ",]")
        if behind is None:
            comma, closing = text.find(",", at), text.find("]", at)
            if closing < 0 or not 0 <= comma < closing:
                return closing
            at = comma + 1
        elif text[behind] == "]":
            return behind
        else:
            at = behind + 1


def _quoted_end(text: str, at: int, followers: str) -> int | None:
    """The place behind quotes that open an item at `at`, if one of `followers` stands there."""
    quote = text[at : at + 1]
    if quote not in ("'", '"'):
        return None
    closing = text.find(quote, at + 1)
    while 0 <= closing < len(text) - 1:
        if text[closing + 1] in followers:
            return closing + 1
        closing = text.find(quote, closing + 1)
    return None


def _unquoted(raw: str) -> str:
    return raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "'\"" else raw


def _unbalanced(missing: int) -> BadRequest:
    """`missing` counts opening less closing brackets."""
    kind, count = ("close", missing) if missing > 0 else ("open", -missing)
    brackets = "bracket is" if count == 1 else "brackets are"
    return BadRequest(
        f"'filter' invalid. {count} {kind} {brackets} missing in the query",
        hint="Brackets inside quotes count too.",
        path="filter",
    )


def _no_leaf(leaf: str) -> BadRequest:
    return BadRequest(f"'filter' invalid for '{leaf}'. eg: price[gte]:10", path="filter")
