"""Views, their parts and page layouts over REST: every resource by the same rules, and what the rest does to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from apikeys.services.roles import role_create
from metadata.models import FieldMetadata, ObjectMetadata, View, ViewField, Workspace
from metadata.services.layout.kinds import RESOURCES
from tests.factories import Api, add_field, add_object, api_of, key_of, principal_of, workspace_with
from tests.metadata.rest.conftest import PATH

pytestmark = pytest.mark.django_db

UNKNOWN = "00000000-0000-4000-8000-000000000000"
OPTIONS = [{"value": "NEW", "label": "New", "position": 0}, {"value": "DONE", "label": "Done", "position": 1}]


@dataclass(frozen=True, slots=True)
class Scene:
    """A workspace with a rocket that has a text, a number, a date and a select; and keys of both versions."""

    workspace: Workspace
    rocket: ObjectMetadata
    fields: dict[str, FieldMetadata]
    api: Api
    paged: Api

    def create(self, many: str, **values: Any) -> dict[str, Any]:
        answer = self.api.post(f"{PATH}/{many}", values)
        assert answer.status == 201, answer.body
        return dict(answer.body)

    def view(self, **values: Any) -> dict[str, Any]:
        values = {"name": "Fast ones", "icon": "IconRocket", "objectMetadataId": str(self.rocket.id), **values}
        return self.create("views", **values)

    def id(self, name: str) -> str:
        return str(self.fields[name].id)

    def index_view(self) -> View:
        return View.objects.get(object_id=self.rocket.id, key="INDEX", deleted_at=None)

    def index_columns(self) -> list[str]:
        names = {each.id: each.name for each in FieldMetadata.objects.filter(object=self.rocket)}
        rows = ViewField.objects.filter(view=self.index_view(), deleted_at=None).order_by("position")
        return [names[each.field_id] for each in rows]


@pytest.fixture(scope="module")
def scene(uncommitted: None) -> Scene:
    workspace = workspace_with(name="Small")
    rocket = add_object(workspace, "rocket", "rockets")
    fields = {
        "speed": add_field(workspace, rocket, "NUMBER", "speed"),
        "launch": add_field(workspace, rocket, "DATE", "launch"),
        "stage": add_field(workspace, rocket, "SELECT", "stage", options=OPTIONS),
        "home": add_field(workspace, rocket, "ADDRESS", "home"),
    }
    fields |= {each.name: each for each in FieldMetadata.objects.filter(object=rocket) if each.name not in fields}
    return Scene(workspace, rocket, fields, api_of(workspace), api_of(workspace, api_version="2"))


Body = Callable[[Scene], dict[str, Any]]


def _view_id(scene: Scene) -> str:
    return str(scene.view()["id"])


def _layout(scene: Scene) -> str:
    return str(scene.create("pageLayouts", name="Page")["id"])


def _tab(scene: Scene) -> str:
    return str(scene.create("pageLayoutTabs", pageLayoutId=_layout(scene), title="Tab")["id"])


BODIES: dict[str, Body] = {
    "views": lambda scene: {"name": "Fast ones", "icon": "IconX", "objectMetadataId": str(scene.rocket.id)},
    "viewFields": lambda scene: {"viewId": _view_id(scene), "fieldMetadataId": scene.id("speed")},
    "viewFieldGroups": lambda scene: {"viewId": _view_id(scene), "name": "Basics"},
    "viewFilters": lambda scene: {"viewId": _view_id(scene), "fieldMetadataId": scene.id("stage"), "value": ["NEW"]},
    "viewSorts": lambda scene: {"viewId": _view_id(scene), "fieldMetadataId": scene.id("speed")},
    "viewGroups": lambda scene: {"viewId": _view_id(scene), "fieldValue": "NEW"},
    "viewFilterGroups": lambda scene: {"viewId": _view_id(scene)},
    "pageLayouts": lambda scene: {"name": "Page"},
    "pageLayoutTabs": lambda scene: {"pageLayoutId": _layout(scene), "title": "Tab"},
    "pageLayoutWidgets": lambda scene: {"pageLayoutTabId": _tab(scene), "title": "Widget"},
}
CHANGES: dict[str, dict[str, Any]] = {
    "views": {"name": "Slow ones", "isCompact": True},
    "viewFields": {"isVisible": False, "size": 99.5},
    "viewFieldGroups": {"name": "More", "isVisible": False},
    "viewFilters": {"operand": "IS_NOT", "value": ["DONE"]},
    "viewSorts": {"direction": "DESC"},
    "viewGroups": {"isVisible": False, "position": 3.0},
    "viewFilterGroups": {"logicalOperator": "OR"},
    "pageLayouts": {"name": "Other"},
    "pageLayoutTabs": {"title": "Other"},
    "pageLayoutWidgets": {"gridPosition": {"row": 1, "column": 2, "rowSpan": 1, "columnSpan": 2}},
}
RESOURCE_NAMES = sorted(BODIES)
ALL = pytest.mark.parametrize("many", RESOURCE_NAMES)


def test_the_cases_cover_every_resource() -> None:
    assert sorted(each.many for each in RESOURCES.values()) == RESOURCE_NAMES


def _query(scene: Scene, many: str) -> str:
    if many == "pageLayoutTabs":
        return f"?pageLayoutId={_layout(scene)}"
    if many == "pageLayoutWidgets":
        return f"?pageLayoutTabId={_tab(scene)}"
    return ""


REQUIRED = {
    "views": ["name", "objectMetadataId", "icon"],
    "viewFields": ["viewId", "fieldMetadataId"],
    "viewFieldGroups": ["viewId", "name"],
    "viewFilters": ["viewId", "fieldMetadataId", "value"],
    "viewSorts": ["viewId", "fieldMetadataId"],
    "viewGroups": ["viewId", "fieldValue"],
    "viewFilterGroups": ["viewId"],
    "pageLayouts": ["name"],
    "pageLayoutTabs": ["pageLayoutId", "title"],
    "pageLayoutWidgets": ["pageLayoutTabId", "title"],
}


@ALL
def test_what_a_resource_cannot_be_made_without(scene: Scene, many: str) -> None:
    model = RESOURCES[many[:-1]].model
    before = model._default_manager.count()
    for values in ({}, dict.fromkeys(REQUIRED[many])):
        answer = scene.api.post(f"{PATH}/{many}", values)
        assert (answer.status, answer.body["message"]) == (
            400,
            [f"{name} should not be empty" for name in REQUIRED[many]],
        )
    assert model._default_manager.count() == before


@ALL
def test_list_contract_answers_the_unified_page(scene: Scene, many: str) -> None:
    answer = scene.paged.get(f"{PATH}/{many}{_query(scene, many)}")
    assert answer.status == 200
    assert answer.body.keys() == {"data", "pageInfo", "totalCount"}
    page = answer.body["pageInfo"]
    assert page.keys() == {"hasNextPage", "hasPreviousPage", "startCursor", "endCursor"}
    items = answer.body["data"]
    assert answer.body["totalCount"] == RESOURCES[many[:-1]].model._default_manager.count() or many.startswith("pageL")
    assert (page["startCursor"] is None, page["endCursor"] is None) == (not items, not items)


@ALL
def test_list_contract_answers_bare_arrays_to_version_1(scene: Scene, many: str) -> None:
    made = scene.create(many, **BODIES[many](scene))
    parent = str(RESOURCES[many[:-1]].parent)
    answer = scene.api.get(f"{PATH}/{many}?{parent}={made[parent] or ''}")
    assert answer.status == 200
    assert made in answer.body


@ALL
def test_pages_walk_every_item_once(scene: Scene, many: str) -> None:
    body = BODIES[many](scene)
    scene.create(many, **body)
    parent = str(RESOURCES[many[:-1]].parent)
    narrowed = f"{parent}={body.get(parent) or ''}"
    seen, after = [], ""
    while True:
        answer = scene.paged.get(f"{PATH}/{many}?{narrowed}&limit=1{after}").body
        seen += [each["id"] for each in answer["data"]]
        if not answer["pageInfo"]["hasNextPage"]:
            break
        after = f"&starting_after={answer['pageInfo']['endCursor']}"
    assert len(seen) == len(set(seen)) == answer["totalCount"] > 0


@ALL
def test_create_read_update_delete(scene: Scene, many: str) -> None:
    body = BODIES[many](scene)
    made = scene.create(many, **body)
    for name, value in body.items():
        assert made[name] == value
    assert made["workspaceId"] == str(scene.workspace.id)
    assert made["deletedAt"] is None
    path = f"{PATH}/{many}/{made['id']}"
    assert scene.api.get(path).body == made
    assert scene.api.get(f"{PATH}/{many}/{made['id'].upper()}").body == made
    changed = scene.api.patch(path, CHANGES[many])
    assert changed.status == 200
    assert {**changed.body, "updatedAt": None} == {**made, **CHANGES[many], "updatedAt": None}
    assert scene.api.get(path).body == changed.body
    assert (scene.api.delete(path).status, scene.api.delete(path).status) == (200, 200)
    assert scene.api.get(path).status == 404
    model = RESOURCES[many[:-1]].model
    assert model._default_manager.get(pk=made["id"]).deleted_at is not None  # type: ignore[attr-defined]
    destroyed = scene.api.delete(f"{path}?destroy=true")
    assert (destroyed.status, destroyed.body) == (200, {"success": True})
    assert not model._default_manager.filter(pk=made["id"]).exists()


@ALL
def test_refusals_leave_nothing(scene: Scene, many: str) -> None:
    model = RESOURCES[many[:-1]].model
    body = BODIES[many](scene)
    before = model._default_manager.count()
    for name in [name for name, member in RESOURCES[many[:-1]].by_name.items() if member.is_required]:
        answer = scene.api.post(f"{PATH}/{many}", {each: value for each, value in body.items() if each != name})
        assert (answer.status, answer.body["message"]) == (400, [f"{name} should not be empty"])
    parent = str(RESOURCES[many[:-1]].parent)
    answer = scene.api.post(f"{PATH}/{many}", {**body, parent: UNKNOWN})
    assert (answer.status, answer.body["path"]) == (404, parent)
    assert answer.body["messages"][0].endswith(" not found")
    assert scene.api.post(f"{PATH}/{many}", {**body, parent: "zzz"}).body["message"] == [f"{parent} must be a UUID"]
    assert model._default_manager.count() == before
    assert scene.api.get(f"{PATH}/{many}/{UNKNOWN}").status == 404
    assert scene.api.patch(f"{PATH}/{many}/{UNKNOWN}", {}).status == 404
    assert scene.api.get(f"{PATH}/{many}/zzz").status == 400
    assert scene.api.get(f"{PATH}/{many}?{parent}=zzz").status == 400


@ALL
def test_who_may(scene: Scene, many: str) -> None:
    body = BODIES[many](scene)
    made = scene.create(many, **body)
    path = f"{PATH}/{many}/{made['id']}"
    stranger = api_of(workspace_with(name="Other"))
    assert stranger.get(path).status == stranger.patch(path, {}).status == stranger.delete(path).status == 404
    own = 201 if many == "pageLayouts" else 404  # a layout of no object is its own
    assert stranger.post(f"{PATH}/{many}", body).status == own
    assert Api(None).get(path).status == 403
    principal = principal_of(scene.workspace)
    role_create(principal, values={"label": "Reader", "canReadAllObjectRecords": True})
    reader = Api(key_of(scene.workspace, role="Reader"))
    assert reader.get(path).body == made
    assert (reader.patch(path, CHANGES[many]).status, reader.delete(path).status) == (403, 403)
    assert scene.api.get(path).body == made


@pytest.mark.parametrize(
    ("many", "wrong", "message"),
    [
        ("views", {"type": "PIE"}, "type must be one of: TABLE, KANBAN, CALENDAR, LIST, FIELDS_WIDGET, TABLE_WIDGET, KANBAN_WIDGET, LIST_WIDGET, CALENDAR_WIDGET"),
        ("views", {"type": "KANBAN"}, "mainGroupByFieldMetadataId should not be empty for a KANBAN view"),
        ("views", {"type": "CALENDAR"}, "calendarFieldMetadataId should not be empty for a CALENDAR view"),
        ("views", {"mainGroupByFieldMetadataId": "speed"}, "mainGroupByFieldMetadataId must be a field with options"),
        ("views", {"calendarFieldMetadataId": "speed"}, "calendarFieldMetadataId must be a date field"),
        ("views", {"groupLoadLimit": 0}, "groupLoadLimit must be a whole number from 1 to 10000"),
        ("views", {"kanbanColumnWidth": 10.5}, "kanbanColumnWidth must be a whole number from 1 to 10000"),
        ("views", {"position": "first"}, "position must be a number"),
        ("views", {"position": 10**400}, "position must be a number"),
        ("views", {"isCompact": "yes"}, "isCompact must be a boolean value"),
        ("views", {"name": "  "}, "name should not be empty"),
        ("viewFields", {"aggregateOperation": "SUM", "fieldMetadataId": "launch"}, "aggregateOperation SUM is not available for field launch of type DATE"),
        ("viewFilters", {"operand": "LIKES"}, "operand must be one of: IS, IS_NOT_NULL, IS_NOT, LESS_THAN_OR_EQUAL, GREATER_THAN_OR_EQUAL, IS_BEFORE, IS_AFTER, CONTAINS, DOES_NOT_CONTAIN, IS_EMPTY, IS_NOT_EMPTY, IS_RELATIVE, IS_IN_PAST, IS_IN_FUTURE, IS_TODAY, VECTOR_SEARCH"),
        ("viewFilters", {"subFieldName": "x"}, "subFieldName must not be set: field stage is not composite"),
        ("viewSorts", {"fieldMetadataId": "home", "subFieldName": "x"}, "Unknown sub-field x on composite field home"),
        ("viewSorts", {"direction": "UP"}, "direction must be one of: ASC, DESC"),
        ("viewFilterGroups", {"logicalOperator": "XOR"}, "logicalOperator must be one of: AND, OR, NOT"),
    ],
)  # fmt: skip
def test_invalid_members(scene: Scene, many: str, wrong: dict[str, Any], message: str) -> None:
    wrong = {
        name: scene.id(value) if isinstance(value, str) and value in scene.fields else value
        for name, value in wrong.items()
    }
    answer = scene.api.post(f"{PATH}/{many}", {**BODIES[many](scene), **wrong})
    assert answer.status == 400
    assert answer.body["message"] == [message]


def test_a_filter_that_nothing_can_be_read_through_is_not_kept(scene: Scene) -> None:
    """Through all of the ways to write one; groups are still read by the view."""
    view_id, many = _view_id(scene), f"{PATH}/viewFilters"
    values = {"viewId": view_id, "fieldMetadataId": scene.id("launch"), "operand": "IS_BEFORE"}
    message = 'value cannot be compared by operand "IS_BEFORE" with field launch of type DATE'
    answer = scene.api.post(many, {**values, "value": "soon"})
    expected = {"statusCode": 400, "error": "Bad Request", "messages": [message], "path": "value"}
    assert (answer.status, expected.items() <= answer.body.items()) == (400, True), answer.body

    kept = scene.create("viewFilters", **values, value="2026-01-31")
    answer = scene.api.patch(f"{many}/{kept['id']}", {"value": "PAST_9999_YEAR", "operand": "IS_RELATIVE"})
    assert (answer.status, answer.body["path"]) == (400, "value")

    create = "mutation ($input: CreateViewFilterInput!) { createViewFilter(input: $input) { id } }"
    update = "mutation ($input: UpdateViewFilterInput!) { updateViewFilter(input: $input) { id } }"
    for document, input in (
        (create, {**values, "value": "soon"}),
        (update, {"id": kept["id"], "update": {"value": "soon"}}),
    ):
        [error] = scene.api.post("/metadata", {"query": document, "variables": {"input": input}}).body["errors"]
        assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")
        assert (error["extensions"]["path"], error["extensions"]["userFriendlyMessage"]) == ("value", message)

    assert scene.api.get(f"{many}/{kept['id']}").body["value"] == "2026-01-31"
    assert scene.api.get(f'/rest/rockets/groupBy?group_by=[{{"name":true}}]&view_id={view_id}').status == 200


@pytest.mark.parametrize(
    ("many", "wrong"),
    [("viewFilters", {"value": "a\0"}), ("pageLayoutWidgets", {"configuration": {"a": [{"b\0": 1}]}})],
)
def test_no_text_holds_nul(scene: Scene, many: str, wrong: dict[str, Any]) -> None:
    answer = scene.api.post(f"{PATH}/{many}", {**BODIES[many](scene), **wrong})
    assert answer.status == 400
    assert answer.body["messages"][0].endswith("must not contain the character NUL")


@pytest.mark.parametrize(
    ("many", "name", "message"),
    [
        ("views", "objectMetadataId", "Object metadata not found"),
        ("views", "calendarFieldMetadataId", "Field metadata not found"),
        ("viewFields", "viewId", "View not found"),
        ("viewFields", "fieldMetadataId", "Field metadata not found"),
        ("viewFields", "viewFieldGroupId", "View field group not found"),
        ("viewFilters", "viewFilterGroupId", "View filter group not found"),
        ("pageLayouts", "objectMetadataId", "Object metadata not found"),
    ],
)
def test_what_is_named_but_unknown_is_not_found(scene: Scene, many: str, name: str, message: str) -> None:
    before = RESOURCES[many[:-1]].model._default_manager.count()
    body = BODIES[many](scene)
    made = RESOURCES[many[:-1]].model._default_manager.count()
    answer = scene.api.post(f"{PATH}/{many}", {**body, name: UNKNOWN})
    assert (answer.status, answer.body["messages"], answer.body["path"]) == (404, [message], name)
    assert RESOURCES[many[:-1]].model._default_manager.count() == made >= before


def test_an_object_may_have_several_views_of_its_own(scene: Scene) -> None:
    first = scene.index_view()
    second = scene.view(key="INDEX")
    add_field(scene.workspace, scene.rocket, "TEXT", "motto")
    assert View.objects.filter(object_id=scene.rocket.id, key="INDEX").count() == 2
    for view_id in (first.id, second["id"]):  # a new field stands in both
        assert ViewField.objects.filter(view_id=view_id, field__name="motto").exists()


def test_a_new_column_leaves_its_width_to_the_client(scene: Scene) -> None:
    assert scene.create("viewFields", **BODIES["viewFields"](scene))["size"] == 0


def test_a_sort_may_name_a_sub_field_of_a_plain_field(scene: Scene) -> None:
    body = BODIES["viewSorts"](scene)
    assert scene.create("viewSorts", **body, subFieldName="anything")["subFieldName"] == "anything"


def test_filter_groups_are_two_deep(scene: Scene) -> None:
    view_id = _view_id(scene)

    def group(parent: str | None) -> Any:
        return scene.api.post(f"{PATH}/viewFilterGroups", {"viewId": view_id, "parentViewFilterGroupId": parent})

    top, other = group(None).body["id"], group(None).body["id"]
    inner = group(top).body["id"]
    refused = (400, ["View filter group hierarchy exceeds maximum depth of 2"])
    assert ((answer := group(inner)).status, answer.body["message"]) == refused
    answer = scene.api.patch(f"{PATH}/viewFilterGroups/{top}", {"parentViewFilterGroupId": other})
    assert (answer.status, answer.body["message"]) == refused  # it has a group inside
    assert scene.api.get(f"{PATH}/viewFilterGroups/{top}").body["parentViewFilterGroupId"] is None


def test_the_column_that_names_a_record_is_made_in_every_view_and_protected(scene: Scene) -> None:
    view = scene.view()
    assert scene.api.get(f"{PATH}/viewFields?viewId={view['id']}").body == []
    motto = add_field(scene.workspace, scene.rocket, "TEXT", "motto")
    scene.create("viewFields", viewId=view["id"], fieldMetadataId=scene.id("speed"), position=4)
    update = {"labelIdentifierFieldMetadataId": str(motto.id)}
    assert scene.api.patch(f"{PATH}/objects/{scene.rocket.id}", update).status == 200
    leading, speed = scene.api.get(f"{PATH}/viewFields?viewId={view['id']}").body
    assert (leading["fieldMetadataId"], leading["position"], leading["isVisible"]) == (str(motto.id), 3, True)
    path = f"{PATH}/viewFields/{leading['id']}"
    for change, message in (
        ({"isVisible": False}, "Label identifier view field has to be visible"),
        ({"position": 5}, "Label identifier view field has to be in the lowest position"),
    ):
        answer = scene.api.patch(path, change)
        assert (answer.status, answer.body["message"]) == (400, [message])
    for removal in (path, f"{path}?destroy=true"):
        answer = scene.api.delete(removal)
        assert (answer.status, answer.body["message"]) == (400, ["Label identifier view field cannot be deleted"])
    early = {"viewId": view["id"], "fieldMetadataId": scene.id("stage"), "position": -42}
    answer = scene.api.post(f"{PATH}/viewFields", early)
    assert answer.body["message"] == ["View field position cannot be lower than label identifier view field position"]
    assert scene.api.get(f"{PATH}/viewFields?viewId={view['id']}").body == [leading, speed]
    assert scene.api.patch(path, {"position": 3.5, "size": 300}).status == 200


def test_fields_stay_when_their_group_goes(scene: Scene) -> None:
    view_id = _view_id(scene)
    group = scene.create("viewFieldGroups", viewId=view_id, name="Basics")
    column = scene.create("viewFields", viewId=view_id, fieldMetadataId=scene.id("speed"), viewFieldGroupId=group["id"])
    assert column["viewFieldGroupId"] == group["id"]
    assert scene.api.delete(f"{PATH}/viewFieldGroups/{group['id']}").status == 200
    assert scene.api.get(f"{PATH}/viewFields/{column['id']}").body["viewFieldGroupId"] is None


def test_a_field_is_shown_once(scene: Scene) -> None:
    body = BODIES["viewFields"](scene)
    scene.create("viewFields", **body)
    answer = scene.api.post(f"{PATH}/viewFields", body)
    assert answer.body["message"] == ["fieldMetadataId is shown in the view already"]


def test_filter_groups_make_no_circle(scene: Scene) -> None:
    view_id = _view_id(scene)
    outer = scene.create("viewFilterGroups", viewId=view_id)
    inner = scene.create("viewFilterGroups", viewId=view_id, parentViewFilterGroupId=outer["id"])
    answer = scene.api.patch(f"{PATH}/viewFilterGroups/{outer['id']}", {"parentViewFilterGroupId": inner["id"]})
    assert answer.body["message"] == ["parentViewFilterGroupId must not make a circle"]
    other = scene.create("viewFilterGroups", viewId=_view_id(scene))
    answer = scene.api.patch(f"{PATH}/viewFilterGroups/{inner['id']}", {"parentViewFilterGroupId": other["id"]})
    assert answer.body["message"] == ["parentViewFilterGroupId belongs to another view"]


def test_lists_of_tabs_and_widgets_need_their_parent(scene: Scene) -> None:
    for many, parent in (("pageLayoutTabs", "pageLayoutId"), ("pageLayoutWidgets", "pageLayoutTabId")):
        answer = scene.api.get(f"{PATH}/{many}")
        assert (answer.status, answer.body["message"]) == (400, f"{parent} should not be empty")


def test_a_view_takes_its_parts_along(scene: Scene) -> None:
    view = scene.view()
    sort = scene.create("viewSorts", viewId=view["id"], fieldMetadataId=scene.id("speed"))
    scene.api.delete(f"{PATH}/views/{view['id']}")
    assert scene.api.get(f"{PATH}/viewSorts/{sort['id']}").status == 404
    scene.api.delete(f"{PATH}/views/{view['id']}?destroy=true")
    assert not View.objects.filter(id=view["id"]).exists()


def test_a_misspelt_destroy_destroys_nothing(scene: Scene) -> None:
    view = scene.view()
    assert scene.api.delete(f"{PATH}/views/{view['id']}?destroy=yes").status == 400
    assert scene.api.get(f"{PATH}/views/{view['id']}").body == view


def test_views_do_not_change_the_data_models_version(scene: Scene) -> None:
    scene.workspace.refresh_from_db()
    version = scene.workspace.schema_version
    scene.view()
    scene.workspace.refresh_from_db()
    assert scene.workspace.schema_version == version


# Views that come by themselves -----------------------------------------------------------------------


def test_a_new_object_has_an_index_view_led_by_its_label_identifier(scene: Scene) -> None:
    view = scene.index_view()
    assert (view.name, view.type, view.is_custom) == ("All Rockets", "TABLE", False)
    # fields that came after the object stand at the end
    assert scene.index_columns() == ["name", "createdBy", "createdAt", "speed", "launch", "stage", "home"]


def test_the_label_identifier_leads_whatever_it_becomes(scene: Scene) -> None:
    motto = add_field(scene.workspace, scene.rocket, "TEXT", "motto")
    scene.api.patch(f"{PATH}/objects/{scene.rocket.id}", {"labelIdentifierFieldMetadataId": str(motto.id)})
    assert scene.index_columns()[:2] == ["motto", "name"]


def test_the_standard_model_has_its_boards(db: None) -> None:
    workspace = workspace_with(name="Standard", empty=False)
    api = api_of(workspace)
    named = {each["name"]: each for each in api.get(f"{PATH}/views").body}
    objects = ObjectMetadata.objects.filter(workspace=workspace)
    assert View.objects.filter(workspace=workspace, key="INDEX").count() == objects.count() == 29
    assert {name for name in named if not name.startswith("All ")} == {"By Stage", "By Status", "Assigned to Me"}
    by_stage = named["By Stage"]
    assert (by_stage["type"], by_stage["kanbanAggregateOperation"]) == ("KANBAN", "COUNT")
    groups = api.get(f"{PATH}/viewGroups?viewId={by_stage['id']}").body
    assert [each["fieldValue"] for each in groups] == ["NEW", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER"]
    (mine,) = api.get(f"{PATH}/viewFilters?viewId={named['Assigned to Me']['id']}").body
    assert mine["operand"] == "IS"


# What follows fields and objects ---------------------------------------------------------------------


def _board(scene: Scene, **more: Any) -> dict[str, Any]:
    return scene.view(type="KANBAN", mainGroupByFieldMetadataId=scene.id("stage"), **more)


def _groups(scene: Scene, view: dict[str, Any]) -> list[str]:
    return [each["fieldValue"] for each in scene.api.get(f"{PATH}/viewGroups?viewId={view['id']}").body]


def test_deleting_an_object_takes_its_views(scene: Scene) -> None:
    view = _board(scene)
    scene.create("viewFilters", viewId=view["id"], fieldMetadataId=scene.id("stage"), value=["NEW"])
    assert scene.api.delete(f"{PATH}/objects/{scene.rocket.id}").status == 200
    assert not View.objects.filter(object_id=scene.rocket.id).exists()
    assert scene.api.get(f"{PATH}/views/{view['id']}").status == 404


def test_deleting_a_field_takes_what_is_said_of_it(scene: Scene) -> None:
    view = scene.view(kanbanAggregateOperation="SUM", kanbanAggregateOperationFieldMetadataId=scene.id("speed"))
    sort = scene.create("viewSorts", viewId=view["id"], fieldMetadataId=scene.id("speed"))
    assert scene.api.delete(f"{PATH}/fields/{scene.id('speed')}").status == 200
    shown = scene.api.get(f"{PATH}/views/{view['id']}").body
    assert (shown["kanbanAggregateOperation"], shown["kanbanAggregateOperationFieldMetadataId"]) == ("COUNT", None)
    assert scene.api.get(f"{PATH}/viewSorts/{sort['id']}").status == 404
    assert "speed" not in scene.index_columns()


@pytest.mark.parametrize("how", ["deactivate", "delete"])
def test_boards_and_calendars_go_with_their_field(scene: Scene, how: str) -> None:
    board = _board(scene)
    calendar = scene.view(type="CALENDAR", calendarFieldMetadataId=scene.id("launch"), calendarLayout="MONTH")
    table = scene.view(mainGroupByFieldMetadataId=scene.id("stage"))
    index = scene.index_view()
    grouped = {"mainGroupByFieldMetadataId": scene.id("stage")}
    assert scene.api.patch(f"{PATH}/views/{index.id}", grouped).status == 200
    for name in ("stage", "launch"):
        path = f"{PATH}/fields/{scene.id(name)}"
        answer = scene.api.patch(path, {"isActive": False}) if how == "deactivate" else scene.api.delete(path)
        assert answer.status == 200, answer.body
    assert scene.api.get(f"{PATH}/views/{board['id']}").status == 404
    assert scene.api.get(f"{PATH}/views/{calendar['id']}").status == 404
    assert scene.api.get(f"{PATH}/views/{table['id']}").status == 404
    own = scene.api.get(f"{PATH}/views/{index.id}").body  # the view that came with the object stays
    assert own["mainGroupByFieldMetadataId"] is None
    assert _groups(scene, own) == []


def test_a_total_of_a_field_that_is_switched_off_is_none(scene: Scene) -> None:
    view = scene.view(kanbanAggregateOperation="SUM", kanbanAggregateOperationFieldMetadataId=scene.id("speed"))
    assert scene.api.patch(f"{PATH}/fields/{scene.id('speed')}", {"isActive": False}).status == 200
    shown = scene.api.get(f"{PATH}/views/{view['id']}").body
    assert (shown["kanbanAggregateOperation"], shown["kanbanAggregateOperationFieldMetadataId"]) == (None, None)


def test_a_filter_goes_with_the_last_of_its_options(scene: Scene) -> None:
    view = scene.view()
    kept = scene.create("viewFilters", viewId=view["id"], fieldMetadataId=scene.id("stage"), value=["NEW", "DONE"])
    gone = scene.create("viewFilters", viewId=view["id"], fieldMetadataId=scene.id("stage"), value=["DONE"])
    options = scene.api.get(f"{PATH}/fields/{scene.id('stage')}").body["data"]["field"]["options"]
    assert scene.api.patch(f"{PATH}/fields/{scene.id('stage')}", {"options": options[:1]}).status == 200
    assert scene.api.get(f"{PATH}/viewFilters/{kept['id']}").body["value"] == ["NEW"]
    assert scene.api.get(f"{PATH}/viewFilters/{gone['id']}").status == 404


def test_groups_and_filters_follow_options(scene: Scene) -> None:
    board = _board(scene)
    assert _groups(scene, board) == ["NEW", "DONE", ""]
    as_list = scene.create("viewFilters", viewId=board["id"], fieldMetadataId=scene.id("stage"), value=["NEW", "DONE"])
    as_text = scene.create("viewFilters", viewId=board["id"], fieldMetadataId=scene.id("stage"), value='["DONE"]')
    options = scene.api.get(f"{PATH}/fields/{scene.id('stage')}").body["data"]["field"]["options"]
    options = [{**options[0], "value": "FRESH"}, {"value": "LATE", "label": "Late", "position": 5}]
    assert scene.api.patch(f"{PATH}/fields/{scene.id('stage')}", {"options": options}).status == 200
    assert _groups(scene, board) == ["FRESH", "", "LATE"]
    assert scene.api.get(f"{PATH}/viewFilters/{as_list['id']}").body["value"] == ["FRESH"]
    assert scene.api.get(f"{PATH}/viewFilters/{as_text['id']}").status == 404
