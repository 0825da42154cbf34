"""What the role does not allow is told first, whatever else is wrong with a request's address."""

from __future__ import annotations

import pytest

from tests.security.scene import D1, Scene, digest

WRONG = {
    "find": ("GET", "deals?filter=nonsense"),
    "find one": ("GET", "deals/no-id"),
    "history": ("GET", "deals/no-id/history"),
    "groups": ("GET", "deals/groupBy?group_by=nonsense"),
    "duplicates": ("POST", "deals/duplicates?depth=7"),
    "create": ("POST", "deals?depth=7"),
    "create many": ("POST", "batch/deals?upsert=perhaps"),
    "update": ("PATCH", "deals/no-id"),
    "update with a version that is none": ("PATCH", f"deals/{D1}?depth=7"),
    "update many": ("PATCH", "deals?filter=nonsense"),
    "merge": ("PATCH", "deals/merge?depth=7"),
    "delete": ("DELETE", "deals/no-id?soft_delete=true"),
    "destroy": ("DELETE", "deals/no-id"),
    "destroy many": ("DELETE", "deals?filter=nonsense"),
    "restore": ("PATCH", "deals/no-id/restore"),
    "restore many": ("PATCH", "restore/deals?filter=nonsense"),
}


ROLES: dict[str, dict[str, object]] = {"Nothing": {}}


@pytest.mark.django_db
@pytest.mark.parametrize("name", WRONG)
def test_who_may_not_is_told_that_and_who_may_what_is_wrong(scene: Scene, name: str) -> None:
    method, path = WRONG[name]
    body = None if method in ("GET", "DELETE") else {"name": "x"}
    before = digest(scene.workspace)
    refused = scene.caller("Nothing").ask(method, f"/rest/{path}", body)
    assert (refused.status, refused.json["code"]) == (403, "PERMISSION_DENIED"), refused.body
    told = scene.admin.ask(method, f"/rest/{path}", body)
    assert told.status == 400, told.body
    assert digest(scene.workspace) == before
