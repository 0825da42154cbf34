"""Orders, and where a page begins: the conditions of what stands behind a cursor, and the cursors of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from core.query.cursors import room_of, start_of
from core.query.plan import Abridged, OrderKey
from core.sql.filters import at, table_of
from core.sql.fragment import Sql, join, raw
from core.sql.json_text import json_object


def order_by(order: Sequence[OrderKey], alias: str, is_backward: bool = False) -> Sql:
    keys = []
    for key in order:
        descending = key.descending != is_backward
        text = f"{key_expression(key, alias)} {'DESC' if descending else 'ASC'}"
        if key.is_nullable:
            nulls_first = key.nulls_first != is_backward
            if nulls_first != descending:  # PostgreSQL's own rule otherwise
                text += " NULLS FIRST" if nulls_first else " NULLS LAST"
        keys.append(raw(text))
    return join(keys, ", ")


def key_expression(key: OrderKey, alias: str, what: str = "order") -> str:
    expression: str = getattr(key.sql, what)
    if key.through is None:
        return at(expression, alias)
    joined, target = key.through
    return (
        f"(SELECT {at(expression, 'o')} FROM {table_of(target)} o"
        f" WHERE o.id = {at(joined.value, alias)} AND o.deleted_at IS NULL)"
    )


class Run(NamedTuple):
    """Rows that one scan of an index gives in their order: what they satisfy, and that order."""

    conditions: Sequence[Sql]
    ordering: Sql


def index_runs(
    order: Sequence[OrderKey], cursor: Sequence[object] | None, alias: str, is_backward: bool
) -> Sequence[Run] | None:
    """The rows behind the cursor as at most two runs: those with a value for the first key, and those without.

    An index has its nulls at one end. An order that wants them at the other, and a cursor that has them behind
    it (`value > … OR value IS NULL`), would else read and sort the whole table. None where one scan does.
    """
    first, rest = order[0], order[1:]
    if not (first.is_indexed and first.is_nullable):
        return None
    descending, nulls_first = first.descending != is_backward, first.nulls_first != is_backward
    if cursor is None and nulls_first == descending:
        return None  # the order of the index itself
    expression = key_expression(first, alias)
    ordering = order_by(rest, alias, is_backward)
    # In a run of nulls the first key is there for the index alone, in the direction of the key after it.
    null_direction = "DESC" if rest[0].descending != is_backward else "ASC"

    def with_value(*conditions: Sql) -> Run:
        direction = "DESC" if descending else "ASC"
        return Run(conditions, raw(f"{expression} {direction}, ") + ordering)

    def without(*conditions: Sql) -> Run:
        return Run([raw(f"{expression} IS NULL"), *conditions], raw(f"{expression} {null_direction}, ") + ordering)

    every = with_value(raw(f"{expression} IS NOT NULL"))
    if cursor is None:
        return [without(), every] if nulls_first else [every, without()]
    if cursor[0] is None:
        behind = without(keyset(rest, cursor[1:], alias, is_backward))
        return [behind, every] if nulls_first else [behind]
    behind = with_value(keyset([replace(first, is_nullable=False), *rest], cursor, alias, is_backward))
    return [behind] if nulls_first else [behind, without()]


def keyset(order: Sequence[OrderKey], cursor: Sequence[object], alias: str, is_backward: bool) -> Sql:
    """True for the rows behind the cursor, nulls in their place.

    Keys that are never null and go one way compare as a row, where an index can start. Otherwise one
    alternative per key, `k1 > v1 OR (k1 = v1 AND k2 > v2) …`, and in front of them a bound on the first
    key alone, for the index to start from.
    """
    goes_one_way = len({key.descending for key in order}) == 1
    is_plain = not any(value is None or isinstance(value, Abridged) for value in cursor)
    if goes_one_way and is_plain and not any(key.is_nullable or key.through for key in order):
        keys = ", ".join(key_expression(key, alias) for key in order)
        operands = ", ".join(key.sql.order_operand for key in order)
        comparison = "<" if order[0].descending != is_backward else ">"
        return Sql(f"({keys}) {comparison} ({operands})", tuple(cursor))
    alternatives: list[Sql] = []
    equal: list[Sql] = []
    for key, value in zip(order, cursor, strict=True):
        expression = key_expression(key, alias)
        behind = _behind(key, value, expression, is_backward)
        if behind is not None:
            alternatives.append(join([*equal, behind], " AND "))
        equal.append(same_value(key, value, expression))
    if not alternatives:
        return raw("false")
    condition = raw("((") + join(alternatives, ") OR (") + raw("))")
    if len(order) > 1:
        bound = _behind(order[0], cursor[0], key_expression(order[0], alias), is_backward, or_same=True)
        if bound is not None:
            condition = bound + raw(" AND ") + condition
    return condition


def same_value(key: OrderKey, value: object, expression: str) -> Sql:
    if value is None:
        return raw(f"{expression} IS NULL")
    if isinstance(value, Abridged):
        return raw(f"{expression} = ") + _whole(key, value)
    return Sql(f"{expression} = {key.sql.order_operand}", (value,))


def _whole(key: OrderKey, value: Abridged) -> Sql:
    """What the cursor's record is ordered by; NULL when that has changed since, or the record is gone."""
    expression, text = key_expression(key, "b"), key_expression(key, "b", "text")
    return Sql(
        f"(SELECT {expression} FROM {table_of(value.subject)} b WHERE b.id = %s::uuid AND md5({text}) = %s::text)",
        (value.id, value.md5),
    )


