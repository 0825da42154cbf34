"""Texts of the data model and of settings: what PostgreSQL cannot keep, and what nobody could read, is refused."""

from __future__ import annotations

from typing import Any

import pytest

from config.errors import BadRequest
from config.texts import has_invisible, is_blank
from metadata.models import FieldMetadata, ObjectMetadata, View, Workspace
from metadata.snapshot import schema_read
from tests.factories import Api, add_object, api_of, workspace_with

pytestmark = pytest.mark.django_db

NUL = "a\0b"
UNSEEN = "\u200b\u202e"  # a zero-width space, and what turns the direction of the text behind it


@pytest.fixture
def workspace(db: None) -> Workspace:
    return workspace_with(name="Small")


@pytest.fixture
def api(workspace: Workspace) -> Api:
    return api_of(workspace)


@pytest.fixture
def rocket(workspace: Workspace) -> ObjectMetadata:
    return add_object(workspace, "rocket", "rockets")


def ship(**changes: Any) -> dict[str, Any]:
    return {"nameSingular": "ship", "namePlural": "ships", "labelSingular": "Ship", "labelPlural": "Ships", **changes}


def speed(rocket: ObjectMetadata, **changes: Any) -> dict[str, Any]:
    return {"objectMetadataId": str(rocket.id), "name": "speed", "label": "Speed", "type": "TEXT", **changes}


def option(label: str) -> list[dict[str, Any]]:
    return [{"value": "A", "label": label, "color": "red", "position": 0}]


def owner_of(rocket: ObjectMetadata, label: str) -> dict[str, Any]:
    payload = {"targetObjectMetadataId": str(rocket.id), "type": "MANY_TO_ONE", "targetFieldLabel": label}
    return speed(rocket, type="RELATION", relationCreationPayload=payload | {"targetFieldIcon": "IconX"})


def view(rocket: ObjectMetadata, **changes: Any) -> dict[str, Any]:
    return {"name": "Fast ones", "objectMetadataId": str(rocket.id), "type": "TABLE", "icon": "IconX", **changes}


def counted() -> tuple[int, ...]:
    return ObjectMetadata.objects.count(), FieldMetadata.objects.count(), View.objects.count()


WEBHOOK = {"targetUrl": "https://a.example/", "operations": ["*.*"]}
KEPT_WITH_NUL = {
    "the label of an object": ("objects", lambda _: ship(labelSingular=NUL), "labelSingular"),
    "the description of an object": ("objects", lambda _: ship(description=NUL), "description"),
    "the icon of an object": ("objects", lambda _: ship(icon=NUL), "icon"),
    "the colour of an object": ("objects", lambda _: ship(color=NUL), "color"),
    "the label of a field": ("fields", lambda rocket: speed(rocket, label=NUL), "label"),
    "the default of a field": ("fields", lambda rocket: speed(rocket, defaultValue=f"'{NUL}'"), "defaultValue"),
    "a setting of a field": ("fields", lambda rocket: speed(rocket, settings={"x": [NUL]}), "settings.x"),
    "a member of a setting": ("fields", lambda rocket: speed(rocket, settings={NUL: 1}), "settings"),
    "the label of an option": (
        "fields",
        lambda rocket: speed(rocket, type="SELECT", options=option(NUL)),
        "options.label",
    ),
    "the label of the other side": (
        "fields",
        lambda rocket: owner_of(rocket, NUL),
        "relationCreationPayload.targetFieldLabel",
    ),
    "the name of a view": ("views", lambda rocket: view(rocket, name=NUL), "name"),
    "the name of an API key": ("apiKeys", lambda _: {"name": NUL, "expiresAt": "2040-01-01"}, "name"),
    "the description of a webhook": ("webhooks", lambda _: WEBHOOK | {"description": NUL}, "description"),
}


@pytest.mark.parametrize(("path", "body", "place"), KEPT_WITH_NUL.values(), ids=KEPT_WITH_NUL)
def test_a_text_with_nul_is_refused_by_its_name(
    api: Api, rocket: ObjectMetadata, path: str, body: Any, place: str
) -> None:
    before = counted()
    answer = api.post(f"/rest/metadata/{path}", body(rocket))
    assert (answer.status, answer.body["messages"]) == (400, [f"{place} must not contain the character NUL"])
    assert counted() == before


def test_nul_is_refused_in_changes_too(api: Api, rocket: ObjectMetadata) -> None:
    for path, body in (
        (f"objects/{rocket.id}", {"description": NUL}),
        (f"fields/{rocket.fields.get(name='name').id}", {"label": NUL}),
        ("workspace", {"displayName": NUL}),
    ):
        assert api.patch(f"/rest/metadata/{path}", body).status == 400
    rocket.refresh_from_db()
    assert rocket.description is None


