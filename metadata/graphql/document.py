"""A GraphQL document made ready to run: parsed, relaxed for what real clients send, and validated.

The schema is one for all workspaces, so a document is prepared once per process.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    SKIP,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    TypeNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_input_type,
    is_leaf_type,
    validate,
    visit,
)

from config.http.graphql_bounds import (
    MAX_ERRORS,
    RULES,
    check_root_field_count,
    merge_faults,
    parse_bounded,
    root_field_count,
)
from config.http.graphql_door import KEPT_DOCUMENTS, LONGEST_KEPT
from config.texts import refuse_nul
from metadata.graphql.parts import bare_fields
from metadata.graphql.schema import schema


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document and what is wrong with it; it may run when `errors` is empty."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation to run: the one with that name, or the only one; None when that is not one."""
        operations = [
            node
            for node in self.document.definitions
            if isinstance(node, OperationDefinitionNode)
            and (name is None or (node.name is not None and node.name.value == name))
        ]
        return operations[0] if len(operations) == 1 else None


def prepare(text: str) -> Prepared:
    """The document of that text; raises GraphQLSyntaxError, GraphQLError beyond a limit, BadRequest for NUL."""
    return _kept(text) if len(text) <= LONGEST_KEPT else _prepare(text)


def _prepare(text: str) -> Prepared:
    document = parse_bounded(text)
    if "\\u" in text or "\x00" in text:
        visit(document, _Texts())
    _answer_bare_fields(document)
    graphql_schema: GraphQLSchema = schema().graphql_schema
    _retype_variables(document, graphql_schema)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            check_root_field_count(root_field_count(definition, document))
    errors = validate(graphql_schema, document, RULES, max_errors=MAX_ERRORS) or merge_faults(document)
    return Prepared(document, tuple(errors))


_kept = lru_cache(maxsize=KEPT_DOCUMENTS)(_prepare)


class _Texts(Visitor):
    """Refuses literals that nothing could keep."""

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        refuse_nul(node.value, "A text")


def _answer_bare_fields(document: DocumentNode) -> None:
    """Point fields that old clients send without a selection (`deleteWebhook(…)`) to their stand-ins."""
    stand_ins = bare_fields()
    for operation in document.definitions:
        if not isinstance(operation, OperationDefinitionNode) or operation.operation != OperationType.MUTATION:
            continue
        for node in operation.selection_set.selections:
            if isinstance(node, FieldNode) and node.selection_set is None and node.name.value in stand_ins:
                node.alias = node.alias or NameNode(value=node.name.value)
                node.name = NameNode(value=stand_ins[node.name.value])


def _retype_variables(document: DocumentNode, graphql_schema: GraphQLSchema) -> None:
    """Declare each variable with the type of the place it stands in, where clients of other releases differ.

    `[ID!]` becomes `[UUID!]`, and a name the schema does not have (`CreateFieldInputDTO`) that of the place;
    list and non-null stay as declared. A variable that stands in several places follows the first one.
    """
    operations = [
        each for each in document.definitions if isinstance(each, OperationDefinitionNode) and each.variable_definitions
    ]
    places = _variable_places(document, graphql_schema) if operations else {}
    for definition in operations:
        for variable in definition.variable_definitions:
            expected = places.get(variable.variable.name.value)
            named = _named_node(variable.type)
            if expected is None or named.name.value == expected.name:
                continue
            declared = graphql_schema.type_map.get(named.name.value)
            if declared is None or (is_leaf_type(declared) and is_leaf_type(expected)):
                named.name = NameNode(value=expected.name)


def _named_node(node: TypeNode) -> NamedTypeNode:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]
    return node


def _variable_places(document: DocumentNode, graphql_schema: GraphQLSchema) -> dict[str, GraphQLNamedType]:
    type_info = TypeInfo(graphql_schema)
    places = _Places(type_info)
    visit(document, TypeInfoVisitor(type_info, places))
    return places.found


class _Places(Visitor):
    """The named type of the first place of every variable."""

    def __init__(self, type_info: TypeInfo) -> None:
        super().__init__()
        self.found: dict[str, GraphQLNamedType] = {}
        self._type_info = type_info

    def enter_variable_definition(self, *_: object) -> object:
        return SKIP

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        place = self._type_info.get_input_type()
        named = get_named_type(place)
        if named is not None and is_input_type(named):
            self.found.setdefault(node.name.value, named)
