"""Conditions → WHERE."""

from __future__ import annotations

import re

from core.query.plan import (
    All,
    Any_,
    Compare,
    Condition,
    Negation,
    Never,
    RelatedMany,
    RelatedOne,
)
from core.sql.fragment import Sql, array_literal, join, quoted, raw
from metadata.fieldtypes.sql_types import FieldSql
from metadata.schema import ObjectSchema

_SLOT = re.compile(r"\{(\w+)\}")


def at(expression: str, alias: str) -> str:
    """An expression of the data model, read from the row called `alias`."""
    return expression.replace("{r}", alias)


def table_of(subject: ObjectSchema) -> str:
    return f"{quoted(subject.schema_name)}.{quoted(subject.table_name)}"


def compile_condition(condition: Condition, alias: str, depth: int = 0) -> Sql:
    """A boolean expression over the row called `alias`."""
    match condition:
        case All(items):
            if not items:
                return raw("true")
            return _grouped(join((compile_condition(item, alias, depth) for item in items), " AND "))
        case Any_(items):
            return _grouped(join((compile_condition(item, alias, depth) for item in items), " OR "))
        case Negation(item):
            # what is not known to match does not match, so its negation does
            return raw("NOT coalesce(") + compile_condition(item, alias, depth) + raw(", false)")
        case Never():
            return raw("false")
        case Compare():
            return _compare(condition, alias)
        case RelatedOne(joined, target, inner, sees_deleted):
            other = f"f{depth}"
            return (
                raw(f"EXISTS (SELECT 1 FROM {table_of(target)} {other} WHERE {other}.id = {at(joined.value, alias)}")
                + raw("" if sees_deleted else f" AND {other}.deleted_at IS NULL")
                + raw(" AND ")
                + compile_condition(inner, other, depth + 1)
                + raw(")")
            )
        case RelatedMany(inverse, target, inner, sees_deleted):
            other = f"f{depth}"
            return (
                raw(f"EXISTS (SELECT 1 FROM {table_of(target)} {other} WHERE {at(inverse.value, other)} = {alias}.id")
                + raw("" if sees_deleted else f" AND {other}.deleted_at IS NULL")
                + raw(" AND ")
                + compile_condition(inner, other, depth + 1)
                + raw(")")
            )


def _grouped(sql: Sql) -> Sql:
    return Sql(f"({sql.text})", sql.params)


def _compare(condition: Compare, alias: str) -> Sql:
    operator, sql, value = condition.operator, condition.sql, condition.value
    if operator.shape == "null":
        return raw(at(sql.json, alias) + (" IS NULL" if value else " IS NOT NULL"))
    text = at(fill(operator.sql_by_order if condition.is_ordered else operator.sql, sql), alias)
    if operator.shape == "flag":
        return raw(text)
    parameter: object = array_literal(value) if operator.shape == "list" else value
    return Sql(text, (parameter,) * text.replace("%%", "").count("%s"))


def fill(template: str, sql: FieldSql) -> str:
    """An operator's SQL with the expressions of one value put in."""
    return _SLOT.sub(lambda slot: getattr(sql, slot.group(1)) if slot.group(1) != "r" else "{r}", template)
