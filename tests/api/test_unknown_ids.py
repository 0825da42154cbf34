"""An id that nothing has: every route and root field that takes one says so, in the shape and with the code of its API.

Routes are those of the OpenAPI documents, root fields those of the schemas; where the contract answers otherwise,
it stands below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from core.graphql.schema import build_schema
from metadata import services as data_model
from metadata.cache import current_schema
from metadata.graphql.schema import schema as metadata_schema
from metadata.models import Workspace
from tests.api_client import Answer
from tests.factories import Api, add_object, api_of, workspace_with
from tests.security.test_every_route_asks import NOWHERE, root_fields

pytestmark = pytest.mark.django_db
OTHER = NOWHERE.replace("8", "9")
METHODS = ("get", "post", "put", "patch", "delete")
PLURAL, SINGULAR = "rockets", "rocket"
RECORD = (404, "NotFoundException", ["Record not found"], "RECORD_NOT_FOUND")

BODIES: Mapping[str, Any] = {  # of routes of the metadata document that need more than `{}`
    "/fields/{id}/changeType": {"type": "NUMBER"},
    "/webhooks/{id}/recover": {"since": "2026-01-01T00:00:00Z"},
}
OF_ROUTES: Mapping[str, tuple[str, str]] = {  # by the end of a path: what is not found, and its code
    "objects": ("Object metadata", "OBJECT_METADATA_NOT_FOUND"),
    "fields": ("Field metadata", "FIELD_METADATA_NOT_FOUND"),
    "files": (f"There is no file with id {NOWHERE}", "NOT_FOUND"),
    "webhooks": ("Webhook", "NOT_FOUND"),
    "webhookDeliveries": ("Delivery", "NOT_FOUND"),
    "apiKeys": (f"API Key with id {NOWHERE}", "NOT_FOUND"),
}
# As the reference does (contract, access-webhooks-docs.md and observed.md §10): no such key or webhook is no error.
ANSWER_NOTHING = {
    "GET /webhooks/{id}",
    "GET /apiKeys/{id}",
    "PATCH /apiKeys/{id}",
    "PUT /apiKeys/{id}",
    "DELETE /apiKeys/{id}",
}
# A null or an empty list is the answer (contract, metadata.md §3): `getView…`, and what is filtered by an id.
ANSWER_NULL = re.compile(
    r"getView(?!s)\w*|webhook|apiKey|updateApiKey|revokeApiKey|objects|fields|indexMetadatas|getView\w*s"
)
# What is refused before its id is looked for: nothing that `call` makes up is a right input of it.
REFUSED_EARLIER = {
    "createOneObject", "createOneField", "createOneIndex", "updateLabPublicFeatureFlag", "uploadFilesFieldFile",
    "uploadFilesFieldFileByUniversalIdentifier", "upsertFieldsWidget", "createWebhook", "createApiKey",
    "getLoginTokenFromCredentials", "getAuthTokensFromLoginToken", "renewToken", "createOneRole",
}  # fmt: skip


@pytest.fixture(scope="module")
def workspace(uncommitted: None) -> Workspace:
    made = workspace_with()
    rocket = add_object(made, SINGULAR, PLURAL)
    data_model.object_update(workspace_id=made.id, object_id=rocket.id, update={"duplicateCriteria": [["name"]]})
    made.refresh_from_db()
    return made


@pytest.fixture
def api(workspace: Workspace) -> Api:
    return api_of(workspace)


def told(answer: Answer) -> tuple[Any, ...]:
    assert {"statusCode", "error", "messages", "code", "requestId"} <= set(answer.body), answer.body
    return answer.status, answer.body["error"], answer.body["messages"], answer.body["code"]


def operations(api: Api, document: str) -> Iterator[tuple[str, str]]:
    for path, methods in api.get(f"/rest/open-api/{document}").body["paths"].items():
        yield from ((method.upper(), path) for method in methods if method in METHODS)


def test_records_over_rest(api: Api) -> None:
    asked = set()
    for method, path in operations(api, "core"):
        if not path.startswith((f"/{PLURAL}/", f"/restore/{PLURAL}/")):
            continue
        is_merge = path.endswith("/merge")
        if "{id}" not in path and not is_merge:
            continue
        body = {"ids": [NOWHERE, OTHER], "conflictPriorityIndex": 0} if is_merge else {"name": "x"}
        for query in ("", "?soft_delete=true", "?depth=0"):
            address = f"/rest{path.replace('{id}', NOWHERE)}{query}"
            answer = api.request(method, address, None if method in ("GET", "DELETE") else body)
            assert told(answer) == RECORD, (method, address, answer.body)
        asked.add(f"{method} {path}")
    assert asked >= {
        "GET /rockets/{id}",
        "PATCH /rockets/{id}",
        "DELETE /rockets/{id}",
        "PATCH /rockets/{id}/restore",
        "PATCH /restore/rockets/{id}",
        "PATCH /rockets/merge",
        "GET /rockets/{id}/history",
    }
    # To ask for duplicates of what is not there, or to change all that fits where nothing does, is no mistake.
    assert api.post("/rest/rockets/duplicates", {"ids": [NOWHERE]}).body == {"data": []}
    for method, path in (("PATCH", "rockets"), ("DELETE", "rockets"), ("PATCH", "restore/rockets")):
        answer = api.request(method, f"/rest/{path}?filter=id[eq]:{NOWHERE}", {"name": "x"})
        [found] = answer.body["data"].values()
        assert (answer.status, found) == (200, []), (method, path, answer.body)


def test_a_part_of_a_merge_that_is_missing_changes_nothing(api: Api) -> None:
    kept = api.post("/rest/rockets", {"name": "Kept"}).body["data"]["createRocket"]["id"]
    for ids in ([kept, NOWHERE], [NOWHERE, kept]):
        for dry_run in (True, False):
            body = {"ids": ids, "conflictPriorityIndex": 0, "dryRun": dry_run}
            assert told(api.patch("/rest/rockets/merge", body)) == RECORD
            query = (
                f'mutation {{ mergeRockets(ids: ["{ids[0]}", "{ids[1]}"], conflictPriorityIndex: 0,'
                f" dryRun: {str(dry_run).lower()}) {{ id }} }}"
            )
            [error] = api.graphql(query).body["errors"]
            assert (error["message"], error["extensions"]["code"]) == ("One or more records not found", "NOT_FOUND")
    assert [each["name"] for each in api.records("/rest/rockets")] == ["Kept"]


def test_records_over_graphql(workspace: Workspace, api: Api) -> None:
    asked = set()
    for word, name, call in root_fields(build_schema(current_schema(workspace.id)).graphql_schema):
        if NOWHERE not in call or not re.fullmatch(r"(update|delete|destroy|restore)?[rR]ocket", name):
            continue
        answer = api.graphql(f"{word} {{ {call} }}")
        [error] = answer.body["errors"]
        assert (answer.status, answer.body["data"], error["message"]) == (200, {name: None}, "Record not found"), name
        assert error["extensions"] == {
            "code": "NOT_FOUND",
            "subCode": "RECORD_NOT_FOUND",
            "userFriendlyMessage": "This record does not exist or has been deleted.",
        }
        asked.add(name)
    assert asked == {"rocket", "updateRocket", "deleteRocket", "destroyRocket", "restoreRocket"}


def test_the_metadata_over_rest(api: Api) -> None:
    asked = set()
    for method, path in operations(api, "metadata"):
        if "{id}" not in path:
            continue
        for verb in (method, "PUT") if method == "PATCH" else (method,):
            address = "/rest/metadata" + re.sub(r"\{\w+\}", NOWHERE, path)
            answer = api.request(verb, address, None if verb in ("GET", "DELETE") else BODIES.get(path, {}))
            where = f"{verb} {path}"
            if answer.status == 405 and verb == "PUT":
                continue
            asked.add(where)
            if where in ANSWER_NOTHING:
                assert (answer.status, answer.body) == (200, None), where
                continue
            kind = path.split("/")[1]
            label = re.sub(r"(?<=[a-z])([A-Z])", lambda found: f" {found[1].lower()}", kind).removesuffix("s")
            thing, code = OF_ROUTES.get(kind, (label.capitalize(), "METADATA_NOT_FOUND"))
            is_change_of_field = where in ("PATCH /fields/{id}", "PUT /fields/{id}")  # contract, metadata.md §1
            status = (400, "BadRequestException") if is_change_of_field else (404, "NotFoundException")
            assert (*told(answer)[:2], answer.body["code"]) == (*status, code), (where, answer.body)
            [message] = answer.body["messages"]
            assert re.sub(r" to (update|delete)| metadata| not found", "", message).startswith(
                re.sub(" metadata", "", thing)
            ), (where, message)
    assert asked >= ANSWER_NOTHING - {"PUT /apiKeys/{id}"} and len(asked) > 50


def test_the_metadata_over_graphql(api: Api) -> None:
    asked = set()
    for word, name, call in root_fields(metadata_schema().graphql_schema):
        if NOWHERE not in call or name in REFUSED_EARLIER:
            continue
        answer = api.graphql(f"{word} {{ {call} }}", path="/metadata")
        if ANSWER_NULL.fullmatch(name):
            assert answer.body.get("errors") is None, (name, answer.body)
            assert not answer.body["data"][name] or name in ("objects", "fields", "indexMetadatas"), answer.body
            continue
        [error] = answer.body["errors"]
        code, sub_code = error["extensions"]["code"], error["extensions"].get("subCode")
        assert (answer.status, code, answer.body.get("data")) == (200, "NOT_FOUND", None), (name, answer.body)
        assert error["extensions"]["userFriendlyMessage"] not in ("", "An error occurred."), (name, answer.body)
        for kind, sub_codes in (("Object metadata", "OBJECT"), ("Field metadata", "FIELD"), ("Index", "INDEX")):
            if error["message"].startswith(kind):
                assert sub_code == f"{sub_codes}_METADATA_NOT_FOUND", (name, answer.body)
        asked.add(name)
    assert len(asked) > 50
