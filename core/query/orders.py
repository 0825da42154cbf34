"""Plans orders and cursors: which keys, in which direction, and where a page begins."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from uuid import UUID

from config.errors import BadRequest, InvalidCursor, UnknownSortField
from core.query import ir
from core.query.names import Scope, member_names, nearest, require, require_readable, value_field
from core.query.plan import OrderKey
from metadata.schema import FieldSchema, ObjectSchema

DIRECTIONS = {  # name: (descending, nulls first)
    "AscNullsFirst": (False, True),
    "AscNullsLast": (False, False),
    "DescNullsFirst": (True, True),
    "DescNullsLast": (True, False),
}
_DIRECTION_NAMES = ", ".join(DIRECTIONS)
MAX_KEYS = 20
LONGEST_CURSOR = 1_000_000  # characters: one holds a value of the record for each key of the order


def plan_order(scope: Scope, subject: ObjectSchema, order: Sequence[ir.Order]) -> tuple[OrderKey, ...]:
    """The keys, each path once, with the id last so that no two records are equal."""
    if not order:
        return _default_order(subject)
    keys: list[OrderKey] = []
    seen: set[tuple[str, ...]] = set()
    for item in order:
        if item.path in seen:
            continue
        seen.add(item.path)
        if len(seen) > MAX_KEYS:
            raise BadRequest(f"More than {MAX_KEYS} order keys")
        keys.append(_plan_key(scope, subject, item))
        if item.path == ("id",):
            return tuple(keys)  # nothing after the id can matter
    return (*keys, id_key(subject))


@lru_cache(maxsize=1024)
def id_key(subject: ObjectSchema) -> OrderKey:
    """The last key of every order."""
    field = subject.by_name["id"]
    return OrderKey(("id",), field.type.sql(field), False, True, is_nullable=False)


@lru_cache(maxsize=1024)
def _default_order(subject: ObjectSchema) -> tuple[OrderKey, ...]:
    return (id_key(subject),)


def _plan_key(scope: Scope, subject: ObjectSchema, item: ir.Order) -> OrderKey:
    name, *rest = item.path
    field = value_field(subject, name)
    if field is not None:
        require_readable(scope, subject, field)
        return _value_key(field, item, tuple(rest), label=name)
    relation_field = subject.by_name.get(name)
    if relation_field is None or relation_field.relation is None:
        raise UnknownSortField(
            f'Field "{name}" does not exist or is not sortable',
            hint=nearest(name, member_names(scope, subject)),
            path=name,
        )
    require_readable(scope, subject, relation_field)
    if not relation_field.relation.is_to_one:
        raise BadRequest(f"Cannot filter or order through {name}: only to-one relations are supported", path=name)
    if not rest:
        raise BadRequest(
            f'Relation field "{name}" requires nested field ordering'
            f" (e.g., {{ {name}: {{ fieldName: 'AscNullsFirst' }} }})",
            path=name,
        )
    target = scope.schema.target(relation_field)
    if target is None:
        raise UnknownSortField(f'Field "{name}" does not exist or is not sortable', path=name)
    require(scope, "read", target)
    nested = value_field(target, rest[0])
    if nested is None:
        if rest[0] in target.by_name:
            raise BadRequest(f'Field "{name}.{rest[0]}" does not support nested ordering', path=name)
        raise UnknownSortField(
            f'Nested field "{rest[0]}" not found in target object "{target.singular}"',
            hint=nearest(rest[0], member_names(scope, target)),
            path=f"{name}.{rest[0]}",
        )
    require_readable(scope, target, nested)
    if nested.type.subfields and len(rest) == 1:
        raise BadRequest(f'Composite field "{name}.{rest[0]}" requires one of its sub fields to be ordered', path=name)
    key = _value_key(nested, item, tuple(rest[1:]), label=f"{name}.{rest[0]}")
    through = (relation_field.type.sql(relation_field), target)
    return OrderKey(item.path, key.sql, key.descending, key.nulls_first, through)


def _value_key(field: FieldSchema, item: ir.Order, rest: tuple[str, ...], label: str) -> OrderKey:
    part: str | None = None
    if field.type.subfields:
        if not rest:
            raise BadRequest(
                f'Composite field "{label}" requires subfield ordering'
                f" (e.g., {{ {label}: {{ subFieldName: 'AscNullsFirst' }} }})",
                path=label,
            )
        part = rest[0]
        if part not in field.type.subfields or not field.type.subfields[part].orderable:
            raise BadRequest(
                f'Sub field "{part}" not found for composite field "{label}"',
                hint=nearest(part, field.type.subfields),
                path=f"{label}.{part}",
            )
        if len(rest) > 1:
            raise BadRequest(
                f'Composite sub field "{label}.{part}" requires a direction value ({_DIRECTION_NAMES})', path=label
            )
    elif rest:
        raise BadRequest(f'Scalar field "{label}" requires a direction value ({_DIRECTION_NAMES})', path=label)
    elif not field.type.orderable:
        raise UnknownSortField(f'Field "{label}" does not exist or is not sortable', path=label)
    direction = DIRECTIONS.get(item.direction) if isinstance(item.direction, str) else None
    if direction is None:
        named = f"{label}.{part}" if part else label
        kind = "Composite sub field" if part else "Scalar field"
        raise BadRequest(f'{kind} "{named}" requires a direction value ({_DIRECTION_NAMES})', path=named)
    is_nullable = not (field.column is not None and not field.is_nullable)
    is_indexed = (part or "") in field.indexed
    sql = field.type.sql(field, part)
    return OrderKey(item.path, sql, *direction, is_nullable=is_nullable, is_indexed=is_indexed)


# Cursors ---------------------------------------------------------------------------------------------


def decode_cursor(cursor: str, order: Sequence[OrderKey]) -> tuple[Any, ...]:
    """The boundary record's value for each order key, ready to be a parameter; raises InvalidCursor."""
    if len(cursor) > LONGEST_CURSOR:
        raise InvalidCursor.of(cursor)
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        content = json.loads(base64.b64decode(padded, validate=True))  # orjson would round integers beyond 64 bits
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidCursor.of(cursor) from None
    if not isinstance(content, Mapping):
        raise InvalidCursor.of(cursor)
    values = tuple(_cursor_value(content, key, cursor) for key in order)
    known = {key.path for key in order}
    for name, value in content.items():
        first = tuple(name.split("."))
        if not any(path[: len(first)] == first for path in known) and value is not None:
            raise InvalidCursor.of(cursor, hint="It was made for another order.")
    return values


