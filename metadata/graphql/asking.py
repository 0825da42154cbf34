"""How resolvers of the /metadata schema's people, roles and keys are asked: by whom, and with which members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene
from graphql import GraphQLResolveInfo as Info

from config.errors import MissingToken
from config.principal import Principal


def principal_of(info: Info) -> Principal:
    principal: Principal | None = getattr(info.context, "principal", None)
    if principal is None:
        raise MissingToken("Missing authentication token")
    return principal


def all_of(item: type) -> graphene.List:
    return graphene.List(graphene.NonNull(item), required=True)


def some_of(item: type) -> graphene.List:
    return graphene.List(graphene.NonNull(item))


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(each.title() for each in rest)


def values_of(given: Mapping[str, Any], without: Sequence[str] = ()) -> dict[str, Any]:
    """The members that were sent, under their API names."""
    return {camel(name): value for name, value in given.items() if name not in without}
