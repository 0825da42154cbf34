"""A new workspace is led by the hand: an object, a key, a call, a webhook, each ticked once it is there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apikeys.models import ApiKey, Member
from apikeys.services.permissions import permission_flags_upsert
from apikeys.services.roles import role_create
from metadata.models import Workspace
from tests.factories import api_of, principal_of, workspace_with
from tests.settings_pages.conftest import add_member

MODEL = "/settings/data-model"
KEYS = "/settings/api-webhooks"
BOOK = {"nameSingular": "book", "namePlural": "books", "labelSingular": "Book", "labelPlural": "Books"}
_STEP = re.compile(r'<li class="(is-done|is-next|)">.*?<a href="([^"]+)">([^<]+)</a>', re.DOTALL)


@pytest.fixture
def empty(db: None) -> Workspace:
    return workspace_with([], name="Fresh")


@pytest.fixture
def fresh(empty: Workspace, browser_of: Callable[[Member], Client]) -> Client:
    return browser_of(add_member(empty, "ada@example.com", "Admin"))


def steps(client: Client, path: str = MODEL) -> list[tuple[str, str]]:
    """(title, done | next | later) of each step that the page shows."""
    states = {"is-done": "done", "is-next": "next", "": "later"}
    return [(title, states[state]) for state, _, title in _STEP.findall(client.get(path).content.decode())]


def test_steps_are_ticked_by_what_is_there(empty: Workspace, fresh: Client) -> None:
    titles = ["Make an object", "Make an API key", "See the first call", "Add a webhook"]
    assert steps(fresh) == list(zip(titles, ["next", "later", "later", "later"], strict=True))
    api = api_of(empty)  # a key
    assert [state for _, state in steps(fresh)] == ["next", "done", "later", "later"]
    api.post("/rest/metadata/objects", BOOK)
    ApiKey.objects.filter(workspace_id=empty.id).update(last_used_at=None)
    assert [state for _, state in steps(fresh, KEYS)] == ["done", "done", "next", "later"]
    ApiKey.objects.filter(workspace_id=empty.id).update(last_used_at=timezone.now())
    assert [state for _, state in steps(fresh, "/settings/activity")] == ["done", "done", "done", "next"]
    api.post("/rest/metadata/webhooks", {"targetUrl": "https://example.com/hook", "operations": ["*.*"]})
    assert steps(fresh) == []


def test_who_puts_them_away_sees_them_no_more_and_others_still_do(
    empty: Workspace, fresh: Client, browser_of: Callable[[Member], Client]
) -> None:
    grace = browser_of(add_member(empty, "grace@example.com", "Admin"))
    assert fresh.post("/settings/first-steps/hide", {"next": KEYS})["Location"] == KEYS
    assert (steps(fresh), len(steps(grace))) == ([], 4)
    assert grace.post("/settings/first-steps/hide", {"next": "https://evil.example/"})["Location"] == "/settings"


def test_a_member_is_shown_the_steps_that_they_may_take(
    empty: Workspace, browser_of: Callable[[Member], Client]
) -> None:
    admin = principal_of(empty)
    role = role_create(admin, values={"label": "Modeller"})
    permission_flags_upsert(admin, role_id=role.id, flags=["DATA_MODEL"])
    modeller = browser_of(add_member(empty, "max@example.com", "Modeller"))
    assert steps(modeller) == [("Make an object", "next")]
    outsider = browser_of(add_member(empty, "bob@example.com", "Member"))
    assert steps(outsider, "/settings/profile") == []
    refused = outsider.get(MODEL)
    assert (refused.status_code, "First steps" in refused.content.decode()) == (403, False)


def test_the_root_leads_to_the_first_section(fresh: Client) -> None:
    assert fresh.get("/", headers={"Accept": "text/html,*/*;q=0.8"})["Location"] == "/settings"
    assert fresh.get("/settings")["Location"] == MODEL
    assert Client().get("/settings")["Location"] == "/settings/login?next=%2Fsettings"


@pytest.mark.parametrize("path", ["/settings/docs", f"{KEYS}/playground/graphql/core", f"{KEYS}/playground/rest/core"])
def test_docs_and_consoles_of_an_empty_workspace_say_how_an_object_is_made(fresh: Client, path: str) -> None:
    html = fresh.get(path).content.decode()
    assert "There is no object yet" in html and 'href="/settings/data-model/new"' in html


def test_docs_with_an_object_do_not(browser: Client) -> None:
    assert "There is no object yet" not in browser.get("/settings/docs").content.decode()