def _cursor_value(content: Mapping[str, Any], key: OrderKey, cursor: str) -> Any:
    dotted = ".".join(key.path)
    value: Any = content
    for name in key.path:
        if not isinstance(value, Mapping) or name not in value:
            if dotted in content:
                value = content[dotted]
                break
            raise InvalidCursor(
                f'Cursor is missing the value for orderBy field "{dotted}": it was encoded for a different orderBy.'
                " Restart pagination without a cursor."
            )
        value = value[name]
    try:
        return _parameter(value, key)
    except (ValueError, TypeError, InvalidOperation):
        raise InvalidCursor.of(cursor) from None


def _parameter(value: Any, key: OrderKey) -> Any:
    """A cursor's value as the parameter its comparison takes; ValueError when it cannot be one."""
    if value is None:
        return None
    kind = key.sql.cast
    if kind == "uuid":
        return str(UUID(str(value)))
    if kind in ("numeric", "float8"):
        if isinstance(value, bool) or not Decimal(str(value)).is_finite():
            raise ValueError
        return str(value)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError
        return value
    if not isinstance(value, str):
        raise ValueError
    if kind == "timestamptz" and not _looks_like_time(value):
        raise ValueError
    if value == "" and kind == "text":
        return None  # an empty text is an absent one
    if "\x00" in value:
        raise ValueError
    return value


def _looks_like_time(value: str) -> bool:
    from datetime import datetime

    datetime.fromisoformat(value)
    return True
