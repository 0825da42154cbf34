"""No page of the settings sends more than 15 statements, however many things there are to show.

A dozen of each stand here: what asks once for each of them is beyond. `make bench LARGE=1` measures the same pages with
hundreds, and how long they take.
"""

from __future__ import annotations

import pytest
from django.test import Client

from metadata.models import Workspace
from tests.budgets.recording import recording
from tests.budgets.settings_pages import settings_pages, things_of
from tests.factories import add_object

STATEMENTS = 15
EACH = 12
# Of forms, which answer to POST alone, and of what is led on from: no page.
UNSEEN = {
    "playground-token", "object-switch", "index-new", "index-delete", "field-switch", "switch-workspace",
    "first-steps-hide", "workspace-enter", "workspace-restore", "session-close", "invitation-end", "member-reset",
    "api-key-roll", "webhook-rotate", "webhook-switch", "webhook-test", "webhook-recover", "webhook-redeliver",
    "api-keys-revoke",
}  # fmt: skip


@pytest.fixture
def things(workspace: Workspace, client: Client) -> dict[str, object]:
    made, operator = things_of(workspace, "person", "company", EACH)
    add_object(workspace, "machine", "machines", [{"type": "TEXT", "name": f"part{each}"} for each in range(EACH)])
    client.force_login(operator)
    return made


def test_no_page_sends_more_statements_than_it_may(client: Client, things: dict[str, object]) -> None:
    beyond, unseen = {}, set()
    client.get("/settings/docs")  # the data model is read once in a process
    for name, path in settings_pages(things):
        if name == "object-delete":  # only custom ones have that page
            path = path.replace("person", "machine")
        with recording() as statements:
            response = client.get(path)
        if response.status_code in (302, 405):
            unseen.add(name)
            continue
        assert response.status_code == 200, (path, response.status_code)
        if len(statements) > STATEMENTS:
            beyond[name] = [each.text for each in statements]
    assert beyond == {}
    assert unseen <= UNSEEN
