"""What a document of `/metadata` would cost: how many values its answer holds, estimated before it is run.

Each selected field counts once for every row that stands above it. How many rows a list has is not guessed:
it is what `first` allows, and not more than the workspace has on average under one parent. The
executor counts what it really resolves, for documents whose lists are not average.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionContext,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    introspection_types,
    is_list_type,
)

from config.errors import TooComplex
from config.http import deadline
from config.http.bounds import MAX
from metadata.graphql.connections import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from metadata.graphql.rows import WorkspaceRows

LARGEST_LIST = 200  # of a list without pages, before it is known how many there are
UNKNOWN_SIZE = 3  # of a list that nothing is known of
_CHECK_EVERY = 1_000  # values, between two looks at the deadline


class CountingExecution(ExecutionContext):
    """graphql-core's executor, which ends when it has resolved more than it may. No resolver here is a coroutine."""

    resolved = 0

    @staticmethod
    def is_awaitable(value: object) -> bool:
        return False

    def execute_field(self, *arguments: Any) -> object:
        self.resolved += 1
        if self.resolved % _CHECK_EVERY == 0:
            if self.resolved > 2 * MAX.metadata_values:
                raise too_many_values(self.resolved)
            deadline.check()
        return super().execute_field(*arguments)


def too_many_values(count: int) -> TooComplex:
    return TooComplex(
        f"Query complexity is too high: it could answer {count} values, more than {MAX.metadata_values}."
        " Ask for fewer nested lists, or for smaller pages."
    )


def check_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, object] | None,
    rows: WorkspaceRows | None,
) -> None:
    """Raise TooComplex for a valid operation that would answer too much. No `rows`: nothing is asked of a workspace."""
    root = schema.get_root_type(operation.operation)
    assert root is not None
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    try:  # most documents stay below with the longest lists that there can be, and nothing has to be counted
        _Estimate(schema, fragments, variables or {}, None).selections(root, operation.selection_set, 1.0)
    except TooComplex:
        _Estimate(schema, fragments, variables or {}, rows).selections(root, operation.selection_set, 1.0)


class _Estimate:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        rows: WorkspaceRows | None,
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.rows = rows
        self.values = 0.0

    def selections(self, parent: GraphQLObjectType, selection_set: SelectionSetNode, times: float) -> None:
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                self.values += times
                if self.values > MAX.metadata_values:
                    raise too_many_values(int(self.values))
                if selection.selection_set is not None:
                    self.below(parent, selection, selection.selection_set, times)
            elif isinstance(selection, InlineFragmentNode):
                self.selections(parent, selection.selection_set, times)
            else:
                fragment = self.fragments[selection.name.value]  # type: ignore[attr-defined]
                self.selections(parent, fragment.selection_set, times)

    def below(self, parent: GraphQLObjectType, node: FieldNode, selection_set: SelectionSetNode, times: float) -> None:
        name = node.name.value
        definition = _definition(self.schema, parent, name)
        below = None if definition is None else get_named_type(definition.type)
        if definition is None or not isinstance(below, GraphQLObjectType):
            return
        if below.name.endswith("Connection"):
            times *= min(self.page_size(node), self.length(parent.name, name, MAX_PAGE_SIZE))
        elif is_list_type(get_nullable_type(cast(Any, definition.type))) and name != "edges":
            times *= self.length(parent.name, name, UNKNOWN_SIZE)
        self.selections(below, selection_set, times)

    def length(self, parent: str, name: str, unknown: float) -> float:
        if parent in introspection_types:
            return _introspected(self.schema, parent, name)
        if self.rows is None:
            return LARGEST_LIST if unknown == UNKNOWN_SIZE else unknown
        average = self.rows.average(parent, name)
        return unknown if average is None else average

    def page_size(self, node: FieldNode) -> float:
        """What `paging` allows; a value that is no number allows what is allowed at all."""
        for argument in node.arguments:
            if argument.name.value == "paging":
                return self._size_of(argument.value)
            if argument.name.value in ("first", "last"):
                return self._number(argument.value)
        return DEFAULT_PAGE_SIZE

    def _size_of(self, paging: object) -> float:
        if isinstance(paging, VariableNode):
            value = self.variables.get(paging.name.value)
            given = value if isinstance(value, Mapping) else {}
            sizes = [given[name] for name in ("first", "last") if isinstance(given.get(name), int)]
            return max(0, min(sizes[0], MAX_PAGE_SIZE)) if sizes else MAX_PAGE_SIZE
        if isinstance(paging, ObjectValueNode):
            for member in paging.fields:
                if member.name.value in ("first", "last"):
                    return self._number(member.value)
        return DEFAULT_PAGE_SIZE

    def _number(self, value: object) -> float:
        number: object = None
        if isinstance(value, IntValueNode) and len(value.value) < 10:
            number = int(value.value)
        elif isinstance(value, VariableNode):
            number = self.variables.get(value.name.value)
        return max(0, min(number, MAX_PAGE_SIZE)) if isinstance(number, int) else MAX_PAGE_SIZE


def _definition(schema: GraphQLSchema, parent: GraphQLObjectType, name: str) -> GraphQLField | None:
    if name in ("__schema", "__type") and parent is schema.query_type:
        return GraphQLField(introspection_types["__Schema" if name == "__schema" else "__Type"])  # type: ignore[arg-type]
    found: GraphQLField | None = parent.fields.get(name)
    return found


@lru_cache(maxsize=64)
def _introspected(schema: GraphQLSchema, parent: str, name: str) -> float:
    """The average length of a list of the schema's own description."""
    types = list(schema.type_map.values())
    if parent == "__Schema":
        return len(types) if name == "types" else len(schema.directives)
    if parent == "__Type" and name in ("fields", "inputFields"):
        return sum(len(getattr(each, "fields", ())) for each in types) / len(types)
    if parent == "__Type" and name == "enumValues":
        return sum(len(getattr(each, "values", ())) for each in types) / len(types)
    return 1.0
