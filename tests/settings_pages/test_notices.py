"""What needs attention is told on every page of those who may see to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apikeys.models import Member
from metadata.models import Workspace
from tests.factories import principal_of
from tests.settings_pages.conftest import add_member
from tests.settings_pages.test_keys import make_key
from webhooks.models import Webhook
from webhooks.services import webhook_create

PAGES = ("data-model", "api-webhooks", "docs", "activity", "members", "roles", "general", "profile")


def told(browser: Client, path: str = "/settings/general") -> list[str]:
    page = browser.get(path).content.decode()
    found = re.search(r'<section class="flashes" aria-label="Needs attention">(.*?)</section>', page, re.DOTALL)
    shown = re.findall(r"<p>(.*?)</p>", found[1]) if found else []
    return [re.sub(r"<[^>]+>", "", each) for each in shown]


def webhook(acme: Workspace, host: str, **state: Any) -> Webhook:
    made = webhook_create(principal_of(acme), data={"targetUrl": f"https://{host}/secret/path"})
    Webhook.objects.filter(id=made.id).update(**state)
    return made


@pytest.mark.parametrize(
    ("days", "said"), [(13.99, "in 14 days"), (2.99, "in 3 days"), (0.99, "in 24 hours"), (14.01, ""), (-0.01, "")]
)
def test_a_key_near_its_end_is_told_of(browser: Client, acme: Workspace, days: float, said: str) -> None:
    make_key(acme, name="Near", expires_at=timezone.now() + timedelta(days=days))
    expected = f"Near stops working {said}. Give it a later end, or whatever uses it another key."
    assert told(browser) == ([expected] if said else [])


def test_webhooks_that_hear_of_nothing_are_told_of(browser: Client, acme: Workspace) -> None:
    webhook(acme, "fine.example")
    webhook(acme, "gone.example", is_active=False, disabled_reason="Gone")
    webhook(acme, "paused.example", is_active=False)
    webhook(acme, "failing.example", failing_since=timezone.now() - timedelta(days=2))
    webhook(acme, "deleted.example", is_active=False, deleted_at=timezone.now())
    assert told(browser) == [
        "The webhook to https://gone.example/•••• was switched off."
        " What waits for it is sent once somebody switches it on again.",
        "The webhook to https://paused.example/•••• is paused. Nothing is recorded for it until somebody resumes it.",
        "The webhook to https://failing.example/•••• has only failed: the first time 2 days ago.",
    ]


def test_on_every_page_by_one_statement(browser: Client, acme: Workspace) -> None:
    key = make_key(acme, name="Near", expires_at=timezone.now() + timedelta(days=2))
    for page in PAGES:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert len(told(browser, f"/settings/{page}")) == 1, page
        assert sum("webhooks_webhook WHERE" in re.sub(r"\s+", " ", each["sql"]) and "UNION ALL" in each["sql"]
                   for each in asked.captured_queries) == 1  # fmt: skip
        assert len(asked.captured_queries) <= 15, page
    assert told(browser, f"/settings/api-webhooks/keys/{key.id}") == []  # it says so itself


def test_of_many_the_first_five_and_how_many_more(browser: Client, acme: Workspace) -> None:
    for number in range(8):
        make_key(acme, name=f"Key {number}", expires_at=timezone.now() + timedelta(days=number + 1))
    shown = told(browser)
    assert [each.split(" stops")[0] for each in shown[:5]] == [f"Key {number}" for number in range(5)]
    assert shown[5:] == ["3 other keys stop working in the next two weeks."]


def test_who_may_not_see_to_it_is_told_nothing(acme: Workspace, browser_of: Callable[[Member], Client]) -> None:
    make_key(acme, name="Near", expires_at=timezone.now() + timedelta(days=2))
    plain = browser_of(add_member(acme, "bob@example.com", "Member"))
    with CaptureQueriesContext(connection) as asked:
        assert told(plain, "/settings/profile") == []
    assert not any("apikeys_apikey" in each["sql"] for each in asked.captured_queries)
