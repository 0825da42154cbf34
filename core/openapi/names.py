"""The names that an object claims in REST, in its document and in events of webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.utils.module_loading import import_string

from core.naming import Claim, named, shared_clashes
from core.rest.operations import RECORD_OPERATIONS
from core.rest.routes import RESERVED_PATHS
from metadata.names import NameClash
from metadata.schema import ObjectSchema, WorkspaceSchema

PATH, EVENT = "REST path", "webhook event"
SCHEMA, OPERATION = "OpenAPI schema", "OpenAPI operation"
LEFT_OUT_OF = (PATH, SCHEMA, OPERATION)  # spaces in which who lost a name is left out of the document


def claims(subject: ObjectSchema) -> Iterator[Claim]:
    yield Claim(PATH, subject.plural, subject)
    yield Claim(EVENT, subject.singular, subject)
    for suffix in ("", "ForUpdate", "ForResponse"):
        yield Claim(SCHEMA, subject.singular_pascal + suffix, subject)
    for operation in RECORD_OPERATIONS:
        yield Claim(OPERATION, named(operation.id, subject), subject)


_RESERVED = {
    PATH: RESERVED_PATHS,
    EVENT: frozenset(("metadata",)),  # `metadata.…` is about the data model
    OPERATION: frozenset(("search", "getOpenApiCore")),  # about no object
}


def reserved(space: str) -> frozenset[str]:
    return _RESERVED.get(space, frozenset())


_found: WeakKeyDictionary[WorkspaceSchema, tuple[NameClash, ...]] = WeakKeyDictionary()


def clashes(schema: WorkspaceSchema) -> tuple[NameClash, ...]:
    """The names that two claim: who lost each, and to whom."""
    found = _found.get(schema)
    if found is None:
        _found[schema] = found = tuple(shared_clashes(schema, claims, reserved))
    return found


def left_out(schema: WorkspaceSchema) -> frozenset[UUID]:
    """The objects that the document goes without."""
    return frozenset(clash.party.object_id for clash in clashes(schema) if clash.space in LEFT_OUT_OF)


def told_of(schema: WorkspaceSchema) -> Iterator[tuple[ObjectSchema, str]]:
    """What the documents say of each object of which something is left out."""
    for object_id, sentences in import_string(settings.NAME_CLASH_MESSAGES)(schema).items():
        for each in sentences:
            yield schema.by_id[object_id], each
