"""What other apps add to the metadata schema.

A part is a module named in settings.METADATA_GRAPHQL_PARTS, by its path because the apps above this one
cannot be imported from here. It may hold plain classes called like the types they add to (`Query`,
`Mutation`, `Workspace`, `MinimalMetadata`, `User`), with Graphene fields and their resolvers;
BARE_FIELDS, root fields that old clients send without a selection → the field that answers those;
PUBLIC, root fields that are answered without a token; and
NEEDS, root fields by their API names → the rights they ask for, `"*"` for all of the part's others. NEEDS
decides what introspection shows; whoever calls a field is asked by its resolver all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType

from django.conf import settings
from graphene import ObjectType

from config.texts import camel

Needed = tuple[tuple[str, ...], ...]  # of each tuple one flag


@cache
def needed(own: ModuleType) -> Mapping[str, Needed]:
    """The rights that root fields ask for, by their API names; `own` is the part that is always there."""
    found: dict[str, Needed] = {}
    for part in (own, *parts()):
        needs: Mapping[str, Needed] = getattr(part, "NEEDS", {})
        roots = [vars(getattr(part, name)) for name in ("Query", "Mutation") if hasattr(part, name)]
        names = [camel(name) for members in roots for name in members if not name.startswith(("_", "resolve_"))]
        found |= dict.fromkeys(names, needs.get("*", ())) | {name: needs[name] for name in names if name in needs}
    return found


@cache
def parts() -> Sequence[ModuleType]:
    return [import_module(path) for path in settings.METADATA_GRAPHQL_PARTS]


@cache
def extended(name: str, own: type) -> type[ObjectType]:
    """The object type `name`: the members of `own` and of every part, which may replace one of them."""
    added = [getattr(part, name) for part in parts() if hasattr(part, name)]
    return type(name, (*added, own, ObjectType), {})


@cache
def public_fields() -> frozenset[str]:
    return frozenset(name for part in parts() for name in getattr(part, "PUBLIC", ()))


@cache
def bare_fields() -> Mapping[str, str]:
    return {name: stand_in for part in parts() for name, stand_in in getattr(part, "BARE_FIELDS", {}).items()}
