"""A write that changes nothing tells no webhook and notes no history, whichever verb it comes by."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.registry import field_types
from metadata.models import FieldMetadata, Workspace
from tests.factories import Api, api_of, principal_of, workspace_with
from tests.openapi.model import add_every_type, add_owner
from webhooks.models import Delivery
from webhooks.services.webhooks import webhook_create

ID = "0190b6a0-0000-4000-8000-0000000000f1"
OTHER = "0190b6a0-0000-4000-8000-0000000000f2"
TYPES = [each for each in field_types() if each.creation_refusal is None and not each.is_relation]


@pytest.fixture(scope="module")
def _of_the_module(uncommitted: None) -> Workspace:
    workspace = workspace_with(empty=False)
    add_owner(workspace, add_every_type(workspace))
    return workspace


@pytest.fixture
def workspace(db: None, _of_the_module: Workspace) -> Workspace:
    return Workspace.objects.get(id=_of_the_module.id)


@pytest.fixture
def api(workspace: Workspace) -> Api:
    webhook_create(principal_of(workspace), data={"targetUrl": "https://example.com/", "operations": ["*.*"]})
    return api_of(workspace)


def told() -> list[tuple[str, list[str] | None]]:
    """The events so far with what they say was updated; they are forgotten."""
    found = [(each.event_name, each.updated_fields) for each in Delivery.objects.order_by("id")]
    Delivery.objects.all().delete()
    return found


def done(answer: Any, status: int = 200) -> Any:
    assert answer.status == status, answer.body
    [value] = answer.body["data"].values()
    return value


def entries(api: Api, record_id: str = ID) -> list[str]:
    return [each["action"] for each in done(api.get(f"/rest/gadgets/{record_id}/history"))]


def values_of(api: Api, field_type: FieldType) -> list[Any]:
    """Inputs that the type takes."""
    if field_type.has_options:
        chosen: dict[str, list[Any]] = {"MULTI_SELECT": [["RED", "BLUE"], ["RED"]], "RATING": ["RATING_1"]}
        return chosen.get(field_type.name, ["RED"])
    if field_type.holds_files:
        field = FieldMetadata.objects.get(object__name_singular="gadget", type=field_type.name)
        return [[{"fileId": api.uploaded(str(field.id), "a.txt"), "label": "a.txt"}]]
    return [given for given, _ in field_type.samples.good if given is not None]


def test_the_same_value_again_changes_nothing(api: Api) -> None:
    done(api.post("/rest/gadgets", {"id": ID}), 201)
    loud = []
    for field_type in TYPES:
        name = f"my{field_type.name.title().replace('_', '')}"
        for value in values_of(api, field_type):
            done(api.patch(f"/rest/gadgets/{ID}", {name: None}))
            record = done(api.patch(f"/rest/gadgets/{ID}", {name: value}))
            told()
            before = entries(api)
            again = done(api.patch(f"/rest/gadgets/{ID}", {name: value}))
            if again[name] != record[name]:  # a part that is moved (the first of the secondary links) moves again
                assert [names for _, names in told()] == [[name]]
                before = entries(api)
            answered = value if field_type.holds_files else again[name]  # a file's address is not taken
            done(api.patch(f"/rest/gadgets/{ID}", {name: answered}))
            if (heard := told()) or entries(api) != before:
                loud.append((field_type.name, value, again[name], heard))
    assert not loud, "\n".join(map(str, loud))


def test_nothing_is_told_of_a_write_without_a_change(api: Api) -> None:
    person = done(api.post("/rest/people", {}), 201)["id"]
    record = done(api.post("/rest/gadgets", {"id": ID, "name": "a", "position": 7, "ownerId": person}), 201)
    done(api.post("/rest/gadgets", {"id": OTHER, "name": "b"}), 201)
    told()
    same = {"name": "a", "position": 7, "ownerId": person}
    for method, path, body in (
        ("PATCH", f"/rest/gadgets/{ID}", {}),
        ("PATCH", f"/rest/gadgets/{ID}", same),
        ("PATCH", f"/rest/gadgets/{ID}", {"owner": {"connect": {"where": {"id": person}}}}),
        ("PATCH", f"/rest/gadgets?filter=id[eq]:{ID}", same),
        ("POST", "/rest/gadgets?upsert=true", {"id": ID, **same}),
        ("POST", "/rest/batch/gadgets?upsert=true", [{"id": ID, **same}]),
        ("PATCH", f"/rest/gadgets/{ID}/restore", None),
        ("PATCH", f"/rest/gadgets/restore?filter=id[in]:[{ID},{OTHER}]", None),
    ):
        answer = api.request(method, path, body)
        assert answer.status == (201 if method == "POST" else 200), answer.body
    for text in (
        "mutation ($id: UUID!) { updateGadget(id: $id, data: {name: \"a\", position: 7}) { id } }",
        "mutation ($id: UUID!) { updateGadgets(filter: {id: {eq: $id}}, data: {name: \"a\"}) { id } }",
        "mutation ($id: UUID!) { createGadget(data: {id: $id, name: \"a\"}, upsert: true) { id } }",
        "mutation ($id: UUID!) { restoreGadget(id: $id) { id } }",
    ):  # fmt: skip
        api.data(text, {"id": ID})
    assert told() == []
    assert (entries(api), entries(api, OTHER)) == (["created"], ["created"])
    after = done(api.get(f"/rest/gadgets/{ID}"))
    times = ("updatedAt", "updatedBy")
    assert {**after, **dict.fromkeys(times)} == {**record, **dict.fromkeys(times)}


def test_of_many_only_what_changes_is_told(api: Api) -> None:
    done(api.post("/rest/batch/gadgets", [{"id": ID, "name": "a"}, {"id": OTHER, "name": "b"}]), 201)
    told()
    done(api.patch(f"/rest/gadgets?filter=id[in]:[{ID},{OTHER}]", {"name": "b", "position": 3}))
    done(api.patch(f"/rest/gadgets?filter=id[in]:[{ID},{OTHER}]", {"name": "c", "position": 3}))
    done(api.post("/rest/batch/gadgets?upsert=true", [{"id": ID, "name": "c"}, {"id": OTHER, "name": "d"}]), 201)
    assert told() == [
        ("gadget.updated", ["name", "position"]),
        ("gadget.updated", ["position"]),
        ("gadget.updated", ["name"]),
        ("gadget.updated", ["name"]),
        ("gadget.updated", ["name"]),
    ]


def test_deleting_again_keeps_the_time_and_tells_nothing(api: Api) -> None:
    done(api.post("/rest/batch/gadgets", [{"id": ID, "name": "a"}, {"id": OTHER, "name": "a"}]), 201)
    deleted = done(api.delete(f"/rest/gadgets/{ID}?soft_delete=true"))["deletedAt"]
    told()
    both = "and(name[eq]:a,or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL))"
    again = done(api.delete(f"/rest/gadgets?filter={both}&soft_delete=true"))
    assert {each["id"]: each["deletedAt"] for each in again}[ID] == deleted
    assert told() == [("gadget.deleted", None)]
    assert (entries(api), entries(api, OTHER)) == (["deleted", "created"], ["deleted", "created"])


def test_a_merge_that_gives_the_survivor_nothing_updates_nothing(api: Api) -> None:
    first = done(api.post("/rest/companies", {"name": "Acme"}), 201)["id"]
    second = done(api.post("/rest/companies", {}), 201)["id"]
    told()
    assert api.patch("/rest/companies/merge", {"ids": [first, second], "conflictPriorityIndex": 0}).status == 200
    assert told() == [("company.destroyed", None)]
