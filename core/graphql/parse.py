"""The text of a document → one operation with the fragments it reaches, not yet held against a schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
)

from config.errors import BadRequest, GraphqlValidation
from config.http.graphql_bounds import parse_bounded
from config.http.graphql_errors import api_error
from core.graphql.literals import variables_of

META_FIELDS = ("__typename", "__schema", "__type")


@dataclass(frozen=True, slots=True)
class Source:
    """One operation of a parsed document with the fragments it reaches, not yet held against a schema."""

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    root_nodes: tuple[FieldNode, ...]
    shape_variables: tuple[str, ...]  # variables that decide what is picked

    @property
    def document(self) -> DocumentNode:
        return DocumentNode(definitions=(self.operation, *self.fragments.values()))

    @property
    def record_fields(self) -> list[str]:
        """Names of the root fields that introspection does not answer."""
        return [node.name.value for node in self.root_nodes if node.name.value not in META_FIELDS]


def parse_document(text: str, operation_name: str | None) -> Source:
    """Read a document and choose its operation. Raises GraphqlSyntax, BadRequest, TooComplex."""
    try:
        document = parse_bounded(text, no_location=True)
    except GraphQLError as fault:
        raise api_error(fault) from None
    operation = _choose(document, operation_name)
    if operation.operation is OperationType.SUBSCRIPTION:
        raise GraphqlValidation("Schema is not configured to execute subscription operation.")
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    survey = _Survey(fragments)
    survey.root(operation.selection_set)
    for directive in operation.directives:
        survey.directive(directive)
    return Source(
        operation,
        {name: fragments[name] for name in fragments if name in survey.reached},
        tuple(survey.root_nodes),
        tuple(survey.variables),
    )


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if not operations:
        raise BadRequest("Must provide an operation.")
    if not name:
        if len(operations) > 1:
            raise BadRequest("Must provide operation name when document contains multiple operations.")
        return operations[0]
    for operation in operations:
        if operation.name is not None and operation.name.value == name:
            return operation
    raise BadRequest(f'Unknown operation named "{name}".')


class _Survey:
    """One walk over an operation: its root fields, the fragments reached, the variables that shape picks."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.fragments = fragments
        self.reached: set[str] = set()
        self.at_root: set[str] = set()
        self.root_nodes: list[FieldNode] = []
        self.variables: dict[str, None] = {}

    def root(self, selection_set: SelectionSetNode) -> None:
        for selection in selection_set.selections:
            self.directives(selection.directives)
            match selection:
                case FieldNode():
                    self.root_nodes.append(selection)
                    if selection.selection_set is not None:
                        self.below(selection.selection_set)
                case InlineFragmentNode():
                    self.root(selection.selection_set)
                case FragmentSpreadNode():
                    name = selection.name.value
                    if name in self.fragments and name not in self.at_root:
                        self.at_root.add(name)
                        self.reached.add(name)
                        self.root(self.fragments[name].selection_set)

    def below(self, selection_set: SelectionSetNode) -> None:
        for selection in selection_set.selections:
            self.directives(selection.directives)
            match selection:
                case FieldNode():
                    for argument in selection.arguments:
                        self.note(argument.value)
                    if selection.selection_set is not None:
                        self.below(selection.selection_set)
                case InlineFragmentNode():
                    self.below(selection.selection_set)
                case FragmentSpreadNode():
                    name = selection.name.value
                    if name in self.fragments and name not in self.reached:
                        self.reached.add(name)
                        self.below(self.fragments[name].selection_set)

    def directives(self, directives: Iterable[DirectiveNode]) -> None:
        for directive in directives:
            self.directive(directive)

    def directive(self, directive: DirectiveNode) -> None:
        for argument in directive.arguments:
            self.note(argument.value)

    def note(self, value: ValueNode) -> None:
        for name in variables_of(value):
            self.variables[name] = None
