"""What a role may not write stays as it is, whichever way a write takes; a refusal changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from metadata.models import FieldMetadata
from tests.security.scene import (
    ALL,
    C1,
    C2,
    D1,
    D2,
    D3,
    S1,
    S2,
    V1,
    Caller,
    Scene,
    digest,
)  # fmt: skip

DENIED = "Entity performing the request does not have permission"


ROLES = {
    "Locked": {"rights": ALL, "locked": [f"deal.{name}" for name in ("code", "budget", "client", "papers")]},
    "Blind": {"rights": ALL, "unreadable": ["deal.code", "deal.memo"]},
    "Steps locked": {"rights": ALL, "locked": ["step.deal"]},
    "Steps hidden": {"rights": ALL, "unreadable": ["step.deal"], "locked": ["step.deal"]},
    "Walled": {"rights": ALL, "blind": ["vault"]},
    "No columns": {"rights": ALL, "locked": ["deal.position", "deal.createdBy", "deal.createdAt", "deal.id"]},
}
RECORDS = [
    ("batch/clients", [{"id": C1, "name": "Ann", "number": "1"}, {"id": C2, "name": "Bob", "number": "2"}]),
    ("deals", {"id": D1, "name": "First", "code": "A-1", "budget": 5, "clientId": C1}),
    ("deals", {"id": D2, "name": "Second", "region": "north", "memo": "two", "budget": 7}),
    ("deals", {"id": D3, "name": "Third", "clientId": C2, "code": "C-3"}),
    ("steps", {"id": S1, "name": "Call", "dealId": D2}),
]


def refused(caller: Caller, method: str, path: str, body: Any, **headers: str) -> list[str]:
    reply = caller.ask(method, f"/rest/{path}", body, **headers)
    assert (reply.status, reply.json["code"]) == (403, "PERMISSION_DENIED"), reply.body
    messages: list[str] = reply.json["messages"]
    return messages


def record(scene: Scene, path: str) -> Any:
    [found] = scene.admin.ask("GET", f"/rest/{path}").json["data"].values()
    return found


WRITES: dict[str, tuple[str, str, Any]] = {
    "create": ("POST", "deals", {"budget": 1}),
    "create many": ("POST", "batch/deals", [{"name": "x"}, {"code": "Z"}]),
    "upsert, new": ("POST", "deals?upsert=true", {"code": "Z"}),
    "upsert, known": ("POST", "deals?upsert=true", {"id": D1, "budget": 1}),
    "upsert by the locked field": ("POST", "deals?upsert=true", {"code": "A-1"}),
    "update": ("PATCH", f"deals/{D1}", {"budget": 1}),
    "emptied": ("PATCH", f"deals/{D1}", {"budget": None}),
    "the same value": ("PATCH", f"deals/{D1}", {"budget": 5}),
    "update many": ("PATCH", "deals?filter=name[eq]:First", {"budget": 1}),
    "relate": ("PATCH", f"deals/{D1}", {"clientId": C2}),
    "unrelate": ("PATCH", f"deals/{D1}", {"clientId": None}),
    "connect": ("PATCH", f"deals/{D1}", {"client": {"connect": {"where": {"number": "2"}}}}),
    "disconnect": ("PATCH", f"deals/{D1}", {"client": {"disconnect": True}}),
    "nested create": ("PATCH", f"deals/{D1}", {"client": {"create": {"name": "New"}}}),
    "nested in another": ("POST", "steps", {"name": "x", "deal": {"create": {"budget": 1}}}),
    "files": ("PATCH", f"deals/{D1}", {"papers": []}),
}


@pytest.mark.parametrize("name", WRITES)
def test_locked_fields_are_refused_in_every_write(records: Scene, name: str) -> None:
    caller, before = records.caller("Locked"), digest(records.workspace)
    [message] = refused(caller, *WRITES[name])
    assert message.startswith(f"{DENIED}: no permission to write field")
    assert digest(records.workspace) == before


@pytest.mark.parametrize(
    "body", [{"position": 1}, {"createdBy": {"name": "x"}}, {"createdAt": "2020-01-01T00:00:00Z"}, {"id": D1}]
)
def test_columns_are_locked_like_other_fields(records: Scene, body: Any) -> None:
    [name] = body
    message = f'{DENIED}: no permission to write field "{name}" on "deal"'
    assert refused(records.caller("No columns"), "POST", "deals", body) == [message]
    made = records.caller("No columns").ask("POST", "/rest/deals", {"name": "x"})
    assert made.status == 201  # what the server fills in itself is not the caller's writing


def test_lines_of_an_import_with_locked_fields_are_refused(records: Scene) -> None:
    caller, before = records.caller("Locked"), digest(records.workspace)
    for path in ("deals/import", "deals/import?upsert=true"):
        reply = caller.ask("POST", f"/rest/{path}", b"name,budget\nx,1\n", Content_Type="text/csv")
        report = reply.json["data"]["import"]
        message = f'{DENIED}: no permission to write field "budget" on "deal"'
        assert report["errors"] == [{"line": 2, "messages": [message], "code": "PERMISSION_DENIED"}]
        assert (report["created"], report["updated"], report["failed"]) == (0, 0, 1)
    assert digest(records.workspace) == before


# Merge ---------------------------------------------------------------------------------------------------


def test_merge_moves_no_value_into_a_locked_field(records: Scene) -> None:
    reply = records.caller("Locked").ask("PATCH", "/rest/deals/merge", {"ids": [D2, D1]})
    assert reply.status == 200, reply.body
    merged = record(records, f"deals/{D2}")
    assert (merged["code"], merged["budget"], merged["clientId"]) == ("", 7, None)  # its own, though D1 had more
    assert (merged["name"], merged["region"], merged["memo"]) == ("Second", "north", "two")


def test_merge_moves_no_value_into_a_hidden_field(records: Scene) -> None:
    caller = records.caller("Blind")
    assert caller.ask("PATCH", "/rest/deals/merge", {"ids": [D3, D2, D1]}).status == 200
    merged = record(records, f"deals/{D3}")
    assert (merged["code"], merged["memo"], merged["region"], merged["budget"]) == ("C-3", "", "north", 7)


def test_merge_by_an_admin_still_combines(records: Scene) -> None:
    records.admin.ask("PATCH", "/rest/deals/merge", {"ids": [D2, D1]})
    merged = record(records, f"deals/{D2}")
    assert (merged["code"], merged["budget"], merged["clientId"]) == ("A-1", 7, C1)
    assert record(records, f"steps/{S1}")["dealId"] == D2


@pytest.mark.parametrize("dry_run", [False, True])
def test_repointing_needs_the_right_to_write_what_is_repointed(records: Scene, dry_run: bool) -> None:
    caller, before = records.caller("Steps locked"), digest(records.workspace)
    body = {"ids": [D1, D2], "dryRun": dry_run}
    message = f'{DENIED}: no permission to write field "deal" on "step"'
    assert refused(caller, "PATCH", "deals/merge", body) == [message]
    assert digest(records.workspace) == before
    # Nothing points at the one that goes: nothing is repointed.
    assert caller.ask("PATCH", "/rest/deals/merge", {"ids": [D2, D1], "dryRun": dry_run}).status == 200


def test_where_one_cannot_see_what_points_nothing_is_merged(records: Scene) -> None:
    message = f'{DENIED}: no permission to write field "deal" on "step"'
    for ids in ([D1, D2], [D2, D1], [D1, D3]):  # whether a step points at one of them or not
        assert refused(records.caller("Steps hidden"), "PATCH", "deals/merge", {"ids": ids}) == [message]
        assert refused(records.caller("Walled"), "PATCH", "deals/merge", {"ids": ids}) == [DENIED]


# What the data model does --------------------------------------------------------------------------------


@pytest.fixture
def rule(records: Scene) -> Any:
    """Sets what happens to vaults when their deal is destroyed."""

    def set_(on_delete: str) -> None:
        FieldMetadata.objects.filter(id=records.field("vault.deal").id).update(on_delete=on_delete)
        records.workspace.refresh_from_db()
        records.workspace.schema_version += 1
        records.workspace.save(update_fields=["schema_version"])
        assert records.admin.ask("POST", "/rest/vaults", {"id": V1, "name": "Safe", "dealId": D1}).status == 201

    yield set_
    from metadata import cache

    cache.forget(records.workspace.id)


def test_a_rule_of_the_model_clears_what_the_caller_may_not_write(records: Scene) -> None:
    assert records.caller("Steps locked").ask("DELETE", f"/rest/deals/{D2}").status == 200
    assert record(records, f"steps/{S1}")["dealId"] is None  # the model says SET_NULL, whoever destroys


def test_hidden_records_that_restrict_are_not_told_by_the_refusal(records: Scene, rule: Any) -> None:
    rule("RESTRICT")
    caller, before = records.caller("Walled"), digest(records.workspace)
    for path in (f"deals/{D1}", f"deals/{D2}", "deals?filter=name[eq]:First", "deals?filter=name[eq]:Nobody"):
        assert refused(caller, "DELETE", path, None) == [DENIED]
    assert digest(records.workspace) == before
    reply = records.admin.ask("DELETE", f"/rest/deals/{D1}")
    assert (reply.status, reply.json["code"]) == (400, "STILL_REFERENCED")
    assert records.admin.ask("DELETE", f"/rest/deals/{D2}").status == 200


def test_hidden_records_that_cascade_go_along_untold(records: Scene, rule: Any) -> None:
    rule("CASCADE")
    reply = records.caller("Walled").ask("DELETE", f"/rest/deals/{D1}")
    assert (reply.status, reply.json["data"]["deleteDeal"]) == (200, {"id": D1})
    assert records.admin.ask("GET", f"/rest/vaults/{V1}").status == 404


def test_nothing_else_of_a_step_can_be_moved(records: Scene) -> None:
    caller, before = records.caller("Steps locked"), digest(records.workspace)
    for method, path, body in (
        ("POST", "steps", {"id": S2, "dealId": D1}),
        ("PATCH", f"steps/{S1}", {"dealId": D1}),
        ("PATCH", f"steps/{S1}", {"deal": {"disconnect": True}}),
    ):
        [message] = refused(caller, method, path, body)
        assert message == f'{DENIED}: no permission to write field "deal" on "step"'
    reply = caller.ask("PATCH", f"/rest/deals/{D1}", {"steps": {"connect": {"where": {"id": S1}}}})
    assert reply.status == 400  # the many side takes no writes
    assert digest(records.workspace) == before
