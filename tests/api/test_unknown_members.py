"""Members that no form of the contract names are refused by name: whoever sends one believes that it does something."""

from __future__ import annotations

from typing import Any

from apikeys.models import ApiKey, Role
from tests.api_client import Answer
from tests.factories import Api, api_of
from webhooks.models import Webhook

HOOK = {"targetUrl": "https://example.com/"}


def refused(answer: Answer, message: str, hint: str | None) -> None:
    assert (answer.status, answer.body["code"], answer.body["messages"]) == (400, "UNKNOWN_MEMBER", [message])
    assert answer.body.get("hint") == hint


def test_of_a_webhook(api: Api) -> None:
    for path in ("/rest/metadata/webhooks", "/rest/webhooks"):
        answer = api.post(path, {**HOOK, "operation": "*.*"})
        refused(answer, 'A webhook has no member "operation"', 'Did you mean "operations"?')
    answer = api.post(path, {**HOOK, "targetURL": "x", "zzzz": 1})
    refused(answer, 'A webhook has no members "targetURL", "zzzz"', 'Did you mean "targetUrl"?')
    assert Webhook.objects.count() == 0
    made = api.post(path, HOOK).body
    one = f"{path}/{made['id']}"
    refused(api.patch(one, {"active": False}), 'A webhook has no member "active"', 'Did you mean "isActive"?')
    refused(
        api.patch(one, {"update": {"active": False}}), 'A webhook has no member "active"', 'Did you mean "isActive"?'
    )
    actions = f"/rest/metadata/webhooks/{made['id']}"
    refused(api.post(f"{actions}/rotateSecret", {"hours": 0}), 'A rotation has no member "hours"', None)
    refused(
        api.post(f"{actions}/test", {"objects": "person"}), 'A test has no member "objects"', 'Did you mean "object"?'
    )
    refused(api.post(f"{actions}/recover", {"after": "x"}), 'A recovery has no member "after"', None)
    assert api.get(one).body == made


def test_what_was_read_of_a_webhook_may_be_sent_back(api: Api) -> None:
    made = api.post("/rest/metadata/webhooks", HOOK).body
    one = f"/rest/metadata/webhooks/{made['id']}"
    changed = api.patch(one, {**made, "description": "CRM"})
    assert (changed.status, changed.body["description"]) == (200, "CRM")
    assert api.patch(one, {"id": made["id"], "update": {"description": "nested"}}).body["description"] == "nested"


def test_of_an_api_key(api: Api, workspace: Any) -> None:
    role = Role.objects.get(workspace_id=workspace.id, label="Member")
    body = {"name": "Sync", "expiresAt": "2099-01-01", "roleId": str(role.id)}
    before = ApiKey.objects.count()
    for path in ("/rest/metadata/apiKeys", "/rest/apiKeys"):
        answer = api.post(path, {**body, "expireAt": "2030-01-01"})
        refused(answer, 'An API key has no member "expireAt"', 'Did you mean "expiresAt"?')
    assert ApiKey.objects.count() == before
    made = api.post(path, {**body, "id": "taken", "createdAt": None})
    assert made.status == 201
    one = f"/rest/metadata/apiKeys/{made.body['id']}"
    refused(api.patch(one, {"nmae": "x"}), 'An API key has no member "nmae"', 'Did you mean "name"?')
    refused(
        api.post(f"{one}/token", {"expiry": "2030-01-01"}),
        'A token has no member "expiry"',
        'Did you mean "expiresAt"?',
    )
    assert api.patch(one, {**api.get(one).body, "name": "Nightly"}).body["name"] == "Nightly"
    assert api.post(f"{one}/token", {"apiKeyId": made.body["id"], "expiresAt": "2030-01-01"}).status == 201


def test_of_the_settings_of_a_workspace(api: Api) -> None:
    path = "/rest/metadata/workspace"
    before = api.get(path).body
    answer = api.patch(path, {"displayNam": "x", "trashRetentionDays": 3})
    refused(answer, 'A workspace has no member "displayNam"', 'Did you mean "displayName"?')
    assert api.get(path).body == before
    assert api.patch(path, {**before, "displayName": "Acme", "smartModel": "x", "aiChatModelTier": "x"}).status == 200
    assert api.get(path).body["displayName"] == "Acme"
    text = 'mutation { updateWorkspace(data: {displayNam: "x"}) { id } }'
    [error] = api.graphql(text, path="/metadata").body["errors"]
    message = 'Field "displayNam" is not defined by type "UpdateWorkspaceInput". Did you mean "displayName"?'
    assert error["message"] == message


def test_of_a_role(api: Api) -> None:
    text = "mutation ($role: CreateRoleInput!) { createOneRole(createRoleInput: $role) { id label } }"
    refusal = api.graphql(text, {"role": {"label": "Sync", "canRead": True, "can": 1}}, "/metadata")
    assert refusal.status == 400
    messages = [each["message"] for each in refusal.body["errors"]]
    told = 'Variable "$role" got invalid value {"label": "Sync", "canRead": True, "can": 1}; Field '
    assert messages == [
        told + '"canRead" is not defined by type "CreateRoleInput".',
        told + '"can" is not defined by type "CreateRoleInput". Did you mean "icon"?',
    ]
    assert not Role.objects.filter(label="Sync").exists()
    made = api.data(text, {"role": {"label": "Sync", "editWindowMinutes": 5}}, "/metadata")["createOneRole"]
    change = "mutation ($role: UpdateRoleInput!) { updateOneRole(updateRoleInput: $role) { label } }"
    update = {"id": made["id"], "update": {"label": "Night", "editWindowMinutes": 5}}
    assert api.data(change, {"role": update}, "/metadata")["updateOneRole"] == {"label": "Night"}


def test_the_limit_of_the_list_of_keys_holds_in_every_version(api: Api, workspace: Any) -> None:
    newer = api_of(workspace, api_version="2")
    api_of(workspace)
    ids = [each["id"] for each in api.get("/rest/metadata/apiKeys").body]
    assert len(ids) == 3
    for path in ("/rest/metadata/apiKeys", "/rest/apiKeys"):
        assert [each["id"] for each in api.get(f"{path}?limit=2").body] == ids[:2]
        assert [each["id"] for each in api.get(f"{path}?limit=2&starting_after={ids[1]}").body] == ids[2:]
        assert [each["id"] for each in api.get(f"{path}?limit=1&ending_before={ids[2]}").body] == ids[1:2]
        assert api.get(f"{path}?limit=many").status == 400
    assert len(newer.get("/rest/metadata/apiKeys?limit=2").body["data"]) == 2
    assert [each["id"] for each in newer.get("/rest/apiKeys?limit=2").body] == ids[:2]
