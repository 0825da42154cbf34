"""The schema of `POST /metadata`: this app's Query and Mutation joined with those of the other parts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

import graphene
from graphql import (
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_introspection_type,
    is_scalar_type,
)

from config.http.rights import may
from config.principal import Principal
from metadata.graphql import resolvers
from metadata.graphql.parts import bare_fields, extended, needed
from metadata.graphql.resolvers import Mutation, Query
from metadata.graphql.scalars import SCALARS

KEPT_VIEWS = 16  # of the schema, by what callers may use


@cache
def schema() -> graphene.Schema:
    """The one schema of this process: it depends on the installed apps, never on a workspace."""
    made = graphene.Schema(query=extended("Query", Query), mutation=extended("Mutation", Mutation), types=list(SCALARS))
    _order_types(made.graphql_schema)
    return made


def shown_to(principal: Principal) -> GraphQLSchema:
    """The schema as introspection shows it: without the root fields that the caller has no right to use, and without
    those that stand in for others (`BARE_FIELDS`)."""
    names = needed(resolvers).items()
    denied = {name for name, groups in names if not all(may(principal, *flags) for flags in groups)}
    return schema_without(frozenset(denied | set(bare_fields().values())))


@lru_cache(maxsize=KEPT_VIEWS)
def schema_without(hidden: frozenset[str]) -> GraphQLSchema:
    """The schema without root fields, and without the types that nothing else mentions."""
    whole: GraphQLSchema = schema().graphql_schema
    roots: list[GraphQLObjectType | None] = []
    for root in (whole.query_type, whole.mutation_type):
        assert root is not None
        fields = {name: field for name, field in root.fields.items() if name not in hidden}
        roots.append(GraphQLObjectType(root.name, fields, description=root.description) if fields else None)
    scalars = [whole.type_map[each._meta.name] for each in SCALARS]
    query, mutation = roots
    made = GraphQLSchema(query, mutation, types=scalars, directives=whole.directives, assume_valid=True)
    _order_types(made)
    return made


def _order_types(graphql_schema: GraphQLSchema) -> None:
    """List scalars, then enums, then inputs, each after those it is made of, then the rest.

    Some code generators write types in the order of introspection, and a default value or an input
    class must not name what comes later.
    """
    types = graphql_schema.type_map
    inputs: dict[str, GraphQLNamedType] = {}
    for each in list(types.values()):
        if isinstance(each, GraphQLInputObjectType):
            inputs |= dict(_made_of(each, frozenset()))
    ranks = (is_scalar_type, is_enum_type, is_input_object_type)
    ordered: dict[str, GraphQLNamedType] = {}
    for belongs in ranks:
        group = inputs if belongs is is_input_object_type else types
        ordered |= {name: each for name, each in group.items() if belongs(each) and not is_introspection_type(each)}
    ordered |= {name: each for name, each in types.items() if name not in ordered}
    types.clear()
    types.update(ordered)


def _made_of(made: GraphQLInputObjectType, above: frozenset[str]) -> Iterator[tuple[str, GraphQLInputObjectType]]:
    """The inputs that stand in an input, innermost first, then itself; a type within itself counts once."""
    for member in made.fields.values():
        part = get_named_type(member.type)
        if isinstance(part, GraphQLInputObjectType) and part is not made and part.name not in above:
            yield from _made_of(part, above | {made.name})
    yield made.name, made
