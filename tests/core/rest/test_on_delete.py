"""Destroying what others point at, rule by rule: as foreign keys do, with history and webhooks of all that changes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from metadata import services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.api_client import Answer
from tests.budgets.recording import recording
from tests.factories import Api, add_field, add_object, api_of, principal_of, workspace_with
from webhooks.models import Delivery
from webhooks.services.webhooks import webhook_create

ROUND = ("CASCADE", "SET_NULL", "RESTRICT", "NO_ACTION")
EITHER = "filter=or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)"


@dataclass
class World:
    """A workspace of objects `a`, `b` … and of relations between them, and its client."""

    workspace: Workspace
    api: Api
    objects: dict[str, ObjectMetadata] = field(default_factory=dict)

    def object(self, name: str) -> ObjectMetadata:
        if name not in self.objects:
            self.objects[name] = add_object(self.workspace, f"{name}x", f"{name}xs")
        return self.objects[name]

    def relate(self, child: str, name: str, parent: str, rule: str) -> FieldMetadata:
        """A relation from records of `child` to one of `parent`."""
        payload = {
            "type": "MANY_TO_ONE",
            "targetObjectMetadataId": str(self.object(parent).id),
            "targetFieldLabel": f"{child} {name}",
            "targetFieldIcon": "Icon",
        }
        made = add_field(self.workspace, self.object(child), "RELATION", name, relationCreationPayload=payload)
        update = {"settings": {**(made.settings or {}), "onDelete": rule}}
        return services.field_update(workspace_id=self.workspace.id, field_id=made.id, update=update)

    def make(self, name: str, /, **body: Any) -> str:
        made = self.api.post(f"/rest/{name}xs", body)
        assert made.status == 201, made.body
        [record] = made.body["data"].values()
        return str(record["id"])

    def point(self, name: str, record_id: str, /, **body: Any) -> None:
        assert self.api.patch(f"/rest/{name}xs/{record_id}", body).status == 200

    def destroy(self, name: str, *ids: str) -> Answer:
        where = f"/{ids[0]}" if len(ids) == 1 else f"?filter=id[in]:[{','.join(ids)}]"
        return self.api.delete(f"/rest/{name}xs{where}")

    def all(self, name: str) -> dict[str, dict[str, Any]]:
        """The records of an object by id, deleted ones too."""
        return {each["id"]: each for each in self.api.records(f"/rest/{name}xs?{EITHER}&limit=200")}

    def switch(self, what: FieldMetadata | ObjectMetadata, is_active: bool) -> None:
        update = {"isActive": is_active}
        if isinstance(what, FieldMetadata):
            services.field_update(workspace_id=self.workspace.id, field_id=what.id, update=update)
        else:
            services.object_update(workspace_id=self.workspace.id, object_id=what.id, update=update)

    def listen(self) -> None:
        """Have every event of records delivered."""
        webhook_create(principal_of(self.workspace), data={"targetUrl": "https://example.com/", "operations": ["*.*"]})

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Names and bodies of the events so far, which are forgotten."""
        told = [(each.event_name, json.loads(bytes(each.body))) for each in Delivery.objects.order_by("id")]
        Delivery.objects.all().delete()
        return told

    def history(self, name: str, record_id: str) -> list[tuple[str, dict[str, Any]]]:
        answer = self.api.get(f"/rest/{name}xs/{record_id}/history")
        return [(each["action"], each["changes"]) for each in answer.body["data"]["history"]]


@pytest.fixture
def world(db: None) -> World:
    workspace = workspace_with()
    return World(workspace, api_of(workspace))


def refused(answer: Answer, message: str) -> None:
    assert (answer.status, answer.body["messages"]) == (400, [message])
    assert answer.body["code"] == "STILL_REFERENCED"


# CASCADE ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", ["a", "ab", "abc", "abcd"])
@pytest.mark.parametrize("over", ["rest", "graphql"])
def test_a_circle_goes_as_a_whole(world: World, names: str, over: str) -> None:
    for each, following in zip(names, names[1:] + names[:1], strict=True):
        world.relate(each, "next", following, "CASCADE")
    ring = [(names[place % len(names)], world.make(names[place % len(names)])) for place in range(len(names) * 2)]
    for (name, record_id), (_, target) in zip(ring, ring[1:] + ring[:1], strict=True):
        world.point(name, record_id, nextId=target)
    other = world.make("a")
    if over == "rest":
        assert world.destroy("a", ring[0][1]).status == 200
    else:
        done = world.api.data("mutation ($id: UUID!) { destroyAx(id: $id) { id nextId } }", {"id": ring[0][1]})
        assert done["destroyAx"] == {"id": ring[0][1], "nextId": ring[1][1]}
    assert {name: set(world.all(name)) for name in names} == {name: {other} if name == "a" else set() for name in names}
    assert world.api.get("/rest/axs").body["totalCount"] == 1


