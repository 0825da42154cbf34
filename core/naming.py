"""Names that are claimed, and those that two claim. What claims them is said by each API in a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from metadata.names import NameClash, Party
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema

SYSTEM = "Fourgate itself"


def named(template: str, subject: ObjectSchema) -> str:
    """A template with the object's names in it.

    `{singular}` person, `{plural}` people, `{Object}` Person, `{Objects}` People; `{label}` and
    `{labels}` are the words people read.
    """
    return template.format(
        singular=subject.singular,
        plural=subject.plural,
        Object=subject.singular_pascal,
        Objects=subject.plural_pascal,
        label=subject.label_singular,
        labels=subject.label_plural,
    )


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

    @property
    def party(self) -> Party:
        return Party(self.subject.id, None if self.field is None else self.field.id)


Claims = Callable[[ObjectSchema], Iterator[Claim]]
Reserved = Callable[[str], frozenset[str]]  # of a space: the names that are the system's


def shared_clashes(schema: WorkspaceSchema, claims: Claims, reserved: Reserved) -> list[NameClash]:
    """The names of a whole workspace that two claim, or one and the system.

    Objects come first in the order they were made, then their fields: none of them loses its name to a later one, and
    no object to a field.
    """
    made = [claim for subject in schema.objects for claim in claims(subject)]
    return _clashes(sorted(made, key=lambda claim: claim.field is not None), reserved)


def own_clashes(subject: ObjectSchema, claims: Claims) -> list[NameClash]:
    """The names inside one object that two claim. The fields that every object has come before those of people."""
    ranked = sorted(
        claims(subject),
        key=lambda claim: 0 if claim.field is None else 1 if claim.field.column or claim.field.is_system else 2,
    )
    return _clashes(ranked, lambda _space: frozenset())


def _clashes(claims: Iterable[Claim], reserved: Reserved) -> list[NameClash]:
    taken: dict[tuple[str, str], Claim] = {}
    kept: dict[str, frozenset[str]] = {}
    found = []
    for claim in claims:
        if claim.space not in kept:
            kept[claim.space] = reserved(claim.space)
        holder = taken.setdefault((claim.space, claim.name), claim)
        if claim.name in kept[claim.space]:
            found.append(_clash(claim, None))
        elif holder is not claim:
            found.append(_clash(claim, holder))
    return found


def _clash(claim: Claim, holder: Claim | None) -> NameClash:
    return NameClash(
        claim.name,
        claim.space,
        claim.owner,
        SYSTEM if holder is None else holder.owner,
        claim.party,
        None if holder is None else holder.party,
    )
