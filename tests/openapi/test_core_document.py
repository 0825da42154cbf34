"""What the document of Core REST lists, to whom, and how it is served."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import yaml

from apikeys.models import FieldPermission, ObjectPermission, Role
from apikeys.services.permissions import permission_flags_upsert
from apikeys.services.roles import role_create
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import Api, add_field, add_object, api_of, principal_of
from tests.openapi.documents import core

PERSON_OPERATIONS = [
    ("/people", "get", "findManyPeople"),
    ("/people", "post", "createOnePerson"),
    ("/people", "patch", "updateManyPeople"),
    ("/people", "delete", "deleteManyPeople"),
    ("/batch/people", "post", "createManyPeople"),
    ("/people/{id}", "get", "findOnePerson"),
    ("/people/{id}", "patch", "UpdateOnePerson"),
    ("/people/{id}", "delete", "deleteOnePerson"),
    ("/people/duplicates", "post", "findPersonDuplicates"),
    ("/restore/people/{id}", "patch", "restoreOnePerson"),
    ("/people/{id}/restore", "patch", "restorePerson"),
    ("/restore/people", "patch", "restoreManyPeople"),
    ("/people/restore", "patch", "restorePeople"),
    ("/people/merge", "patch", "mergeManyPeople"),
    ("/people/groupBy", "get", "groupByPeople"),
    ("/people/{id}/history", "get", "historyPerson"),
    ("/people/export", "get", "exportPeople"),
    ("/people/import", "post", "importPeople"),
]
PARAMETERS = {
    "idPath": "id", "startingAfter": "starting_after", "endingBefore": "ending_before", "filter": "filter",
    "depth": "depth", "upsert": "upsert", "softDelete": "soft_delete", "orderBy": "order_by", "limit": "limit",
    "groupBy": "group_by", "viewId": "view_id", "aggregate": "aggregate",
    "includeRecordsSample": "include_records_sample", "orderByForRecords": "order_by_for_records",
}  # fmt: skip


@pytest.mark.parametrize("path", ["/rest/open-api/core", "/open-api/core", "/rest//open-api/core"])
def test_without_a_token_it_is_a_skeleton(db: None, anonymous: Api, path: str) -> None:
    answer = anonymous.get(path)
    assert answer.status == 200
    assert answer.body["openapi"] == "3.1.1"
    assert list(answer.body["paths"]) == ["/open-api/core"]
    assert "tags" not in answer.body
    assert "schemas" not in answer.body["components"]
    assert answer.body["servers"] == [{"url": "http://testserver/rest", "description": "Records"}]


@pytest.mark.parametrize("name", ["core", "metadata"])
def test_the_documents_own_path_works_at_its_server(db: None, anonymous: Api, name: str) -> None:
    document = anonymous.get(f"/open-api/{name}").body
    [path] = document["paths"]
    again = anonymous.get(document["servers"][0]["url"].removeprefix("http://testserver") + path)
    assert (again.status, again.body) == (200, document)


@pytest.mark.parametrize("token", ["nonsense", "a.b.c"])
def test_a_bad_token_is_as_none(db: None, token: str) -> None:
    answer = Api(token).get("/rest/open-api/core")
    assert (answer.status, list(answer.body["paths"])) == (200, ["/open-api/core"])


def test_a_token_in_the_address_is_ignored(api: Api, anonymous: Api) -> None:
    assert list(core(anonymous, f"?token={api.token}")["paths"]) == ["/open-api/core"]


def test_names_and_order_of_an_objects_operations(api: Api) -> None:
    document = core(api)
    found = [
        (path, method, operation["operationId"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["tags"] == ["people"]
    ]
    assert found == PERSON_OPERATIONS


def test_every_object_is_there_in_the_order_of_plurals(api: Api, workspace: Workspace) -> None:
    document = core(api)
    plurals = sorted(
        ObjectMetadata.objects.filter(workspace=workspace, is_active=True).values_list("name_plural", flat=True)
    )
    assert [each["name"] for each in document["tags"]] == ["General", "Webhooks", *plurals]
    paths = list(document["paths"])
    assert [path for path in paths if path.count("/") == 1] == [*(f"/{each}" for each in plurals), "/search"]
    assert paths[-2:] == ["/search", "/open-api/core"]


def test_operation_ids_are_unique(api: Api) -> None:
    ids = [each["operationId"] for methods in core(api)["paths"].values() for each in methods.values()]
    assert len(ids) == len(set(ids))


def test_parameters_have_the_names_clients_know(api: Api) -> None:
    parameters = core(api)["components"]["parameters"]
    assert {name: parameters[name]["name"] for name in PARAMETERS} == PARAMETERS
    assert parameters["depth"]["schema"] == {"type": "integer", "enum": [0, 1], "default": 0}
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 0, "maximum": 200, "default": 60}


def test_webhooks_of_an_object(api: Api) -> None:
    webhooks = core(api)["webhooks"]
    assert [name for name in webhooks if name.startswith("Person ")] == [
        "Person Created", "Person Updated", "Person Deleted", "Person Restored", "Person Destroyed",
    ]  # fmt: skip
    updated = webhooks["Person Updated"]["post"]
    assert updated["security"] == []
    schema = updated["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["record"] == {"$ref": "#/components/schemas/PersonForResponse"}
    assert "updatedFields" in schema["required"]
    created = webhooks["Person Created"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "updatedFields" not in created["properties"]


def test_members_of_the_three_schemas(api: Api) -> None:
    schemas = core(api)["components"]["schemas"]
    created, changed, answered = (schemas[f"Person{each}"]["properties"] for each in ("", "ForUpdate", "ForResponse"))
    assert set(created) - set(changed) == {"id", "createdAt", "createdBy"}
    assert {"companyId", "company", "position", "emails"} <= set(changed)
    assert not {"updatedAt", "deletedAt", "attachments", "searchVector"} & set(created)
    assert {"id", "createdAt", "updatedAt", "deletedAt", "companyId", "company", "attachments"} <= set(answered)
    assert "searchVector" not in answered
    assert answered["deletedAt"]["type"] == ["string", "null"]
    assert answered["company"]["oneOf"] == [{"$ref": "#/components/schemas/CompanyForResponse"}, {"type": "null"}]
    assert answered["attachments"]["items"] == {"$ref": "#/components/schemas/AttachmentForResponse"}
    assert "required" not in schemas["Person"]


def test_ids_and_labels_are_marked(api: Api, workspace: Workspace) -> None:
    person = ObjectMetadata.objects.get(workspace=workspace, name_singular="person")
    job = FieldMetadata.objects.get(object=person, name="jobTitle")
    schema = core(api)["components"]["schemas"]["Person"]
    assert (schema["x-object-id"], schema["x-label"]) == (str(person.id), "Person")
    assert schema["properties"]["jobTitle"]["x-field-id"] == str(job.id)
    assert schema["properties"]["jobTitle"]["x-label"] == "Job Title"
    assert "title" not in schema["properties"]["jobTitle"]


def test_a_change_of_the_data_model_shows_at_once(api: Api, workspace: Workspace) -> None:
    before = api.get("/rest/open-api/core")
    rocket = add_object(workspace, "rocket", "rockets")
    add_field(workspace, rocket, "NUMBER", "thrust")
    after = api.get("/rest/open-api/core")
    assert "/rockets" not in before.body["paths"]
    assert "thrust" in after.body["components"]["schemas"]["Rocket"]["properties"]
    assert before.headers["ETag"] != after.headers["ETag"]


# Rights ------------------------------------------------------------------------------------------------


def test_a_role_sees_what_it_may_use(workspace: Workspace) -> None:
    objects = {each.name_singular: each for each in ObjectMetadata.objects.filter(workspace=workspace)}
    job = FieldMetadata.objects.get(object=objects["person"], name="jobTitle")
    city = FieldMetadata.objects.get(object=objects["person"], name="city")
    role = Role.objects.get(workspace_id=workspace.id, label="Member")
    ObjectPermission.objects.create(role=role, object_metadata_id=objects["company"].id, can_read=False)
    ObjectPermission.objects.create(
        role=role, object_metadata_id=objects["note"].id, can_update=False, can_soft_delete=False, can_destroy=False
    )
    FieldPermission.objects.create(
        role=role, object_metadata_id=objects["person"].id, field_metadata_id=job.id, can_read=False, can_update=False
    )
    FieldPermission.objects.create(
        role=role, object_metadata_id=objects["person"].id, field_metadata_id=city.id, can_update=False
    )
    Role.objects.filter(id=role.id).update(is_restricted=True, version=role.version + 1)
    document = core(api_of(workspace, role="Member"))
    schemas = document["components"]["schemas"]
    assert "/companies" not in document["paths"]
    assert "Company" not in schemas and "CompanyForResponse" not in schemas
    assert "Company Created" not in document["webhooks"]
    assert "companyId" in schemas["PersonForResponse"]["properties"]
    assert "company" not in schemas["PersonForResponse"]["properties"]
    assert list(document["paths"]["/notes"]) == ["get"]
    assert "Note" not in schemas and "NoteForResponse" in schemas
    assert "jobTitle" not in schemas["PersonForResponse"]["properties"]
    assert "jobTitle" not in schemas["Person"]["properties"]
    assert "city" in schemas["PersonForResponse"]["properties"]
    assert "city" not in schemas["PersonForUpdate"]["properties"]


@pytest.mark.parametrize(
    ("flags", "shown"),
    [
        ([], []),
        (["IMPORT_CSV"], ["import"]),
        (["EXPORT_CSV"], ["export"]),
        (["IMPORT_CSV", "EXPORT_CSV"], ["export", "import"]),
    ],
)
def test_imports_and_exports_are_shown_to_those_who_have_the_flag(
    workspace: Workspace, flags: list[str], shown: list[str]
) -> None:
    rights = ("canReadAllObjectRecords", "canUpdateAllObjectRecords", "canBeAssignedToApiKeys")
    system = principal_of(workspace)
    role = role_create(system, values={"label": "Part", **dict.fromkeys(rights, True)})
    permission_flags_upsert(system, role_id=role.id, flags=flags)
    paths = core(api_of(workspace, role="Part"))["paths"]
    assert [each for each in ("export", "import") if f"/people/{each}" in paths] == shown


# Serving -----------------------------------------------------------------------------------------------


def test_it_is_revalidated_and_compressed(api: Api) -> None:
    plain = api.get("/rest/open-api/core")
    assert plain.headers["Cache-Control"] == "private, no-cache"
    assert plain.headers["Vary"] == "Authorization, Accept-Encoding"
    again = api.get("/rest/open-api/core", If_None_Match=plain.headers["ETag"])
    assert (again.status, again.body) == (304, None)
    response = api.client.get(
        "/rest/open-api/core", headers={"Authorization": f"Bearer {api.token}", "Accept-Encoding": "gzip"}
    )
    assert response["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(response.content)) == plain.body
    assert response["ETag"] != plain.headers["ETag"]


def test_other_rights_have_another_etag(api: Api, workspace: Workspace, anonymous: Api) -> None:
    tags = {
        each.get("/rest/open-api/metadata").headers["ETag"]
        for each in (api, api_of(workspace, role="Member"), anonymous)
    }
    assert len(tags) == 3


def test_yaml_says_the_same(api: Api) -> None:
    response = api.client.get("/rest/open-api/core.yaml", headers={"Authorization": f"Bearer {api.token}"})
    assert response["Content-Type"] == "application/yaml; charset=utf-8"
    assert yaml.load(response.content, yaml.CSafeLoader) == core(api)


def test_a_subset_of_objects_stands_alone(api: Api) -> None:
    document = core(api, "?objects=person,companies,unknown")
    assert [each["name"] for each in document["tags"]] == ["General", "Webhooks", "companies", "people"]
    assert set(document["components"]["schemas"]) == {
        f"{name}{suffix}" for name in ("Person", "Company") for suffix in ("", "ForUpdate", "ForResponse")
    }
    assert "attachments" not in document["components"]["schemas"]["PersonForResponse"]["properties"]


def test_asking_again_costs_one_statement(api: Api, django_assert_num_queries: Any) -> None:
    core(api)
    with django_assert_num_queries(1):  # the key
        core(api)
