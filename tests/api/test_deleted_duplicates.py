"""A unique value that a soft-deleted record has: the refusal says so, and what it names can be read and brought back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import Api, api_of, workspace_with

pytestmark = pytest.mark.django_db

CREATE = "mutation ($d: RocketCreateInput!) { createRocket(data: $d) { id } }"


@pytest.fixture
def api(db: None) -> Api:
    fields = [{"type": "TEXT", "name": "code", "label": "Code", "isUnique": True}]
    return api_of(workspace_with([{"nameSingular": "rocket", "namePlural": "rockets", "fields": fields}]))


@pytest.fixture
def deleted(api: Api) -> dict[str, Any]:
    made = api.post("/rest/rockets", {"code": "x"}).body["data"]["createRocket"]["id"]
    found: dict[str, Any] = api.delete(f"/rest/rockets/{made}?soft_delete=true").body["data"]["deleteRocket"]
    return found


def test_rest_names_the_deleted_record_and_what_to_do(api: Api, deleted: dict[str, Any]) -> None:
    other = api.post("/rest/rockets", {"code": "y"}).body["data"]["createRocket"]["id"]
    for method, path, body in (
        ("POST", "/rest/rockets", {"code": "x"}),
        ("POST", "/rest/batch/rockets", [{"code": "z"}, {"code": "x"}]),
        ("PATCH", f"/rest/rockets/{other}", {"code": "x"}),
        ("POST", "/rest/rockets", {"id": deleted["id"]}),
    ):
        answer = api.request(method, path, body)
        assert (answer.status, answer.body["messages"]) == (400, ["A duplicate entry was detected"])
        assert (answer.body["recordId"], answer.body["recordDeletedAt"]) == (deleted["id"], deleted["deletedAt"])
        assert f"/rest/restore/rockets/{deleted['id']}" in answer.body["hint"]
        assert "destroyRocket" in answer.body["hint"]
    assert [each["code"] for each in api.get("/rest/rockets").body["data"]["rockets"]] == ["y"]


def test_graphql_names_the_deleted_record_and_what_to_do(api: Api, deleted: dict[str, Any]) -> None:
    [error] = api.graphql(CREATE, {"d": {"code": "x"}}).body["errors"]
    assert error["message"] == "A duplicate entry was detected"
    more = error["extensions"]
    assert (more["conflictingRecordId"], more["conflictingRecordDeletedAt"], more["conflictingObjectNameSingular"]) == (
        deleted["id"], deleted["deletedAt"], "rocket",
    )  # fmt: skip
    assert more["userFriendlyMessage"] == "A deleted Rocket has this Code already. Restore it, or destroy it for good."


def test_the_advice_works(api: Api, deleted: dict[str, Any]) -> None:
    hint = api.post("/rest/rockets", {"code": "x"}).body["hint"]
    query = hint.rpartition("read it with ")[2].rstrip(".")
    found = api.get(f"/rest/rockets?{query}").body["data"]["rockets"]
    assert [(each["id"], each["deletedAt"]) for each in found] == [(deleted["id"], deleted["deletedAt"])]
    assert api.patch(f"/rest/restore/rockets/{deleted['id']}").status == 200
    answer = api.post("/rest/rockets", {"code": "x"})
    assert answer.body["recordId"] == deleted["id"]
    assert "recordDeletedAt" not in answer.body and "hint" not in answer.body
    assert api.delete(f"/rest/rockets/{deleted['id']}").status == 200
    assert api.post("/rest/rockets", {"code": "x"}).status == 201


def test_an_upsert_brings_it_back(api: Api, deleted: dict[str, Any]) -> None:
    answer = api.post("/rest/rockets?upsert=true", {"code": "x", "name": "Back"})
    assert answer.status == 201
    assert api.get(f"/rest/rockets/{deleted['id']}").body["data"]["rocket"]["name"] == "Back"
