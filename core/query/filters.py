"""Plans filters: names become fields, operands become values, rights are asked."""

from __future__ import annotations

from collections.abc import Mapping

from config.errors import InvalidFilter, TooComplex, UnknownField
from config.http.bounds import MAX
from core.query import ir
from core.query.plan import (
    EVERY,
    All,
    Any_,
    Compare,
    Condition,
    Negation,
    Never,
    RelatedMany,
    RelatedOne,
)
from core.query.scope import Scope, inverse_of, member_names, nearest, require, require_readable, value_field
from metadata.fieldtypes.operators import OPERATORS
from metadata.fieldtypes.sql_types import FieldSql, SqlType
from metadata.schema import FieldSchema, ObjectSchema

MAX_CONDITIONS = 1_000  # leaves of one filter
MAX_NESTING = 40


def plan_filter(scope: Scope, subject: ObjectSchema, query_filter: ir.Filter | None) -> Condition:
    """The condition a filter stands for; EVERY when there is none. Raises UnknownField, InvalidFilter."""
    return EVERY if query_filter is None else _Planner(scope).plan(subject, query_filter, hops=0, depth=0)


def mentions_deleted(query_filter: ir.Filter | None) -> bool:
    """Whether a filter says anything of `deletedAt` itself, which lifts the hiding of soft-deleted records."""
    match query_filter:
        case None:
            return False
        case ir.And(items) | ir.Or(items):
            return any(mentions_deleted(item) for item in items)
        case ir.Not(item):
            return mentions_deleted(item)
        case ir.Match(name, _):
            return name == "deletedAt"


