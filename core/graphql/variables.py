"""Whether the variables of a request fit the types they are declared with (GraphQL specification §6.1.2).

Asked only for clients that understand GraphQL's own media type, which has a status for it. Types that the schema does
not have (clients of other releases declare them) fit everything, and what is inside input objects is the planner's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLNamedType,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    TypeNode,
    VariableDefinitionNode,
    is_input_object_type,
    is_leaf_type,
    print_ast,
    specified_scalar_types,
)

from config.errors import GraphqlValidation, listed, shortened
from config.http.rendering import dumps
from metadata.fieldtypes.uuid import is_uuid

FindType = Callable[[str], GraphQLNamedType | None]


def check_variables(
    declared: Iterable[VariableDefinitionNode], given: Mapping[str, object], find_type: FindType
) -> None:
    """Raise GraphqlValidation naming the variables that are missing, null or of another type than declared."""
    faults = []
    for each in declared:
        name = each.variable.name.value
        if name not in given:
            if isinstance(each.type, NonNullTypeNode) and each.default_value is None:
                faults.append(f'Variable "${name}" of required type "{print_ast(each.type)}" was not provided.')
            continue
        reason = _misfit(given[name], each.type, find_type)
        if reason is not None:
            faults.append(
                f'Variable "${name}" got invalid value {shortened(dumps(given[name]).decode(), 100)}; {reason}'
            )
    if faults:
        first, *others = listed(faults)
        raise GraphqlValidation(first, others=[GraphqlValidation(each) for each in others])


def _misfit(value: object, of_type: TypeNode, find_type: FindType) -> str | None:
    """Why the value is none of that type; None when it may be one."""
    if isinstance(of_type, NonNullTypeNode):
        if value is None:
            return f'Expected non-nullable type "{print_ast(of_type)}" not to be None.'
        return _misfit(value, of_type.type, find_type)
    if value is None:
        return None
    if isinstance(of_type, ListTypeNode):
        items = value if isinstance(value, list) else [value]  # one alone is a list of it
        reasons = (_misfit(item, of_type.type, find_type) for item in items)
        return next((reason for reason in reasons if reason is not None), None)
    assert isinstance(of_type, NamedTypeNode)
    name = of_type.name.value
    named: Any = find_type(name) or specified_scalar_types.get(name)
    if name == "UUID":
        return None if is_uuid(value) else 'Expected type "UUID".'
    if named is not None and is_leaf_type(named):
        try:
            named.parse_value(value)
        except GraphQLError as fault:
            return fault.message.replace("'", '"')  # as `config.http.graphql_errors` has it
    elif named is not None and is_input_object_type(named) and not isinstance(value, Mapping | list):
        return f'Expected type "{name}" to be an object.'
    return None
