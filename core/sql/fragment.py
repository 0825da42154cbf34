"""SQL as a value: text that carries its parameters, so that joining two pieces cannot lose one.

Text uses `%s` for a parameter and `%%` for a percent sign. Only this module turns anything into SQL
text; what comes from a client is always a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of a statement and the parameters its `%s` stand for, in order."""

    text: str
    params: tuple[object, ...] = ()

    def __add__(self, other: Sql) -> Sql:
        return Sql(self.text + other.text, self.params + other.params)


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter of a statement that is kept: its value, by this name or place, comes each time."""

    key: str | int


EMPTY = Sql("")


def raw(text: str) -> Sql:
    """Constant SQL written in this code base; it holds no parameter."""
    return Sql(text)


def ident(name: str) -> Sql:
    """A quoted identifier.

    >>> ident('a"b').text
    '"a""b"'
    """
    return Sql(quoted(name))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def literal(text: str) -> str:
    """A string constant for JSON keys and type names out of the data model; never for a client's value.

    >>> literal("it's 5%")
    "'it''s 5%%'"
    """
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def param(value: object, cast: str) -> Sql:
    """One parameter, cast: `param(x, "uuid")` is `%s::uuid`."""
    return Sql(f"%s::{cast}", (value,))


def integer(value: int) -> Sql:
    """A whole number in the text itself (LIMIT, OFFSET), so that the planner sees it."""
    return Sql(str(int(value)))


def join(pieces: Iterable[Sql], separator: str) -> Sql:
    items = list(pieces)
    return Sql(separator.join(piece.text for piece in items), tuple(value for piece in items for value in piece.params))


@lru_cache(maxsize=256)
def slots(count: int) -> tuple[Slot, ...]:
    """Slots by place."""
    return tuple(map(Slot, range(count)))


def filled(params: Iterable[object], values: Any) -> tuple[object, ...]:
    """Parameters with their slots' values, which are a mapping or, by place, a sequence.

    >>> filled((1, Slot("id")), {"id": "a"})
    (1, 'a')
    """
    return tuple([values[each.key] if type(each) is Slot else each for each in params])


def array_literal(values: Sequence[object]) -> str:
    """A PostgreSQL array in its text form, for a parameter cast to an array type.

    >>> array_literal(["a", 'b"c', None, 5])
    '{"a","b\\\\"c",NULL,"5"}'
    """
    return "{" + ",".join("NULL" if value is None else _array_item(str(value)) for value in values) + "}"


def _array_item(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
