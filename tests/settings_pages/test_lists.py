"""What lists of the settings have: orders, filters; and days that stay. What forms have: test_every_form.py."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from django.test import Client

from apikeys.models import ApiKey, Role
from apikeys.services.api_keys import apikey_create
from apikeys.services.workspaces import system_principal
from config.templatetags.moments import last_moment
from metadata.models import Workspace

KEYS = "/settings/api-webhooks"
MODEL = "/settings/data-model"


def test_a_day_chosen_as_the_last_one_is_the_day_shown(browser: Client, acme: Workspace) -> None:
    role = Role.objects.get(workspace_id=acme.id, label="Admin")
    given = {"name": "Audit", "role": str(role.id), "expires": "custom", "expires_on": "2031-03-14"}
    token_page = browser.post(f"{KEYS}/keys/new", given, follow=True).content.decode()
    assert "the end of 14 Mar 2031" in token_page
    key = ApiKey.objects.get(name="Audit")
    assert "The key works until <time" in (page := browser.get(f"{KEYS}/keys/{key.id}").content.decode())
    assert page.count("the end of 14 Mar 2031") == 2 and 'title="14 Mar 2031, 23:59 UTC"' in page


def test_other_ends_are_shown_to_the_minute() -> None:
    assert "14 Mar 2031, 10:00 UTC" in last_moment(datetime(2031, 3, 14, 10, tzinfo=UTC))
    assert last_moment(None) == "Never"


def names(client: Client, path: str) -> list[str]:
    return re.findall(r'<td class="main"><a href="[^"]+">([^<]+)</a>', client.get(path).content.decode())


def test_keys_are_sorted_and_filtered_by_state(browser: Client, acme: Workspace) -> None:
    role = Role.objects.get(workspace_id=acme.id, label="Admin")
    for name in ("beta", "alpha", "Gamma"):
        apikey_create(system_principal(acme), name=name, expires_at=None, role_id=role.id)
    ApiKey.objects.filter(name="alpha").update(enabled=False)
    assert names(browser, KEYS) == ["Gamma", "alpha", "beta"]
    assert names(browser, f"{KEYS}?sort=name") == ["alpha", "beta", "Gamma"]
    assert names(browser, f"{KEYS}?state=Paused&sort=name") == ["alpha"]
    assert names(browser, f"{KEYS}?state=Expired") == []
    assert names(browser, f"{KEYS}?sort=nonsense&state=nonsense") == ["Gamma", "alpha", "beta"]


def test_objects_are_sorted_and_filtered_by_kind(browser: Client) -> None:
    every = names(browser, MODEL)
    assert every[0] == "Books" and len(every) > 3
    assert names(browser, f"{MODEL}?state=custom") == ["Books"]
    assert names(browser, f"{MODEL}?sort=name") == sorted(every, key=str.lower)
    browser.post(f"{MODEL}/objects/book/switch", {"is_active": "false", "sure": "1"})
    assert (names(browser, f"{MODEL}?state=off"), names(browser, f"{MODEL}?state=custom")) == (["Books"], [])


def test_roles_are_searched_and_sorted(browser: Client) -> None:
    assert names(browser, "/settings/roles?sort=name")[:1] == ["Admin"]
    assert names(browser, "/settings/roles?q=ADMIN") == ["Admin"]
    assert "No role is called “zebra”" in browser.get("/settings/roles?q=zebra").content.decode()


def test_pages_of_a_list_keep_what_was_chosen(browser: Client, acme: Workspace) -> None:
    role = Role.objects.get(workspace_id=acme.id, label="Admin")
    key = apikey_create(system_principal(acme), name="a0", expires_at=None, role_id=role.id)
    ApiKey.objects.bulk_create(
        ApiKey(workspace_id=acme.id, name=f"a{each}", role_id=role.id, expires_at=key.expires_at) for each in range(60)
    )
    page = browser.get(f"{KEYS}?q=a&sort=name&state=Active").content.decode()
    assert 'rel="next" href="?q=a&amp;state=Active&amp;sort=name&amp;page=2"' in page
