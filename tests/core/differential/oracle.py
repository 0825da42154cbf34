"""What a document must answer, worked out over plain records in memory by graphql-core's own executor.

Written against the API's description alone: it shares no code with the server. It knows filters,
orders, pages, cursors, relations and aggregates of the field types that `models` uses.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, GraphQLSchema, execute_sync, parse, validate

from tests.core.differential.models import Model, ObjectModel

Record = dict[str, Any]
DEFAULT_PAGE = 60
DIRECTIONS = {  # descending, nulls first
    "AscNullsFirst": (False, True),
    "AscNullsLast": (False, False),
    "DescNullsFirst": (True, True),
    "DescNullsLast": (True, False),
}


@dataclass(frozen=True)
class Row:
    """A record and the object it is of."""

    subject: ObjectModel
    record: Record


@dataclass(frozen=True)
class Connection:
    subject: ObjectModel
    matching: list[Record]  # everything the filter lets through: aggregates
    page: list[Record]
    has_next: bool
    has_previous: bool
    order: list[tuple[tuple[str, ...], str]]


@dataclass(frozen=True)
class Group:
    subject: ObjectModel
    values: tuple[Any, ...]
    records: list[Record]


class Oracle:
    """One model with its records by object, each as the API answers it (`id`, fields, `<relation>Id`, `deletedAt`)."""

    def __init__(self, model: Model, schema: GraphQLSchema, records: Mapping[str, list[Record]]) -> None:
        self.model = model
        self.schema = schema
        self.records = records

    def execute(self, text: str, variables: Mapping[str, Any]) -> tuple[Any, list[str]]:
        """`data` and the messages of the errors."""
        document = parse(text)
        faults = validate(self.schema, document)
        assert not faults, (faults, text)
        result = execute_sync(self.schema, document, variable_values=dict(variables), field_resolver=self.resolve)
        return result.data, [error.message for error in result.errors or ()]

    # Resolvers ---------------------------------------------------------------------------------------

    def resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        name = info.field_name
        if source is None:
            return self.root(name, arguments)
        if isinstance(source, Connection):
            return self.connection_member(source, name)
        if isinstance(source, Group):
            return self.group_member(source, name)
        if isinstance(source, Row):
            return self.record_member(source, name, arguments)
        return source[name]

    def root(self, name: str, arguments: Mapping[str, Any]) -> Any:
        if name.endswith("GroupBy"):
            return self.groups(self.model.root(name.removesuffix("GroupBy"))[0], arguments)
        subject, is_many = self.model.root(name)
        if is_many:
            return self.connection(subject, self.live(subject), arguments)
        found = [each for each in self.live(subject) if self.matches(subject, each, arguments["filter"])]
        if not found:
            raise GraphQLError("Record not found")
        return Row(subject, found[0])

    def groups(self, subject: ObjectModel, arguments: Mapping[str, Any]) -> list[Group]:
        """The groups by plain fields, in the order asked for, which names every dimension."""
        names = [name for each in arguments["groupBy"] for name in each]
        by_values: dict[tuple[Any, ...], list[Record]] = {}
        for record in self.live(subject):
            if self.matches(subject, record, arguments.get("filter") or {}):
                by_values.setdefault(tuple(stored(record[name]) for name in names), []).append(record)
        compare = comparison([((name,), way) for each in arguments["orderBy"] for name, way in each.items()])

        def by_order(one: Group, other: Group) -> int:
            return compare(dict(zip(names, one.values, strict=True)), dict(zip(names, other.values, strict=True)))

        found = [Group(subject, values, records) for values, records in by_values.items()]
        return sorted(found, key=cmp_to_key(by_order))[: arguments.get("limit") or 50]

    def group_member(self, source: Group, name: str) -> Any:
        if name == "groupByDimensionValues":
            return list(source.values)
        return aggregate(source.subject, source.records, name)

    def connection_member(self, source: Connection, name: str) -> Any:
        def cursor(record: Record) -> str:
            return cursor_of(record, source.order)

        if name == "edges":
            return [{"node": Row(source.subject, each), "cursor": cursor(each)} for each in source.page]
        if name == "pageInfo":
            return {
                "hasNextPage": source.has_next,
                "hasPreviousPage": source.has_previous,
                "startCursor": cursor(source.page[0]) if source.page else None,
                "endCursor": cursor(source.page[-1]) if source.page else None,
            }
        return aggregate(source.subject, source.matching, name)

    def record_member(self, source: Row, name: str, arguments: Mapping[str, Any]) -> Any:
        relation = source.subject.to_one.get(name)
        if relation is not None:
            target = self.related(source, name)
            return None if target is None else Row(self.model.objects[relation], target)
        if name.endswith("Id") and name[:-2] in source.subject.to_one:
            return None if self.related(source, name[:-2]) is None else source.record[name]
        if name in source.subject.to_many:
            child, inverse = source.subject.to_many[name]
            subject = self.model.objects[child]
            children = [each for each in self.live(subject) if each[f"{inverse}Id"] == source.record["id"]]
            return self.connection(subject, children, arguments)
        return source.record[name]

    def related(self, source: Row, name: str) -> Record | None:
        wanted = source.record[f"{name}Id"]
        targets = self.live(self.model.objects[source.subject.to_one[name]])
        return next((each for each in targets if each["id"] == wanted), None)

    def live(self, subject: ObjectModel) -> list[Record]:
        return [each for each in self.records[subject.singular] if each["deletedAt"] is None]

    # Pages -------------------------------------------------------------------------------------------

    def connection(self, subject: ObjectModel, records: list[Record], arguments: Mapping[str, Any]) -> Connection:
        first, last = arguments.get("first"), arguments.get("last")
        if first is not None and first < 0:
            raise GraphQLError("First argument must be non-negative")
        matching = [each for each in records if self.matches(subject, each, arguments.get("filter") or {})]
        order = order_of(arguments.get("orderBy"))
        compare = comparison(order)
        ordered = sorted(matching, key=cmp_to_key(compare))
        size = first if first is not None else last if last is not None else DEFAULT_PAGE
        offset = arguments.get("offset") or 0
        after, before = arguments.get("after"), arguments.get("before")
        if before:
            boundary = record_of(before)
            earlier = [each for each in ordered if compare(each, boundary) < 0]
            page = earlier[max(0, len(earlier) - size) :]
            return Connection(subject, matching, page, len(earlier) < len(ordered), len(page) < len(earlier), order)
        later = ordered
        if after:
            boundary = record_of(after)
            later = [each for each in ordered if compare(each, boundary) > 0]
        page = later[offset : offset + size]
        has_previous = len(later) < len(ordered) if after else bool(offset and ordered)
        return Connection(subject, matching, page, len(later) > offset + size, has_previous, order)

    # Filters -----------------------------------------------------------------------------------------

    def matches(self, subject: ObjectModel, record: Record, given: Mapping[str, Any]) -> bool:
        for name, body in given.items():
            if name == "and":
                fits = all(self.matches(subject, record, each) for each in body)
            elif name == "or":
                fits = any(self.matches(subject, record, each) for each in body) or not body
            elif name == "not":
                fits = not self.matches(subject, record, body)
            elif name in subject.to_one:
                target = self.related(Row(subject, record), name)
                fits = target is not None and self.matches(self.model.objects[subject.to_one[name]], target, body)
            elif isinstance(record[name], dict):
                fits = all(compares(stored(record[name][part]), operators) for part, operators in body.items())
            else:
                fits = compares(stored(record[name]), body)
            if not fits:
                return False
        return True


def stored(value: Any) -> Any:
    """No text and no list are no value."""
    return None if value in ("", []) else value


OPERATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, operand: value == operand,
    "neq": lambda value, operand: value != operand,
    "gt": lambda value, operand: value > operand,
    "gte": lambda value, operand: value >= operand,
    "lt": lambda value, operand: value < operand,
    "lte": lambda value, operand: value <= operand,
    "in": lambda value, operand: value in operand,
    "startsWith": lambda value, operand: value.startswith(operand),
    "endsWith": lambda value, operand: value.endswith(operand),
}


def compares(value: Any, body: Mapping[str, Any]) -> bool:
    [(operator, operand)] = body.items()
    if operator == "is":
        return (value is None) == (operand == "NULL")
    if value is None:
        return False
    if operator in ("gt", "gte", "lt", "lte") and isinstance(value, str):
        value, operand = value.lower(), operand.lower()
    return OPERATIONS[operator](value, operand)


# Orders and cursors ----------------------------------------------------------------------------------


def order_of(given: Sequence[Mapping[str, Any]] | None) -> list[tuple[tuple[str, ...], str]]:
    keys: dict[tuple[str, ...], str] = {}
    for item in given or ():
        for name, value in item.items():
            if isinstance(value, Mapping):
                for part, direction in value.items():
                    keys.setdefault((name, part), direction)
            else:
                keys.setdefault((name,), value)
    return [*keys.items(), (("id",), "AscNullsFirst")]


def value_at(record: Record, path: tuple[str, ...]) -> Any:
    value: Any = record
    for name in path:
        value = value[name]
    return value


def comparison(order: Sequence[tuple[tuple[str, ...], str]]) -> Callable[[Record, Record], int]:
    def compare(one: Record, other: Record) -> int:
        for path, direction in order:
            descending, nulls_first = DIRECTIONS[direction]
            left, right = stored(value_at(one, path)), stored(value_at(other, path))
            if left is None or right is None:
                if left is right:
                    continue
                return -1 if (left is None) == nulls_first else 1
            if isinstance(left, str):
                left, right = left.lower(), right.lower()
            if left != right:
                return -1 if (left < right) != descending else 1
        return 0

    return compare


def cursor_of(record: Record, order: Sequence[tuple[tuple[str, ...], str]]) -> str:
    content: dict[str, Any] = {}
    for path, _ in order:
        branch = content
        for name in path[:-1]:
            branch = branch.setdefault(name, {})
        branch[path[-1]] = value_at(record, path)
    return base64.b64encode(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()).decode()


def record_of(cursor: str) -> Record:
    found: Record = json.loads(base64.b64decode(cursor))
    return found


# Aggregates ------------------------------------------------------------------------------------------


def aggregate(subject: ObjectModel, records: Sequence[Record], name: str) -> Any:
    if name == "totalCount":
        return len(records)
    operation, field = next(
        (operation, field)
        for operation in ("countUniqueValues", "countNotEmpty", "countEmpty", "percentageNotEmpty", "percentageEmpty",
                          "countTrue", "countFalse", "min", "max", "avg", "sum")
        for field in subject.fields
        if name == operation + field[0].upper() + field[1:]
    )  # fmt: skip
    values = [whole(record[field]) for record in records]
    given = [value for value in values if value is not None]
    match operation:
        case "countUniqueValues":
            return len(set(map(str, given)))
        case "countEmpty":
            return len(values) - len(given)
        case "countNotEmpty":
            return len(given)
        case "percentageEmpty":
            return (len(values) - len(given)) / len(values) if values else None
        case "percentageNotEmpty":
            return len(given) / len(values) if values else None
        case "countTrue" | "countFalse":
            return given.count(operation == "countTrue")
    if not given:
        return None
    if operation == "avg":
        return sum(given) / len(given)
    return {"min": min, "max": max, "sum": sum}[operation](given)  # type: ignore[operator]


def whole(value: Any) -> Any:
    """A composite is what its parts say together."""
    if isinstance(value, dict):
        return "".join(part for part in value.values() if part) or None
    return stored(value)
