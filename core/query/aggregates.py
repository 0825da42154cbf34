"""The aggregates of an object's records: one table that both APIs and the GraphQL schema read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from config.texts import capitalised
from core.query.scope import Scope, reads
from metadata.schema import FieldSchema, ObjectSchema

_COUNTS = ("countUniqueValues", "countEmpty", "countNotEmpty", "percentageEmpty", "percentageNotEmpty")


@dataclass(frozen=True, slots=True)
class AggregateSpec:
    """One aggregate: what is done with which field (or sub-field), and its GraphQL type.

    There are hundreds for an object and hardly one is asked for, so its SQL is made when it is.
    """

    name: str
    graphql: str
    operation: str  # of _COUNTS, or min max avg sum countTrue countFalse; "" is the number of records
    field: FieldSchema | None = None
    part: str | None = None

    @property
    def sql(self) -> str:
        """SQL (with `{r}`) that gives a number, text or NULL."""
        if self.field is None:
            return "count(*)"
        return _count(self.operation, self.field) if self.operation in _COUNTS else _arithmetic(self)

    @property
    def json_sql(self) -> str:
        """The same as JSON text, never NULL."""
        return f"coalesce(to_json({self.sql})::text, 'null')"


@lru_cache(maxsize=256)
def aggregates_of(subject: ObjectSchema) -> Mapping[str, AggregateSpec]:
    """Every aggregate of the object by its name, in the order the schema lists them."""
    found: dict[str, AggregateSpec] = {}
    for spec in aggregate_specs(subject):
        found.setdefault(spec.name, spec)  # the first of two that clash, from before that was refused, keeps its name
    return found


def aggregate_names(scope: Scope, subject: ObjectSchema) -> list[str]:
    """The aggregates that the caller may ask for."""
    specs = aggregates_of(subject).values()
    return [each.name for each in specs if each.field is None or reads(scope, subject, each.field)]


def aggregate_specs(subject: ObjectSchema) -> Iterator[AggregateSpec]:
    """The same one by one; no name comes twice in a data model that was checked for clashes."""
    yield AggregateSpec("totalCount", "Int", "")
    for field in subject.fields:
        if not field.type.has_counts or not (field.relation is None or field.relation.is_to_one):
            continue
        title = capitalised(field.name)
        for operation in _COUNTS:
            yield AggregateSpec(operation + title, "Float" if "percentage" in operation else "Int", operation, field)
        for operation in field.type.aggregates:
            yield AggregateSpec(operation + title, _result(operation, field), operation, field)
        for part in field.type.subfields.values():
            for operation in part.aggregates:
                name = f"{operation}{title}{capitalised(part.name)}"
                yield AggregateSpec(name, _result(operation, field), operation, field, part.name)


def _result(operation: str, field: FieldSchema) -> str:
    if operation.startswith("count"):
        return "Int"
    return field.type.aggregate_type(operation)


def _count(operation: str, field: FieldSchema) -> str:
    if field.type.subfields:
        parts = [field.type.sql(field, part).text for part in field.type.empty_subfields]
        value = f"nullif(concat({','.join(parts)}), '')"
    else:
        value = field.type.sql(field).value
    if operation == "countUniqueValues":
        return f"count(DISTINCT {value})"
    condition = f"NOT ({value} IS NULL)" if "NotEmpty" in operation else f"{value} IS NULL"
    counted = f"count(*) FILTER (WHERE {condition})"
    return f"({counted})::float8 / nullif(count(*), 0)" if operation.startswith("percentage") else counted


def _arithmetic(spec: AggregateSpec) -> str:
    assert spec.field is not None
    field, sql = spec.field, spec.field.type.sql(spec.field, spec.part)
    if spec.operation == "countTrue":
        return f"count(*) FILTER (WHERE {sql.value})"
    if spec.operation == "countFalse":
        return f"count(*) FILTER (WHERE NOT {sql.value})"
    return field.type.aggregate_sql(spec.operation, field, f"{spec.operation}({sql.order})")
