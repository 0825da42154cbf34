"""GraphQL documents made from a schema as introspection shows it, with arguments of all kinds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_required_argument,
)

from tests.fuzz.values import Chance

MOST_MEMBERS = 6
SKIPPED = {"deleteCurrentWorkspace"}  # nothing would be left to ask


HARD = frozenset(("after", "before", "viewId", "orderBy", "last"))  # to guess


class Documents:
    """Draws requests (`{"query": …, "variables": …}`) to one endpoint."""

    def __init__(self, chance: Chance, schema: GraphQLSchema) -> None:
        self.chance = chance
        self.schema = schema
        self.variables: dict[str, tuple[str, Any]] = {}
        self.is_whole = False

    def draw(self) -> dict[str, Any]:
        chance, self.variables = self.chance, {}
        self.is_whole = chance.likely(0.05)
        is_mutation = self.schema.mutation_type is not None and chance.likely(0.5)
        root = self.schema.mutation_type if is_mutation else self.schema.query_type
        assert root is not None
        names = [name for name in root.fields if name not in SKIPPED and (chance.is_wild or name != "currentUser")]
        roots = [
            self.field(name, root.fields[name], 0)
            for name in chance.sample(names, chance.choice((1, 1, 1, 2, 3)) if chance.is_wild else 1)
        ]
        if chance.is_wild and chance.likely(0.03):
            roots.append(
                chance.choice(("__typename", "__schema { types { name } }", "nothing", "{", "...x", "\0", "#\ud800"))
            )
        text = " ".join(roots)
        if chance.likely(0.05):
            text = f"...f }} fragment f on {root.name} {{ {text}"
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self.variables.items())
        head = ("mutation" if is_mutation else "query") + (f" ({declared})" if declared else "")
        request: dict[str, Any] = {"query": f"{head} {{ {text} }}"}
        if self.variables or chance.likely(0.1):
            request["variables"] = {name: value for name, (_, value) in self.variables.items()}
        return chance.spoilt(request, 0.02)

    def field(self, name: str, field: GraphQLField, depth: int) -> str:
        chance = self.chance
        given = {}
        for argument, described in field.args.items():
            if argument in HARD and not chance.is_wild:
                continue
            is_needed = isinstance(described.type, GraphQLNonNull) and described.default_value is Undefined
            if chance.likely(0.99 if is_needed else 0.35 if depth == 0 and self.chance.is_wild else 0.1):
                given[argument] = self.argument(name if argument in ("id", "input") else argument, described)
        if chance.is_wild and chance.likely(0.02):
            given[chance.choice(("first", "nothing", "id"))] = chance.choice(("1", "null", '"x"'))
        alias = f"a{chance.randrange(9)}: " if chance.likely(0.05) else ""
        arguments = "(" + ", ".join(f"{key}: {value}" for key, value in given.items()) + ")" if given else ""
        return f"{alias}{name}{arguments}{self.selection(field, depth)}"

    def selection(self, field: GraphQLField, depth: int) -> str:
        of_type = get_named_type(field.type)
        if not isinstance(of_type, GraphQLObjectType):
            return ""
        if self.is_whole and depth < 3:
            return self.whole(of_type, depth)
        leaves = [n for n, f in of_type.fields.items() if not isinstance(get_named_type(f.type), GraphQLObjectType)]
        nested = [n for n in of_type.fields if n not in leaves]
        chosen = self.chance.sample(leaves, min(len(leaves), self.chance.randrange(1, MOST_MEMBERS)))
        deep = depth < 4 and nested and self.chance.likely(0.7)
        if deep:
            wanted = [each for each in ("edges", "node") if each in nested] or nested
            chosen.append(self.chance.choice(wanted if self.chance.likely(0.7) else nested))
        members = [
            self.field(each, of_type.fields[each], depth + 1) if each in nested else each for each in chosen
        ] or ["__typename"]
        return " { " + " ".join(members) + " }"

    def whole(self, of_type: GraphQLObjectType, depth: int) -> str:
        """Every member, as clients select that were generated from the schema; of related things their plain ones."""
        chosen = ["__typename"]
        for name, field in of_type.fields.items():
            if not isinstance(get_named_type(field.type), GraphQLObjectType):
                chosen.append(name)
            elif depth < 2 and not any(map(is_required_argument, field.args.values())):
                chosen.append(name + self.selection(field, depth + 1 if name not in ("edges", "node") else depth))
        return " { " + " ".join(chosen) + " }"

    def argument(self, name: str, described: GraphQLArgument) -> str:
        value = self.chance.spoilt(self.value(name, described.type, 0), 0.35)
        if self.chance.likely(0.5):
            variable = f"v{len(self.variables)}"
            self.variables[variable] = (
                str(described.type) if not self.chance.is_wild or self.chance.likely(0.95) else "JSON",
                value,
            )
            return f"${variable}"
        return literal(value)

    def value(self, name: str, of_type: Any, depth: int) -> Any:
        """A value that the type takes, of which a good half makes sense."""
        chance = self.chance
        if isinstance(of_type, GraphQLNonNull):
            return self.value(name, of_type.of_type, depth)
        if isinstance(of_type, GraphQLList):
            return [self.value(name, of_type.of_type, depth + 1) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
        if isinstance(of_type, GraphQLEnumType):
            return Name(chance.choice(list(of_type.values)))
        if isinstance(of_type, GraphQLInputObjectType):
            return self.members(of_type.name, of_type.fields, depth, name)
        match of_type.name:
            case "Boolean":
                return chance.likely(0.5)
            case "Int":
                return chance.choice((1, 2, 3, 60)) if not chance.is_wild or chance.likely(0.5) else chance.number()
            case "Float" | "BigInt" | "BigFloat" | "Position":
                return chance.number()
            case "UUID" | "ID":
                return chance.id(name)
            case "DateTime" | "Date" if not chance.is_wild:
                return "2024-05-06T07:08:09Z" if of_type.name == "DateTime" else "2024-05-06"
            case "JSON" | "RawJSONScalar" | "RawJson":
                return chance.hostile()
        return chance.id(name) if name.lower().endswith("id") and chance.likely(0.8) else chance.text()

    def members(self, kind: str, fields: Mapping[str, Any], depth: int, about: str) -> dict[str, Any]:
        chance = self.chance
        needed = [name for name, each in fields.items() if isinstance(each.type, GraphQLNonNull)]
        if depth > 5:
            return {}
        if (
            not chance.is_wild
            and len(needed) == 0
            and kind.endswith(("Filter", "FilterInput", "GroupByInput", "OrderByInput"))
        ):
            needed = [chance.choice([each for each in fields if each not in ("and", "or", "not")])]
            return {each: self.value(each, fields[each].type, depth + 1) for each in needed}
        more = chance.sample(
            list(fields), min(len(fields), chance.randrange(1, 4 if depth or not chance.is_wild else 6))
        )
        chosen = dict.fromkeys((*needed, *more))
        return {name: self.value(about if name == "id" else name, fields[name].type, depth + 1) for name in chosen}


class Name(str):
    """An enum's value, which a literal writes without quotes."""

    __slots__ = ()


def literal(value: Any) -> str:
    match value:
        case Name():
            return str(value)
        case dict():
            members = (f"{key}: {literal(each)}" for key, each in value.items() if key.isidentifier() and key.isascii())
            return "{" + ", ".join(members) + "}"
        case list():
            return "[" + ", ".join(map(literal, value)) + "]"
        case str():
            return json.dumps(value)
    return json.dumps(value)
