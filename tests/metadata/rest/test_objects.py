"""`/rest/metadata/objects`, in both envelopes."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import Api, api_of, workspace_with
from tests.metadata.rest.conftest import PATH, Metadata

pytestmark = [pytest.mark.django_db, pytest.mark.smoke]

UNKNOWN = "00000000-0000-4000-8000-000000000000"
ROCKET = {"nameSingular": "rocket", "namePlural": "rockets", "labelSingular": "rocket", "labelPlural": "rockets"}

OBJECT_MEMBERS = {
    "id", "universalIdentifier", "applicationId", "nameSingular", "namePlural", "labelSingular", "labelPlural",
    "description", "icon", "color", "shortcut", "standardOverrides", "isCustom", "isRemote", "isActive", "isSystem",
    "isUIEditable", "isUICreatable", "isUIReadOnly", "isSearchable", "isLabelSyncedWithName", "workspaceId",
    "labelIdentifierFieldMetadataId", "imageIdentifierFieldMetadataId", "duplicateCriteria", "createdAt", "updatedAt",
    "openRecordIn", "readability", "writability",
}  # fmt: skip


def test_list(metadata: Metadata, rocket: ObjectMetadata) -> None:
    items, page, total = metadata.list("objects")
    assert total == len(items) == 6
    assert [each["id"] for each in items] == sorted((each["id"] for each in items), reverse=True)
    assert page == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": items[0]["id"],
        "endCursor": items[-1]["id"],
    }
    for each in items:
        assert each.keys() == OBJECT_MEMBERS | {"fields"}
        assert len(each["fields"]) == FieldMetadata.objects.filter(object_id=each["id"]).count()


def test_pages_forward_and_backward(metadata: Metadata) -> None:
    everything, _, total = metadata.list("objects")
    ids = [each["id"] for each in everything]
    first, page, first_total = metadata.list("objects", "?limit=2")
    assert [each["id"] for each in first] == ids[:2]
    assert page == {"hasNextPage": True, "hasPreviousPage": False, "startCursor": ids[0], "endCursor": ids[1]}
    second, page, second_total = metadata.list("objects", f"?limit=2&starting_after={ids[1]}")
    assert [each["id"] for each in second] == ids[2:4]
    assert page == {"hasNextPage": True, "hasPreviousPage": True, "startCursor": ids[2], "endCursor": ids[3]}
    back, page, _ = metadata.list("objects", f"?limit=1&ending_before={ids[2]}")
    assert [each["id"] for each in back] == [ids[1]]
    assert page == {"hasNextPage": True, "hasPreviousPage": True, "startCursor": ids[1], "endCursor": ids[1]}
    assert first_total == second_total == total


def test_a_cursor_that_is_nobodys_only_bounds_the_page(metadata: Metadata) -> None:
    items, page, total = metadata.list("objects", f"?starting_after={UNKNOWN.replace('0', 'f', 8)}")
    assert len(items) == total
    assert page["hasPreviousPage"] is False
    items, page, total = metadata.list("objects", f"?starting_after={UNKNOWN}")
    assert (items, total) == ([], 5)
    assert page == {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None}


def test_a_large_limit_is_clamped(metadata: Metadata) -> None:
    items, page, total = metadata.list("objects", "?limit=100000000000")
    assert (len(items), page["hasNextPage"]) == (total, False)
    assert len(metadata.list("fields", "?limit=500")[0]) == min(200, FieldMetadata.objects.count())


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=abc", "limit 'abc' is invalid. Should be an integer"),
        ("limit=500.5", "limit '500.5' is invalid. Should be an integer"),
        ("limit=-1", "limit '-1' is invalid. Should be an integer"),
        ("starting_after=not-a-uuid", "Invalid cursor: not-a-uuid"),
        ("ending_before=not-a-uuid", "Invalid cursor: not-a-uuid"),
        (
            f"starting_after={UNKNOWN}&ending_before={UNKNOWN}",
            "'starting_after' and 'ending_before' cannot be used together.",
        ),
    ],
)
@pytest.mark.parametrize("name", ["objects", "fields"])
def test_wrong_list_parameters(metadata: Metadata, name: str, query: str, message: str) -> None:
    answer = metadata.request("GET", f"{name}?{query}")
    assert answer.status == 400
    assert {key: answer.body[key] for key in ("message", "error", "statusCode")} == {
        "message": message,
        "error": "Bad Request",
        "statusCode": 400,
    }


def test_one_in_either_letter_case(metadata: Metadata, rocket: ObjectMetadata) -> None:
    item = metadata.item("GET", f"objects/{str(rocket.id).upper()}", "object")
    assert (item["id"], item["nameSingular"], item["labelSingular"]) == (str(rocket.id), "rocket", "Rocket")
    assert item.keys() == OBJECT_MEMBERS | {"fields"}
    assert [each["name"] for each in item["fields"]] == [
        "id", "name", "createdAt", "updatedAt", "deletedAt", "createdBy", "updatedBy", "position", "searchVector",
        "timelineActivities", "attachments", "noteTargets", "taskTargets",
    ]  # fmt: skip
    assert item["labelIdentifierFieldMetadataId"] == item["fields"][1]["id"]


def test_create(metadata: Metadata) -> None:
    item = metadata.item("POST", "objects", "createOneObject", ROCKET, 201)
    assert item.keys() == OBJECT_MEMBERS | {"fields"}
    assert (item["nameSingular"], item["labelSingular"], item["isCustom"], item["description"]) == (
        "rocket", "Rocket", True, None,
    )  # fmt: skip
    assert len(item["fields"]) == 13
    assert metadata.item("GET", f"objects/{item['id']}", "object") == item
    assert metadata.api.request("GET", "/rest/rockets").status == 200


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_update(metadata: Metadata, rocket: ObjectMetadata, method: str) -> None:
    item = metadata.item(method, f"objects/{rocket.id}", "updateOneObject", {"labelSingular": "Ship", "icon": None})
    assert (item["labelSingular"], item["labelPlural"], item["icon"], len(item["fields"])) == (
        "Ship",
        "Rockets",
        None,
        13,
    )


def test_delete_after_deactivating(metadata: Metadata, rocket: ObjectMetadata) -> None:
    assert metadata.item("PATCH", f"objects/{rocket.id}", "updateOneObject", {"isActive": False})["isActive"] is False
    item = metadata.item("DELETE", f"objects/{rocket.id}", "deleteOneObject")
    assert item["id"] == str(rocket.id)
    assert item.keys() == OBJECT_MEMBERS
    assert metadata.request("GET", f"objects/{rocket.id}").status == 404


def test_a_broken_rule_gives_the_report(metadata: Metadata, rocket: ObjectMetadata) -> None:
    answer = metadata.request("POST", "objects", ROCKET)
    assert (answer.status, answer.body["statusCode"], answer.body["error"]) == (400, 400, "METADATA_VALIDATION_ERROR")
    assert answer.body["message"] == "Multiple validation errors occurred while creating object"
    assert answer.body["summary"] == {"totalErrors": 1, "objectMetadata": 1}
    assert answer.body["userFriendlyMessage"] == "Object already exists"
    [failure] = answer.body["errors"]["objectMetadata"]
    assert [(each["code"], each["message"]) for each in failure["errors"]] == [
        ("OBJECT_ALREADY_EXISTS", "Object already exists")
    ]


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (
            {**ROCKET, "nameSingular": ""},
            ["nameSingular has failed the name validation check", "nameSingular should not be empty"],
        ),
        (
            {"labelSingular": 5, "isRemote": "no"},
            [
                "nameSingular should not be empty",
                "namePlural should not be empty",
                "labelSingular must be a string",
                "labelPlural should not be empty",
                "isRemote must be a boolean value",
            ],
        ),
        ([], ["body must be an object"]),
    ],
)
def test_wrong_bodies(metadata: Metadata, body: Any, messages: list[str]) -> None:
    answer = metadata.request("POST", "objects", body)
    assert (answer.status, answer.body["message"], answer.body["error"]) == (400, messages, "Bad Request")


def test_a_malformed_path_id(metadata: Metadata) -> None:
    for method, path in (("GET", "objects/x"), ("PATCH", "objects/x"), ("DELETE", "fields/x"), ("GET", "fields/x")):
        answer = metadata.request(method, path, {} if method == "PATCH" else None)
        assert (answer.status, answer.body["message"]) == (400, "Validation failed (uuid is expected)")


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("GET", "Object metadata not found"),
        ("PATCH", "Object to update not found"),
        ("PUT", "Object to update not found"),
        ("DELETE", "Object to delete not found"),
    ],
)
def test_unknown_objects(metadata: Metadata, method: str, message: str) -> None:
    answer = metadata.request(method, f"objects/{UNKNOWN}", {"labelSingular": "X"} if method[0] == "P" else None)
    assert (answer.status, answer.body["statusCode"], answer.body["messages"]) == (404, 404, [message])


def test_standard_objects_keep_their_names(metadata: Metadata) -> None:
    member = ObjectMetadata.objects.get(workspace=metadata.workspace, name_singular="workspaceMember")
    answer = metadata.request("PATCH", f"objects/{member.id}", {"namePlural": "x"})
    assert (answer.status, answer.body["messages"]) == (
        400,
        ["Cannot edit standard object metadata properties: namePlural"],
    )


# Access ----------------------------------------------------------------------------------------------

CALLS = [
    ("GET", "objects"), ("POST", "objects"), ("GET", "objects/{id}"), ("PATCH", "objects/{id}"), ("PUT", "objects/{id}"),
    ("DELETE", "objects/{id}"), ("GET", "fields"), ("POST", "fields"), ("GET", f"fields/{UNKNOWN}"),
    ("PATCH", f"fields/{UNKNOWN}"), ("PUT", f"fields/{UNKNOWN}"), ("DELETE", f"fields/{UNKNOWN}"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_without_the_flag_nothing_is_shown_or_changed(
    workspace: Workspace, rocket: ObjectMetadata, method: str, path: str
) -> None:
    member = api_of(workspace, role="Member")
    answer = member.request(method, f"{PATH}/{path.format(id=rocket.id)}", {} if method[0] == "P" else None)
    assert (answer.status, answer.body["error"]) == (403, "ForbiddenException")
    assert answer.body["messages"] == ["Entity performing the request does not have permission"]
    assert ObjectMetadata.objects.filter(id=rocket.id).count() == 1


def test_without_a_key(rocket: ObjectMetadata) -> None:
    answer = Api(None).request("GET", f"{PATH}/objects")
    assert (answer.status, answer.body["error"]) == (403, "FORBIDDEN_EXCEPTION")


def test_another_workspaces_key(rocket: ObjectMetadata) -> None:
    stranger = api_of(workspace_with(name="Stranger"))
    for method in ("GET", "PATCH", "DELETE"):
        answer = stranger.request(
            method, f"{PATH}/objects/{rocket.id}", {"labelSingular": "X"} if method[0] == "P" else None
        )
        assert answer.status == 404
    rocket.refresh_from_db()
    assert rocket.label_singular == "Rocket"