def _behind(key: OrderKey, value: object, expression: str, is_backward: bool, *, or_same: bool = False) -> Sql | None:
    """Rows whose key comes after `value`; None when no row can."""
    descending = key.descending != is_backward
    nulls_first = key.nulls_first != is_backward
    if value is None:
        if not nulls_first:
            return raw(f"{expression} IS NULL") if or_same else None
        return raw("true") if or_same else raw(f"{expression} IS NOT NULL")
    comparison = ("<" if descending else ">") + ("=" if or_same else "")
    if isinstance(value, Abridged):  # else from where nothing is left out: some records may come again
        bound = Sql(key.sql.order_operand, (value.high if descending else value.low,))
        sql = raw(f"{expression} {comparison} coalesce(") + _whole(key, value) + raw(", ") + bound + raw(")")
    else:
        sql = Sql(f"{expression} {comparison} {key.sql.order_operand}", (value,))
    if key.is_nullable and not nulls_first:
        return raw("(") + sql + raw(f" OR {expression} IS NULL)")
    return sql


def cursor_json(order: Sequence[OrderKey], alias: str, *, is_short: bool = False) -> Sql:
    """JSON text of a row's cursor: each order key's value, nested by its path, then the id.

    `is_short`: long values as `core.query.cursors.shortened` has them.
    """
    tree: dict[str, Any] = {}
    room = room_of(sum(key.can_be_long for key in order)) if is_short else None
    for key in order:
        branch = tree
        for name in key.path[:-1]:
            branch = branch.setdefault(name, {})
        value = _cursor_value(key, alias)
        branch[key.path[-1]] = value if room is None or not key.can_be_long else _short_value(key, value, alias, room)
    return _nested(tree)


def _cursor_value(key: OrderKey, alias: str) -> str:
    if key.through is not None:
        return f"coalesce({key_expression(key, alias, 'cursor')}, 'null')"
    return at(key.sql.cursor, alias)


def _short_value(key: OrderKey, value: str, alias: str, room: int) -> str:
    text = key_expression(key, alias, "text")
    members = {"startsWith": f"to_json(left({text}, {start_of(room)}))::text", "md5": f"to_json(md5({text}))::text"}
    if key.is_number:
        members["digits"] = f"length(split_part({text}, '.', 1))::text"
    short = json_object([(name, raw(each)) for name, each in members.items()]).text
    return f"CASE WHEN octet_length({value}) <= {room} THEN {value} ELSE {short} END"


def _nested(tree: dict[str, Any]) -> Sql:
    return json_object(
        [(name, _nested(value) if isinstance(value, dict) else raw(value)) for name, value in tree.items()]
    )


def encoded_cursor(order: Sequence[OrderKey], alias: str) -> Sql:
    """A row's cursor: base64 in one line."""
    json = cursor_json(order, alias, is_short=True)
    return raw("replace(encode(convert_to(") + json + raw(", 'UTF8'), 'base64'), E'\\n', '')")
