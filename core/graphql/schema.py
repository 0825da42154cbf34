"""A workspace's record schema: graphql-core types made of the data model, inside a Graphene schema.

The types with names of their own in every workspace come from `types`, once; an object's own types are
built from its fields and what their types say of themselves. Types are graphql-core's and not Graphene
classes because a metadata change must be visible in milliseconds.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import cast

import graphene
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
)
from graphql.type.definition import resolve_thunk

from core.graphql.names import enum_filter_name, enum_name, has_enum, unique_name
from core.graphql.operations import OPERATIONS, Operation
from core.graphql.schema_inputs import Inputs
from core.graphql.schema_outputs import Outputs
from core.graphql.schema_parts import Members
from core.graphql.types import vocabulary
from core.naming import named
from core.query.scope import Scope
from metadata.schema import ObjectSchema, WorkspaceSchema

logger = logging.getLogger(__name__)

_MUTATIONS = [each for each in OPERATIONS if each.root == "mutation"]
RootResolver = Callable[[GraphQLResolveInfo, Operation, ObjectSchema], object]


class RecordSchema(graphene.Schema):
    """A Graphene schema around a graphql-core schema that was built elsewhere."""

    def __init__(self, graphql_schema: GraphQLSchema) -> None:
        self.graphql_schema = graphql_schema
        self.query = graphql_schema.query_type
        self.mutation = graphql_schema.mutation_type
        self.subscription = None


def build_schema(
    schema: WorkspaceSchema, resolve_root: RootResolver | None = None, seen_by: Scope | None = None
) -> RecordSchema:
    """The schema of one workspace; `resolve_root` answers root fields when graphql-core executes it.

    With `seen_by` it is what that caller's role may read and do, as introspection shows it. Documents are held
    against the whole, so that what a role may not read is refused as such and not as unknown.

    The garbage collector rests meanwhile: all that is made here stays, and looking through it several
    times costs more than making it.
    """
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        return RecordSchema(_Builder(schema, resolve_root, seen_by).build())
    finally:
        if is_collecting:
            gc.enable()


class _ObjectType(GraphQLObjectType):
    """An object type whose fields need no second look: metadata admits only names that are GraphQL's too."""

    @cached_property
    def fields(self) -> Members:
        return cast(Members, resolve_thunk(self._fields))


class _InputType(GraphQLInputObjectType):
    @cached_property
    def fields(self) -> Members:
        return cast(Members, resolve_thunk(self._fields))


class _WorkspaceSchema(GraphQLSchema):
    """A schema that is told all its types, instead of making every type's fields to find them.

    A type's fields are made when a document touches it, so a workspace costs what is asked of it.
    """

    def __init__(
        self, query: GraphQLObjectType, mutation: GraphQLObjectType | None, types: Iterable[GraphQLNamedType]
    ) -> None:
        super().__init__(assume_valid=True)
        self.query_type = query
        self.mutation_type = mutation
        self.type_map = {**{each.name: each for each in types}, **self.type_map}


class _Builder(Outputs, Inputs):
    def __init__(self, schema: WorkspaceSchema, resolve_root: RootResolver | None, seen_by: Scope | None) -> None:
        super().__init__(schema, seen_by)
        self.resolve_root = resolve_root

    def build(self) -> GraphQLSchema:
        for subject in self.schema.objects:
            if subject.id in self.left_out:
                logger.warning("left out of GraphQL: %s", self.left_out[subject.id].message)
            elif self.may("read", subject):
                self.types.update((each.name, each) for each in self.types_of(subject))
                self.objects[subject.id] = subject
        query = _ObjectType("Query", partial(self.root_fields, "query"), description="Reads records.")
        mutation = None
        if any(self.offers(each, subject) for each in _MUTATIONS for subject in self.objects.values()):
            mutation = _ObjectType("Mutation", partial(self.root_fields, "mutation"), description="Writes records.")
        roots = [query] if mutation is None else [query, mutation]
        return _WorkspaceSchema(query, mutation, [*roots, *self.own_types(), *self.types.values()])

    def own_types(self) -> Iterator[GraphQLNamedType]:
        """The objects' types, which come first: some generators trip over a scalar as the first type."""
        for name, each in self.types.items():
            if name not in vocabulary():
                yield each

    def root_fields(self, root: str) -> dict[str, GraphQLField]:
        fields = {}
        for subject in self.objects.values():
            for operation in OPERATIONS:
                if operation.root == root and self.offers(operation, subject):
                    fields[operation.field_name(subject)] = self.root_field(operation, subject)
        if not fields:  # a type without fields is no GraphQL; introspection must still answer
            fields["_empty"] = GraphQLField(self.ref("Boolean"), description="There is no object yet.")
        return fields

    def root_field(self, operation: Operation, subject: ObjectSchema) -> GraphQLField:
        resolve = None
        if self.resolve_root is not None:
            resolve_root = self.resolve_root

            def resolve(_source: object, info: GraphQLResolveInfo, **_arguments: object) -> object:
                return resolve_root(info, operation, subject)

        return GraphQLField(
            self.ref(named(operation.type, subject)),
            args=self.arguments(subject, operation.arguments),
            resolve=resolve,
            description=named(operation.description, subject),
            extensions={"operation": operation, "object": subject},
        )

    def types_of(self, subject: ObjectSchema) -> Iterator[GraphQLNamedType]:
        name = subject.singular_pascal
        description = subject.description or subject.label_singular
        yield _ObjectType(name, partial(self.record_fields, subject), description=description)
        yield _ObjectType(f"{name}Edge", partial(self.edge_fields, subject))
        yield _ObjectType(f"{name}Connection", partial(self.connection_fields, subject))
        yield _ObjectType(f"{name}GroupByConnection", partial(self.group_fields, subject))
        if self.may("update", subject) or subject.duplicate_criteria is not None:
            yield _InputType(f"{name}CreateInput", partial(self.create_members, subject))
        if self.may("update", subject) or self.may_change_own(subject):
            yield _InputType(f"{name}UpdateInput", partial(self.update_members, subject))
        for suffix, members in (
            ("FilterInput", self.filter_members),
            ("OrderByInput", self.order_members),
            ("GroupByInput", self.group_by_members),
            ("OrderByWithGroupByInput", self.group_order_members),
            ("OrderByWithGroupByAggregateInput", self.aggregate_order_members),
            ("RelationInput", self.relation_members),
            ("ConnectInput", self.connect_members),
            ("WhereUniqueInput", self.unique_members),
        ):
            yield _InputType(name + suffix, partial(members, subject))
        for field in self.shown_fields(subject):
            if field.is_unique and field.type.subfields:
                yield _InputType(unique_name(subject, field), partial(self.unique_part_members, field))
            if field.type.has_options:
                if has_enum(field):
                    yield GraphQLEnumType(
                        enum_name(subject, field),
                        {value: value for value in field.option_values},
                        description=field.description or field.label,
                    )
                yield _InputType(enum_filter_name(subject, field), partial(self.enum_filter_members, subject, field))
