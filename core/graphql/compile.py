"""A GraphQL document → the queries it stands for, without running it field by field.

A document is parsed, validated and compiled once per data model; what stays is, for each root field, a
tree of picks and a reader for each argument. Picks depend on variables only through directives and the
arguments of nested connections: they are compiled once for each set of those values, so that what the
planner keeps for a tree of picks is found again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    get_named_type,
)
from graphql.execution.collect_fields import collect_fields, collect_sub_fields

from config.errors import ApiError, BadRequest, GraphqlValidation, TooComplex
from config.http.graphql_bounds import check_field_count, merge_conflict, root_title
from config.http.graphql_errors import api_error
from config.http.rendering import dumps
from core.graphql.arguments import LIST_ARGUMENTS, read_arguments
from core.graphql.literals import MISSING, Reader, Variables, literal, reader, variables_of
from core.graphql.operations import Operation
from core.graphql.parse import META_FIELDS, Source
from core.graphql.rules import check_document, check_root_fields
from core.query import ir
from metadata.schema import ObjectSchema

KEPT_SHAPES = 32  # sets of picks of one document
LONGEST_SHAPE = 20_000  # characters of the variables that make one; longer ones do not come again


@dataclass(slots=True)
class RootField:
    """One root field of one request: a query of records, or what introspection answers.

    `fault` is raised when the field is run, so that it fails alone.
    """

    key: str
    name: str
    nodes: tuple[FieldNode, ...] = ()  # of a meta field
    operation: Operation | None = None
    subject: ObjectSchema | None = None  # the object it is about; search is about none
    arguments: tuple[tuple[str, Reader], ...] = ()
    is_constant: bool = False  # reads the same in every request
    picks: tuple[ir.Pick, ...] = ()
    fault: ApiError | None = None
    _query: ir.Query | None = field(default=None, init=False)

    @property
    def is_nullable(self) -> bool:
        return self.operation is None or not self.operation.type.endswith("!")

    def query(self, variables: Variables) -> ir.Query:
        """What the field asks with these variables. Raises BadRequest and its kin."""
        if self._query is not None:
            return self._query
        if self.fault is not None:
            raise self.fault
        assert self.operation is not None
        values = {}
        for name, read in self.arguments:
            value = read(variables)
            if value is not MISSING:
                values[name] = value
        query = self.operation.query(self.subject, values, self.picks)
        if self.is_constant:
            self._query = query
        return query


class Document:
    """One operation of a document, compiled against one data model."""

    def __init__(self, schema: GraphQLSchema, source: Source) -> None:
        self.kind: Literal["query", "mutation"] = (
            "query" if source.operation.operation is OperationType.QUERY else "mutation"
        )
        root_type = schema.query_type if self.kind == "query" else schema.mutation_type
        if root_type is None:
            raise GraphqlValidation(f"Schema is not configured to execute {self.kind} operation.")
        check_root_fields(source.root_nodes)
        check_document(schema, source.document, root_type, source.record_fields)
        self.declared = tuple(source.operation.variable_definitions)
        self.defaults = {
            each.variable.name.value: literal(each.default_value, {})
            for each in source.operation.variable_definitions
            if each.default_value is not None
        }
        names = [each.name.value for each in source.root_nodes]
        self.title = root_title(self.kind, names)
        self.object_name = next((_object_of(root_type, each) for each in names), None)
        self.source = source
        self._compiler = _Compiler(schema, source, root_type)
        self._shapes: dict[bytes, tuple[RootField, ...]] = {}
        self._only_shape = None if source.shape_variables else self._compiler.root_fields({})
        if self._only_shape is not None and all(root.operation for root in self._only_shape):
            del self.source, self._compiler  # nothing will be compiled again; the parsed text can go

    def variables(self, given: Mapping[str, object] | None) -> Variables:
        """The request's variables over the document's defaults."""
        if not self.defaults:
            return given or {}
        return {**self.defaults, **given} if given else self.defaults

    def root_fields(self, variables: Variables) -> tuple[RootField, ...]:
        """The root fields to answer, in order. Raises GraphqlValidation when a directive's variable is missing."""
        if self._only_shape is not None:
            return self._only_shape
        given = {name: variables[name] for name in self.source.shape_variables if name in variables}
        key = dumps(given)
        if len(key) > LONGEST_SHAPE:
            return self._compiler.root_fields(given)
        found = self._shapes.get(key)
        if found is None:
            if len(self._shapes) >= KEPT_SHAPES:
                self._shapes.clear()
            found = self._shapes[key] = self._compiler.root_fields(given)
        return found