class _Planner:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.conditions = 0
        self.values = 0

    def plan(self, subject: ObjectSchema, query_filter: ir.Filter, hops: int, depth: int) -> Condition:
        if depth > MAX_NESTING:
            raise TooComplex(f"Filter is nested more than {MAX_NESTING} levels deep")
        match query_filter:
            case ir.And(items):
                if len(items) == 1:
                    return self.plan(subject, items[0], hops, depth + 1)
                return All(tuple(self.plan(subject, item, hops, depth + 1) for item in items))
            case ir.Or(items):
                planned = tuple(self.plan(subject, item, hops, depth + 1) for item in items)
                return Any_(planned) if planned else EVERY
            case ir.Not(item):
                return Negation(self.plan(subject, item, hops, depth + 1))
            case ir.Match(name, body):
                self.conditions += 1
                if self.conditions > MAX_CONDITIONS:
                    raise TooComplex(f"Filter has more than {MAX_CONDITIONS} conditions")
                return self.match(subject, name, body, hops, depth)

    def match(self, subject: ObjectSchema, name: str, body: object, hops: int, depth: int) -> Condition:
        field = value_field(subject, name)
        if field is None:
            relation_field = subject.by_name.get(name)
            if relation_field is not None and relation_field.relation is not None:
                return self.related(subject, relation_field, body, hops, depth)
            raise UnknownField(
                f'Object {subject.singular} doesn\'t have any "{name}" field.',
                hint=nearest(name, member_names(self.scope, subject)),
                path=name,
            )
        require_readable(self.scope, subject, field)
        if not isinstance(body, Mapping):
            raise InvalidFilter(f'Filter value for field "{name}" must be an object', path=name)
        if not field.type.subfields:
            return self.compare(field, None, name, body)
        parts = []
        for part, operators in body.items():
            if part not in field.type.subfields:
                raise InvalidFilter(
                    f'Sub field "{part}" not found for composite type: {field.type.name}',
                    hint=nearest(part, field.type.subfields),
                    path=f"{name}.{part}",
                )
            path = f"{name}.{part}"
            if not isinstance(operators, Mapping):
                raise InvalidFilter(f'Filter value for field "{path}" must be an object', path=path)
            parts.append(self.compare(field, part, path, operators))
        if not parts:
            raise InvalidFilter(f'Filter for field "{name}" must have exactly one operator', path=name)
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def compare(self, field: FieldSchema, part: str | None, path: str, body: Mapping[str, object]) -> Condition:
        if len(body) != 1:
            raise InvalidFilter(f'Filter for field "{path}" must have exactly one operator', path=path)
        [(operator_name, operand)] = body.items()
        if part is None:
            allowed, type_name = field.type.operators, field.type.name
        else:
            allowed, type_name = field.type.subfields[part].operators, field.type.subfields[part].filter_type
        operator = OPERATORS.get(operator_name)
        if operator is None or operator_name not in allowed:
            raise InvalidFilter(
                f'Operator "{operator_name}" is not valid for field "{path}" of type {type_name}'
                f" - Allowed operators: {', '.join(allowed)}",
                hint=nearest(operator_name, allowed),
                path=path,
            )
        sql = field.type.sql(field, part)
        if operator.shape == "null":
            if operand not in ("NULL", "NOT_NULL"):
                raise InvalidFilter('Invalid filter value for "is" operator. Expected "NULL" or "NOT_NULL"', path=path)
            return Compare(sql, operator, operand == "NULL")
        if operator.shape == "flag":
            if not isinstance(operand, bool):
                raise InvalidFilter(
                    f'Filter operator "{operator_name}" requires a boolean value for field {path}', path=path
                )
            return Compare(sql, operator, operand)
        if operator.shape == "list":
            return self.compare_list(field, part, operator_name, sql, operand, path)
        if operand is None:
            return _empty_compare(sql, _sql_type(field, part), operator_name)
        value = field.type.coerce(operand, operator_name, field, path)
        if value is None or value == "":
            if operator_name in ("eq", "neq"):
                return Compare(sql, OPERATORS["is"], operator_name == "eq")
            if value is None:
                return Never()
        return Compare(sql, operator, value, _is_ordered(field, part, sql))

    def compare_list(
        self, field: FieldSchema, part: str | None, operator_name: str, sql: FieldSql, operand: object, path: str
    ) -> Condition:
        if not isinstance(operand, list | tuple):
            raise InvalidFilter(
                f'Filter operator "{operator_name}" requires an array value for field {path}', path=path
            )
        if not operand:
            raise InvalidFilter(f"Invalid filter value for field {path}. Expected non-empty array", path=path)
        self.values += len(operand)
        if self.values > MAX.filter_values:
            raise TooComplex(f"Filter has more than {MAX.filter_values} values in its lists")
        values = [
            field.type.coerce(item, operator_name, field, path) for item in operand if item is not None and item != ""
        ]
        operator = OPERATORS[operator_name]
        condition: Condition = Never()
        if values:
            condition = Compare(sql, operator, tuple(values), _is_ordered(field, part, sql))
        if any(item == "" for item in operand) and operator_name == "in":
            condition = Any_((condition, Compare(sql, OPERATORS["is"], True)))
        return condition

    def related(self, subject: ObjectSchema, field: FieldSchema, body: object, hops: int, depth: int) -> Condition:
        relation = field.relation
        assert relation is not None
        require_readable(self.scope, subject, field)
        target = self.scope.schema.target(field)
        if not isinstance(body, Mapping):
            hint = f': use "{relation.join_name}" instead' if relation.is_to_one else ""
            raise InvalidFilter(f'Cannot filter by relation field "{field.name}"{hint}', path=field.name)
        if target is None:
            raise UnknownField(f'Object {subject.singular} doesn\'t have any "{field.name}" field.', path=field.name)
        if hops:
            raise InvalidFilter(
                "Relation filter nesting deeper than 1 hop is not supported",
                path=field.name,
                user_message="Relation filters can only traverse one relation deep",
            )
        require(self.scope, "read", target)
        inner = ir.filter_of(body)
        condition = self.plan(target, inner, hops + 1, depth + 1)
        if relation.is_to_one:
            return RelatedOne(field.type.sql(field), target, condition, mentions_deleted(inner))
        inverse = inverse_of(self.scope, field)
        assert inverse is not None
        return RelatedMany(inverse.type.sql(inverse), target, condition, mentions_deleted(inner))


def _is_ordered(field: FieldSchema, part: str | None, sql: FieldSql) -> bool:
    """Whether a user's index has the values in an order that says less than they do (`lower(…)`). A unique field has an
    index of its own, of the values as they are."""
    if sql.order == sql.value or field.is_unique:
        return False
    return any(column.sub_field == (part or "") for column in field.index_columns)


def equal_to_one(condition: Condition) -> frozenset[str]:
    """The SQL of the orders of fields (over `{r}`) that have one value in all records that match."""
    match condition:
        case All(items):
            return frozenset().union(*map(equal_to_one, items))
        case Compare(sql, operator) if operator.name == "eq":
            return frozenset((sql.order,))
    return frozenset()


def _sql_type(field: FieldSchema, part: str | None) -> SqlType:
    if part is not None:
        return field.type.subfields[part].sql_type
    assert field.type.sql_type is not None
    return field.type.sql_type


def _empty_compare(sql: FieldSql, sql_type: SqlType, operator_name: str) -> Condition:
    """`eq: null` finds the empty texts, whose answer is `""`; of any other type it finds nothing."""
    if sql_type.empty_json == '""' and operator_name in ("eq", "neq"):
        return Compare(sql, OPERATORS["is"], operator_name == "eq")
    return Never()
