"""A workspace's record schema: graphql-core types made of the data model, inside a Graphene schema.

The types with names of their own in every workspace come from `types`, once; an object's own types are
built from its fields and what their types say of themselves. Types are graphql-core's and not Graphene
classes because a metadata change must be visible in milliseconds.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any, cast

import graphene
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
)
from graphql.type.definition import resolve_thunk

from config.principal import Verb
from core.graphql.arguments import LIST_ARGUMENTS, Argument
from core.graphql.inputs import filter_members
from core.graphql.names import enum_filter_name, enum_name, has_enum, left_out, unique_name
from core.graphql.operations import OPERATIONS, Operation, is_offered, may_change_own
from core.graphql.types import resolve_member, vocabulary
from core.naming import named
from core.query.aggregates import AggregateSpec, aggregate_specs, aggregates_of
from core.query.scope import Scope, may, reads, writes
from metadata.schema import FieldSchema, ObjectSchema, WorkspaceSchema

logger = logging.getLogger(__name__)

Members = dict[str, Any]
_MUTATIONS = [each for each in OPERATIONS if each.root == "mutation"]
RootResolver = Callable[[GraphQLResolveInfo, Operation, ObjectSchema], Any]


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


class _Builder:
    def __init__(self, schema: WorkspaceSchema, resolve_root: RootResolver | None, seen_by: Scope | None) -> None:
        self.schema = schema
        self.seen_by = seen_by
        self.left_out = left_out(schema)  # objects and fields whose names others have: from before that was refused
        self.resolve_root = resolve_root
        self.types: dict[str, GraphQLNamedType] = dict(vocabulary())
        self.objects: dict[Any, ObjectSchema] = {}
        self.refs: dict[str, Any] = {}
        self.directions: GraphQLInputField | None = None

    # Parts -------------------------------------------------------------------------------------------

    def ref(self, text: str) -> Any:
        """The type that a reference in SDL's notation names: `[Person!]!`."""
        found = self.refs.get(text)
        if found is None:
            if text.endswith("!"):
                found = GraphQLNonNull(self.ref(text[:-1]))
            elif text.startswith("["):
                found = GraphQLList(self.ref(text[1:-1]))
            else:
                found = self.types[text]
            self.refs[text] = found
        return found

    def output(self, text: str, description: str | None = None, **more: Any) -> GraphQLField:
        return GraphQLField(
            cast(GraphQLOutputType, self.ref(text)), description=description, resolve=resolve_member, **more
        )

    def input(self, text: str) -> GraphQLInputField:
        """One member for all inputs of a type: what a field is about is said of its output."""
        key = f"input {text}"
        if key not in self.refs:
            self.refs[key] = GraphQLInputField(cast(GraphQLInputType, self.ref(text)))
        return cast(GraphQLInputField, self.refs[key])

    def arguments(self, subject: ObjectSchema, arguments: tuple[Argument, ...]) -> dict[str, GraphQLArgument]:
        return {argument.name: self.argument(named(argument.type, subject)) for argument in arguments if argument.type}

    def argument(self, text: str) -> GraphQLArgument:
        key = f"argument {text}"
        if key not in self.refs:
            self.refs[key] = GraphQLArgument(cast(GraphQLInputType, self.ref(text)))
        return cast(GraphQLArgument, self.refs[key])

    # Rights ------------------------------------------------------------------------------------------

    def may(self, verb: Verb, subject: ObjectSchema) -> bool:
        return self.seen_by is None or may(self.seen_by, verb, subject)

    def offers(self, operation: Operation, subject: ObjectSchema) -> bool:
        """Whether the operation is there for the object, and for the caller."""
        return operation.applies_to(subject) and (self.seen_by is None or is_offered(self.seen_by, operation, subject))

    def may_change_own(self, subject: ObjectSchema) -> bool:
        return self.seen_by is not None and may_change_own(self.seen_by, subject)

    def fields(self, subject: ObjectSchema) -> Sequence[FieldSchema]:
        if not self.left_out:
            return subject.fields
        return [each for each in subject.fields if each.id not in self.left_out]

    def readable_fields(self, subject: ObjectSchema) -> Iterable[FieldSchema]:
        scope, fields = self.seen_by, self.fields(subject)
        return fields if scope is None else (each for each in fields if reads(scope, subject, each))

    def writable_fields(self, subject: ObjectSchema) -> Iterable[FieldSchema]:
        scope, fields = self.seen_by, self.fields(subject)
        return fields if scope is None else (each for each in fields if writes(scope, each))

    def shown_fields(self, subject: ObjectSchema) -> Iterable[FieldSchema]:
        """Those of either."""
        scope, fields = self.seen_by, self.fields(subject)
        if scope is None:
            return fields
        return (each for each in fields if reads(scope, subject, each) or writes(scope, each))

    def aggregates(self, subject: ObjectSchema) -> Iterable[AggregateSpec]:
        scope = self.seen_by
        return (
            each
            for each in self.specs(subject)
            if each.field is None or scope is None or reads(scope, subject, each.field)
        )

    def specs(self, subject: ObjectSchema) -> Iterable[AggregateSpec]:
        if not self.left_out:
            return aggregates_of(subject).values()
        return (each for each in aggregate_specs(subject) if each.field is None or each.field.id not in self.left_out)

    # The whole ---------------------------------------------------------------------------------------

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

            def resolve(_source: object, info: GraphQLResolveInfo, **_arguments: Any) -> Any:
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

    # Outputs -----------------------------------------------------------------------------------------

    def target(self, field: FieldSchema) -> ObjectSchema | None:
        """The object at a relation's other end, when it is in the schema."""
        assert field.relation is not None
        return self.objects.get(field.relation.target_object_id)

    def leads_somewhere(self, field: FieldSchema) -> bool:
        """Whether the id at a relation's other end is shown: also where the object there is not, to this caller."""
        target = self.schema.target(field)
        return target is not None and (target.id in self.objects or not self.may("read", target))

    def record_fields(self, subject: ObjectSchema) -> Members:
        fields: Members = {}
        for field in self.readable_fields(subject):
            description = field.description or field.label
            if field.relation is None:
                fields[field.name] = self.output(self.output_type(subject, field), description)
                continue
            target = self.target(field)
            if field.relation.join_name is not None and self.leads_somewhere(field):
                fields[field.relation.join_name] = self.output(
                    field.type.graphql_output(field), f"{description}: the id of the record"
                )
            if target is None:
                continue
            if field.relation.is_to_one:
                fields[field.name] = self.output(target.singular_pascal, description, extensions={"relation": "one"})
            else:
                fields[field.name] = self.output(
                    f"{target.singular_pascal}Connection",
                    description,
                    args=self.arguments(target, LIST_ARGUMENTS),
                    extensions={"relation": "many"},
                )
        return fields

    def output_type(self, subject: ObjectSchema, field: FieldSchema) -> str:
        text = own_enum(field.type.graphql_output(field), subject, field)
        if field.is_nullable:
            return text
        return (text[:-1] + "!]!") if text.startswith("[") else text + "!"

    def edge_fields(self, subject: ObjectSchema) -> Members:
        return {"node": self.output(f"{subject.singular_pascal}!"), "cursor": self.output("Cursor!")}

    def connection_fields(self, subject: ObjectSchema) -> Members:
        return {
            "edges": self.output(f"[{subject.singular_pascal}Edge!]!"),
            "pageInfo": self.output("PageInfo!"),
            **{spec.name: self.aggregate(spec.graphql) for spec in self.aggregates(subject)},
        }

    def group_fields(self, subject: ObjectSchema) -> Members:
        connection = cast(GraphQLObjectType, self.types[f"{subject.singular_pascal}Connection"])
        return {**connection.fields, "groupByDimensionValues": self.output("JSON!")}

    def aggregate(self, text: str) -> GraphQLField:
        """One field for all numbers of a type: there are thousands, and their names say what they are."""
        key = f"aggregate {text}"
        if key not in self.refs:
            self.refs[key] = self.output(text)
        return cast(GraphQLField, self.refs[key])

    # Inputs ------------------------------------------------------------------------------------------

    def create_members(self, subject: ObjectSchema) -> Members:
        return self.written_members(subject, for_update=False)

    def update_members(self, subject: ObjectSchema) -> Members:
        return self.written_members(subject, for_update=True)

    def written_members(self, subject: ObjectSchema, for_update: bool) -> Members:
        members: Members = {}
        for field in self.writable_fields(subject):
            if field.relation is not None:
                target = self.target(field)
                if field.relation.is_to_one and self.leads_somewhere(field):
                    join_type = field.type.graphql_input_type(field, for_update)
                    members[field.relation.join_name or field.name] = self.input(join_type)
                if target is not None and field.relation.is_to_one:
                    members[field.name] = self.input(f"{target.singular_pascal}RelationInput")
            elif field.type.is_writable:
                text = own_enum(field.type.graphql_input_type(field, for_update), subject, field)
                is_needed = not (for_update or field.is_nullable or field.column or field.type.subfields)
                if is_needed and field.default is None:
                    text += "!"
                members[field.name] = self.input(text)
        return members

    def filter_members(self, subject: ObjectSchema) -> Members:
        own = f"{subject.singular_pascal}FilterInput"
        operators = {"and": self.input(f"[{own}]"), "or": self.input(f"[{own}]"), "not": self.input(own)}
        members: Members = dict(operators)
        for field in self.readable_fields(subject):
            if field.relation is None:
                filter_type = own_enum_filter(field.type.graphql_filter_type(field), subject, field)
                if field.type.subfields:
                    filter_type = f"{field.type.graphql}FilterInput"
                members[field.name] = self.input(filter_type)
                continue
            target = self.target(field)
            if field.relation.join_name is not None and self.leads_somewhere(field):
                members[field.relation.join_name] = self.input(field.type.graphql_filter_type(field))
            if target is not None:
                members[field.name] = self.input(f"{target.singular_pascal}FilterInput")
        return members | operators

    def order_members(self, subject: ObjectSchema) -> Members:
        return self.members_by_value(subject, "OrderByInput", "OrderByDirection", "OrderByDirection", "orderable")

    def group_by_members(self, subject: ObjectSchema) -> Members:
        return self.members_by_value(subject, "GroupByInput", "Boolean", "GroupByDateGranularityInput", "groupable")

    def group_order_members(self, subject: ObjectSchema) -> Members:
        return {
            "aggregate": self.input(f"{subject.singular_pascal}OrderByWithGroupByAggregateInput"),
            **self.members_by_value(
                subject, "OrderByWithGroupByInput", "OrderByDirection", "OrderByDateGranularityInput", "groupable"
            ),
        }

    def members_by_value(self, subject: ObjectSchema, suffix: str, scalar: str, date: str, trait: str) -> Members:
        """Members for each field with a `trait` (orderable, groupable): by value, sub-field, join id or target."""
        members: Members = {}
        composite_suffix = "OrderByInput" if scalar == "OrderByDirection" else suffix
        for field in self.readable_fields(subject):
            if field.relation is not None:
                target = self.target(field)
                if field.relation.is_to_one and self.leads_somewhere(field):
                    members[field.relation.join_name or field.name] = self.input(scalar)
                if target is not None and field.relation.is_to_one:
                    members[field.name] = self.input(target.singular_pascal + suffix)
            elif getattr(field.type, trait) and (trait == "orderable" or is_groupable(field)):
                if field.type.subfields:
                    members[field.name] = self.input(field.type.graphql + composite_suffix)
                else:
                    members[field.name] = self.input(date if field.type.is_date else scalar)
        return members

    def aggregate_order_members(self, subject: ObjectSchema) -> Members:
        direction = self.input("OrderByDirection")
        return {spec.name: direction for spec in self.aggregates(subject)}

    def relation_members(self, subject: ObjectSchema) -> Members:
        members = {
            "connect": self.input(f"{subject.singular_pascal}ConnectInput"),
            "disconnect": self.input("Boolean"),
        }
        if self.may("update", subject):
            members["create"] = self.input(f"{subject.singular_pascal}CreateInput")
        return members

    def connect_members(self, subject: ObjectSchema) -> Members:
        return {"where": self.input(f"{subject.singular_pascal}WhereUniqueInput")}

    def unique_members(self, subject: ObjectSchema) -> Members:
        members: Members = {"id": self.input("ID")}
        readable = set(self.readable_fields(subject))
        for field in subject.unique_fields:
            if field not in readable:
                continue
            if field.type.subfields:
                members[field.name] = self.input(unique_name(subject, field))
            elif field.name != "id" and field.relation is None:
                members[field.name] = self.input(own_enum(field.type.graphql_input_type(field), subject, field))
        return members

    def unique_part_members(self, field: FieldSchema) -> Members:
        return {name: self.input(field.type.subfields[name].graphql) for name in field.type.unique_parts()}

    def enum_filter_members(self, subject: ObjectSchema, field: FieldSchema) -> Members:
        members = filter_members(field.type.operators, own_enum("Enum", subject, field))
        return {name: self.input(text) for name, text in members.items()}


def own_enum(text: str, subject: ObjectSchema, field: FieldSchema) -> str:
    """A type reference with `Enum` replaced by the name of the field's own."""
    if text not in ("Enum", "[Enum]"):
        return text
    return text.replace("Enum", enum_name(subject, field) if has_enum(field) else "String")


def own_enum_filter(text: str, subject: ObjectSchema, field: FieldSchema) -> str:
    return enum_filter_name(subject, field) if text == "EnumFilter" else text


def is_groupable(field: FieldSchema) -> bool:
    """Of the record's own columns only the two times make groups."""
    return field.column is None or field.column in ("created_at", "updated_at")
