"""Every name that objects and fields claim in the APIs and their documents: the one place that knows them all.

A data model may hold only what can be read and written everywhere. So each change of it is asked for clashes
before it is committed, whatever the change is: a new object, a rename, a field of another type, an activation. A clash
that is there all the same, from before a name was looked at, is told of here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from core.graphql import names as graphql
from core.naming import Claim
from core.openapi import names as openapi
from metadata.names import NameClash, Party
from metadata.schema import ObjectSchema, WorkspaceSchema


def clashes(schema: WorkspaceSchema, before: WorkspaceSchema | None) -> list[NameClash]:
    """The names that two claim in `schema`, or one and the system; those that clashed `before` are left alone.

    Of two, the one that came to the name by the change is told that the other has it.
    """
    found = all_clashes(schema)
    if before is None or not found:
        return list(found)
    known = {(each.name, each.parties) for each in all_clashes(before)}
    fresh = [each for each in found if (each.name, each.parties) not in known]
    return [each.turned if _came_later(before, each) else each for each in fresh]


def all_clashes(schema: WorkspaceSchema) -> tuple[NameClash, ...]:
    return (*graphql.clashes(schema), *openapi.clashes(schema))


def messages(schema: WorkspaceSchema) -> Mapping[UUID, list[str]]:
    """What is to be said of objects whose names, or whose fields' names, another has, by object id.

    One name is told of each: most that is lost is lost with it.
    """
    told: dict[tuple[Party, str], str] = {}
    for clash in all_clashes(schema):
        effect = _effect(clash)
        told.setdefault((clash.party, effect), f"{clash.message}. {effect}")
    by_object: dict[UUID, list[str]] = {}
    for (party, _), message in told.items():
        by_object.setdefault(party.object_id, []).append(message)
    return by_object


def _effect(clash: NameClash) -> str:
    if clash.space == openapi.EVENT:
        return "Webhooks cannot tell its events from those of the data model until it is renamed."
    what = "object" if clash.party.field_id is None else "field"
    where = "the REST document" if clash.space in openapi.LEFT_OUT_OF else "GraphQL"
    return f"The {what} is left out of {where} until one of them is renamed."


def claims_of(subject: ObjectSchema) -> Iterator[Claim]:
    yield from graphql.claims(subject)
    yield from graphql.member_claims(subject)
    yield from openapi.claims(subject)


def _came_later(before: WorkspaceSchema, clash: NameClash) -> bool:
    """Whether who is told to have the name is the one that came to it."""
    return _had(before, clash.name, clash.party) and not _had(before, clash.name, clash.other_party)


def _had(before: WorkspaceSchema, name: str, party: Party | None) -> bool:
    """Whether an object, or a field of it, had the name already; the system has all of its own."""
    if party is None:
        return True
    subject = before.by_id.get(party.object_id)
    return subject is not None and any((claim.name, claim.party) == (name, party) for claim in claims_of(subject))
