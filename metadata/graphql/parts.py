"""What other apps add to the metadata schema.

A part is a module named in settings.METADATA_GRAPHQL_PARTS, by its path because the apps above this one
cannot be imported from here. It may hold plain classes called like the types they add to (`Query`,
`Mutation`, `Workspace`, `MinimalMetadata`, `User`), with Graphene fields and their resolvers; and
BARE_FIELDS, root fields that old clients send without a selection → the field that answers those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType

from django.conf import settings
from graphene import ObjectType


@cache
def parts() -> Sequence[ModuleType]:
    return [import_module(path) for path in settings.METADATA_GRAPHQL_PARTS]


@cache
def extended(name: str, own: type) -> type[ObjectType]:
    """The object type `name`: the members of `own` and of every part, which may replace one of them."""
    added = [getattr(part, name) for part in parts() if hasattr(part, name)]
    return type(name, (*added, own, ObjectType), {})


@cache
def bare_fields() -> Mapping[str, str]:
    return {name: stand_in for part in parts() for name, stand_in in getattr(part, "BARE_FIELDS", {}).items()}
