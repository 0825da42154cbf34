"""What the record schema says of itself, and that graphql-core's own executor gives the same answers."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, graphql_sync, print_schema, validate_schema

from core.graphql import introspection
from core.graphql.answer import record_api
from core.graphql.schema import build_schema
from core.query.scope import Scope
from metadata.cache import load_schema
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


QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "everything": (
        get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
        ),
        {},
    ),
    "types": (
        """query ($deprecated: Boolean, $name: String!) { s: __schema { __typename t: types { k: kind n: name ...Fields }
             mutationType { name } directives { name locations args { name type { ...Named } defaultValue } } }
             __type(name: $name) { ...Fields possibleTypes { name } enumValues(includeDeprecated: true) { name } }
             none: __type(name: "None") { name } }
           fragment Fields on __Type { fields(includeDeprecated: $deprecated) { name isDeprecated type { ...Named } } }
           fragment Named on __Type { kind name ofType { kind name ofType { __typename name } } }""",
        {"deprecated": True, "name": "OrderByDirection"},
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_introspection_equals_that_of_the_executor(workspace: Any, api: Api, name: str) -> None:
    text, variables = QUESTIONS[name]
    principal = principal_of(workspace)
    seen_by = Scope(load_schema(workspace.id, principal.workspace.schema_version), principal)
    schema = build_schema(seen_by.schema, seen_by=seen_by).graphql_schema
    executed = graphql_sync(schema, text, variable_values=variables)
    assert executed.errors is None
    assert api.data(text, variables) == executed.data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ __type { name } }", 'Argument "name" of required type "String!" was not provided.'),
        ("{ __type(name: 1) { name } }", 'Argument "name" has invalid value 1.'),
        ("{ a: __schema { description } b: __schema { description } }", 'Duplicate root resolver: "__schema"'),
        (
            "{ " + "".join(f'a{index}: __type(name: "Query") {{ name }} ' for index in range(21)) + "}",
            "Query too complex - Too many root resolvers requested: 21 - Maximum allowed root resolvers: 20",
        ),
    ],
)
def test_questions_refused(api: Api, text: str, message: str) -> None:
    assert [error["message"] for error in api.graphql(text).body["errors"]] == [message]


def test_an_answer_that_outgrows_all_use_is_refused_while_it_grows(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introspection, "MAX", replace(introspection.MAX, introspection_chars=100_000))
    answer = api.graphql("{ __schema { types { fields { type { fields { name } } } } } }")
    assert answer.body["data"] == {"__schema": None}
    [error] = answer.body["errors"]
    assert error["extensions"]["subCode"] == "TOO_COMPLEX_QUERY"


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


def test_introspection_is_kept_as_gzip_for_clients_that_take_it(db: None) -> None:
    api = api_of(workspace_with(empty=True))
    query = get_introspection_query()

    def ask(**headers: str) -> Any:
        sent = {"Authorization": f"Bearer {api.token}", **headers}
        return api.client.post("/graphql", {"query": query}, content_type="application/json", headers=sent)

    plain, packed = ask(), ask(**{"Accept-Encoding": "gzip, deflate"})
    assert (plain.headers.get("Content-Encoding"), packed.headers["Content-Encoding"]) == (None, "gzip")
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.content) == plain.content
    with_records = api.client.post(
        "/graphql",
        {"query": "{ __schema { queryType { name } } noteTargets { totalCount } }"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {api.token}", "Accept-Encoding": "gzip"},
    )
    assert with_records.json()["data"] == {
        "__schema": {"queryType": {"name": "Query"}},
        "noteTargets": {"totalCount": 0},
    }
    records = api.client.post(
        "/graphql",
        {"query": "{ noteTargets { totalCount } }"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {api.token}", "Accept-Encoding": "gzip"},
    )
    assert records.json() == {"data": {"noteTargets": {"totalCount": 0}}}
