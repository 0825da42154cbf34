"""What a document must hold to be answered: its size, its root fields, and validation without variable types.

Real clients declare variables with types of older schemas (`$id: ID!`, `[PersonOrderByInput!]`), so no
rule looks at a variable's type, and arguments are checked by value where they are read. What remains
of the specification's validation is about fields, fragments and directives. The fields merged under
one key are compared while compiling, in linear time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
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

from config.errors import BadRequest
from config.graphql_errors import api_error
from config.http.graphql_bounds import check_root_field_count


class KnownFragmentTypesRule(ValidationRule):
    """A fragment on a type that does not exist would silently select nothing."""

    def enter_inline_fragment(self, node: InlineFragmentNode, *_args: Any) -> None:
        self._check(node)

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_args: Any) -> None:
        self._check(node)

    def _check(self, node: InlineFragmentNode | FragmentDefinitionNode) -> None:
        condition = node.type_condition
        if condition is not None and self.context.schema.get_type(condition.name.value) is None:
            self.report_error(GraphQLError(f"Unknown type '{condition.name.value}'.", node))


RULES: tuple[type[ASTValidationRule], ...] = (
    KnownFragmentTypesRule,
    FragmentsOnCompositeTypesRule,
    ScalarLeafsRule,
    FieldsOnCorrectTypeRule,
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


def check_document(schema: GraphQLSchema, document: DocumentNode) -> None:
    """Raise GraphqlValidation with the first fault."""
    errors = validate(schema, document, RULES, max_errors=1)
    if errors:
        raise api_error(errors[0])


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
