"""How resolvers of the /metadata schema are asked: by whom, and with which members."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import graphene
from graphql import GraphQLResolveInfo as Info

from config.errors import MissingToken
from config.principal import Principal
from config.texts import camel
from metadata.kinds import Asked

Resolver = Callable[..., object]


def principal_of(info: Info) -> Principal:
    principal: Principal | None = getattr(info.context, "principal", None)
    if principal is None:
        raise MissingToken("Missing authentication token")
    return principal


def asked_of(info: Info) -> Asked:
    """What answers of the request share. Raises MissingToken."""
    found: Asked | None = getattr(info.context, "asked", None)
    if found is None:
        found = info.context.asked = Asked(principal_of(info))
    return found


def all_of(item: type, resolver: Resolver | None = None) -> graphene.List:
    return graphene.List(graphene.NonNull(item), required=True, resolver=resolver)


def some_of(item: type, resolver: Resolver | None = None) -> graphene.List:
    return graphene.List(graphene.NonNull(item), resolver=resolver)


def values_of(given: Mapping[str, object], without: Sequence[str] = ()) -> dict[str, object]:
    """The members that were sent, under their API names."""
    return {camel(name): value for name, value in given.items() if name not in without}
