"""Every name that objects and fields claim in the APIs and their documents: the one place that knows them all.

A data model may hold only what can be read and written everywhere. So each change of it is asked for clashes
before it is committed, whatever the change is: a new object, a rename, a field of another type, an activation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.graphql import names
from core.openapi.operations import RECORD_OPERATIONS, named
from core.query.aggregates import aggregate_specs
from core.rest.parse import RESERVED_PATHS
from metadata.names import NameClash, composite_column
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema

SYSTEM = "Fourgate itself"


@dataclass(frozen=True, slots=True)
class Claim:
    """One name in one space. Names of a space are claimed once: `("GraphQL type", "CompanyEdge")`."""

    space: str
    name: str
    subject: ObjectSchema
    field: FieldSchema | None = None

    @property
    def owner(self) -> str:
        if self.field is None:
            return f'object "{self.subject.singular}"'
        return f'field "{self.field.name}" of object "{self.subject.singular}"'


def clashes(schema: WorkspaceSchema, before: WorkspaceSchema | None) -> list[NameClash]:
    """The names that two claim in `schema`, or one and the system; those that clashed `before` are left alone."""
    known = set() if before is None else {(space, name) for space, name, _ in _clashes(before)}
    return [
        NameClash(name, space, claim.owner, other, claim.subject.id, claim.field.id if claim.field else None)
        for space, name, (claim, other) in _clashes(schema)
        if (space, name) not in known
    ]


@lru_cache(maxsize=256)
def _clashes(schema: WorkspaceSchema) -> tuple[tuple[str, str, tuple[Claim, str]], ...]:
    """`(space, name, (who claims it, who has it))`; between two objects the later one is told of the earlier."""
    taken: dict[tuple[str, str], Claim] = {}
    found = []
    for subject in schema.objects:
        for claim in claims_of(subject):
            key = (claim.space, claim.name)
            if claim.name in _reserved(claim.space):
                found.append((*key, (claim, SYSTEM)))
            elif key in taken:
                found.append((*key, (claim, taken[key].owner)))
            else:
                taken[key] = claim
    return tuple(found)


@lru_cache(maxsize=4096)
def claims_of(subject: ObjectSchema) -> tuple[Claim, ...]:
    return tuple(_claims(subject))


def _reserved(space: str) -> frozenset[str]:
    return _RESERVED[space]() if space in _RESERVED else frozenset()


_RESERVED: Mapping[str, Callable[[], frozenset[str]]] = {
    "GraphQL type": names.reserved_types,
    "REST path": lambda: RESERVED_PATHS,
    "webhook event": lambda: frozenset(("metadata",)),  # `metadata.…` is about the data model
}


def _claims(subject: ObjectSchema) -> Iterator[Claim]:
    for name in names.object_type_names(subject):
        yield Claim("GraphQL type", name, subject)
    for root, name in names.root_names(subject):
        yield Claim(f"GraphQL {root}", name, subject)
    yield Claim("REST path", subject.plural, subject)
    yield Claim("webhook event", subject.singular, subject)
    for suffix in ("", "ForUpdate", "ForResponse"):
        yield Claim("OpenAPI schema", subject.singular_pascal + suffix, subject)
    for operation in RECORD_OPERATIONS:
        yield Claim("OpenAPI operation", named(operation.id, subject), subject)
    for field in subject.fields:
        for name in names.field_type_names(subject, field):
            yield Claim("GraphQL type", name, subject, field)
    yield from _members(subject)


def _members(subject: ObjectSchema) -> Iterator[Claim]:
    """What records, filters, orders and connections of the object have, each with a space of its own."""
    record, connection = f"member of {subject.singular}", f"aggregate of {subject.plural}"
    for name in (*names.FILTER_MEMBERS, *names.GROUP_ORDER_MEMBERS):
        yield Claim(record, name, subject)
    for field in subject.fields:
        for name in _field_members(field):
            yield Claim(record, name, subject, field)
    for name in names.CONNECTION_MEMBERS:
        yield Claim(connection, name, subject)
    for spec in aggregate_specs(subject):
        yield Claim(connection, spec.name, subject, spec.field)


def _field_members(field: FieldSchema) -> Iterable[str]:
    if field.relation is not None and field.relation.join_name is not None:
        return (field.name, field.relation.join_name)
    return (field.name, *(composite_column(field.name, part) for part in field.type.subfields))
