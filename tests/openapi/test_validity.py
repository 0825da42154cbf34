"""Both documents in both versions are valid, and what they say of requests and answers is true."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db.models import QuerySet
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from apikeys.models import Role
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from metadata.services.layout.kinds import RESOURCES
from tests.factories import Api, api_of
from tests.openapi.documents import answer_schema, body_schema, core, faults, metadata

pytestmark = pytest.mark.long

VALIDATORS = {"3.1": OpenAPIV31SpecValidator, "3.0": OpenAPIV30SpecValidator}
PERSON = "/people"


@pytest.mark.parametrize("version", ["3.1", "3.0"])
@pytest.mark.parametrize("name", ["core", "metadata"])
def test_it_is_valid(rich_api: Api, name: str, version: str) -> None:
    document = rich_api.get(f"/rest/open-api/{name}?version={version}").body
    assert document["openapi"] == {"3.1": "3.1.1", "3.0": "3.0.3"}[version]
    assert [str(each) for each in VALIDATORS[version](document).iter_errors()] == []


def test_the_skeletons_are_valid(db: None, anonymous: Api) -> None:
    for version, validator in VALIDATORS.items():
        for name in ("core", "metadata"):
            document = anonymous.get(f"/rest/open-api/{name}?version={version}").body
            assert [str(each) for each in validator(document).iter_errors()] == []


def _schemas(node: Any) -> Any:
    """Every schema with examples, anywhere."""
    if isinstance(node, dict):
        if isinstance(node.get("examples"), list):
            yield node
        for each in node.values():
            yield from _schemas(each)
    elif isinstance(node, list):
        for each in node:
            yield from _schemas(each)


@pytest.mark.parametrize("name", ["core", "metadata"])
def test_every_example_fits_its_schema(rich_api: Api, name: str) -> None:
    document = rich_api.get(f"/rest/open-api/{name}").body
    wrong = {
        json.dumps(example): found
        for schema in _schemas(document)
        for example in schema["examples"]
        if (found := faults(document, schema, example))
    }
    assert wrong == {}


def lists_of_objects(document: Any) -> list[str]:
    return [path for path, methods in document["paths"].items() if path.count("/") == 1 and "post" in methods]


def test_the_example_of_every_object_can_be_sent(rich_api: Api) -> None:
    """Created, answered as described, and changed by the example of an update."""
    document = core(rich_api)
    for path in lists_of_objects(document):
        made = rich_api.post(f"/rest{path}?upsert=true", _example(document, body_schema(document, "post", path)))
        assert made.status == 201, (path, made.body)
        assert faults(document, answer_schema(document, "post", path, 201), made.body) == []
        [record] = made.body["data"].values()
        one = f"{path}/{{id}}"
        changed = rich_api.patch(f"/rest{path}/{record['id']}", _example(document, body_schema(document, "patch", one)))
        assert changed.status == 200, (path, changed.body)
        assert faults(document, answer_schema(document, "patch", one, 200), changed.body) == []


def _example(document: Any, reference: Any) -> Any:
    """The first example of a component; objects that are nothing but relations have none."""
    return document["components"]["schemas"][reference["$ref"].rpartition("/")[2]].get("examples", [{}])[0]


def test_every_field_example_can_be_sent(rich_api: Api) -> None:
    document = core(rich_api)
    for name, field in document["components"]["schemas"]["Gadget"]["properties"].items():
        for example in field.get("examples", ()):
            made = rich_api.post("/rest/gadgets", {name: example})
            assert made.status == 201, (name, example, made.body)


@pytest.mark.parametrize("depth", [0, 1])
def test_lists_of_every_object_are_as_described(rich_api: Api, depth: int) -> None:
    document = core(rich_api)
    for path in lists_of_objects(document):
        answer = rich_api.get(f"/rest{path}?depth={depth}&limit=5")
        assert answer.status == 200
        assert faults(document, answer_schema(document, "get", path, 200), answer.body) == [], path


def test_answers_of_every_operation_are_as_described(api: Api) -> None:
    document = core(api, "?objects=person,company")

    def ask(method: str, template: str, body: Any = None, *, status: int = 200, query: str = "", id: str = "") -> Any:
        answer = api.request(method.upper(), f"/rest{template.replace('{id}', id)}{query}", body)
        assert answer.status == status, answer.body
        if body is not None and status < 400:
            assert faults(document, body_schema(document, method, template), body) == []
        assert faults(document, answer_schema(document, method, template, status), answer.body) == []
        return answer.body

    ada = {"name": {"firstName": "Augusta", "lastName": "Lovelace"}, "jobTitle": "Analyst"}
    one = ask("post", PERSON, ada, status=201)["data"]["createPerson"]["id"]
    two, three = (each["id"] for each in ask("post", "/batch/people", [ada, ada], status=201)["data"]["createPeople"])
    only = f"?filter=id[in]:[{one},{two}]"
    ask("get", PERSON, query="?limit=2&count=none")
    ask("get", "/people/{id}", id=one, query="?depth=1")
    ask("get", "/people/{id}", id=one, query="?fields=jobTitle")
    ask("patch", "/people/{id}", {"jobTitle": None}, id=one)
    ask("get", "/people/{id}/history", id=one)
    found = ask("get", "/search", query="?query=lovelace&limit=1&objects=people&filter=createdAt[gte]:2020-01-01")
    assert [each["objectNameSingular"] for each in found["data"]["search"]] == ["person"]
    ask("post", "/batch/people", [ada, {"companyId": one}], status=201, query="?on_error=continue")
    ask("post", "/batch/people", [{"companyId": one}], query="?on_error=continue")
    ask("patch", PERSON, {"city": "London"}, query=only)
    ask("post", "/people/duplicates", {"ids": [one]})
    ask("post", "/people/duplicates", {"data": [ada]})
    ask("patch", "/people/merge", {"ids": [one, three], "conflictPriorityIndex": 0, "dryRun": True})
    ask("patch", "/people/merge", {"ids": [one, three]})
    ask("delete", "/people/{id}", id=one, query="?soft_delete=true")
    ask("patch", "/restore/people/{id}", id=one)
    ask("patch", "/people/{id}/restore", id=one)
    ask("delete", PERSON, query=f"{only}&soft_delete=true")
    ask("patch", "/restore/people", query=only)
    ask("patch", "/people/restore", query=only)
    ask(
        "get", "/people/groupBy",
        query='?group_by=[{"city":true},{"createdAt":{"granularity":"MONTH"}}]&aggregate=["countNotEmptyId"]'
        "&include_records_sample=true",
    )  # fmt: skip
    ask("delete", "/people/{id}", id=one)
    ask("delete", PERSON, query=only)
    ask("get", "/people/{id}", id=one, status=404)
    ask("get", PERSON, query="?depth=2", status=400)


@pytest.mark.parametrize(("token", "status"), [(None, 403), ("nonsense", 401)])
def test_refused_tokens_are_as_described(api: Api, token: str | None, status: int) -> None:
    document = core(api)
    answer = Api(token).get("/rest/people")
    assert answer.status == status
    assert faults(document, answer_schema(document, "get", PERSON, status), answer.body) == []


@pytest.mark.parametrize("version", ["1", "2"])
def test_metadata_answers_are_as_described(workspace: Workspace, version: str) -> None:
    api = api_of(workspace, api_version=version)
    document = metadata(api)

    def ask(method: str, template: str, body: Any = None, *, status: int = 200, query: str = "", id: str = "") -> Any:
        answer = api.request(method.upper(), f"/rest/metadata{template.replace('{id}', id)}{query}", body)
        assert answer.status == status, answer.body
        if body is not None and status < 400:
            assert faults(document, body_schema(document, method, template), body) == []
        assert faults(document, answer_schema(document, method, template, status), answer.body) == []
        body = answer.body
        if version == "1" and isinstance(body, dict) and isinstance(body.get("data"), dict):
            [body] = body["data"].values()
        return body

    example = document["components"]["schemas"]["Object"]["examples"][0]
    rocket = ask("post", "/objects", example, status=201)["id"]
    ask("get", "/objects", query="?limit=40")
    ask("get", "/objects/{id}", id=rocket)
    ask("patch", "/objects/{id}", document["components"]["schemas"]["ObjectForUpdate"]["examples"][0], id=rocket)
    stage = {
        "objectMetadataId": rocket, "type": "SELECT", "name": "stage", "label": "Stage",
        "options": [{"value": "NEW", "label": "New", "position": 0, "color": "red"}], "defaultValue": "'NEW'",
    }  # fmt: skip
    field = ask("post", "/fields", stage, status=201)["id"]
    ask("get", "/fields", query="?limit=200")
    ask("get", "/fields/{id}", id=field)
    ask("patch", "/fields/{id}", {"label": "Phase", "isLabelSyncedWithName": False}, id=field)
    ask("patch", "/fields/{id}", {"isActive": False}, id=field)
    ask("delete", "/fields/{id}", id=field)
    ask("patch", "/objects/{id}", {"isActive": False}, id=rocket)
    ask("delete", "/objects/{id}", id=rocket)
    ask("get", "/objects/{id}", id=rocket, status=404)
    ask("post", "/objects", {}, status=400)
    hook = ask("post", "/webhooks", {"targetUrl": "https://hooks.example.test/x"}, status=201)["id"]
    ask("get", "/webhooks")
    ask("get", "/webhooks/{id}", id=hook)
    ask("get", "/webhooks/{id}/deliveries", id=hook)
    ask("patch", "/webhooks/{id}", {"description": "x"}, id=hook)
    ask("delete", "/webhooks/{id}", id=hook)
    ask("get", "/apiKeys")
    ask("get", "/apiKeys/me")


@pytest.mark.parametrize("version", ["1", "2"])
def test_answers_about_what_is_shown_are_as_described(workspace: Workspace, version: str) -> None:
    """Views with their parts, page layouts, the workspace's settings, the data model as a file, a change of type."""
    api = api_of(workspace, api_version=version)
    document = metadata(api)

    def ask(method: str, template: str, body: Any = None, *, status: int = 200, query: str = "", id: str = "") -> Any:
        answer = api.request(method.upper(), f"/rest/metadata{template.replace('{id}', id)}{query}", body)
        assert answer.status == status, answer.body
        if body is not None:
            assert faults(document, body_schema(document, method, template), body) == []
        assert faults(document, answer_schema(document, method, template, status), answer.body) == []
        return answer.body

    def live(many: str, body: Any, parent: str, change: Any) -> str:
        """Make one, see it in every way, and change it."""
        id: str = ask("post", f"/{many}", body, status=201)["id"]
        listed = ask("get", f"/{many}", query=f"?{parent}={body[parent]}")
        assert id in [each["id"] for each in (listed if version == "1" else listed["data"])]
        ask("get", f"/{many}/{{id}}", id=id)
        ask("patch", f"/{many}/{{id}}", change, id=id)
        return id

    fields = {(each.object.name_singular, each.name): str(each.id) for each in fields_of(workspace)}
    person = str(ObjectMetadata.objects.get(workspace=workspace, name_singular="person").id)
    city = fields["person", "city"]
    view = live("views", {"name": "All", "objectMetadataId": person, "icon": "I"}, "objectMetadataId", {"name": "Any"})
    group = live("viewFilterGroups", {"viewId": view, "logicalOperator": "AND"}, "viewId", {"logicalOperator": "OR"})
    of_field = {"viewId": view, "fieldMetadataId": city}
    made = {
        "viewFields": live("viewFields", of_field, "viewId", {"isVisible": False}),
        "viewSorts": live("viewSorts", {**of_field, "direction": "ASC"}, "viewId", {"direction": "DESC"}),
        "viewGroups": live("viewGroups", {"viewId": view, "fieldValue": "A"}, "viewId", {"position": 2}),
        "viewFilters": live(
            "viewFilters",
            {**of_field, "operand": "CONTAINS", "value": "x", "viewFilterGroupId": group}, "viewId", {"value": ["y"]},
        ),
    }  # fmt: skip
    layout = live("pageLayouts", {"name": "Home", "objectMetadataId": person}, "objectMetadataId", {"name": "House"})
    tab = live("pageLayoutTabs", {"pageLayoutId": layout, "title": "One"}, "pageLayoutId", {"title": "Two"})
    widget = {"pageLayoutTabId": tab, "title": "Box", "gridPosition": {"row": 0, "column": 0}}
    made |= {"pageLayoutWidgets": live("pageLayoutWidgets", widget, "pageLayoutTabId", {"configuration": {"a": 1}})}
    made |= {"pageLayoutTabs": tab, "pageLayouts": layout, "viewFilterGroups": group}
    for many, id in made.items():
        ask("delete", f"/{many}/{{id}}", id=id)
    ask("delete", "/views/{id}", id=view, query="?destroy=true")
    ask("get", "/views/{id}", id=view, status=404)

    ask("get", "/workspace")
    ask("patch", "/workspace", {"displayName": "Blue", "isGoogleAuthEnabled": False, "logo": None})
    model = ask("get", "/schema")
    model["objects"].append(
        {
            "nameSingular": "rocket", "namePlural": "rockets", "labelSingular": "Rocket", "labelPlural": "Rockets",
            "fields": [
                {"name": "name", "type": "TEXT", "label": "Name"}, {"name": "speed", "type": "NUMBER", "label": "Speed"}
            ],
        }
    )  # fmt: skip
    assert ask("post", "/schema", model, query="?dryRun=true")["applied"] is False
    assert ask("post", "/schema", model)["applied"] is True
    speed = {each.name: str(each.id) for each in fields_of(workspace) if each.object.name_singular == "rocket"}["speed"]
    ask("post", "/fields/{id}/changeType", {"type": "TEXT", "dryRun": True}, id=speed)
    ask("post", "/fields/{id}/changeType", {"type": "TEXT"}, id=speed)


def fields_of(workspace: Workspace) -> QuerySet[FieldMetadata]:
    return FieldMetadata.objects.filter(workspace=workspace).select_related("object")


def test_writes_of_what_is_shown_are_for_who_may(workspace: Workspace) -> None:
    """Any key reads views and settings; a role without flags is not shown how to write them."""
    role = Role.objects.create(workspace_id=workspace.id, label="Reader", can_read_all_object_records=True)
    paths = metadata(api_of(workspace, role=role.label))["paths"]
    assert {path: sorted(methods) for path, methods in paths.items()} == {
        "/open-api/metadata": ["get"],
        "/apiKeys/me": ["get"],
        "/workspace": ["get"],
        "/files": ["post"],
        "/files/{id}": ["delete", "get"],
        **{f"/{each.many}{tail}": ["get"] for each in RESOURCES.values() for tail in ("", "/{id}")},
    }
