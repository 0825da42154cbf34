"""What the GraphQL-over-HTTP draft asks of a server, for both GraphQL APIs; RFC 9110 for the rest."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from graphql import build_client_schema, get_introspection_query, validate_schema

from tests.factories import Api, api_of, workspace_with

STRICT = "application/graphql-response+json"
TYPENAME = {"query": "{ __typename }"}
ANSWER = {"data": {"__typename": "Query"}}
PATHS = ["/graphql", "/metadata"]


@pytest.fixture
def api(db: None) -> Api:
    return api_of(workspace_with())


@pytest.mark.parametrize("path", PATHS)
def test_media_types_and_utf8(api: Api, path: str) -> None:
    for accept in (
        STRICT,
        "application/json",
        "*/*",
        f"{STRICT}; charset=utf-8",
        "application/graphql-response+json, application/json;q=0.9",
    ):
        answer = api.post(path, TYPENAME, Accept=accept)
        wanted = STRICT if accept.startswith(STRICT) else "application/json"
        assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, ANSWER, f"{wanted}; charset=utf-8")


@pytest.mark.parametrize("path", PATHS)
def test_get_and_post_ask_the_same(api: Api, path: str) -> None:
    text = "query A { a: __typename } query B($s: Boolean!) { b: __typename c: __typename @skip(if: $s) }"
    posted = api.post(path, {"query": text, "operationName": "B", "variables": {"s": True}})
    asked = {"query": text, "operationName": "B", "variables": '{"s": true}', "extensions": "{}"}
    assert (posted.status, posted.body) == (200, {"data": {"b": "Query"}})
    assert api.get(f"{path}?{urlencode(asked)}").body == posted.body
    assert api.get(path).status == 400


@pytest.mark.parametrize("path", PATHS)
def test_parameters_that_are_absent_or_null(api: Api, path: str) -> None:
    for more in (
        {},
        {"variables": None, "operationName": None, "extensions": None},
        {"extensions": {"a": 1}},
        {"unknown": 1},
    ):
        answer = api.post(path, {**TYPENAME, **more})
        assert (answer.status, answer.body) == (200, ANSWER)


@pytest.mark.parametrize("path", PATHS)
def test_parameters_of_another_kind_are_refused(api: Api, path: str) -> None:
    others: dict[str, list[Any]] = {
        "query": [{}, 0, False, [], None, ""],
        "operationName": [{}, 0, False, []],
        "variables": ["x", 0, False, []],
        "extensions": ["x", 0, False, []],
    }
    wrong = [{**TYPENAME, name: value} for name, values in others.items() for value in values]
    for accept in (STRICT, "application/json"):
        answers = [api.post(path, body, Accept=accept) for body in wrong]
        assert [answer.status for answer in answers] == [400] * len(wrong)
        assert all("data" not in answer.body and len(answer.body["errors"]) == 1 for answer in answers)


@pytest.mark.parametrize("path", PATHS)
def test_documents_that_are_not_executed_have_a_status_of_their_own(api: Api, path: str) -> None:
    for text in ("{", "{ __typename", "{ nothingOfThisName }", "query A { __typename } query B { __typename }"):
        answer = api.post(path, {"query": text}, Accept=STRICT)
        assert answer.status == 400
        assert "data" not in answer.body
        assert answer.headers["Content-Type"] == f"{STRICT}; charset=utf-8"


@pytest.mark.parametrize("path", PATHS)
def test_no_json_is_refused(api: Api, path: str) -> None:
    for body in (b'{ "not a JSON', b"[1]", b'"x"', b"1", b"\xff"):
        assert api.post(path, body).status == 400


@pytest.mark.parametrize("path", PATHS)
def test_get_never_writes(api: Api, path: str) -> None:
    text = "mutation { __typename }"
    answer = api.get(f"{path}?{urlencode({'query': text})}")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert api.post(path, {"query": text}).body == {"data": {"__typename": "Mutation"}}


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_refused(api: Api, path: str) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        answer = api.request(method, path, TYPENAME)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")
        assert [each["message"] for each in answer.body["errors"]] == ["GraphQL only supports GET and POST requests."]


@pytest.mark.parametrize("path", PATHS)
def test_clients_can_build_the_schema_from_a_live_introspection(workspace: Any, path: str) -> None:
    text = get_introspection_query(specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True)
    answer = api_of(workspace).graphql(text, path=path)
    assert validate_schema(build_client_schema(answer.body["data"])) == []
