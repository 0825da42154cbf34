"""The aggregates of an object's records: one table that both APIs and the GraphQL schema read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from metadata.schema import FieldSchema, ObjectSchema


@dataclass(frozen=True, slots=True)
class AggregateSpec:
    """One aggregate: its GraphQL type, the field it reads, and SQL (with `{r}`) that gives a number, text or NULL.

    `json_sql` is the same as JSON text, never NULL.
    """

    name: str
    graphql: str
    field: FieldSchema | None
    sql: str
    description: str

    @property
    def json_sql(self) -> str:
        return f"coalesce(to_json({self.sql})::text, 'null')"


@lru_cache(maxsize=2048)
def aggregates_of(subject: ObjectSchema) -> Mapping[str, AggregateSpec]:
    """Every aggregate of the object by its name, in the order the schema lists them."""
    specs = [AggregateSpec("totalCount", "Int", None, "count(*)", "How many records there are")]
    for field in subject.fields:
        if field.type.has_counts and (field.relation is None or field.relation.is_to_one):
            specs += _field_aggregates(field)
    return {spec.name: spec for spec in specs}


def _field_aggregates(field: FieldSchema) -> list[AggregateSpec]:
    title = field.name[:1].upper() + field.name[1:]
    if field.type.subfields:
        parts = [field.type.sql(field, part).text for part in field.type.empty_subfields]
        value = f"nullif(concat({','.join(parts)}), '')"
    else:
        value = field.type.sql(field).value
    empty = f"{value} IS NULL"
    about = field.label
    specs = [
        AggregateSpec(
            f"countUniqueValues{title}", "Int", field, f"count(DISTINCT {value})", f"How many different {about}"
        ),
        AggregateSpec(
            f"countEmpty{title}", "Int", field, f"count(*) FILTER (WHERE {empty})", f"How many without {about}"
        ),
        AggregateSpec(
            f"countNotEmpty{title}", "Int", field, f"count(*) FILTER (WHERE NOT ({empty}))", f"How many with {about}"
        ),
        AggregateSpec(
            f"percentageEmpty{title}",
            "Float",
            field,
            f"(count(*) FILTER (WHERE {empty}))::float8 / nullif(count(*), 0)",
            f"The part without {about}, 0 to 1",
        ),
        AggregateSpec(
            f"percentageNotEmpty{title}",
            "Float",
            field,
            f"(count(*) FILTER (WHERE NOT ({empty})))::float8 / nullif(count(*), 0)",
            f"The part with {about}, 0 to 1",
        ),
    ]
    for operation in field.type.aggregates:
        specs.append(_arithmetic(operation, title, field, None, about))
    for part in field.type.subfields.values():
        part_title = title + part.name[:1].upper() + part.name[1:]
        for operation in part.aggregates:
            specs.append(_arithmetic(operation, part_title, field, part.name, f"{about} {part.label or part.name}"))
    return specs


def _arithmetic(operation: str, title: str, field: FieldSchema, part: str | None, about: str) -> AggregateSpec:
    sql = field.type.sql(field, part)
    name = f"{operation}{title}"
    if operation == "countTrue":
        return AggregateSpec(name, "Int", field, f"count(*) FILTER (WHERE {sql.value})", f"How many with {about}")
    if operation == "countFalse":
        return AggregateSpec(
            name, "Int", field, f"count(*) FILTER (WHERE NOT {sql.value})", f"How many explicitly without {about}"
        )
    expression = f"{operation}({sql.order})"
    if field.type.is_date and field.column is not None:
        expression = f"to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    words = {"min": "Smallest", "max": "Largest", "avg": "Average", "sum": "Sum of"}
    graphql = field.type.aggregate_graphql if operation in ("min", "max") else "Float"
    return AggregateSpec(name, graphql, field, expression, f"{words[operation]} {about}")
