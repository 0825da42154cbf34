"""How many records one filter may write: counted before anything is written."""

from __future__ import annotations

import pytest

from config.http import deadline
from core.records import transaction
from metadata.models import Workspace
from tests.core.rest.conftest import Rest

FILTER = "filter=jobTitle[eq]:CTO"
WRITES = {
    "update": ("PATCH", f"people?{FILTER}", {"jobTitle": "CEO"}),
    "delete": ("DELETE", f"people?{FILTER}&soft_delete=true", None),
    "destroy": ("DELETE", f"people?{FILTER}", None),
    "restore": ("PATCH", "people/restore?filter=and(jobTitle[eq]:CTO,deletedAt[is]:NOT_NULL)", None),
}


@pytest.fixture(autouse=True)
def limited(rest: Rest, workspace: Workspace) -> None:
    Workspace.objects.filter(id=workspace.id).update(max_bulk_records=3)


def fill(rest: Rest, number: int, *, are_deleted: bool) -> None:
    deleted = {"deletedAt": "2026-01-01T00:00:00Z"} if are_deleted else {}
    made = rest.post("batch/people", [{"jobTitle": "CTO", **deleted} for _ in range(number)])
    assert made.status == 201


def state(rest: Rest) -> list[tuple[str, str | None]]:
    either = "filter=or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)"
    return [(each["jobTitle"], each["deletedAt"]) for each in rest.get(f"people?{either}").data]


@pytest.mark.parametrize("verb", WRITES)
def test_one_more_is_refused_and_nothing_written(rest: Rest, verb: str) -> None:
    fill(rest, 4, are_deleted=verb == "restore")
    before = state(rest)
    answer = rest.request(*WRITES[verb])
    assert (answer.status, answer.body["error"]) == (400, "BadRequestException")
    assert answer.message == f"Cannot {verb} more than 3 records at once"
    assert (answer.body["limit"], answer.body["count"]) == (3, 4)
    assert state(rest) == before


@pytest.mark.parametrize("verb", WRITES)
def test_as_many_as_allowed_are_written(rest: Rest, verb: str) -> None:
    fill(rest, 3, are_deleted=verb == "restore")
    answer = rest.request(*WRITES[verb])
    assert (answer.status, len(answer.data)) == (200, 3)


@pytest.mark.parametrize("verb", WRITES)
def test_a_client_that_leaves_between_two_chunks_leaves_all_as_it_was(
    rest: Rest, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    Workspace.objects.filter(id=workspace.id).update(max_bulk_records=5)
    monkeypatch.setattr(transaction, "CHUNK", 2)
    fill(rest, 5, are_deleted=verb == "restore")
    before = state(rest)
    asked = -1
    for last in range(20):
        asked = 0

        def is_gone(last: int = last) -> bool:
            nonlocal asked
            asked += 1
            return asked > last

        rest.client.defaults[deadline.IS_GONE] = is_gone
        answer = rest.request(*WRITES[verb])
        if answer.status == 200:
            break
        assert answer.status == 499
        assert state(rest) == before
    assert asked >= 2  # between the three chunks
    assert len(answer.data) == 5
    assert state(rest) != before
