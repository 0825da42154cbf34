"""Answers `__schema` and `__type`: what a document asks of the schema, as JSON text.

graphql-core says what each member is; this walks there without its executor. The same types are named
thousands of times in an answer, so what is asked of one is written once; and an answer that grows
beyond all use is refused while it grows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLFieldResolver,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    TypeMetaFieldDef,
    get_named_type,
    get_nullable_type,
    introspection_types,
    is_list_type,
    is_wrapping_type,
)
from graphql.execution.collect_fields import collect_sub_fields
from graphql.execution.values import get_argument_values

from config.errors import GraphqlValidation, TooComplex
from config.http.bounds import MAX
from config.http.graphql_errors import api_error
from config.http.rendering import dumps
from core.graphql.compile import check_mergeable
from core.graphql.literals import Variables

MOST_MEMBERS = 32


@dataclass(frozen=True, slots=True, eq=False)
class _Member:
    """One member of an introspected object: how it is read, and what is asked of it."""

    key: str  # with quotes and colon
    resolve: GraphQLFieldResolver
    arguments: dict[str, Any]
    enum: GraphQLEnumType | None
    is_list: bool
    members: tuple[_Member, ...] | None  # None: a leaf


def introspect(
    schema: GraphQLSchema,
    nodes: Sequence[FieldNode],
    fragments: dict[str, FragmentDefinitionNode],
    variables: Variables,
) -> str:
    """The JSON text of one `__schema` or `__type` field. Raises GraphqlValidation, TooComplex."""
    work = _Introspection(schema, fragments, dict(variables))
    try:
        if nodes[0].name.value == "__schema":
            return work.text(work.members("__Schema", nodes), schema)
        name = get_argument_values(TypeMetaFieldDef, nodes[0], work.variables).get("name")
    except GraphQLError as fault:
        raise api_error(fault) from None
    if not isinstance(name, str):
        raise GraphqlValidation('Argument "name" of type "String!" must be a string.')
    found = schema.get_type(name)
    return "null" if found is None else work.text(work.members("__Type", nodes), found)


def check_introspected(length: int) -> None:
    """Refuse to answer more about the schema in one request than anybody can use."""
    if length > MAX.introspection_chars:
        raise TooComplex(f"The answer about the schema is longer than {MAX.introspection_chars} characters")


@dataclass(frozen=True, slots=True)
class _Counts:
    """How many objects a schema has to tell of: by the name of a list all of it and the longest one."""

    lists: Mapping[str, tuple[int, int]]
    wrapped: Sequence[int]  # types by how many others they stand around at least

    @classmethod
    def of(cls, schema: GraphQLSchema) -> _Counts:
        lengths: dict[str, list[int]] = defaultdict(list)
        layers: dict[int, int] = {}  # by the id of a type

        def see(type_: Any) -> None:
            count, inner = 0, type_
            while is_wrapping_type(inner):
                count, inner = count + 1, inner.of_type
            while count and id(type_) not in layers:
                layers[id(type_)] = count
                count, type_ = count - 1, type_.of_type

        lengths["types"].append(len(schema.type_map))
        lengths["directives"].append(len(schema.directives))
        for directive in schema.directives:
            lengths["args"].append(len(directive.args))
        for named in schema.type_map.values():
            if isinstance(named, GraphQLEnumType):
                lengths["enumValues"].append(len(named.values))
            elif isinstance(named, GraphQLInputObjectType):
                lengths["inputFields"].append(len(named.fields))
                for field in named.fields.values():
                    see(field.type)
            elif isinstance(named, GraphQLObjectType):
                lengths["fields"].append(len(named.fields))
                for output in named.fields.values():
                    see(output.type)
                    lengths["args"].append(len(output.args))
                    for argument in output.args.values():
                        see(argument.type)
        most = max(layers.values(), default=0)
        wrapped = [sum(count >= least for count in layers.values()) for least in range(1, most + 1)]
        return cls({name: (sum(each), max(each)) for name, each in lengths.items()}, wrapped)

    def below(self, name: str, times: int, inner: int) -> int:
        """How many objects stand below the member of that name of so many others, at most."""
        if name == "ofType":
            return min(times, self.wrapped[inner - 1]) if inner <= len(self.wrapped) else 0
        if name in ("interfaces", "possibleTypes"):  # nothing here has any
            return 0
        every, longest = self.lists.get(name, (times, 1))
        return min(every, times * longest)


class _Introspection:
    def __init__(
        self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode], variables: dict[str, Any]
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.info = SimpleNamespace(schema=schema)
        self.counts = _Counts.of(schema)
        self.values = 0  # at most, of the answer
        self.written: dict[tuple[int, int], str] = {}  # by what is asked, and of which type

    def members(
        self, type_name: str, nodes: Sequence[FieldNode], times: int = 1, inner: int = 0
    ) -> tuple[_Member, ...]:
        """What is asked of `times` objects of the type; `inner`: how many `ofType` lead to them."""
        of_type = cast(GraphQLObjectType, introspection_types[type_name])
        collected = collect_sub_fields(self.schema, self.fragments, self.variables, of_type, list(nodes))
        if len(collected) > MOST_MEMBERS:  # nothing there has so many, but aliases
            raise TooComplex(f"At most {MOST_MEMBERS} members of a {type_name} can be asked for, not {len(collected)}")
        self.values += times * len(collected)
        if self.values > MAX.introspection_values:
            raise TooComplex(f"The answer about the schema could have more than {MAX.introspection_values} values")
        return tuple(self.member(of_type, key, group, times, inner) for key, group in collected.items())

    def member(
        self, of_type: GraphQLObjectType, key: str, nodes: Sequence[FieldNode], times: int, inner: int
    ) -> _Member:
        check_mergeable(key, nodes)
        name = nodes[0].name.value
        if name == "__typename":
            return _Member(f'"{key}":', lambda *_: of_type.name, {}, None, False, None)
        definition = of_type.fields[name]
        selected = get_named_type(definition.type)
        inner = inner + 1 if name == "ofType" else 0
        times = self.counts.below(name, times, inner)
        return _Member(
            f'"{key}":',
            cast(GraphQLFieldResolver, definition.resolve),
            get_argument_values(definition, nodes[0], self.variables),
            selected if isinstance(selected, GraphQLEnumType) else None,
            is_list_type(get_nullable_type(definition.type)),
            self.members(selected.name, nodes, times, inner) if isinstance(selected, GraphQLObjectType) else None,
        )

    def text(self, members: tuple[_Member, ...], source: object) -> str:
        """The members of a schema, type, field, argument … as a JSON object."""
        if not isinstance(source, GraphQLType):  # anything else may be gone, its id with another thing
            return self.joined("{", (self.pair(member, source) for member in members), "}")
        known = self.written.get((id(members), id(source)))
        if known is None:
            known = self.joined("{", (self.pair(member, source) for member in members), "}")
            self.written[(id(members), id(source))] = known
        return known

    def pair(self, member: _Member, source: object) -> str:
        value = member.resolve(source, self.info, **member.arguments)
        if value is None:
            return member.key + "null"
        if member.members is None:
            return member.key + dumps(_leaf(member, value)).decode()
        members = member.members
        if member.is_list:
            return self.joined(member.key + "[", (self.text(members, item) for item in value), "]")
        return member.key + self.text(members, value)

    def joined(self, opening: str, pieces: Iterable[str], closing: str) -> str:
        """All of it in one text, which is made once: it can be tens of megabytes."""
        parts = [opening]
        length = 0
        for piece in pieces:
            length += len(piece)
            check_introspected(length)
            parts += (piece, ",")
        if length:
            parts.pop()
        parts.append(closing)
        return "".join(parts)


def _leaf(member: _Member, value: Any) -> object:
    if member.enum is None:
        return value
    return [member.enum.serialize(item) for item in value] if member.is_list else member.enum.serialize(value)