def test_a_chain_of_any_length_goes_with_as_many_statements(world: World) -> None:
    world.relate("a", "up", "a", "CASCADE")

    def chain(length: int) -> str:
        ids = [world.make("a")]
        for _ in range(length - 1):
            ids.append(world.make("a", upId=ids[-1]))
        return ids[0]

    counts = []
    for length in (3, 40):
        top = chain(length)
        with recording() as statements:
            assert world.destroy("a", top).status == 200
        counts.append(len(statements))
        assert world.all("a") == {}
    assert counts[0] == counts[1]


def test_the_middle_of_a_chain_takes_what_is_below_it(world: World) -> None:
    world.relate("a", "up", "a", "CASCADE")
    top = world.make("a")
    middle = world.make("a", upId=top)
    world.make("a", upId=middle)
    beside = world.make("a", upId=top)
    assert world.destroy("a", middle).status == 200
    assert set(world.all("a")) == {top, beside}


def test_soft_deleted_records_go_along(world: World) -> None:
    world.relate("b", "a", "a", "CASCADE")
    top = world.make("a")
    below = world.make("b", aId=top, deletedAt="2026-01-01T00:00:00Z")
    assert world.destroy("a", top).status == 200
    assert world.all("b") == {}
    assert world.history("b", below)[0] == ("destroyed", {})


# RESTRICT and NO_ACTION --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["RESTRICT", "NO_ACTION"])
def test_what_goes_in_the_same_call_restricts_nothing(world: World, rule: str) -> None:
    world.relate("a", "up", "a", rule)
    alone, first, second, third = (world.make("a") for _ in range(4))
    world.point("a", alone, upId=alone)
    assert world.destroy("a", alone).status == 200
    for record_id, target in ((first, second), (second, third), (third, first)):
        world.point("a", record_id, upId=target)
    before = world.all("a")
    refused(world.destroy("a", first, second), "1 Axs still point at the Ax")
    assert world.all("a") == before
    assert len(world.destroy("a", first, second, third).body["data"]["deleteAxs"]) == 3
    assert world.all("a") == {}


def test_what_goes_along_restricts_nothing_however_late_it_is_found(world: World) -> None:
    """b cascades from a, d restricts b, but d goes too: by way of c, which cascades from a."""
    for child, name, parent, rule in (
        ("b", "a", "a", "CASCADE"), ("c", "a", "a", "CASCADE"), ("d", "c", "c", "CASCADE"), ("d", "b", "b", "RESTRICT"),
    ):  # fmt: skip
        world.relate(child, name, parent, rule)
    top = world.make("a")
    b, c = world.make("b", aId=top), world.make("c", aId=top)
    world.make("d", bId=b, cId=c)
    stays = world.make("d", bId=b)
    before = {name: world.all(name) for name in "abcd"}
    refused(world.destroy("a", top), "1 Dxs still point at the Bx")
    assert {name: world.all(name) for name in "abcd"} == before
    assert world.destroy("d", stays).status == 200
    assert world.destroy("a", top).status == 200
    assert [world.all(name) for name in "abcd"] == [{}, {}, {}, {}]


def test_a_refusal_tells_nobody_and_notes_nothing(world: World) -> None:
    world.relate("b", "a", "a", "CASCADE")
    world.relate("c", "a", "a", "SET_NULL")
    world.relate("d", "b", "b", "RESTRICT")
    top = world.make("a")
    b, c = world.make("b", aId=top), world.make("c", aId=top)
    world.make("d", bId=b)
    world.listen()
    refused(world.destroy("a", top), "1 Dxs still point at the Bx")
    assert world.events() == []
    assert [world.history(name, each) for name, each in (("a", top), ("b", b), ("c", c))] == [[("created", {})]] * 3
    assert world.all("c")[c]["aId"] == top


# SET_NULL and what is told -----------------------------------------------------------------------------


def test_what_goes_along_and_what_is_cleared_tell_their_own_webhooks(world: World) -> None:
    world.relate("b", "a", "a", "SET_NULL")
    world.relate("c", "a", "a", "CASCADE")
    world.relate("d", "c", "c", "CASCADE")
    top = world.make("a", name="top")
    b, c = world.make("b", name="b", aId=top), world.make("c", name="c", aId=top)
    d = world.make("d", name="d", cId=c)
    stays = world.make("b", name="stays")
    world.listen()
    assert world.destroy("a", top).status == 200
    told = world.events()
    assert [(name, body["record"]["id"], body["record"]["name"]) for name, body in told] == [
        ("cx.destroyed", c, "c"),
        ("dx.destroyed", d, "d"),
        ("bx.updated", b, "b"),
        ("ax.destroyed", top, "top"),
    ]
    assert [(body["record"].get("aId"), body.get("updatedFields")) for _, body in told] == [
        (top, None),
        (None, None),
        (None, ["aId"]),
        (None, None),
    ]
    assert world.history("b", b)[0] == ("updated", {"aId": {"before": top, "after": None}})
    assert world.history("c", c)[0] == world.history("d", d)[0] == ("destroyed", {})
    assert world.history("b", stays) == [("created", {})]


