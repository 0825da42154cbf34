"""Note and task targets are deleted, restored and destroyed with their note or task."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.cache import current_schema
from metadata.models import Workspace
from tests.core.rest.conftest import Rest

KINDS = [("notes", "noteTargets", "noteId"), ("tasks", "taskTargets", "taskId")]


@pytest.fixture(params=KINDS, ids=["note", "task"])
def kind(request: Any) -> tuple[str, str, str]:
    value: tuple[str, str, str] = request.param
    return value


def live(rest: Rest, plural: str) -> set[str]:
    answer = rest.get(plural)
    assert answer.body["totalCount"] == len(answer.data)
    return {each["id"] for each in answer.data}


def make(rest: Rest, kind: tuple[str, str, str]) -> tuple[str, list[str]]:
    owners, targets, key = kind
    owner = rest.post(owners, {"title": "x"}).data["id"]
    person = rest.post("people", {}).data["id"]
    made = [rest.post(targets, {key: owner, "targetPersonId": person}).data["id"] for _ in range(2)]
    return owner, made


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_targets_follow(rest: Rest, kind: tuple[str, str, str], many: bool) -> None:
    owners, targets, _ = kind
    owner, made = make(rest, kind)
    other, others = make(rest, kind)
    where = f"?filter=id[eq]:{owner}" if many else f"/{owner}"
    joint = "&" if many else "?"
    assert rest.delete(f"{owners}{where}{joint}soft_delete=true").status == 200
    assert live(rest, targets) == set(others)
    path = (
        f"{owners}/restore?filter=and(id[eq]:{owner},deletedAt[is]:NOT_NULL)" if many else f"{owners}/{owner}/restore"
    )
    assert rest.patch(path).status == 200
    assert live(rest, targets) == {*made, *others}
    assert rest.delete(f"{owners}{where}").status == 200
    assert live(rest, targets) == set(others)
    assert rest.get(f"{targets}?filter=deletedAt[is]:NOT_NULL").data == []
    assert live(rest, owners) == {other}


def test_a_target_deleted_before_stays_deleted(rest: Rest, kind: tuple[str, str, str]) -> None:
    owners, targets, key = kind
    owner, made = make(rest, kind)
    gone = rest.post(targets, {key: owner, "deletedAt": "2020-01-01T00:00:00Z"}).data["id"]
    rest.delete(f"{owners}/{owner}?soft_delete=true")
    rest.patch(f"{owners}/{owner}/restore")
    assert live(rest, targets) == set(made)
    assert [each["id"] for each in rest.get(f"{targets}?filter=deletedAt[is]:NOT_NULL").data] == [gone]


def test_targets_stay_when_the_person_is_soft_deleted(rest: Rest, kind: tuple[str, str, str]) -> None:
    _, made = make(rest, kind)
    [person] = rest.get("people").data
    rest.delete(f"people/{person['id']}?soft_delete=true")
    assert live(rest, kind[1]) == set(made)


def test_only_these_objects_are_junctions(workspace: Workspace) -> None:
    schema = current_schema(workspace.id)
    found = {
        schema.by_id[owner].singular: [(each.singular, [field.name for field in fields]) for each, fields in junctions]
        for owner, junctions in schema.followers.items()
    }
    assert found == {"note": [("noteTarget", ["note"])], "task": [("taskTarget", ["task"])]}
