"""What a GraphQL document may ask for, counted before anything else is done with it: one place for both APIs.

A fragment counts wherever it is spread, since that is how often it is worked on; it is measured once, so a
bomb of fragments is refused in the time that its text takes to read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    parse,
    specified_rules,
)
from graphql.validation import OverlappingFieldsCanBeMergedRule

from config.errors import TooComplex
from config.http.bounds import MAX

MAX_COMMENTS = 1_000
MAX_ERRORS = 20  # faults of one document that are told


def parse_bounded(text: str, *, no_location: bool = False) -> DocumentNode:
    """The document of that text. Raises GraphQLSyntaxError, GraphQLError, TooComplex."""
    if len(text) > MAX.graphql_chars:  # each is looked at by itself, and in a text twice
        raise TooComplex(
            f"The document has {len(text)} characters, more than {MAX.graphql_chars}", hint="Send data in variables."
        )
    try:
        document = parse(
            text, no_location=no_location, max_lexical_tokens=MAX.graphql_tokens, max_comments=MAX_COMMENTS
        )
    except RecursionError:
        raise TooComplex("The document is nested too deeply") from None
    check_document_bounds(document)
    return document


def check_document_bounds(document: DocumentNode) -> None:
    """Refuse more definitions, fields, depth or directives than may be. Raises TooComplex."""
    if len(document.definitions) > MAX.graphql_definitions:
        raise TooComplex(
            f"Query too complex - Too many definitions: {len(document.definitions)}"
            f" - Maximum allowed definitions: {MAX.graphql_definitions}"
        )
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    measure = _Measure(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            measure.directives += len(definition.directives)
            count, depth = (
                measure.fragment(definition.name.value)
                if isinstance(definition, FragmentDefinitionNode)
                else measure.selections(definition.selection_set)
            )
            check_field_count(count)
            if depth > MAX.graphql_depth:
                raise TooComplex(
                    f"Query too complex - Fields are nested {depth} deep - Maximum allowed depth: {MAX.graphql_depth}"
                )
    if measure.directives > MAX.graphql_directives:
        raise TooComplex(
            f"Query too complex - Too many directives: {measure.directives}"
            f" - Maximum allowed directives: {MAX.graphql_directives}"
        )


def root_field_count(operation: OperationDefinitionNode, document: DocumentNode) -> int:
    """The fields at the root, in fragments too, but `__typename`, which costs nothing."""
    return sum(each.name.value != "__typename" for each in root_fields(operation, document))


def root_field_names(operation: OperationDefinitionNode, document: DocumentNode) -> set[str]:
    """What the fields at the root are called, in fragments too."""
    return {each.name.value for each in root_fields(operation, document)}


TITLED = 5  # root fields that a title names


def root_title(kind: str, names: Sequence[str]) -> str:
    """What an operation asks, in a line.

    >>> root_title("query", ["people", "companies"])
    'query people, companies'
    """
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - TITLED} more" if len(unique) > TITLED else ""
    return f"{kind} {', '.join(each[:64] for each in unique[:TITLED])}{more}"


def root_fields(operation: OperationDefinitionNode, document: DocumentNode) -> list[FieldNode]:
    """The fields at the root, in fragments too."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    found: list[FieldNode] = []
    seen, pending = set(), [operation.selection_set]
    while pending:
        for selection in pending.pop().selections:
            if isinstance(selection, FieldNode):
                found.append(selection)
            elif isinstance(selection, InlineFragmentNode):
                pending.append(selection.selection_set)
            else:
                name = selection.name.value  # type: ignore[attr-defined]
                if name in fragments and name not in seen:
                    seen.add(name)
                    pending.append(fragments[name].selection_set)
    return found


def check_root_field_count(count: int) -> None:
    if count > MAX.graphql_root_fields:
        raise TooComplex(
            f"Query too complex - Too many root resolvers requested: {count}"
            f" - Maximum allowed root resolvers: {MAX.graphql_root_fields}"
        )


def check_field_count(count: int) -> None:
    if count > MAX.graphql_fields:
        shown = count if count < 10**9 else "more than 1000000000"
        raise TooComplex(
            f"Query too complex - Too many fields requested: {shown} - Maximum allowed fields: {MAX.graphql_fields}"
        )


class _Measure:
    """Fields and depth of selections, fragments counted where they are spread."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.known: dict[str, tuple[int, int]] = {}
        self.fragments = fragments
        self.directives = 0  # as written

    def selections(self, selection_set: SelectionSetNode) -> tuple[int, int]:
        count = depth = 0
        for selection in selection_set.selections:
            self.directives += len(selection.directives)
            if isinstance(selection, FieldNode):
                below = (0, 0) if selection.selection_set is None else self.selections(selection.selection_set)
                count, depth = count + 1 + below[0], max(depth, 1 + below[1])
            else:
                below = (
                    self.selections(selection.selection_set)
                    if isinstance(selection, InlineFragmentNode)
                    else self.fragment(selection.name.value)  # type: ignore[attr-defined]
                )
                count, depth = count + below[0], max(depth, below[1])
        return count, depth

    def fragment(self, name: str) -> tuple[int, int]:
        """Measured once. One inside itself counts as nothing there; validation refuses it."""
        if name not in self.known:
            self.known[name] = (0, 0)
            if name in self.fragments:
                self.known[name] = self.selections(self.fragments[name].selection_set)
        return self.known[name]


# Fields that are answered under one key ------------------------------------------------------------------

RULES: tuple[type[ASTValidationRule], ...] = tuple(
    rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule
)  # that one compares each field with each other one; `merge_faults` takes as long as the document


def merge_faults(document: DocumentNode) -> list[GraphQLError]:
    """The first fault of each operation against "fields in a set can be merged" (GraphQL specification §5.3.2).

    For documents that are valid else, of a schema without unions and interfaces: fields under one key of one
    parent are the same field with the same arguments, and so all the way down.
    """
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    faults = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            fault = _conflict([definition.selection_set], fragments)
            if fault is not None:
                faults.append(fault)
    return faults


def _conflict(
    selection_sets: Sequence[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> GraphQLError | None:
    by_key: dict[str, list[FieldNode]] = {}
    seen: set[str] = set()
    pending = list(reversed(selection_sets))
    while pending:
        for selection in pending.pop().selections:
            if isinstance(selection, FieldNode):
                by_key.setdefault((selection.alias or selection.name).value, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                pending.append(selection.selection_set)
            else:
                name = selection.name.value  # type: ignore[attr-defined]
                if name not in seen and name in fragments:
                    seen.add(name)
                    pending.append(fragments[name].selection_set)
    for key, nodes in by_key.items():
        reason = merge_conflict(nodes)
        if reason is not None:
            message = (
                f"Fields '{key}' conflict because {reason}."
                " Use different aliases on the fields to fetch both if this was intentional."
            )
            return GraphQLError(message, nodes)
        below = [node.selection_set for node in nodes if node.selection_set is not None]
        found = _conflict(below, fragments) if below else None
        if found is not None:
            return found
    return None


def merge_conflict(nodes: Sequence[FieldNode]) -> str | None:
    """Why fields under one key are not one field with the same arguments."""
    first = nodes[0]
    arguments = _arguments(first) if len(nodes) > 1 else {}
    for other in nodes[1:]:
        if other.name.value != first.name.value:
            return f"'{first.name.value}' and '{other.name.value}' are different fields"
        if _arguments(other) != arguments:
            return "they have differing arguments"
    return None


def _arguments(node: FieldNode) -> dict[str, ValueNode]:
    return {each.name.value: each.value for each in node.arguments}