def test_several_relations_of_one_record_are_cleared_at_once(world: World) -> None:
    for name in ("first", "second"):
        world.relate("b", name, "a", "SET_NULL")
    world.relate("c", "up", "a", "CASCADE")
    world.relate("b", "third", "c", "SET_NULL")
    top, other = world.make("a"), world.make("a")
    c = world.make("c", upId=top)
    b = world.make("b", firstId=top, secondId=other, thirdId=c)
    world.listen()
    assert world.destroy("a", top).status == 200
    kept = {name: world.all("b")[b][name] for name in ("firstId", "secondId", "thirdId")}
    assert kept == {"firstId": None, "secondId": other, "thirdId": None}
    [told] = [body for name, body in world.events() if name == "bx.updated"]
    assert sorted(told["updatedFields"]) == ["firstId", "thirdId"]
    assert len(world.history("b", b)) == 2


def test_the_same_id_in_two_objects_is_two_records(world: World) -> None:
    same = "0190b6a0-0000-4000-8000-00000000000a"
    world.relate("b", "a", "a", "CASCADE")
    world.relate("c", "b", "b", "SET_NULL")
    world.relate("c", "a", "a", "SET_NULL")
    world.make("a", id=same)
    world.make("b", id=same)
    c = world.make("c", bId=same, aId=same)
    assert world.destroy("a", same).status == 200
    assert set(world.all("b")) == {same}
    assert (world.all("c")[c]["aId"], world.all("c")[c]["bId"]) == (None, same)


# Switched off ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["field", "other side", "object"])
@pytest.mark.parametrize("rule", ROUND)
def test_a_rule_holds_while_its_relation_is_switched_off(world: World, rule: str, what: str) -> None:
    relation = world.relate("b", "a", "a", rule)
    top = world.make("a")
    below = world.make("b", aId=top)
    other_side = FieldMetadata.objects.get(relation_target_field_id=relation.id)
    switches: dict[str, FieldMetadata | ObjectMetadata] = {
        "field": relation,
        "other side": other_side,
        "object": world.object("b"),
    }
    switched = switches[what]
    world.switch(switched, False)
    world.listen()
    answer = world.destroy("a", top)
    told = [name for name, _ in world.events()]
    world.switch(switched, True)
    records = {each: record["aId"] for each, record in world.all("b").items()}
    if rule in ("RESTRICT", "NO_ACTION"):
        refused(answer, "1 Bxs still point at the Ax")
        assert answer.body["hint"] == "Their relation or their object is deactivated: activate it to see them."
        assert (records, set(world.all("a")), told) == ({below: top}, {top}, [])
        return
    assert (answer.status, world.all("a")) == (200, {})
    if rule == "SET_NULL":
        assert records == {below: None}
        assert world.history("b", below)[0] == ("updated", {"aId": {"before": top, "after": None}})
        assert told == ["ax.destroyed"]  # nobody can see what was cleared
    else:
        assert records == {}
        assert world.history("b", below)[0] == ("destroyed", {})
        assert told == (["ax.destroyed"] if what == "object" else ["bx.destroyed", "ax.destroyed"])


@pytest.mark.parametrize("what", ["noteTarget", "noteTarget.note", "note.noteTargets"])
def test_a_junction_that_is_switched_off_follows_its_note(what: str, db: None) -> None:
    workspace = workspace_with(empty=False)
    world = World(workspace, api_of(workspace))
    note = world.api.post("/rest/notes", {"title": "x"}).body["data"]["createNote"]["id"]
    person = world.api.records("/rest/people")[0]["id"]
    world.api.post("/rest/noteTargets", {"noteId": note, "targetPersonId": person})
    name, _, field = what.partition(".")
    subject = ObjectMetadata.objects.get(workspace=workspace, name_singular=name)
    switched = FieldMetadata.objects.get(object=subject, name=field) if field else subject
    world.listen()

    def targets() -> list[bool]:
        world.switch(switched, True)
        found = [each["deletedAt"] is not None for each in world.api.records(f"/rest/noteTargets?{EITHER}")]
        world.switch(switched, False)
        return found

    world.switch(switched, False)
    assert world.api.delete(f"/rest/notes/{note}?soft_delete=true").status == 200
    assert targets() == [True]
    assert world.api.patch(f"/rest/notes/{note}/restore").status == 200
    assert targets() == [False]
    assert world.api.delete(f"/rest/notes/{note}").status == 200
    assert targets() == []
    of_targets = [f"noteTarget.{verb}" for verb in ("deleted", "restored", "destroyed")] if field else []
    assert [event for event, _ in world.events() if event.startswith("noteTarget")] == of_targets


