"""A merge moves what points at the records that go: only for who may update that, by whichever API."""

from __future__ import annotations

import json

import pytest

from tests.security.scene import (
    ALL,
    D1,
    D2,
    D3,
    S1,
    Caller,
    Scene,
    digest,
)  # fmt: skip

DENIED = "Entity performing the request does not have permission"
REQUIRED = {"permission": "canUpdateObjectRecords", "object": "step", "field": None}


ROLES = {"Steps read only": {"rights": ALL, "only_read": ["step"]}}
RECORDS = [  # a step that points at the second deal; the first and the third have none
    ("deals", {"id": D1, "name": "First"}),
    ("deals", {"id": D2, "name": "Second", "region": "north"}),
    ("deals", {"id": D3, "name": "Third"}),
    ("steps", {"id": S1, "name": "Call", "dealId": D2}),
]


@pytest.fixture
def caller(records: Scene) -> Caller:
    """May read steps, and merge deals, but not update steps."""
    found = records.caller("Steps read only")
    assert found.ask("GET", f"/rest/steps/{S1}").status == 200
    assert found.ask("PATCH", f"/rest/steps/{S1}", {"name": "x"}).status == 403
    return found


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("ids", [[D1, D2], [D1, D3, D2]])
def test_records_that_may_be_read_but_not_updated_are_not_repointed_over_rest(
    records: Scene, caller: Caller, ids: list[str], dry_run: bool
) -> None:
    before = digest(records.workspace)
    reply = caller.ask("PATCH", "/rest/deals/merge", {"ids": ids, "conflictPriorityIndex": 0, "dryRun": dry_run})
    assert (reply.status, reply.json["code"], reply.json["messages"]) == (403, "PERMISSION_DENIED", [DENIED])
    assert reply.json["required"] == REQUIRED
    assert digest(records.workspace) == before


@pytest.mark.parametrize("dry_run", [False, True])
def test_nor_over_graphql(records: Scene, caller: Caller, dry_run: bool) -> None:
    before = digest(records.workspace)
    arguments = f"ids: {json.dumps([D1, D2])}, conflictPriorityIndex: 0, dryRun: {json.dumps(dry_run)}"
    reply = caller.graphql(f"mutation {{ mergeDeals({arguments}) {{ id }} }}")
    [error] = reply.json["errors"]
    assert (reply.status, reply.json["data"], error["message"]) == (200, {"mergeDeals": None}, DENIED)
    extensions = error["extensions"]
    assert (extensions["code"], extensions["subCode"], extensions["required"]) == (
        "FORBIDDEN",
        "PERMISSION_DENIED",
        REQUIRED,
    )
    assert digest(records.workspace) == before


def test_steps_in_the_bin_are_not_repointed_either(records: Scene, caller: Caller) -> None:
    assert records.admin.ask("DELETE", f"/rest/steps/{S1}?soft_delete=true").status == 200
    before = digest(records.workspace)
    reply = caller.ask("PATCH", "/rest/deals/merge", {"ids": [D1, D2]})
    assert (reply.status, reply.json["code"]) == (403, "PERMISSION_DENIED")
    assert digest(records.workspace) == before


def test_where_nothing_is_repointed_the_merge_is_done(records: Scene, caller: Caller) -> None:
    assert caller.ask("PATCH", "/rest/deals/merge", {"ids": [D2, D1, D3]}).status == 200  # the step's deal stays
    assert records.admin.ask("GET", f"/rest/steps/{S1}").json["data"]["step"]["dealId"] == D2
    assert records.admin.ask("GET", f"/rest/deals/{D1}").status == 404


def test_who_may_update_steps_repoints_them(records: Scene) -> None:
    assert records.admin.ask("PATCH", "/rest/deals/merge", {"ids": [D1, D2]}).status == 200
    assert records.admin.ask("GET", f"/rest/steps/{S1}").json["data"]["step"]["dealId"] == D1
