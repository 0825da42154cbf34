"""Values as they are written in a document → JSON values, which stay raw: the planner checks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from config.errors import TooComplex
from config.http.rendering import LongFraction

Variables = Mapping[str, object]
MISSING: object = object()  # a variable without a value: as if what holds it were not written


def literal(node: ValueNode, variables: Variables) -> object:
    """The JSON value of a literal; enum values are their names. A member without a value is left out."""
    match node:
        case VariableNode():
            return variables.get(node.name.value, MISSING)
        case ObjectValueNode():
            members = ((each.name.value, literal(each.value, variables)) for each in node.fields)
            return {name: value for name, value in members if value is not MISSING}
        case ListValueNode():
            values = (literal(each, variables) for each in node.values)
            return [None if value is MISSING else value for value in values]
        case IntValueNode():
            return _integer(node.value)
        case FloatValueNode():
            return LongFraction.read(node.value)
        case StringValueNode() | EnumValueNode() | BooleanValueNode():
            return node.value
        case NullValueNode():
            return None
    raise TypeError(f"unknown kind of value: {node.kind}")


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # longer than the interpreter converts
        raise TooComplex("A number has too many digits") from None


def variables_of(node: ValueNode) -> Iterator[str]:
    """Names of the variables a value mentions."""
    match node:
        case VariableNode():
            yield node.name.value
        case ObjectValueNode():
            for member in node.fields:
                yield from variables_of(member.value)
        case ListValueNode():
            for item in node.values:
                yield from variables_of(item)


Reader = Callable[[Variables], object]


def reader(node: ValueNode) -> Reader:
    """What gives the argument's value for a request's variables."""
    if isinstance(node, VariableNode):
        name = node.name.value
        return lambda variables: variables.get(name, MISSING)
    if not any(variables_of(node)):
        value = literal(node, {})
        return lambda _variables: value
    return lambda variables: literal(node, variables)
