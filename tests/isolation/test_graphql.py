"""North's key on every root field of both GraphQL APIs, with South's ids wherever an argument takes one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
)

from tests.isolation.scene import Side, leaks, state

TAKES_ID = {"UUID", "ID", "String"}
PLAIN = {
    "Boolean": True,
    "Int": 1,
    "Float": 1.0,
    "JSON": {},
    "RawJSONScalar": {},
    "DateTime": "2099-01-01T00:00:00.000Z",
}


def value_of(kind: Any, sent: str, depth: int = 0, *, everything: bool = True) -> Any:
    """A value for an argument in which every id is `sent`; the members of inputs that are required, or all."""
    if isinstance(kind, GraphQLNonNull):
        return value_of(kind.of_type, sent, depth, everything=everything)
    if isinstance(kind, GraphQLList):
        return [value_of(kind.of_type, sent, depth, everything=everything)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        members = {}
        for name, member in kind.fields.items():
            is_required = isinstance(member.type, GraphQLNonNull)
            takes_id = get_named_type(member.type).name in TAKES_ID and name.lower().endswith(("id", "ids"))
            opens = isinstance(get_named_type(member.type), GraphQLInputObjectType) and depth < 2 and name in (
                "input", "update", "object", "field", "where", "connect", "id", "data", "paging", "filter",
            )  # fmt: skip
            if is_required or (everything and (takes_id or opens)):
                members[name] = value_of(member.type, sent, depth + 1, everything=everything)
        return members
    return sent if kind.name in TAKES_ID else PLAIN.get(kind.name, "1")


def selection_of(kind: Any, depth: int = 0) -> str:
    """All members of an answer without required arguments, two levels deep."""
    named = get_named_type(kind)
    if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        return ""
    parts = []
    for name, member in named.fields.items():
        if any(isinstance(each.type, GraphQLNonNull) for each in member.args.values()):
            continue
        inner = get_named_type(member.type)
        if not isinstance(inner, GraphQLObjectType | GraphQLInterfaceType):
            parts.append(name)
        elif depth < 2:
            parts.append(name + selection_of(inner, depth + 1))
    return " { " + " ".join([*parts, "__typename"]) + " }"


def requests_of(kind: str, name: str, field: GraphQLField, sent: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The root field with all its arguments that may hold an id, and with only the required ones."""
    for everything in (True, False):
        values = {}
        for argument, each in field.args.items():
            takes_id = get_named_type(each.type).name in TAKES_ID and argument.lower().endswith(("id", "ids"))
            is_input = isinstance(get_named_type(each.type), GraphQLInputObjectType) and argument in (
                "input", "filter", "data", "where",
            )  # fmt: skip
            if isinstance(each.type, GraphQLNonNull) or (everything and (takes_id or is_input)):
                values[argument] = value_of(each.type, sent, everything=everything)
        declared = ", ".join(f"${argument}: {field.args[argument].type}" for argument in values)
        passed = ", ".join(f"{argument}: ${argument}" for argument in values)
        head = f"{kind} ({declared})" if values else kind
        call = f"{name}({passed})" if values else name
        yield f"{head} {{ {call}{selection_of(field.type)} }}", values


def schema_of(side: Side, path: str) -> GraphQLSchema:
    return build_client_schema(side.api.data(get_introspection_query(), path=path))


@pytest.mark.parametrize("path", ["/metadata", "/graphql"])
@pytest.mark.parametrize("kind", ["query", "mutation"])
def test_every_root_field(north: Side, south: Side, path: str, kind: str) -> None:
    schema = schema_of(north, path)
    roots = (schema.query_type if kind == "query" else schema.mutation_type).fields  # type: ignore[union-attr]
    if path == "/graphql":  # of each object the same fields; ours are enough
        roots = {name: field for name, field in roots.items() if "lanet" in name or "oon" in name or name == "search"}
    assert len(roots) > 5
    before = state(south.workspace)
    executed = set()
    for name, field in roots.items():
        takes_any = bool(field.args)
        for sent in sorted(set(south.ids.values())) if takes_any else ["-"]:
            for query, variables in requests_of(kind, name, field, sent):
                with transaction.atomic():
                    answer = north.api.graphql(query, variables, path)
                    transaction.set_rollback(True)
                shown = json.dumps(answer.body, ensure_ascii=False)
                assert leaks(south, shown, json.dumps(variables)) == [], (name, variables)
                assert answer.status < 500
                codes = {error["extensions"].get("code") for error in answer.body.get("errors", ())}
                assert "INTERNAL_SERVER_ERROR" not in codes, (name, variables, answer.body)
                if "GRAPHQL_VALIDATION_FAILED" not in codes:
                    executed.add(name)
    assert state(south.workspace) == before
    assert len(executed) > 0.9 * len(roots), sorted(set(roots) - executed)


BY_ID = {
    "planet": "query ($id: UUID) { planet(filter: {id: {eq: $id}}) { id name } }",
    "updatePlanet": 'mutation ($id: UUID!) { updatePlanet(id: $id, data: {name: "Taken"}) { id } }',
    "deletePlanet": "mutation ($id: UUID!) { deletePlanet(id: $id) { id } }",
    "destroyPlanet": "mutation ($id: UUID!) { destroyPlanet(id: $id) { id } }",
    "restorePlanet": "mutation ($id: UUID!) { restorePlanet(id: $id) { id } }",
}


@pytest.mark.parametrize("query", BY_ID.values(), ids=BY_ID)
def test_a_record_of_another_workspace_is_not_found(north: Side, south: Side, query: str) -> None:
    before = state(south.workspace)
    answer = north.api.graphql(query, {"id": south.ids["planet"]})
    [value] = (answer.body["data"] or {"": None}).values()
    assert value is None
    assert answer.body["errors"][0]["message"] == "Record not found"
    assert state(south.workspace) == before