def test_graphql_refuses_nul_in_variables_and_in_literals(api: Api, rocket: ObjectMetadata) -> None:
    change = "mutation ($i: UpdateOneObjectInput!) { updateOneObject(input: $i) { id } }"
    answer = api.graphql(change, {"i": {"id": str(rocket.id), "update": {"description": NUL}}}, "/metadata")
    [error] = answer.body["errors"]
    assert (answer.status, error["message"]) == (400, "i.update.description must not contain the character NUL")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    literal = change.replace("($i: UpdateOneObjectInput!) ", "").replace(
        "$i", f'{{id: "{rocket.id}", update: {{description: "a\\u0000b"}}}}'
    )
    answer = api.graphql(literal, None, "/metadata")
    assert (answer.status, answer.body["errors"][0]["message"]) == (400, "A text must not contain the character NUL")
    role = "mutation ($i: CreateRoleInput!) { createOneRole(createRoleInput: $i) { id } }"
    assert api.graphql(role, {"i": {"label": "Pilot", "description": NUL}}, "/metadata").status == 400
    rocket.refresh_from_db()
    assert rocket.description is None


@pytest.mark.parametrize(
    "text", ['objects: [{labelSingular: "a\\0b"}]', '{"objects": [{"labelSingular": "a\\u0000b"}]}']
)
def test_a_data_model_as_a_file_with_nul_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match=r"^objects\.labelSingular must not contain the character NUL$"):
        schema_read(text)


UNSEEN_LABELS = {
    "an object": ("objects", lambda _: ship(labelPlural=UNSEEN), "labelPlural must have a visible character"),
    "a field": ("fields", lambda rocket: speed(rocket, label=UNSEEN), "label must have a visible character"),
    "a field, of white space": ("fields", lambda rocket: speed(rocket, label=" \t"), "label should not be empty"),
    "an option": (
        "fields",
        lambda rocket: speed(rocket, type="SELECT", options=option(UNSEEN)),
        "options.label must have a visible character",
    ),
    "the other side of a relation": (
        "fields",
        lambda rocket: owner_of(rocket, UNSEEN),
        "relationCreationPayload.targetFieldLabel must have a visible character",
    ),
    "a view": ("views", lambda rocket: view(rocket, name=UNSEEN), "name should not be empty"),
    "an API key": ("apiKeys", lambda _: {"name": UNSEEN, "expiresAt": "2040-01-01"}, "name should not be empty"),
}


@pytest.mark.parametrize(("path", "body", "message"), UNSEEN_LABELS.values(), ids=UNSEEN_LABELS)
def test_nobody_is_called_by_characters_that_nobody_sees(
    api: Api, rocket: ObjectMetadata, path: str, body: Any, message: str
) -> None:
    before = counted()
    answer = api.post(f"/rest/metadata/{path}", body(rocket))
    assert (answer.status, answer.body["messages"]) == (400, [message])
    assert counted() == before


def test_neither_standard_objects_nor_roles_nor_the_workspace(api: Api, workspace: Workspace) -> None:
    member = ObjectMetadata.objects.get(workspace=workspace, name_singular="workspaceMember")
    for label in (UNSEEN, "   "):
        assert api.patch(f"/rest/metadata/objects/{member.id}", {"labelSingular": label}).status == 400
    member.refresh_from_db()
    assert member.standard_overrides is None
    role = "mutation ($i: CreateRoleInput!) { createOneRole(createRoleInput: $i) { id } }"
    answer = api.graphql(role, {"i": {"label": UNSEEN}}, "/metadata")
    assert [each["message"] for each in answer.body["errors"]] == ["label should not be empty"]
    answer = api.patch("/rest/metadata/workspace", {"displayName": UNSEEN})
    assert (answer.status, answer.body["messages"]) == (400, ["displayName must have a visible character"])
    workspace.refresh_from_db()
    assert workspace.display_name == "Small"


@pytest.mark.parametrize(
    "text", ["", " ", "\u200b", "\u202e\u2066", "\u3164", "\u2800", "\ufe0f", "\ufeff\u00a0", "\x07"]
)
def test_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", "—", "é", "日本", "\u200bن", "👍🏽"])
def test_not_blank(text: str) -> None:
    assert not is_blank(text)


def test_what_a_reader_would_miss() -> None:
    assert has_invisible("a\u200bb") and has_invisible("a b") and not has_invisible("straße")
