"""What the types of an object are called. The schema's builder makes them; whoever checks names asks here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from core.graphql.operations import OPERATIONS
from core.graphql.types import vocabulary
from metadata.schema import FieldSchema, ObjectSchema

OBJECT_SUFFIXES = ("", "Edge", "Connection", "GroupByConnection")
INPUT_SUFFIXES = (
    "CreateInput",
    "UpdateInput",
    "FilterInput",
    "OrderByInput",
    "GroupByInput",
    "OrderByWithGroupByInput",
    "OrderByWithGroupByAggregateInput",
    "RelationInput",
    "ConnectInput",
    "WhereUniqueInput",
)
FILTER_MEMBERS = ("and", "or", "not")  # beside the fields' own
GROUP_ORDER_MEMBERS = ("aggregate",)
CONNECTION_MEMBERS = ("edges", "pageInfo", "groupByDimensionValues")  # beside the aggregates


def capitalized(name: str) -> str:
    return name[:1].upper() + name[1:]


def enum_name(subject: ObjectSchema, field: FieldSchema) -> str:
    return f"{subject.singular_pascal}{capitalized(field.name)}Enum"


def enum_filter_name(subject: ObjectSchema, field: FieldSchema) -> str:
    return f"{enum_name(subject, field)}Filter"


def unique_name(subject: ObjectSchema, field: FieldSchema) -> str:
    """The input that names the parts of a unique composite."""
    return f"{subject.singular_pascal}{capitalized(field.name)}WhereInput"


def has_enum(field: FieldSchema) -> bool:
    """Whether the options can be an enum's values; one that GraphQL cannot name makes the field a String."""
    return bool(field.options) and all(
        value.isidentifier() and value.isascii() and value not in ("true", "false", "null")
        for value in field.option_values
    )


def field_type_names(subject: ObjectSchema, field: FieldSchema) -> Iterator[str]:
    """The types that one field brings along."""
    if field.is_unique and field.type.subfields:
        yield unique_name(subject, field)
    if field.type.has_options and has_enum(field):
        yield enum_name(subject, field)
        yield enum_filter_name(subject, field)


def object_type_names(subject: ObjectSchema) -> Iterator[str]:
    """The types that the object has whatever its fields are."""
    return (subject.singular_pascal + suffix for suffix in (*OBJECT_SUFFIXES, *INPUT_SUFFIXES))


def root_names(subject: ObjectSchema) -> Iterator[tuple[str, str]]:
    """`("query", "people")` …: the root fields; those that only some objects have are kept for all."""
    return ((operation.root, operation.field_name(subject)) for operation in OPERATIONS)


@cache
def reserved_types() -> frozenset[str]:
    """The types that stand in every workspace's schema."""
    return frozenset(("Query", "Mutation", "Subscription", *vocabulary()))
