"""Plans orders: which keys, in which direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from config.errors import BadRequest, UnknownSortField
from core.query import ir
from core.query.plan import OrderKey
from core.query.scope import Scope, member_names, nearest, require, require_readable, value_field
from metadata.schema import FieldSchema, ObjectSchema

DIRECTIONS = {  # name: (descending, nulls first)
    "AscNullsFirst": (False, True),
    "AscNullsLast": (False, False),
    "DescNullsFirst": (True, True),
    "DescNullsLast": (True, False),
}
_DIRECTION_NAMES = ", ".join(DIRECTIONS)
MAX_KEYS = 20


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


def in_index_order(subject: ObjectSchema, order: tuple[OrderKey, ...], same: frozenset[str]) -> tuple[OrderKey, ...]:
    """The order, its first key marked if an index gives it among records that have the `same` values otherwise."""
    first = order[0]
    if not same or first.is_indexed or first.through is not None:
        return order
    for columns in subject.index_orders:
        if first.sql.order in columns[1:] and same.issuperset(columns[: columns.index(first.sql.order)]):
            return (replace(first, is_indexed=True), *order[1:])
    return order


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
