"""`/rest/metadata/fields`, in both envelopes."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.models import FieldMetadata, ObjectMetadata
from tests.factories import add_field
from tests.metadata.rest.conftest import Metadata

pytestmark = pytest.mark.django_db

UNKNOWN = "00000000-0000-4000-8000-000000000000"
FIELD_MEMBERS = {
    "id", "universalIdentifier", "applicationId", "objectMetadataId", "workspaceId", "type", "name", "label",
    "description", "icon", "standardOverrides", "isCustom", "isActive", "isSystem", "isUIEditable", "isUIReadOnly",
    "isNullable", "isUnique", "isSearchable", "isAuditLogged", "defaultValue", "options", "settings",
    "isLabelSyncedWithName", "morphId", "relation", "createdAt", "updatedAt",
}  # fmt: skip


def body(rocket: ObjectMetadata, **changes: Any) -> dict[str, Any]:
    return {"objectMetadataId": str(rocket.id), "type": "NUMBER", "name": "speed", "label": "Speed", **changes}


def test_list(metadata: Metadata, rocket: ObjectMetadata) -> None:
    items, page, total = metadata.list("fields", "?limit=1")
    assert (len(items), total) == (1, FieldMetadata.objects.filter(workspace=metadata.workspace).count())
    assert page == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": items[0]["id"],
        "endCursor": items[0]["id"],
    }
    assert items[0].keys() == FIELD_MEMBERS
    seen, cursor = [items[0]["id"]], items[0]["id"]
    while page["hasNextPage"]:
        items, page, _ = metadata.list("fields", f"?limit=50&starting_after={cursor}")
        seen += [each["id"] for each in items]
        cursor = page["endCursor"]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == len(seen) == total


def test_create_read_update_delete(metadata: Metadata, rocket: ObjectMetadata) -> None:
    given = body(
        rocket, type="SELECT", name="stage",
        options=[{"label": " New ", "value": "NEW", "position": 0, "color": "red"}], defaultValue="'NEW'",
    )  # fmt: skip
    item = metadata.item("POST", "fields", "createOneField", given, 201)
    assert item.keys() == FIELD_MEMBERS
    option_id = item["options"][0]["id"]
    assert item["options"] == [{"id": option_id, "label": "New", "value": "NEW", "position": 0, "color": "red"}]
    assert (item["name"], item["objectMetadataId"], item["isUnique"], item["defaultValue"], item["relation"]) == (
        "stage", str(rocket.id), False, "'NEW'", None,
    )  # fmt: skip
    assert metadata.item("GET", f"fields/{item['id'].upper()}", "field") == item
    for method, label in (("PATCH", "Step"), ("PUT", "Phase")):
        assert metadata.item(method, f"fields/{item['id']}", "updateOneField", {"label": label})["label"] == label
    assert metadata.item("DELETE", f"fields/{item['id']}", "deleteOneField")["id"] == item["id"]
    assert metadata.request("GET", f"fields/{item['id']}").status == 404


def test_relations_name_both_sides(metadata: Metadata, rocket: ObjectMetadata) -> None:
    member = ObjectMetadata.objects.get(workspace=metadata.workspace, name_singular="workspaceMember")
    given = body(
        rocket, type="RELATION", name="pilot", label="Pilot",
        relationCreationPayload={
            "type": "MANY_TO_ONE", "targetObjectMetadataId": str(member.id), "targetFieldLabel": "Flights",
            "targetFieldIcon": "IconPlane",
        },
    )  # fmt: skip
    item = metadata.item("POST", "fields", "createOneField", given, 201)
    flights = FieldMetadata.objects.get(object=member, name="flights")
    assert item["relation"] == {
        "type": "MANY_TO_ONE",
        "sourceObjectMetadata": {"id": str(rocket.id), "nameSingular": "rocket", "namePlural": "rockets"},
        "targetObjectMetadata": {
            "id": str(member.id), "nameSingular": "workspaceMember", "namePlural": "workspaceMembers",
        },
        "sourceFieldMetadata": {"id": item["id"], "name": "pilot"},
        "targetFieldMetadata": {"id": str(flights.id), "name": "flights"},
    }  # fmt: skip
    deleted = metadata.item("DELETE", f"fields/{item['id']}", "deleteOneField")
    assert deleted["relation"] == item["relation"]
    assert metadata.request("GET", f"fields/{flights.id}").status == 404


def test_a_taken_name(metadata: Metadata, rocket: ObjectMetadata) -> None:
    answer = metadata.request("POST", "fields", body(rocket, name="name"))
    assert (answer.status, answer.body["error"]) == (400, "METADATA_VALIDATION_ERROR")
    assert answer.body["message"] == "Multiple validation errors occurred while creating fields"
    [failure] = answer.body["errors"]["fieldMetadata"]
    assert failure["flatEntityMinimalInformation"].keys() == {
        "universalIdentifier",
        "name",
        "objectMetadataUniversalIdentifier",
    }
    assert [each["code"] for each in failure["errors"]] == ["NOT_AVAILABLE"]


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        ({"name": ""}, ["name has failed the name validation check", "name should not be empty"]),
        ({"label": None}, ["label should not be empty"]),
        (
            {"objectMetadataId": "x", "isUnique": 1},
            ["objectMetadataId must be a UUID", "isUnique must be a boolean value"],
        ),
    ],
)
def test_wrong_bodies(metadata: Metadata, rocket: ObjectMetadata, changes: dict[str, Any], messages: list[str]) -> None:
    answer = metadata.request("POST", "fields", body(rocket, **changes))
    assert (answer.status, answer.body["message"], answer.body["error"]) == (400, messages, "Bad Request")


def test_unknown_fields(metadata: Metadata) -> None:
    for method, status, message in (
        ("GET", 404, "Field metadata not found"),
        ("DELETE", 404, "Field metadata to delete not found"),
        ("PATCH", 400, "Field metadata to update not found"),
        ("PUT", 400, "Field metadata to update not found"),
    ):
        answer = metadata.request(method, f"fields/{UNKNOWN}", {"label": "X"} if method[0] == "P" else None)
        assert (answer.status, answer.body["statusCode"], answer.body["messages"]) == (status, status, [message])


def test_managed_properties_are_forbidden(metadata: Metadata, rocket: ObjectMetadata) -> None:
    created_at = FieldMetadata.objects.get(object=rocket, name="createdAt")
    answer = metadata.request("PATCH", f"fields/{created_at.id}", {"label": "Born"})
    assert (answer.status, answer.body["code"], answer.body["messages"]) == (
        403,
        "FIELD_MUTATION_NOT_ALLOWED",
        ['Cannot edit system-managed field "createdAt" properties: label'],
    )


def test_a_null_clears_and_an_absent_member_stays(metadata: Metadata, rocket: ObjectMetadata) -> None:
    field = add_field(metadata.workspace, rocket, "NUMBER", "speed", defaultValue=5, description="Fast")
    item = metadata.item("PATCH", f"fields/{field.id}", "updateOneField", {"defaultValue": None})
    assert (item["defaultValue"], item["description"]) == (None, "Fast")


def test_labels_in_another_language(metadata: Metadata, rocket: ObjectMetadata) -> None:
    member = ObjectMetadata.objects.get(workspace=metadata.workspace, name_singular="workspaceMember")
    french = [{"locale": "fr-FR", "property": "labelSingular", "value": "Membre"}]
    metadata.item("PATCH", f"objects/{member.id}", "updateOneObject", {"translations": french})

    def label(**headers: str) -> Any:
        answer = metadata.request("GET", f"objects/{member.id}", **headers)
        return (answer.body["data"]["object"] if metadata.is_keyed else answer.body)["labelSingular"]

    assert (label(x_locale="fr-FR"), label()) == ("Membre", "Workspace Member")


@pytest.mark.parametrize(
    "wrong",
    ["{a}", 5, True, {"locale": "fr-FR"}, ["fr-FR"], [{"property": "label"}], [{"locale": [], "property": "label"}]],
)
def test_translations_of_another_shape_are_refused(metadata: Metadata, wrong: Any) -> None:
    field = FieldMetadata.objects.filter(workspace_id=metadata.workspace.id, is_custom=False, is_managed=False).first()
    assert field is not None
    for path in (f"fields/{field.id}", f"objects/{field.object_id}"):
        answer = metadata.api.patch(f"/rest/metadata/{path}", {"translations": wrong})
        assert (answer.status, answer.body["code"]) == (400, "INVALID_INPUT"), answer.body
    field.refresh_from_db()
    assert field.standard_overrides is None
