"""What a path may look like: a slash at its end, a path that nobody serves, and the answer that programs read."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.factories import Api, api_of
from tests.openapi.model import model_workspace

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


@pytest.mark.parametrize("name", ["core", "metadata"])
def test_every_path_of_the_documents_takes_a_slash(db: None, name: str) -> None:
    """With every method: what is read is answered the same, what is written too, each time from the same start."""
    api = api_of(model_workspace())
    kept = api.post("/rest/gadgets", {"name": "Kept"}).body["data"]["createGadget"]["id"]
    object_id = next(
        each["id"]
        for each in api.get("/rest/metadata/objects?limit=200").body["data"]["objects"]
        if each["nameSingular"] == "gadget"
    )
    document = api.get(f"/rest/open-api/{name}").body
    base = "/rest" if name == "core" else "/rest/metadata"
    asked = 0
    for path, methods in document["paths"].items():
        if name == "core" and not {"gadgets", "parts"} & set(path.split("/")) and path != "/search":
            continue
        for method in set(methods) & {"get", "post", "put", "patch", "delete"}:
            for id in (kept if name == "core" else object_id, MISSING):
                address = base + re.sub(r"\{\w+\}", id, path)
                body = None if method in ("get", "delete") else {"name": "x"}
                answers = [_undone(api, method.upper(), address + slash, body) for slash in ("", "/", "//")]
                assert answers[1] == answers[0] == answers[2], (method, address, answers)
                asked += 1
    assert asked > 25


def _undone(api: Api, method: str, path: str, body: Any) -> tuple[int, str, Any]:
    """The answer to a request whose changes are taken back: status, media type, and what does not differ each time."""
    with transaction.atomic():
        headers = {"Authorization": f"Bearer {api.token}"}
        content = b"" if body is None else json.dumps(body).encode()
        media = "application/json" if body is not None else ""
        answer = api.client.generic(method, path, content, media, headers=headers)
        text = answer.getvalue().decode()
        transaction.set_rollback(True)
    return answer.status_code, answer.get("Content-Type", ""), _CHANGES_EACH_TIME.sub("…", text)


# Ids and moments of what is made, request ids, secrets and tokens.
_CHANGES_EACH_TIME = re.compile(
    r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|"requestId":"[0-9a-f]+"|\d{4}-\d\d-\d\dT[\d:.]+Z|"secret":"[^"]+"'
    r'|"(token|id)":"[^"]+"|"position":-?[\d.]+'
)


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
