"""What a path may look like: a slash at its end, a path that nobody serves, and the answer that programs read."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django.test import Client

from tests.factories import Api

MISSING = "00000000-0000-4000-8000-000000000000"


def test_a_slash_at_the_end_changes_nothing(api: Api) -> None:
    """For every route and method: the same status and the same kind of answer as without it."""
    requests: list[tuple[str, str, Any]] = [
        ("GET", "/rest/companies", None),
        ("GET", f"/rest/companies/{MISSING}", None),
        ("DELETE", f"/rest/companies/{MISSING}", None),
        ("PATCH", f"/rest/companies/{MISSING}", {"name": "Ada"}),
        ("POST", "/rest/batch/companies", [{"name": "Ada"}]),
        ("POST", "/rest/companies/duplicates", {"data": [{"name": "Ada"}]}),
        ("GET", "/rest/search", None),
        ("GET", "/rest/metadata/objects", None),
        ("GET", f"/rest/metadata/objects/{MISSING}", None),
        ("GET", "/rest/metadata/fields", None),
        ("PUT", f"/rest/metadata/fields/{MISSING}", {"label": "Ada"}),
        ("POST", "/rest/metadata/webhooks", {"targetUrl": "https://example.com/"}),
        ("GET", "/rest/metadata/webhooks", None),
        ("GET", "/rest/webhooks", None),
        ("GET", "/rest/metadata/apiKeys/me", None),
        ("GET", "/rest/apiKeys", None),
        ("GET", "/rest/metadata/workspace", None),
        ("GET", "/rest/metadata/views", None),
        ("POST", "/graphql", {"query": "{ __typename }"}),
        ("GET", "/graphql", None),
        ("POST", "/metadata", {"query": "{ __typename }"}),
        ("POST", "/metadata", {"query": "{ nothing }"}),
        ("PUT", "/graphql", {"query": "{ __typename }"}),
    ]
    for method, path, body in requests:
        plain = api.request(method, path, body)
        for slashes in ("/", "//"):
            slashed = api.request(method, path + slashes, body)
            assert (slashed.status, type(slashed.body)) == (plain.status, type(plain.body)), (method, path + slashes)


def test_a_slash_loses_no_body_and_no_query(api: Api) -> None:
    made = api.post("/rest/companies/?depth=0", {"name": "Ada"})
    assert (made.status, made.body["data"]["createCompany"]["name"]) == (201, "Ada")
    answer = api.get("/rest/metadata/objects/?limit=2")
    assert len(answer.body["data"]["objects"]) == 2
    packed = gzip.compress(b'{"query":"{ __typename }"}')
    assert api.post("/metadata/", packed, Content_Encoding="gzip").body == {"data": {"__typename": "Query"}}


def test_a_refusal_has_the_shape_of_its_api_with_a_slash_too(api: Api) -> None:
    answer = api.post("/graphql/", b"{}", Content_Encoding="br")
    assert (answer.status, answer.body["errors"][0]["extensions"]["code"]) == (415, "BAD_USER_INPUT")


@pytest.mark.parametrize("path", ["/", "/nothing", "/graphq", "/api/v1/people", "/nothing.json", "/setting"])
def test_an_unknown_path_is_told_to_programs_in_json(client: Any, path: str) -> None:
    for method in ("GET", "POST", "DELETE", "PATCH", "PROPFIND"):
        for accept in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
            answer = client.generic(method, path, b"x", headers=accept)
            assert (answer.status_code, answer["Content-Type"]) == (404, "application/json; charset=utf-8")
            body = answer.json()
            assert (body["statusCode"], body["error"], body["message"]) == (404, "Not Found", f"Cannot {method} {path}")
            assert body["requestId"] == answer["X-Request-Id"]


def test_an_unknown_path_is_told_to_people_on_a_page(client: Any, db: None) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = client.get("/nothing", headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert client.get("/settings/nothing")["Content-Type"] == "text/html; charset=utf-8"
    assert client.get("/rest/metadata/nothing", headers={"Accept": accept})["Content-Type"].startswith(
        "application/json"
    )


def test_a_method_that_a_document_has_not_is_told_in_json(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    for method in ("POST", "PATCH", "DELETE"):
        answer = client.generic(method, "/open-api/core", b"{}", content_type="application/json")
        assert (answer.status_code, answer["Allow"], answer.json()["code"]) == (405, "GET, HEAD", "METHOD_NOT_ALLOWED")