# Limits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [("CASCADE", "CASCADE"), ("SET_NULL", "SET_NULL"), ("CASCADE", "SET_NULL")])
def test_so_many_others_change_with_one_call_and_not_one_more(world: World, rules: tuple[str, str]) -> None:
    for child, rule in zip("bc", rules, strict=True):
        world.relate(child, "a", "a", rule)
    Workspace.objects.filter(id=world.workspace.id).update(max_bulk_records=3)
    top = world.make("a")
    for name in "bbcc":
        world.make(name, aId=top)
    before = {name: world.all(name) for name in "abc"}
    world.listen()
    answer = world.destroy("a", top)
    message = "Cannot destroy at once what more than 3 other records point at"
    assert (answer.status, answer.body["messages"], answer.body["limit"]) == (400, [message], 3)
    assert {name: world.all(name) for name in "abc"} == before
    assert world.events() == []
    world.destroy("c", next(iter(before["c"])))
    assert world.destroy("a", top).status == 200
    assert world.all("a") == {}


# Merging -----------------------------------------------------------------------------------------------


def mergeable(world: World) -> None:
    update = {"duplicateCriteria": [["name"]]}
    services.object_update(workspace_id=world.workspace.id, object_id=world.object("a").id, update=update)


def merged(world: World, *ids: str) -> Answer:
    return world.api.patch("/rest/axs/merge", {"ids": ids, "conflictPriorityIndex": 0})


@pytest.mark.parametrize("rule", ROUND)
@pytest.mark.parametrize("what", [None, "field", "object"])
def test_what_pointed_at_the_merged_points_at_the_survivor(world: World, rule: str, what: str | None) -> None:
    relation = world.relate("b", "a", "a", rule)
    mergeable(world)
    kept, gone = world.make("a"), world.make("a")
    below = world.make("b", aId=gone)
    switches: dict[str | None, FieldMetadata | ObjectMetadata] = {"field": relation, "object": world.object("b")}
    switched = switches.get(what)
    if switched is not None:
        world.switch(switched, False)
    world.listen()
    assert merged(world, kept, gone).status == 200
    told = [(name, body["record"]["id"]) for name, body in world.events()]
    if switched is not None:
        world.switch(switched, True)
    assert world.all("b")[below]["aId"] == kept
    assert world.history("b", below)[0] == ("updated", {"aId": {"before": gone, "after": kept}})
    assert told == [*([] if switched else [("bx.updated", below)]), ("ax.destroyed", gone)]


def test_relations_between_the_merged_lead_nowhere(world: World) -> None:
    world.relate("a", "up", "a", "RESTRICT")
    mergeable(world)
    root = world.make("a", name="root")
    kept = world.make("a", name="kept")
    first = world.make("a", name="first", upId=kept)
    second = world.make("a", name="second", upId=first)
    below = world.make("a", name="below", upId=second)
    world.point("a", kept, upId=second)
    assert merged(world, kept, first, second).status == 200
    assert {each["name"]: each["upId"] for each in world.all("a").values()} == {
        "root": None,
        "kept": None,
        "below": kept,
    }
    third = world.make("a", name="third", upId=root)
    assert merged(world, kept, third).status == 200
    assert world.all("a")[kept]["upId"] == root
    assert set(world.all("a")) == {root, kept, below}


def test_a_merge_repoints_so_many_and_not_one_more(world: World) -> None:
    world.relate("b", "a", "a", "SET_NULL")
    mergeable(world)
    Workspace.objects.filter(id=world.workspace.id).update(max_bulk_records=3)
    kept, gone = world.make("a"), world.make("a")
    for _ in range(4):
        world.make("b", aId=gone)
    before = [world.all("a"), world.all("b")]
    answer = merged(world, kept, gone)
    message = "Cannot merge at once what more than 3 other records point at"
    assert (answer.status, answer.body["messages"]) == (400, [message])
    assert [world.all("a"), world.all("b")] == before
    world.destroy("b", next(iter(before[1])))
    assert merged(world, kept, gone).status == 200
    assert {each["aId"] for each in world.all("b").values()} == {kept}
