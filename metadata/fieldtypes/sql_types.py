"""How a JSON value is compared and ordered in SQL.

SQL in here is constant text with these placeholders, filled by the SQL compiler:

    {r}        the alias of the record's row
    {json}     the value as jsonb            (r.data->'key', or a column)
    {text}     the value as text             (r.data->>'key')
    {value}    the value as its SQL type, as `=`, `<` and `IN` compare it
    {operand}  one parameter, cast to that SQL type

Values never enter SQL text; a literal percent sign is written `%%`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Any  # what json.loads gives


@dataclass(frozen=True, slots=True)
class SqlType:
    """How a JSON value is compared and ordered in SQL, and what an empty one prints as."""

    value: str  # for =, <, IN, IS NULL
    operand: str  # how a parameter is cast; the cast must match `value`
    order: str  # for ORDER BY and keyset comparisons, over `value` or the texts
    order_operand: str  # the same transformation of a parameter
    array: str  # the array type of `operand`, for `= ANY`
    empty_json: str = "null"  # what an absent value prints as


TEXT = SqlType(
    "{text}", "%s::text", 'lower({text}) COLLATE "C"', 'lower(%s::text) COLLATE "C"', "text[]", empty_json='""'
)
NULLABLE_TEXT = SqlType("{text}", "%s::text", TEXT.order, TEXT.order_operand, "text[]")
# Fixed-width ASCII; one expression for equality and order, so that one index serves both:
CODE = SqlType('({text} COLLATE "C")', "%s::text", '({text} COLLATE "C")', '%s::text COLLATE "C"', "text[]")
NUMBER = SqlType("({text})::numeric", "%s::numeric", "({text})::numeric", "%s::numeric", "numeric[]")
BOOLEAN = SqlType("({text})::boolean", "%s::boolean", "({text})::boolean", "%s::boolean", "boolean[]")
UUID = SqlType("({text})::uuid", "%s::uuid", "({text})::uuid", "%s::uuid", "uuid[]")
JSON = SqlType("{json}", "%s::jsonb", 'lower({text}) COLLATE "C"', 'lower(%s::text) COLLATE "C"', "jsonb[]")
ARRAY = SqlType(
    "{json}", "%s::jsonb", 'lower({text}) COLLATE "C"', 'lower(%s::text) COLLATE "C"', "jsonb[]", empty_json="[]"
)
# The columns that every record has beside `data`:
UUID_COLUMN = SqlType("{json}", "%s::uuid", "{json}", "%s::uuid", "uuid[]")
TIMESTAMP_COLUMN = SqlType("{json}", "%s::timestamptz", "{json}", "%s::timestamptz", "timestamptz[]")
FLOAT_COLUMN = SqlType("{json}", "%s::float8", "{json}", "%s::float8", "float8[]")
TSVECTOR_COLUMN = SqlType("{json}", "%s::tsvector", "{text}", "%s::text", "tsvector[]")


@dataclass(frozen=True, slots=True)
class FieldSql:
    """SQL expressions of one value, with `{r}` still standing for the row's alias."""

    json: str
    text: str
    value: str
    operand: str
    order: str
    order_operand: str
    array: str
    answer: str  # JSON text of what is answered
    cursor: str  # JSON text of what `order_operand` takes, for a cursor

    @property
    def cast(self) -> str:
        """The SQL type that values are compared in: `text`, `numeric`, `uuid`, `timestamptz`, `jsonb` …"""
        return self.operand.partition("::")[2].partition(" ")[0]


def is_json(sql_type: SqlType) -> bool:
    """Whether values are compared as JSON, and ordered by its text."""
    return sql_type.operand.endswith("::jsonb")


_EMPTY_VALUES: Mapping[str, Json] = {"null": None, '""': ""}


def empty_value(empty_json: str) -> Json:
    """What an absent value is answered as; lists and objects are new ones each time."""
    return _EMPTY_VALUES[empty_json] if empty_json in _EMPTY_VALUES else json.loads(empty_json)


JOINED_AT_ONCE = 16  # texts that are joined one after the other


def concat(pieces: Sequence[str]) -> str:
    """SQL that joins texts, none of them NULL.

    `concat()` asks each argument's output function and measures what that printed, a tenth of a page's statement; `||`
    copies what stands before it each time, and so there is an end to what stands before it.

    >>> concat(["'a'", "b", "c"])
    "('a' || b || c)"
    """
    if len(pieces) == 1:
        return pieces[0]
    if len(pieces) > JOINED_AT_ONCE:
        return concat(
            [concat(pieces[start : start + JOINED_AT_ONCE]) for start in range(0, len(pieces), JOINED_AT_ONCE)]
        )
    return f"({' || '.join(pieces)})"
