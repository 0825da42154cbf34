"""Conditions that are kept of records (filters of views, of widgets) tell their values to who may read the field."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.layout_models import View, ViewFilter
from metadata.models import FieldMetadata
from metadata.services import standard_objects_add
from tests.security.scene import Caller, Scene, make_scene

pytestmark = pytest.mark.django_db

PATH = "/rest/metadata"
SECRET = "A-1 in secret"


SEES = {"rights": ["canReadAllObjectRecords"], "flags": ["VIEWS", "DATA_MODEL"]}
ROLES = {
    "Blind": {**SEES, "unreadable": ["deal.code"], "blind": ["vault"]},
    "Modeller": {**SEES, "rights": ()},
    "Reader": SEES,
}


def make(scene: Scene, many: str, **values: Any) -> str:
    reply = scene.admin.ask("POST", f"{PATH}/{many}", values)
    assert reply.status == 201, reply.body
    made: str = reply.json["id"]
    return made


def make_filter(scene: Scene, path: str = "deal.code", value: Any = SECRET) -> str:
    field = scene.field(path)
    view = make(scene, "views", name="V", icon="I", objectMetadataId=str(field.object_id))
    return make(scene, "viewFilters", viewId=view, fieldMetadataId=str(field.id), operand="CONTAINS", value=value)


def over_rest(caller: Caller, id: str) -> list[Any]:
    listed = {each["id"]: each["value"] for each in caller.ask("GET", f"{PATH}/viewFilters").json}
    return [caller.ask("GET", f"{PATH}/viewFilters/{id}").json["value"], listed[id]]


def over_graphql(caller: Caller, id: str) -> list[Any]:
    document = f'{{ one: getViewFilter(id: "{id}") {{ value }} many: getViewFilters {{ id value }}'
    document += " views: getViews { viewFilters { id value } } }"
    data = caller.graphql(document, "/metadata").json["data"]
    nested = [each for view in data["views"] for each in view["viewFilters"]]
    found = [each["value"] for each in (*data["many"], *nested) if each["id"] == id]
    return [data["one"]["value"], *found]


@pytest.mark.parametrize(
    ("path", "label", "shown"),
    [
        ("deal.code", "Admin", SECRET),
        ("deal.code", "Reader", SECRET),
        ("deal.code", "Blind", ""),
        ("deal.code", "Modeller", ""),
        ("deal.region", "Blind", SECRET),
        ("deal.region", "Modeller", ""),
        ("vault.serial", "Blind", ""),
        ("vault.serial", "Reader", SECRET),
    ],
)
def test_a_filters_value_is_shown_to_readers_of_the_field(scene: Scene, path: str, label: str, shown: Any) -> None:
    id = make_filter(scene, path)
    caller = scene.admin if label == "Admin" else scene.caller(label)
    assert over_rest(caller, id) == [shown] * 2
    assert over_graphql(caller, id) == [shown] * 3


def test_a_filter_on_a_related_record_is_shown_to_readers_of_both_fields(scene: Scene) -> None:
    number, client = scene.field("client.number"), scene.field("deal.client")
    scene.role("Numberless", rights=["canReadAllObjectRecords"], flags=["VIEWS"], unreadable=["client.number"])
    view = make(scene, "views", name="V", icon="I", objectMetadataId=str(client.object_id))
    values = {"viewId": view, "fieldMetadataId": str(client.id), "operand": "CONTAINS", "value": SECRET}
    id = make(scene, "viewFilters", **values, relationTargetFieldMetadataId=str(number.id))
    for label, shown in (("Reader", SECRET), ("Numberless", "")):
        caller = scene.caller(label)
        assert over_rest(caller, id) == [shown] * 2
        assert over_graphql(caller, id) == [shown] * 3
    blind = scene.caller("Numberless")
    moved = blind.ask("PATCH", f"{PATH}/viewFilters/{id}", {"relationTargetFieldMetadataId": None, "operand": "IS"})
    assert (moved.status, moved.json["value"]) == (200, "")
    assert ViewFilter.objects.get(id=id).value == ""


def test_a_filter_that_is_written_blindly_is_not_told(scene: Scene) -> None:
    blind, region = scene.caller("Blind"), str(scene.field("deal.region").id)
    id = make_filter(scene)
    kept = blind.ask("PATCH", f"{PATH}/viewFilters/{id}", {"operand": "DOES_NOT_CONTAIN", "value": ""})
    assert (kept.status, kept.json["value"], kept.json["operand"]) == (200, "", "DOES_NOT_CONTAIN")
    assert ViewFilter.objects.get(id=id).value == SECRET  # the mask that is sent back changes nothing

    moved = blind.ask("PATCH", f"{PATH}/viewFilters/{id}", {"fieldMetadataId": region})
    assert (moved.status, moved.json["value"]) == (200, "")
    assert ViewFilter.objects.get(id=id).value == ""  # else it would show under the other field's name


def test_a_filter_that_is_moved_over_graphql_is_not_told(scene: Scene) -> None:
    id, region = make_filter(scene), scene.field("deal.region").id
    update = f'{{ id: "{id}", update: {{ fieldMetadataId: "{region}" }} }}'
    reply = scene.caller("Blind").graphql(f"mutation {{ updateViewFilter(input: {update}) {{ value }} }}", "/metadata")
    assert reply.json["data"] == {"updateViewFilter": {"value": ""}}


def test_what_is_looked_for_in_any_field_is_shown_to_readers_of_all_of_them(scene: Scene) -> None:
    deal, vault = (str(scene.objects[name].id) for name in ("deal", "vault"))
    values = {"name": "V", "icon": "I", "anyFieldFilterValue": SECRET}
    for object_id, seen in (
        (deal, {"Admin": SECRET, "Reader": SECRET, "Blind": "", "Modeller": ""}),
        (vault, {"Admin": SECRET, "Reader": SECRET, "Blind": "", "Modeller": ""}),
        (str(scene.objects["client"].id), {"Reader": SECRET, "Blind": SECRET, "Modeller": ""}),
    ):
        id = make(scene, "views", objectMetadataId=object_id, **values)
        unfilled = make(scene, "views", objectMetadataId=object_id, name="U", icon="I")
        for label, shown in seen.items():
            caller = scene.admin if label == "Admin" else scene.caller(label)
            listed = {each["id"]: each["anyFieldFilterValue"] for each in caller.ask("GET", f"{PATH}/views").json}
            assert (listed[id], listed[unfilled]) == (shown, None), label
            assert caller.ask("GET", f"{PATH}/views/{id}").json["anyFieldFilterValue"] == shown
            document = f'{{ getView(id: "{id}") {{ anyFieldFilterValue }} getViews {{ id anyFieldFilterValue }} }}'
            data = caller.graphql(document, "/metadata").json["data"]
            told = [each["anyFieldFilterValue"] for each in data["getViews"] if each["id"] == id]
            assert [data["getView"]["anyFieldFilterValue"], *told] == [shown, shown], label


def test_what_is_looked_for_in_any_field_is_kept_when_its_mask_is_sent_back(scene: Scene) -> None:
    values = {"name": "V", "icon": "I", "anyFieldFilterValue": SECRET}
    id = make(scene, "views", objectMetadataId=str(scene.objects["deal"].id), **values)
    blind, path = scene.caller("Blind"), f"{PATH}/views/{id}"
    for sent, kept in (({"isCompact": True, "anyFieldFilterValue": ""}, SECRET), ({"anyFieldFilterValue": None}, None)):
        reply = blind.ask("PATCH", path, sent)
        assert (reply.status, reply.json["anyFieldFilterValue"]) == (200, kept and "")
        assert View.objects.get(id=id).any_field_filter_value == kept
    update = f'mutation {{ updateView(id: "{id}", input: {{ anyFieldFilterValue: "x" }}) {{ anyFieldFilterValue }} }}'
    assert blind.graphql(update, "/metadata").json["data"] == {"updateView": {"anyFieldFilterValue": ""}}
    assert View.objects.get(id=id).any_field_filter_value == "x"
    assert scene.admin.ask("PATCH", path, {"anyFieldFilterValue": ""}).json["anyFieldFilterValue"] == ""


@pytest.mark.parametrize("verb", ["delete", "destroy"])
def test_a_filter_that_goes_is_not_told(scene: Scene, verb: str) -> None:
    id = make_filter(scene)
    document = f'mutation {{ {verb}ViewFilter(input: {{ id: "{id}" }}) {{ value }} }}'
    assert scene.caller("Blind").graphql(document, "/metadata").json["data"] == {f"{verb}ViewFilter": {"value": ""}}


def test_who_may_read_changes_a_filter_as_ever(scene: Scene) -> None:
    id, region = make_filter(scene), str(scene.field("deal.region").id)
    path, reader = f"{PATH}/viewFilters/{id}", scene.caller("Reader")
    assert reader.ask("PATCH", path, {"fieldMetadataId": region}).json["value"] == SECRET
    assert reader.ask("PATCH", path, {"value": ""}).json["value"] == ""


def test_conditions_in_a_widgets_configuration(scene: Scene) -> None:
    code, region = (str(scene.field(path).id) for path in ("deal.code", "deal.region"))
    tab = make(scene, "pageLayoutTabs", pageLayoutId=make(scene, "pageLayouts", name="P"), title="T")
    conditions = [
        {"fieldMetadataId": field, "operand": "IS", "value": value}
        for field, value in ((code, SECRET), (region, "north"), ("no id", "x"))
    ]
    configuration = {"filter": {"recordFilters": conditions}, "aggregateFieldMetadataId": code}
    id = make(scene, "pageLayoutWidgets", pageLayoutTabId=tab, title="W", configuration=configuration)
    path = f"{PATH}/pageLayoutWidgets"

    def shown(caller: Caller) -> list[Any]:
        [listed] = caller.ask("GET", f"{path}?pageLayoutTabId={tab}").json
        one = caller.ask("GET", f"{path}/{id}").json
        assert listed == one and one["configuration"]["aggregateFieldMetadataId"] == code
        return [each["value"] for each in one["configuration"]["filter"]["recordFilters"]]

    assert shown(scene.admin) == [SECRET, "north", "x"]
    assert shown(scene.caller("Blind")) == ["", "north", "x"]


def test_what_a_key_of_another_workspace_may_read_is_no_matter(scene: Scene) -> None:
    id = make_filter(scene)
    assert make_scene("Elsewhere").admin.ask("GET", f"{PATH}/viewFilters/{id}").status == 404
    assert View.objects.filter(workspace=scene.workspace, name="V").count() == 1


# The data model ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_the_model_as_a_file_tells_no_values_either(scene: Scene, dry_run: str) -> None:
    """A change of type, and uniqueness, are decided by values; refusals name them to readers only."""
    for region in ("north", "north"):
        assert scene.admin.ask("POST", "/rest/deals", {"region": region, "memo": SECRET}).status == 201
    model = scene.admin.ask("GET", f"{PATH}/schema").json
    [deal] = [each for each in model["objects"] if each["nameSingular"] == "deal"]
    path = f"{PATH}/schema?dryRun={dry_run}"
    for name, change, told, refused in (
        ("memo", {"type": "NUMBER"}, SECRET, 403),
        ("region", {"isUnique": True}, "north", 400),
    ):
        fields = [{**each, **change} if each["name"] == name else each for each in deal["fields"]]
        sent = {**model, "objects": [{**each, "fields": fields} if each is deal else each for each in model["objects"]]}
        shown = scene.admin.ask("POST", path, sent)
        assert shown.status == 400 and told.encode() in shown.body
        hidden = scene.caller("Modeller").ask("POST", path, sent)
        assert hidden.status == refused, hidden.body
        assert told.encode() not in hidden.body
    assert scene.admin.ask("GET", f"{PATH}/schema").json == model


def test_a_role_without_reading_changes_no_type(scene: Scene) -> None:
    """Values decide whether it can be done, so who may not read them is refused, whatever they are."""
    field = scene.field("deal.memo")
    path = f"{PATH}/fields/{field.id}/changeType"
    modeller, reader = scene.caller("Modeller"), scene.caller("Reader")
    for caller, body in ((modeller, {"type": "NUMBER"}), (modeller, {"type": "NUMBER", "dryRun": True})):
        reply = caller.ask("POST", path, body)
        assert (reply.status, reply.json["code"]) == (403, "PERMISSION_DENIED")
    assert scene.field("deal.memo").type == "TEXT"
    assert reader.ask("POST", path, {"type": "NUMBER"}).status == 200
    assert scene.field("deal.memo").type == "NUMBER"


def test_a_token_of_a_connected_account_stands_in_no_refusal(scene: Scene) -> None:
    standard_objects_add(workspace_id=scene.workspace.id, names=["connectedAccount"])
    for _ in range(2):
        made = scene.admin.ask("POST", "/rest/connectedAccounts", {"handle": "a", "accessToken": "at-5f1e"})
        assert made.status == 201, made.body
    field = FieldMetadata.objects.get(
        workspace=scene.workspace, object__name_singular="connectedAccount", name="accessToken"
    )
    reply = scene.admin.ask("PATCH", f"{PATH}/fields/{field.id}", {"isUnique": True})
    assert reply.status == 400 and b"at-5f1e" not in reply.body, reply.body
    assert b"Field accessToken cannot be unique: its values are encrypted" in reply.body
