"""`/rest/metadata/schema`, `/rest/metadata/workspace`, changes of type and duplicate criteria, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apikeys.services.roles import role_create
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from metadata.snapshot import schema_export, schema_text
from tests.factories import Api, add_field, api_of, key_of, principal_of, workspace_with
from tests.metadata.rest.conftest import PATH, Metadata

pytestmark = pytest.mark.django_db

ROCKET = {
    "nameSingular": "rocket",
    "namePlural": "rockets",
    "labelSingular": "Rocket",
    "labelPlural": "Rockets",
    "fields": [
        {"name": "name", "type": "TEXT", "label": "Name", "description": "Name", "icon": "IconAbc"},
        {"name": "speed", "type": "NUMBER", "label": "Speed"},
    ],
}


def _raw(api: Api, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    sent = {
        "Authorization": f"Bearer {api.token}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    kind = sent.pop("Content-Type", "application/json")
    return api.client.generic(method, f"{PATH}/{path}", body, content_type=kind, headers=sent)


# The data model as a file ----------------------------------------------------------------------------


def test_export_as_json_and_yaml(api: Api, workspace: Workspace) -> None:
    model = schema_export(workspace.id)
    plain = _raw(api, "GET", "schema")
    assert (plain.status_code, plain["Content-Type"], json.loads(plain.content)) == (200, "application/json", model)
    for asked in ({"Accept": "application/yaml"}, {"Accept": "application/x-yaml"}):
        answer = _raw(api, "GET", "schema", b"", **asked)
        assert (answer["Content-Type"], answer.content.decode()) == ("application/yaml", schema_text(model))
    assert _raw(api, "GET", "schema?format=yaml", Accept="application/json").content.decode() == schema_text(model)
    assert _raw(api, "GET", "schema?format=xml").status_code == 400


@pytest.mark.parametrize("kind", ["application/json", "application/yaml", "text/yaml"])
def test_apply(api: Api, workspace: Workspace, kind: str) -> None:
    body = (json.dumps if kind == "application/json" else schema_text)({"objects": [ROCKET]}).encode()
    headers = {"Content-Type": kind}
    dry = json.loads(_raw(api, "POST", "schema?dryRun=true", body, **headers).content)
    assert (dry["dryRun"], dry["applied"], dry["metadataVersion"]) == (True, False, 3)  # what it would be
    assert not ObjectMetadata.objects.filter(workspace=workspace, name_singular="rocket").exists()
    answer = _raw(api, "POST", "schema", body, **headers)
    assert answer.status_code == 200
    done = json.loads(answer.content)
    assert done["steps"] == dry["steps"]
    assert [(each["action"], each["path"]) for each in done["steps"]] == [
        ("create", "object rocket"),
        ("create", "field rocket.speed"),
    ]
    assert api.get("/rest/rockets").status == 200
    again = json.loads(_raw(api, "POST", "schema", body, **headers).content)
    assert (again["applied"], again["steps"], again["metadataVersion"]) == (False, [], done["metadataVersion"])


def test_apply_refusals(api: Api, workspace: Workspace) -> None:
    body = json.dumps({"objects": [ROCKET]}).encode()
    assert _raw(api, "POST", "schema", body).status_code == 200
    answer = api.post(f"{PATH}/schema", {"objects": []})
    assert (answer.status, answer.body["code"]) == (400, "DESTRUCTIVE_SCHEMA_CHANGE")
    assert api.post(f"{PATH}/schema?allowDestructive=yes", {"objects": []}).status == 400
    assert api.get("/rest/rockets").status == 200
    assert api.post(f"{PATH}/schema?allowDestructive=true", {"objects": []}).status == 200
    assert api.get("/rest/rockets").status == 400
    assert _raw(api, "POST", "schema", b"a: [", **{"Content-Type": "application/yaml"}).status_code == 400
    assert api.post(f"{PATH}/schema", {"objects": [{"nameSingular": 5}]}).status == 400


def test_who_may_use_the_schema(api: Api, workspace: Workspace) -> None:
    principal = principal_of(workspace)
    role_create(principal, values={"label": "Reader", "canReadAllObjectRecords": True})
    reader = Api(key_of(workspace, role="Reader"))
    assert (reader.get(f"{PATH}/schema").status, reader.post(f"{PATH}/schema", {"objects": []}).status) == (403, 403)
    assert Api(None).get(f"{PATH}/schema").status == 403


# The workspace's settings ----------------------------------------------------------------------------


def test_workspace_settings(api: Api, workspace: Workspace) -> None:
    shown = api.get(f"{PATH}/workspace").body
    assert (shown["id"], shown["displayName"], shown["maxBatchSize"]) == (str(workspace.id), "Small", 60)
    update = {"displayName": "Acme", "maxBatchSize": 1000, "maxBulkRecords": 5, "defaultApiVersion": "2"}
    answer = api.patch(f"{PATH}/workspace", update)
    assert answer.status == 200
    assert (
        {**shown, **update, "updatedAt": answer.body["updatedAt"]} == answer.body == api.get(f"{PATH}/workspace").body
    )
    query = "{ currentWorkspace { displayName maxBatchSize maxBulkRecords defaultApiVersion } }"
    assert api.data(query, path="/metadata")["currentWorkspace"] == update


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"maxBatchSize": 0}, "maxBatchSize must be an integer from 1 to 1000"),
        ({"maxBatchSize": 1001}, "maxBatchSize must be an integer from 1 to 1000"),
        ({"maxBulkRecords": "5"}, "maxBulkRecords must be an integer from 1 to 1000000"),
        ({"defaultApiVersion": "3"}, "defaultApiVersion must be one of: 1, 2"),
        ({"subdomain": "a b"}, "subdomain must be 3 to 63 lower-case letters, digits or hyphens"),
    ],
)
def test_invalid_settings(api: Api, workspace: Workspace, update: dict[str, Any], message: str) -> None:
    answer = api.patch(f"{PATH}/workspace", {"displayName": "Never", **update})
    assert (answer.status, answer.body["messages"]) == (400, [message])
    assert api.get(f"{PATH}/workspace").body["displayName"] == "Small"
    assert api.patch(f"{PATH}/workspace", []).status == 400


def test_who_may_change_settings(api: Api, workspace: Workspace) -> None:
    principal = principal_of(workspace)
    role_create(principal, values={"label": "Reader", "canReadAllObjectRecords": True})
    reader = Api(key_of(workspace, role="Reader"))
    assert reader.get(f"{PATH}/workspace").status == 200
    for update in ({"displayName": "No"}, {"isGoogleAuthEnabled": False}, {}):
        assert reader.patch(f"{PATH}/workspace", update).status == 403
    assert api.get(f"{PATH}/workspace").body["displayName"] == "Small"


# Changes of type -------------------------------------------------------------------------------------


def test_change_of_type_over_http(metadata: Metadata, workspace: Workspace, rocket: ObjectMetadata) -> None:
    field = add_field(workspace, rocket, "TEXT", "stage")
    api = metadata.api
    for stage in ("New", "OLD"):
        assert api.post("/rest/rockets", {"stage": stage}).status == 201
    options = [{"value": "NEW", "label": "New", "position": 0}]
    path, body = f"fields/{field.id}/changeType", {"type": "SELECT", "options": options}
    dry = metadata.item("POST", path, "changeFieldType", {**body, "dryRun": True})
    assert (dry["dryRun"], dry["convertedCount"], dry["unconvertedCount"]) == (True, 1, 1)
    (listed,) = dry["unconverted"]
    (old,) = api.records("/rest/rockets?filter=stage[eq]:OLD")
    message = 'Invalid value "OLD" for field "stage". Valid values are: NEW'
    assert listed == {"recordId": old["id"], "value": "OLD", "message": message}
    refused = metadata.request("POST", path, body)
    assert refused.status == 400
    assert refused.body["messages"] == ["1 of 2 values of field stage cannot be converted to SELECT", message]
    assert {each["stage"] for each in api.records("/rest/rockets")} == {"New", "OLD"}
    options.append({"value": "OLD", "label": "Old", "position": 1})
    done = metadata.item("POST", path, "changeFieldType", body)
    assert (done["field"]["type"], done["convertedCount"], done["unconverted"]) == ("SELECT", 2, [])
    assert {each["stage"] for each in api.records("/rest/rockets")} == {"NEW", "OLD"}
    nodes = api.data("{ rockets(filter: {stage: {eq: NEW}}) { edges { node { stage } } } }")["rockets"]["edges"]
    assert nodes == [{"node": {"stage": "NEW"}}]
    assert metadata.request("POST", path, {}).body["message"] == ["type should not be empty"]
    assert metadata.request("POST", f"fields/{workspace.id}/changeType", body).status == 404


# Duplicate criteria ----------------------------------------------------------------------------------


def test_duplicate_criteria_find_and_follow_their_fields(workspace: Workspace, rocket: ObjectMetadata) -> None:
    api = api_of(workspace, api_version="2")
    home = add_field(workspace, rocket, "ADDRESS", "home")
    code = add_field(workspace, rocket, "TEXT", "code")
    path = f"{PATH}/objects/{rocket.id}"
    answer = api.patch(path, {"duplicateCriteria": [["name", "homeAddressCity"], ["code"]], "isSearchable": False})
    assert (answer.status, answer.body["isSearchable"]) == (200, False)
    assert answer.body["duplicateCriteria"] == [["name", "homeAddressCity"], ["code"]]
    for name in ("Ariane", "Atlas"):
        assert api.post("/rest/rockets", {"name": name, "code": "same code"}).status == 201
    found = api.post("/rest/rockets/duplicates", {"data": [{"code": "same code"}]})
    assert len(found.body["data"][0]["rocketDuplicates"]) == 2
    assert api.patch(f"{PATH}/fields/{home.id}", {"name": "base"}).status == 200
    assert api.get(path).body["duplicateCriteria"] == [["name", "baseAddressCity"], ["code"]]
    assert api.delete(f"{PATH}/fields/{code.id}").status == 200
    assert api.get(path).body["duplicateCriteria"] == [["name", "baseAddressCity"]]
    assert api.patch(path, {"duplicateCriteria": None}).body["duplicateCriteria"] is None


@pytest.mark.parametrize(
    ("criteria", "message"),
    [
        ([["nope"], ["name"]], 'duplicateCriteria has an unknown column "nope"'),
        ([["createdBy"]], 'duplicateCriteria has an unknown column "createdBy"'),
        ([[]], "duplicateCriteria must be a list of lists of column names"),
        ("name", "duplicateCriteria must be a list of lists of column names"),
        ([["name"]] * 11, "duplicateCriteria has more than 10 entries"),
    ],
)
def test_invalid_duplicate_criteria(workspace: Workspace, rocket: ObjectMetadata, criteria: Any, message: str) -> None:
    api = api_of(workspace)
    answer = api.patch(f"{PATH}/objects/{rocket.id}", {"duplicateCriteria": criteria})
    assert (answer.status, answer.body["messages"]) == (400, [message])
    assert ObjectMetadata.objects.get(id=rocket.id).duplicate_criteria is None


def test_another_workspaces_field_is_not_changed(workspace: Workspace) -> None:
    other = workspace_with([{"nameSingular": "ship", "namePlural": "ships", "fields": [{"type": "TEXT", "name": "x"}]}])
    field = FieldMetadata.objects.get(object__workspace=other, name="x")
    answer = api_of(workspace).post(f"{PATH}/fields/{field.id}/changeType", {"type": "NUMBER"})
    assert answer.status == 404
    assert FieldMetadata.objects.get(id=field.id).type == "TEXT"