def _object_of(root_type: GraphQLObjectType, name: str) -> str | None:
    definition = root_type.fields.get(name)
    subject = None if definition is None else definition.extensions.get("object")
    return None if subject is None else subject.singular


class _Compiler:
    """Makes root fields and picks of an operation for given variables."""

    def __init__(self, schema: GraphQLSchema, source: Source, root_type: GraphQLObjectType) -> None:
        self.schema = schema
        self.fragments = dict(source.fragments)
        self.selection_set = source.operation.selection_set
        self.is_query = source.operation.operation is OperationType.QUERY
        self.root_type = root_type

    def root_fields(self, variables: Variables) -> tuple[RootField, ...]:
        try:
            collected = collect_fields(self.schema, self.fragments, dict(variables), self.root_type, self.selection_set)
            return tuple(self.root_field(key, nodes, variables) for key, nodes in collected.items())
        except GraphQLError as fault:
            raise api_error(fault) from None

    def root_field(self, key: str, nodes: list[FieldNode], variables: Variables) -> RootField:
        node = nodes[0]
        name = node.name.value
        if len(nodes) > 1:
            check_mergeable(key, nodes)
        if name in META_FIELDS:
            return RootField(key, name, tuple(nodes))
        definition = self.root_type.fields[name]
        root = RootField(
            key,
            name,
            operation=definition.extensions["operation"],
            subject=definition.extensions["object"],
            arguments=tuple((each.name.value, reader(each.value)) for each in node.arguments),
            is_constant=self.is_query and not any(any(variables_of(each.value)) for each in node.arguments),
        )
        answer_type = get_named_type(definition.type)
        try:
            root.picks = Selector(self.schema, self.fragments, variables).picks(
                cast(GraphQLObjectType, answer_type), nodes
            )
        except (BadRequest, TooComplex) as fault:  # of a nested argument: only this field fails
            root.fault = fault
        return root


class Selector:
    """Compiles selection sets to picks."""

    def __init__(
        self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode], variables: Variables
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.count = 0

    def picks(self, of_type: GraphQLObjectType, nodes: list[FieldNode]) -> tuple[ir.Pick, ...]:
        """What the nodes select of a type. Raises GraphqlValidation, BadRequest, TooComplex."""
        collected = collect_sub_fields(self.schema, self.fragments, dict(self.variables), of_type, nodes)
        self.count += len(collected)
        check_field_count(self.count)  # fragments may say more than the document is long
        return tuple(self.pick(of_type, key, group) for key, group in collected.items())

    def pick(self, of_type: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> ir.Pick:
        node = nodes[0]
        name = node.name.value
        if len(nodes) > 1:
            check_mergeable(key, nodes)
        if name == "__typename":
            return ir.Pick(key, name, type_name=of_type.name)
        definition = of_type.fields[name]
        arguments: dict[str, object] = {}
        for argument in node.arguments:
            argument_name = argument.name.value
            if argument_name not in definition.args:
                raise GraphqlValidation(f'Unknown argument "{argument_name}" on field "{of_type.name}.{name}".')
            value = literal(argument.value, self.variables)
            if value is not MISSING:
                arguments[argument_name] = value
        if arguments:
            arguments = read_arguments(LIST_ARGUMENTS, arguments)
        selected = get_named_type(definition.type)
        picks = self.picks(selected, nodes) if isinstance(selected, GraphQLObjectType) else ()
        return ir.Pick(key, name, arguments, picks)


def check_mergeable(key: str, nodes: Sequence[FieldNode]) -> None:
    """Raise GraphqlValidation unless fields under one key are one field with the same arguments.

    GraphQL specification §5.3.2.
    """
    reason = merge_conflict(nodes)
    if reason is not None:
        reason = reason.replace("'", '"')
        raise GraphqlValidation(
            f'Fields "{key}" conflict because {reason}.'
            " Use different aliases on the fields to fetch both if this was intentional."
        )
