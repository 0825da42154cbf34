"""Views and their parts over GraphQL, and that REST shows the same."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.models import View
from tests import factories
from tests.metadata.graphql.conftest import Api

pytestmark = pytest.mark.django_db

VIEW = """id name type key icon position isCompact isCustom isActive objectMetadataId openRecordIn visibility
  kanbanAggregateOperation mainGroupByFieldMetadataId shouldHideEmptyGroups
  viewFields { id fieldMetadataId isVisible size position } viewFilters { id operand value }
  viewSorts { id direction } viewGroups { fieldValue } viewFilterGroups { id logicalOperator }"""
# each resource with its members, the input of its creation and of its update, and how its removal is called
PARTS: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "ViewField": ("isVisible size", {"fieldMetadataId": "note"}, {"isVisible": False, "size": 50.5}, "input"),
    "ViewFieldGroup": ("name position", {"name": "More", "position": 1}, {"name": "Most", "position": 2.5}, "input"),
    "ViewFilter": ("operand value", {"fieldMetadataId": "note", "value": "x"}, {"value": ["y"]}, "input"),
    "ViewSort": ("direction", {"fieldMetadataId": "note", "direction": "DESC"}, {"direction": "ASC"}, "flag input"),
    "ViewGroup": ("fieldValue position", {"fieldValue": "NEW"}, {"position": 2.5}, "input"),
    "ViewFilterGroup": ("logicalOperator", {"logicalOperator": "OR"}, {"logicalOperator": "NOT"}, "flag id"),
}


@pytest.fixture
def rocket(api: Api) -> dict[str, Any]:
    rocket = api.create_object()
    rocket["note"] = api.create_field(objectMetadataId=rocket["id"], name="note", label="Note")["id"]
    return rocket


def _create(api: Api, rocket: dict[str, Any], **more: Any) -> dict[str, Any]:
    query = f"mutation ($input: CreateViewInput!) {{ createView(input: $input) {{ {VIEW} }} }}"
    values = {"name": "Fast", "icon": "IconX", "objectMetadataId": rocket["id"], **more}
    return dict(api.ask(query, {"input": values})["createView"])


def test_the_index_view_with_its_columns(api: Api, rocket: dict[str, Any]) -> None:
    query = f"query ($id: String) {{ getViews(objectMetadataId: $id, viewTypes: [TABLE]) {{ {VIEW} }} }}"
    (view,) = api.ask(query, {"id": rocket["id"]})["getViews"]
    assert (view["key"], view["type"], view["name"]) == ("INDEX", "TABLE", "All Rockets")
    assert view["viewFields"][0]["fieldMetadataId"] == rocket["labelIdentifierFieldMetadataId"]
    assert view["viewFields"][-1]["fieldMetadataId"] == rocket["note"]
    assert api.ask(f"query ($id: String!) {{ getView(id: $id) {{ {VIEW} }} }}", {"id": view["id"]})["getView"] == view


def test_create_update_delete_and_destroy_a_view(api: Api, rocket: dict[str, Any]) -> None:
    made = _create(api, rocket)
    update = (
        "mutation ($id: String!, $input: UpdateViewInput!) { updateView(id: $id, input: $input) { name position } }"
    )
    changed = api.ask(update, {"id": made["id"], "input": {"name": "Slow", "position": 2.5}})["updateView"]
    assert changed == {"name": "Slow", "position": 2.5}
    read = "query ($id: String!) { getView(id: $id) { name } }"
    assert api.ask(read, {"id": made["id"]}) == {"getView": {"name": "Slow"}}
    assert api.ask("mutation ($id: String!) { deleteView(id: $id) }", {"id": made["id"]}) == {"deleteView": True}
    assert api.ask(read, {"id": made["id"]}) == {"getView": None}
    assert api.ask("mutation ($id: String!) { destroyView(id: $id) }", {"id": made["id"]}) == {"destroyView": True}
    assert not View.objects.filter(id=made["id"]).exists()


@pytest.mark.parametrize("name", PARTS)
def test_parts(api: Api, rocket: dict[str, Any], name: str) -> None:
    members, given, changed, removal = PARTS[name]
    view_id = _create(api, rocket)["id"]
    given = {key: rocket[value] if value == "note" else value for key, value in given.items()}
    create = f"mutation ($input: Create{name}Input!) {{ create{name}(input: $input) {{ id viewId {members} }} }}"
    made = api.ask(create, {"input": {"viewId": view_id, **given}})[f"create{name}"]
    assert made["viewId"] == view_id
    asked = "String!" if name in ("ViewField", "ViewFieldGroup") else "String"
    many = f"query ($id: {asked}) {{ get{name}s(viewId: $id) {{ id viewId {members} }} }}"
    assert api.ask(many, {"id": view_id})[f"get{name}s"] == [made]
    one = f"query ($id: String!) {{ get{name}(id: $id) {{ id viewId {members} }} }}"
    assert api.ask(one, {"id": made["id"]})[f"get{name}"] == made
    by_id = removal.endswith("id")
    if by_id:
        update = f"mutation ($id: String!, $input: Update{name}Input!) {{ update{name}(id: $id, input: $input) {{ {members} }} }}"
        answer = api.ask(update, {"id": made["id"], "input": changed})
    else:
        update = f"mutation ($input: Update{name}Input!) {{ update{name}(input: $input) {{ {members} }} }}"
        answer = api.ask(update, {"input": {"id": made["id"], "update": changed}})
    assert changed.items() <= answer[f"update{name}"].items()
    selection = "" if removal.startswith("flag") else "{ id }"
    for verb in ("delete", "destroy"):
        argument = "id: $id" if by_id else "input: {id: $id}"
        kind = "String!" if by_id else "UUID!"
        answer = api.ask(f"mutation ($id: {kind}) {{ {verb}{name}({argument}) {selection} }}", {"id": made["id"]})
        assert answer[f"{verb}{name}"] == (True if not selection else {"id": made["id"]})
        assert api.ask(one, {"id": made["id"]})[f"get{name}"] is None


def test_many_view_fields_are_all_or_none(api: Api, rocket: dict[str, Any]) -> None:
    view_id = _create(api, rocket)["id"]
    create = (
        "mutation ($inputs: [CreateViewFieldInput!]!) { createManyViewFields(inputs: $inputs) { fieldMetadataId } }"
    )
    first, second = rocket["note"], rocket["labelIdentifierFieldMetadataId"]
    fault = api.refused(create, {"inputs": [{"viewId": view_id, "fieldMetadataId": each} for each in (first, first)]})
    assert fault["message"] == "1: fieldMetadataId is shown in the view already"
    made = api.ask(create, {"inputs": [{"viewId": view_id, "fieldMetadataId": each} for each in (first, second)]})
    assert [each["fieldMetadataId"] for each in made["createManyViewFields"]] == [first, second]


def test_minimal_metadata_and_the_workspace_have_the_views(api: Api, rocket: dict[str, Any]) -> None:
    data = api.ask("{ minimalMetadata { views { id type key objectMetadataId } } currentWorkspace { views { id } } }")
    views = data["minimalMetadata"]["views"]
    assert len(views) == View.objects.filter(workspace=api.workspace).count()
    assert {each["id"] for each in data["currentWorkspace"]["views"]} == {each["id"] for each in views}
    assert [each["key"] for each in views if each["objectMetadataId"] == rocket["id"]] == ["INDEX"]


def test_rest_shows_the_same_view(api: Api, rocket: dict[str, Any]) -> None:
    made = _create(api, rocket)
    shown = factories.Api(api.token).get(f"/rest/metadata/views/{made['id']}").body
    common = made.keys() & shown.keys()
    assert {name: shown[name] for name in common} == {name: made[name] for name in common}
    assert len(common) == 14


def test_refusals(api: Api, reader_api: Api, other_api: Api, rocket: dict[str, Any]) -> None:
    made = _create(api, rocket)
    delete = "mutation ($id: String!) { deleteView(id: $id) }"
    assert reader_api.refused(delete, {"id": made["id"]})["extensions"]["code"] == "FORBIDDEN"
    assert other_api.refused(delete, {"id": made["id"]})["extensions"]["code"] == "NOT_FOUND"
    assert api.refused(delete, {"id": "zzz"})["message"] == "id must be a UUID"
    assert other_api.ask("query ($id: String!) { getView(id: $id) { id } }", {"id": made["id"]}) == {"getView": None}
    create = "mutation ($input: CreateViewInput!) { createView(input: $input) { id } }"
    values = {"name": "", "icon": "", "objectMetadataId": rocket["id"], "type": "KANBAN"}
    fault = api.refused(create, {"input": values})
    assert fault["extensions"]["code"] == "BAD_USER_INPUT"
    assert fault["message"] == "name should not be empty, icon should not be empty"
    assert View.objects.filter(id=made["id"], deleted_at=None).exists()


def test_change_of_type(api: Api, rocket: dict[str, Any]) -> None:
    change = """mutation ($input: ChangeFieldTypeInput!) { changeFieldType(input: $input) {
      field { id type } isDryRun convertedCount unconvertedCount unconverted { recordId value message } } }"""
    values = {"fieldMetadataId": rocket["note"], "type": "NUMBER"}
    dry = api.ask(change, {"input": {**values, "dryRun": True}})["changeFieldType"]
    assert (dry["field"]["type"], dry["isDryRun"]) == ("TEXT", True)
    done = api.ask(change, {"input": values})["changeFieldType"]
    assert done == {
        "field": {"id": rocket["note"], "type": "NUMBER"},
        "isDryRun": False,
        "convertedCount": 0,
        "unconvertedCount": 0,
        "unconverted": [],
    }


@pytest.mark.parametrize(
    "document",
    [
        'mutation { deleteViewField(input: {id: "zzz"}) { id } }',
        'mutation { ... { deleteViewField(input: {id: "zzz"}) { id } } }',
        'mutation { ...Part } fragment Part on Mutation { deleteViewField(input: {id: "zzz"}) { id } }',
        "mutation ($id: UUID!) { ...Part } fragment Part on Mutation { deleteViewField(input: {id: $id}) { id } }",
    ],
)
def test_rights_are_asked_before_ids_wherever_the_field_stands(api: Api, reader_api: Api, document: str) -> None:
    variables = {"id": "zzz"} if "$id" in document else None
    refused = reader_api.refused(document, variables)
    assert (refused["extensions"]["code"], refused["path"]) == ("FORBIDDEN", ["deleteViewField"])
    [error] = api.post(document, variables).json()["errors"]
    assert error["extensions"]["code"] != "FORBIDDEN"
