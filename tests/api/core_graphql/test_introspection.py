"""What the record schema says of itself, and that graphql-core's own executor gives the same answers."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, graphql_sync, print_schema, validate_schema

from core.graphql.answer import record_api
from tests.factories import Api, add_field, add_object, api_of, principal_of, workspace_with

BOX: dict[str, Any] = {
    "nameSingular": "box",
    "namePlural": "boxes",
    "labelSingular": "Box",
    "fields": [{"type": "NUMBER", "name": "size"}, {"type": "ADDRESS", "name": "place", "description": "Where it is"}],
}


def test_introspection_gives_a_valid_schema(api: Api) -> None:
    answer = api.graphql(get_introspection_query())
    schema = build_client_schema(answer.body["data"])
    assert validate_schema(schema) == []
    assert next(iter(answer.body["data"]["__schema"]["types"]))["name"] == "Query"
    assert "type Person {" in print_schema(schema)
    assert api.graphql(get_introspection_query()).body == answer.body


def test_a_type_by_name_beside_records_and_with_variables(db: None) -> None:
    api = api_of(workspace_with([BOX]))
    data = api.data(
        """query ($name: String!) { it: __type(name: $name) { name description fields { name description type { name } } }
             boxes { totalCount } none: __type(name: "Nothing") { name } __typename }""",
        {"name": "Address"},
    )
    assert list(data) == ["it", "boxes", "none", "__typename"]
    assert data["it"]["fields"][0] == {
        "name": "addressStreet1",
        "description": data["it"]["fields"][0]["description"],
        "type": {"name": "String"},
    }
    assert (data["none"], data["boxes"], data["__typename"]) == (None, {"totalCount": 0}, "Query")
    other = api.data("query ($name: String!) { __type(name: $name) { name } }", {"name": "Box"})
    assert other == {"__type": {"name": "Box"}}


def test_a_change_of_the_data_model_shows_at_once(db: None) -> None:
    workspace = workspace_with()
    api = api_of(workspace)
    asked = "{ boxes { edges { node { size } } } }"
    assert "errors" in api.graphql(asked).body
    box = add_object(workspace, **BOX)
    assert api.data(asked) == {"boxes": {"edges": []}}
    color = "{ boxes { edges { node { color } } } }"
    assert api.graphql(color).body["errors"][0]["message"] == 'Cannot query field "color" on type "Box".'
    add_field(workspace, box, "TEXT", "color")
    assert api.data(color) == {"boxes": {"edges": []}}


DOCUMENTS: list[tuple[str, dict[str, Any]]] = [
    (
        """query ($f: PersonFilterInput, $n: Int = 3) { all: people(filter: $f, first: $n, orderBy: [{createdAt: AscNullsLast}]) {
             totalCount countEmptyJobTitle edges { c: cursor node { id n: name { firstName __typename } ...More } }
             pageInfo { hasNextPage endCursor } } companies { totalCount } __typename }
           fragment More on Person { company { name people(first: 1) { edges { node { id } } totalCount } } createdAt
             createdBy { source name } emails { primaryEmail additionalEmails } }""",
        {"f": {"company": {"name": {"is": "NOT_NULL"}}}},
    ),
    ('{ person(filter: {emails: {primaryEmail: {ilike: "%a%"}}}) { id name { lastName } } }', {}),
    ('{ none: person(filter: {jobTitle: {eq: "nobody"}}) { id } people(first: 0) { totalCount } }', {}),
]


@pytest.mark.parametrize(("text", "variables"), DOCUMENTS, ids=["connection", "one", "failing"])
def test_compiled_answers_equal_those_of_the_executor(
    workspace: Any, api: Api, text: str, variables: dict[str, Any]
) -> None:
    compiled = api.graphql(text, variables).body
    principal = principal_of(workspace)
    records = record_api(principal)
    context = {"principal": principal, "schema": records.schema}
    executed = graphql_sync(records.graphene.graphql_schema, text, context_value=context, variable_values=variables)
    assert executed.data == compiled["data"]
    assert [error.message for error in executed.errors or ()] == [
        error["message"] for error in compiled.get("errors", ())
    ]
