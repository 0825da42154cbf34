"""Who is let in, what callers without rights are told, and how HTTP speaks of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.metadata.graphql.conftest import CREATE_OBJECT, Api, object_input

OBJECTS = "{ objects(paging: {first: 1000}) { edges { node { id nameSingular } } } }"


def test_no_token_is_a_forbidden_resource(anonymous_api: Api) -> None:
    error = anonymous_api.refused(OBJECTS)
    assert (error["message"], error["extensions"]["code"]) == ("Forbidden resource", "FORBIDDEN")


def test_no_token_cannot_read_the_schema(anonymous_api: Api) -> None:
    assert anonymous_api.refused("{ __schema { types { name } } }")["message"] == "Forbidden resource"


def test_a_token_that_is_none_answers_without_data(scene: object, anonymous_api: Api) -> None:
    response = anonymous_api.post(OBJECTS, Authorization="Bearer abc")
    assert response.status_code == 200
    body = response.json()
    assert list(body) == ["errors"]
    assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert body["errors"][0]["message"] == "No payload"


def test_a_token_in_the_query_string_is_no_token(api: Api) -> None:
    response = Client().post(f"/metadata?token={api.token}", json.dumps({"query": OBJECTS}), "application/json")
    assert response.json()["errors"][0]["message"] == "Forbidden resource"


def test_every_key_reads_the_data_model(reader_api: Api) -> None:
    names = {edge["node"]["nameSingular"] for edge in reader_api.ask(OBJECTS)["objects"]["edges"]}
    assert {"company", "person", "noteTarget"} <= names


def test_a_key_without_data_model_rights_creates_nothing(reader_api: Api) -> None:
    before = ObjectMetadata.objects.count()
    error = reader_api.refused(CREATE_OBJECT, {"input": {"object": object_input()}})
    assert error["message"] == "Entity performing the request does not have permission"
    assert (error["extensions"]["code"], error["extensions"]["subCode"]) == ("FORBIDDEN", "PERMISSION_DENIED")
    assert error["path"] == ["createOneObject"]
    assert ObjectMetadata.objects.count() == before


@pytest.mark.parametrize("variables", [None, {"id": "not-an-id"}])
def test_rights_are_asked_before_ids_are_read(api: Api, reader_api: Api, variables: dict[str, str] | None) -> None:
    """Written into the document or sent beside it; what does not validate stays a 400 for everybody."""
    start, given = ("mutation ($id: UUID!) {", "$id") if variables else ("mutation {", '"not-an-id"')
    document = f"{start} deleteOneObject(input: {{id: {given}}}) {{ id }} }}"
    denied = reader_api.post(document, variables)
    assert denied.status_code == 200
    [error] = denied.json()["errors"]
    assert (error["extensions"]["subCode"], error["path"]) == ("PERMISSION_DENIED", ["deleteOneObject"])
    assert denied.json()["data"] is None
    malformed = api.post(document, variables)
    assert (malformed.status_code, malformed.json()["errors"][0]["message"]) == (400, "Invalid UUID")
    for caller in (api, reader_api):
        assert caller.post("mutation { deleteOneObject(input: {id: 3, ids: 4}) { id } }").status_code == 400
        assert caller.post("mutation { deleteOneObject(").status_code == 400


def test_a_key_without_workspace_rights_changes_no_setting(reader_api: Api) -> None:
    error = reader_api.refused('mutation { updateWorkspace(data: {displayName: "Mine"}) { id } }')
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert Workspace.objects.get(id=reader_api.workspace.id).display_name == "North"


def test_two_workspaces_list_their_own_objects_only(api: Api, other_api: Api) -> None:
    ids = [{edge["node"]["id"] for edge in each.ask(OBJECTS)["objects"]["edges"]} for each in (api, other_api)]
    assert len(ids[0]) == len(ids[1]) == ObjectMetadata.objects.filter(workspace=api.workspace).count()
    assert not ids[0] & ids[1]


def test_an_object_of_another_workspace_does_not_exist(api: Api, other_api: Api) -> None:
    foreign = other_api.object("company")["id"]
    error = api.refused("query ($id: UUID!) { object(id: $id) { id } }", {"id": foreign})
    assert (error["message"], error["extensions"]["code"]) == ("Object metadata not found", "NOT_FOUND")
    assert error["extensions"]["subCode"] == "OBJECT_METADATA_NOT_FOUND"


def test_a_preflight_allows_every_origin(db: None) -> None:
    response = Client().options("/metadata", headers={"Origin": "https://app.example"})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]


def test_an_unknown_field_is_a_validation_error(api: Api) -> None:
    response = api.post("{ people { id } }")
    error = response.json()["errors"][0]
    assert (response.status_code, error["extensions"]["code"]) == (400, "GRAPHQL_VALIDATION_FAILED")
    assert error["message"] == 'Cannot query field "people" on type "Query".'


def test_a_document_that_does_not_parse_is_a_parse_error(api: Api) -> None:
    response = api.post("{ objects")
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


def test_a_request_without_a_query_is_refused(api: Api) -> None:
    response = api.post("")
    assert (response.status_code, response.json()["errors"][0]["message"]) == (400, "Must provide query string.")


def test_a_list_of_requests_is_refused(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    response = Client().post("/metadata", json.dumps([{"query": OBJECTS}]), "application/json", headers=headers)
    assert (response.status_code, response.json()["errors"][0]["message"]) == (400, "Batching is not supported.")


def test_a_query_may_come_by_get_and_a_mutation_may_not(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    read = Client().get("/metadata", {"query": "{ currentWorkspace { displayName } }"}, headers=headers)
    assert read.json() == {"data": {"currentWorkspace": {"displayName": "North"}}}
    change = Client().get(
        "/metadata", {"query": 'mutation { updateWorkspace(data: {displayName: "x"}) { id } }'}, headers=headers
    )
    assert change.status_code == 405
    assert Workspace.objects.get(id=api.workspace.id).display_name == "North"


def test_a_malformed_uuid_is_named(api: Api) -> None:
    response = api.post("query ($id: UUID!) { object(id: $id) { id } }", {"id": "not-a-uuid"})
    (error,) = response.json()["errors"]
    assert response.status_code == 400
    assert error["message"] == "Invalid UUID"
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert error["extensions"]["http"] == {"status": 400}
    assert error["extensions"]["value"] == "not-a-uuid"
    assert error["extensions"]["userFriendlyMessage"] == "Invalid UUID: 'not-a-uuid'"


def test_a_malformed_uuid_in_the_document_is_named(api: Api) -> None:
    response = api.post('{ object(id: "nope") { id } }')
    (error,) = response.json()["errors"]
    assert (response.status_code, error["message"], error["extensions"]["value"]) == (400, "Invalid UUID", "nope")


def test_ids_are_taken_in_upper_case(api: Api) -> None:
    company = api.object("company")["id"]
    assert api.ask("query ($id: UUID!) { object(id: $id) { id } }", {"id": company.upper()}) == {
        "object": {"id": company}
    }


def test_variables_declared_with_other_scalars_are_taken(api: Api) -> None:
    company = api.object("company")["id"]
    query = "query ($ids: [ID!], $id: String!) { objects(filter: {id: {in: $ids}}) { edges { node { id } } } object(id: $id) { id } }"
    answer = api.ask(query, {"ids": [company.upper()], "id": company})
    assert answer == {"objects": {"edges": [{"node": {"id": company}}]}, "object": {"id": company}}


def test_an_input_named_as_in_other_releases_is_taken(api: Api) -> None:
    query = "mutation ($input: UpdateWorkspaceDTO!) { updateWorkspace(data: $input) { displayName } }"
    assert api.ask(query, {"input": {"displayName": "New"}}) == {"updateWorkspace": {"displayName": "New"}}


def test_introspection_answers_once_and_the_same(api: Api) -> None:
    query = '{ __type(name: "PageInfo") { fields { name } } }'
    names = ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"]
    for _ in range(2):
        assert api.ask(query) == {"__type": {"fields": [{"name": name} for name in names]}}


def test_types_are_listed_after_those_they_are_made_of(api: Api) -> None:
    query = "{ __schema { types { name kind inputFields { type { name ofType { name ofType { name } } } } } } }"
    seen: set[str] = set()
    for each in api.ask(query)["__schema"]["types"]:
        seen.add(each["name"])
        for member in each["inputFields"] or ():
            part = member["type"]
            while part.get("ofType"):
                part = part["ofType"]
            assert part["name"] is None or part["name"] in seen or each["name"].endswith("Filter"), each["name"]


def test_a_request_that_lists_without_end_is_refused(api: Api) -> None:
    nested = "fieldsList { object { fieldsList { object { fieldsList { object { fieldsList { id } } } } } } }"
    [error] = api.post("{ objects(paging: {first: 1000}) { edges { node { " + nested + " } } } }").json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["subCode"] == "TOO_COMPLEX_QUERY"


def post_nested(api: Api, depth: int) -> dict[str, Any]:
    field = FieldMetadata.objects.get(workspace=api.workspace, object__name_singular="person", name="company")
    nested = "relation { targetFieldMetadata { " * depth + "id" + " } }" * depth
    body: dict[str, Any] = api.post(
        "query ($id: UUID!) { field(id: $id) { " + nested + " } }", {"id": str(field.id)}
    ).json()
    return body


def test_a_nesting_as_deep_as_the_limit_is_answered_and_no_deeper(api: Api) -> None:
    assert "errors" not in post_nested(api, 14)  # 30 fields below each other
    (error,) = post_nested(api, 15)["errors"]
    assert error["message"] == "Query too complex - Fields are nested 32 deep - Maximum allowed depth: 30"


@pytest.mark.parametrize("depth", [400, 4000])
def test_a_nesting_that_no_stack_holds_is_refused(api: Api, depth: int) -> None:
    (error,) = post_nested(api, depth)["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


def test_old_clients_delete_a_webhook_without_a_selection(api: Api) -> None:
    create = """mutation { createWebhook(input: {targetUrl: "https://hooks.example/", operations: ["*.*"]}) { id } }"""
    webhook = api.ask(create)["createWebhook"]["id"]
    delete = "mutation ($input: DeleteWebhookInput!) { deleteWebhook(input: $input) }"
    assert api.ask(delete, {"input": {"id": webhook}}) == {"deleteWebhook": True}
    assert api.ask("{ webhooks { id } }") == {"webhooks": []}
