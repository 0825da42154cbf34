"""What a document must hold to be answered: its size, its root fields, and validation without variable types.

Real clients declare variables with types of older schemas (`$id: ID!`, `[PersonOrderByInput!]`), so no
rule looks at a variable's type, and arguments are checked by value where they are read. What remains
of the specification's validation is about fields, fragments and directives. The fields merged under
one key are compared while compiling, in linear time.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ValidationRule,
    validate,
)
from graphql.validation import (
    FieldsOnCorrectTypeRule,
    FragmentsOnCompositeTypesRule,
    KnownDirectivesRule,
    KnownFragmentNamesRule,
    NoFragmentCyclesRule,
    NoUndefinedVariablesRule,
    PossibleFragmentSpreadsRule,
    ScalarLeafsRule,
    UniqueArgumentNamesRule,
    UniqueDirectivesPerLocationRule,
    UniqueFragmentNamesRule,
    UniqueInputFieldNamesRule,
    UniqueVariableNamesRule,
)
from graphql.validation.rules.known_argument_names import KnownArgumentNamesOnDirectivesRule
from graphql.validation.rules.provided_required_arguments import ProvidedRequiredArgumentsOnDirectivesRule
from graphql.validation.specified_rules import recommended_rules

from config.errors import BadRequest, UnknownObject, listed
from config.http.graphql_bounds import MAX_ERRORS, check_root_field_count
from config.http.graphql_errors import api_error


class KnownFragmentTypesRule(ValidationRule):
    """A fragment on a type that does not exist would silently select nothing."""

    def enter_inline_fragment(self, node: InlineFragmentNode, *_args: object) -> None:
        self._check(node)

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_args: object) -> None:
        self._check(node)

    def _check(self, node: InlineFragmentNode | FragmentDefinitionNode) -> None:
        condition = node.type_condition
        if condition is not None and self.context.schema.get_type(condition.name.value) is None:
            self.report_error(GraphQLError(f"Unknown type '{condition.name.value}'.", node))


class KnownFieldsRule(FieldsOnCorrectTypeRule):
    """Names every unknown field but those at the root, which `check_document` names by their objects."""

    def enter_field(self, node: FieldNode, *args: object) -> None:
        schema = self.context.schema
        is_root = self.context.get_parent_type() in (schema.query_type, schema.mutation_type)
        if not is_root or node.name.value.startswith("__"):
            super().enter_field(node, *args)


RULES: tuple[type[ASTValidationRule], ...] = (
    KnownFragmentTypesRule,
    FragmentsOnCompositeTypesRule,
    ScalarLeafsRule,
    KnownFieldsRule,
    UniqueFragmentNamesRule,
    KnownFragmentNamesRule,
    PossibleFragmentSpreadsRule,
    NoFragmentCyclesRule,
    UniqueVariableNamesRule,
    NoUndefinedVariablesRule,
    KnownDirectivesRule,
    KnownArgumentNamesOnDirectivesRule,
    ProvidedRequiredArgumentsOnDirectivesRule,
    UniqueDirectivesPerLocationRule,
    UniqueArgumentNamesRule,
    UniqueInputFieldNamesRule,
    *recommended_rules,
)


def check_document(
    schema: GraphQLSchema, document: DocumentNode, root_type: GraphQLObjectType, names: Sequence[str]
) -> None:
    """Raise UnknownObject for root fields (`names`) that there are not, else GraphqlValidation.

    The error has every other fault of the document as its `others`.
    """
    unknown = [name for name in dict.fromkeys(names) if name not in root_type.fields]
    faults = [api_error(each) for each in validate(schema, document, RULES, max_errors=MAX_ERRORS)]
    if unknown:
        shown = listed(unknown)
        message = f"Unknown field(s) {', '.join(shown)}. The corresponding object may have been deleted or renamed."
        raise UnknownObject(message, extensions={"fields": shown}, others=faults)
    if faults:
        raise faults[0].saying(others=faults[1:])


def check_root_fields(nodes: Sequence[FieldNode]) -> None:
    """Refuse too many fields at the root, and the same one twice, also under another alias.

    `__typename` costs nothing, and `__type` is asked of several types.
    """
    names = [node.name.value for node in nodes if node.name.value != "__typename"]
    check_root_field_count(len(names))
    seen: set[str] = set()
    for name in names:
        if name in seen and name != "__type":
            raise BadRequest(f'Duplicate root resolver: "{name}"')
        seen.add(name)
