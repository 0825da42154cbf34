"""What the types of an object are called. The schema's builder makes them; whoever checks names asks here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from weakref import WeakKeyDictionary

from config.texts import capitalised
from core.graphql.operations import OPERATIONS
from core.graphql.search import STATIC_FIELDS
from core.graphql.types import vocabulary
from core.naming import Claim, own_clashes, shared_clashes
from core.query.aggregates import aggregate_specs
from metadata.names import NameClash, composite_column
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema

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


def enum_name(subject: ObjectSchema, field: FieldSchema) -> str:
    return f"{subject.singular_pascal}{capitalised(field.name)}Enum"


def enum_filter_name(subject: ObjectSchema, field: FieldSchema) -> str:
    return f"{enum_name(subject, field)}Filter"


def unique_name(subject: ObjectSchema, field: FieldSchema) -> str:
    """The input that names the parts of a unique composite."""
    return f"{subject.singular_pascal}{capitalised(field.name)}WhereInput"


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
    if field.type.has_options:
        if has_enum(field):
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


# Claims ----------------------------------------------------------------------------------------------

TYPES = "GraphQL type"


def claims(subject: ObjectSchema) -> Iterator[Claim]:
    """The types and root fields that the object and its fields bring along."""
    for name in object_type_names(subject):
        yield Claim(TYPES, name, subject)
    for root, name in root_names(subject):
        yield Claim(f"GraphQL {root}", name, subject)
    for field in subject.fields:
        for name in field_type_names(subject, field):
            yield Claim(TYPES, name, subject, field)


def reserved(space: str) -> frozenset[str]:
    if space == TYPES:
        return reserved_types()
    return STATIC_FIELDS if space == "GraphQL query" else frozenset()


def member_claims(subject: ObjectSchema) -> Iterator[Claim]:
    """What records, filters, orders and connections of the object have, REST's too, each with a space of its own."""
    record, connection = f"member of {subject.singular}", f"aggregate of {subject.plural}"
    for name in (*FILTER_MEMBERS, *GROUP_ORDER_MEMBERS):
        yield Claim(record, name, subject)
    for field in subject.fields:
        for name in _field_members(field):
            yield Claim(record, name, subject, field)
    for name in CONNECTION_MEMBERS:
        yield Claim(connection, name, subject)
    for spec in aggregate_specs(subject):
        yield Claim(connection, spec.name, subject, spec.field)


def _field_members(field: FieldSchema) -> Iterable[str]:
    if field.relation is not None and field.relation.join_name is not None:
        return (field.name, field.relation.join_name)
    return (field.name, *(composite_column(field.name, part) for part in field.type.subfields))


# Clashes ---------------------------------------------------------------------------------------------

_inside: WeakKeyDictionary[ObjectSchema, tuple[NameClash, ...]] = WeakKeyDictionary()  # hardly ever one
_found: WeakKeyDictionary[WorkspaceSchema, tuple[NameClash, ...]] = WeakKeyDictionary()


def clashes(schema: WorkspaceSchema) -> tuple[NameClash, ...]:
    """The names of the workspace's schema that two claim: who lost each, and to whom."""
    found = _found.get(schema)
    if found is None:
        inside = (clash for subject in schema.objects for clash in _clashes_inside(subject))
        _found[schema] = found = (*shared_clashes(schema, claims, reserved), *inside)
    return found


def _clashes_inside(subject: ObjectSchema) -> tuple[NameClash, ...]:
    found = _inside.get(subject)
    if found is None:
        _inside[subject] = found = tuple(own_clashes(subject, member_claims))
    return found


def left_out(schema: WorkspaceSchema) -> Mapping[object, NameClash]:
    """The objects and fields that the schema goes without, by id, each with the clash that is why."""
    return {clash.party.field_id or clash.party.object_id: clash for clash in clashes(schema)}
