"""The pages of API keys: making one, its token shown once, changing it, stopping it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from apikeys.models import ApiKey, ApiKeyToken, Member, Role
from apikeys.services.api_keys import apikey_create
from apikeys.services.permissions import permission_flags_upsert
from apikeys.services.roles import role_create
from apikeys.services.workspaces import system_principal
from config.templatetags.moments import distance
from metadata.models import Workspace
from tests.api.settings_pages.conftest import add_member
from tests.factories import Api

HOME = "/settings/api-webhooks"


def role_id(workspace: Workspace, label: str) -> str:
    return str(Role.objects.get(workspace_id=workspace.id, label=label).id)


def form(workspace: Workspace, **changed: str) -> dict[str, str]:
    return {"name": "Zapier", "role": role_id(workspace, "Member"), "expires": "90", **changed}


def make_key(workspace: Workspace, **changed: Any) -> ApiKey:
    key = apikey_create(
        system_principal(workspace),
        name=changed.pop("name", "Nightly sync"),
        expires_at=None,
        role_id=Role.objects.get(workspace_id=workspace.id, label="Admin").id,
    )
    ApiKey.objects.filter(id=key.id).update(**changed)
    return key


def token_in(html: str) -> str:
    found = re.search(r'id="token"[^>]*>([^<]+)<', html)
    assert found is not None
    return found[1]


def test_a_key_is_made_and_its_token_shown_once(browser: Client, acme: Workspace) -> None:
    made = browser.post(f"{HOME}/keys/new", form(acme))
    key = ApiKey.objects.get()
    assert (made.status_code, made["Location"]) == (302, f"{HOME}/keys/{key.id}/token")

    once = browser.get(made["Location"])
    html = once.content.decode()
    token = token_in(html)
    assert once["Cache-Control"] == "no-store"
    assert 'curl "http://testserver/rest/books?limit=3"' in html
    assert Api(token).get("/rest/metadata/apiKeys/me").body["name"] == "Zapier"

    again = browser.get(made["Location"])
    assert (again.status_code, again["Location"]) == (302, f"{HOME}/keys/{key.id}")
    for page in (HOME, f"{HOME}/keys/{key.id}", f"{HOME}/keys/{key.id}/revoke"):
        shown = browser.get(page).content.decode()
        assert token not in shown
        assert token.rsplit(".", 1)[1] not in shown


def test_the_token_is_kept_nowhere_until_it_is_shown(browser: Client, acme: Workspace) -> None:
    location = browser.post(f"{HOME}/keys/new", form(acme))["Location"]
    session = Session.objects.get(session_key=browser.session.session_key)
    held = repr(session.get_decoded())
    token = token_in(browser.get(location).content.decode())
    assert token not in held
    assert token.rsplit(".", 1)[1] not in held
    assert token not in repr(list(ApiKeyToken.objects.values()) + list(ApiKey.objects.values()))


def test_another_browser_is_not_shown_the_token(
    browser: Client, acme: Workspace, ada: Member, browser_of: Callable[[Member], Client]
) -> None:
    location = browser.post(f"{HOME}/keys/new", form(acme))["Location"]
    assert browser_of(ada).get(location).status_code == 302
    assert browser_of(add_member(acme, "eve@example.com", "Admin")).get(location).status_code == 302
    assert browser.get(location).status_code == 200


@pytest.mark.parametrize(
    ("expires", "days"), [("15", 15), ("30", 30), ("90", 90), ("365", 365), ("730", 730), ("never", 36_525)]
)
def test_presets_of_the_end(browser: Client, acme: Workspace, expires: str, days: int) -> None:
    browser.post(f"{HOME}/keys/new", form(acme, expires=expires))
    left = ApiKey.objects.get().expires_at - timezone.now()
    assert timedelta(days=days, minutes=-1) < left <= timedelta(days=days)


def test_a_custom_day_counts_to_its_end(browser: Client, acme: Workspace) -> None:
    browser.post(f"{HOME}/keys/new", form(acme, expires="custom", expires_on="2090-05-31"))
    assert ApiKey.objects.get().expires_at == datetime(2090, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"name": " "}, "This field is required.", id="no name"),
        pytest.param({"role": ""}, "Choose a role.", id="no role"),
        pytest.param({"role": "00000000-0000-0000-0000-000000000000"}, "is not one of the available", id="other role"),
        pytest.param({"expires": "5"}, "is not one of the available", id="unknown preset"),
        pytest.param({"expires": "custom"}, "Choose the last day", id="custom without a day"),
        pytest.param({"expires": "custom", "expires_on": "2020-01-01"}, "This day has passed.", id="past day"),
        pytest.param(
            {"expires": "custom", "expires_on": "9999-12-31"}, "This day is too far away.", id="last day of all"
        ),
        pytest.param({"expires": "custom", "expires_on": "soon"}, "Enter a valid date.", id="no day"),
    ],
)
def test_a_wrong_form_is_shown_again_and_makes_nothing(
    browser: Client, acme: Workspace, changed: dict[str, str], message: str
) -> None:
    response = browser.post(f"{HOME}/keys/new", form(acme, **changed))
    assert response.status_code == 422
    assert message in response.content.decode()
    assert (ApiKey.objects.count(), ApiKeyToken.objects.count()) == (0, 0)


def test_only_roles_within_ones_own_rights_are_offered(acme: Workspace, browser_of: Callable[[Member], Client]) -> None:
    system = system_principal(acme)
    helper = role_create(system, values={"label": "Helper", "canReadAllObjectRecords": True})
    permission_flags_upsert(system, role_id=helper.id, flags=["API_KEYS_AND_WEBHOOKS", "ROLES"])
    client = browser_of(add_member(acme, "help@example.com", "Helper"))
    html = client.get(f"{HOME}/keys/new").content.decode()
    assert re.findall(r"<strong>(\w+)</strong>", html) == ["Helper"]
    assert client.post(f"{HOME}/keys/new", form(acme, role=role_id(acme, "Admin"))).status_code == 422
    assert ApiKey.objects.count() == 0
    key = make_key(acme)
    assert client.post(f"{HOME}/keys/{key.id}/token")["Location"] == f"{HOME}/keys/{key.id}"
    assert ApiKeyToken.objects.count() == 0


def test_without_the_roles_flag_keys_are_seen_but_not_made(
    acme: Workspace, browser_of: Callable[[Member], Client]
) -> None:
    system = system_principal(acme)
    keeper = role_create(system, values={"label": "Keeper"})
    permission_flags_upsert(system, role_id=keeper.id, flags=["API_KEYS_AND_WEBHOOKS"])
    client = browser_of(add_member(acme, "keep@example.com", "Keeper"))
    assert "Create" not in client.get(HOME).content.decode()
    assert client.get(f"{HOME}/keys/new").status_code == 403
    assert client.post(f"{HOME}/keys/new", form(acme)).status_code == 403
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize(
    ("changed", "label"),
    [
        ({}, "Active"),
        ({"expires_at": timezone.now() + timedelta(days=13)}, "Expiring"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "Expired"),
        ({"enabled": False}, "Paused"),
        ({"role": None}, "No role"),
    ],
)
def test_the_list_tells_the_state_of_a_key(
    browser: Client, acme: Workspace, changed: dict[str, Any], label: str
) -> None:
    key = make_key(acme, **changed)
    html = browser.get(HOME).content.decode()
    assert re.findall(r'<span class="badge [\w-]+">([\w ]+)</span>', html) == [label]
    assert key.fingerprint in html
    assert str(key.id) in html


def test_the_list_is_searched_and_shows_revoked_keys_on_request(browser: Client, acme: Workspace) -> None:
    make_key(acme, name="Zapier")
    make_key(acme, name="Importer")
    make_key(acme, name="Leaked", revoked_at=timezone.now())

    def names(query: str) -> list[str]:
        return re.findall(r'keys/[\w-]{36}">([^<]+)</a>', browser.get(HOME + query).content.decode())

    assert names("") == ["Importer", "Zapier"]
    assert names("?revoked=1") == ["Leaked", "Importer", "Zapier"]
    assert names("?q=zap") == ["Zapier"]
    assert names("?q=zzz") == []


def test_names_are_escaped(browser: Client, acme: Workspace) -> None:
    key = make_key(acme, name='<img src=x onerror="alert(1)">')
    for page in (HOME, f"{HOME}/keys/{key.id}", f"{HOME}/keys/{key.id}/revoke", f"{HOME}?q=%3Cimg%20src%3Dx"):
        assert "<img" not in browser.get(page).content.decode()


def test_a_list_of_two_hundred_keys_costs_no_more_statements(
    browser: Client, acme: Workspace, django_assert_num_queries: Any
) -> None:
    make_key(acme)
    browser.get(HOME)  # notes when the session began
    # session, user, memberships, workspaces, member, keys, their requests, objects of the example
    with django_assert_num_queries(8):
        browser.get(HOME)
    template = ApiKey.objects.get()
    ApiKey.objects.bulk_create(
        ApiKey(workspace_id=acme.id, name=f"k{each}", role_id=template.role_id, expires_at=template.expires_at)
        for each in range(200)
    )
    with django_assert_num_queries(8):
        first = browser.get(HOME).content
    assert (first.count(b'<td class="main">'), b"Page 1 of 5" in first) == (50, True)
    assert browser.get(f"{HOME}?page=5").content.count(b'<td class="main">') == 1


def test_a_key_is_renamed(browser: Client, acme: Workspace) -> None:
    key = make_key(acme)
    assert browser.post(f"{HOME}/keys/{key.id}", {"name": "Sync"}).status_code == 302
    key.refresh_from_db()
    assert key.name == "Sync"
    assert browser.post(f"{HOME}/keys/{key.id}", {"name": ""}).status_code == 422


def test_a_key_gets_another_role(browser: Client, acme: Workspace) -> None:
    key = make_key(acme)
    browser.post(f"{HOME}/keys/{key.id}", {"role": role_id(acme, "Member")})
    key.refresh_from_db()
    assert key.role is not None
    assert key.role.label == "Member"
    browser.post(f"{HOME}/keys/{key.id}", {"role": "nonsense"})
    key.refresh_from_db()
    assert key.role.label == "Member"


def test_a_key_is_paused_and_resumed(browser: Client, acme: Workspace) -> None:
    key = make_key(acme)
    location = browser.post(f"{HOME}/keys/{key.id}/token")["Location"]
    api = Api(token_in(browser.get(location).content.decode()))
    browser.post(f"{HOME}/keys/{key.id}", {"enabled": "0"})
    assert api.get("/rest/metadata/apiKeys/me").body["messages"] == ["This API Key is paused"]
    browser.post(f"{HOME}/keys/{key.id}", {"enabled": "1"})
    assert api.get("/rest/metadata/apiKeys/me").status == 200


def revoked_at(key: ApiKey) -> datetime | None:
    return ApiKey.objects.get(id=key.id).revoked_at


def test_a_key_is_revoked_by_typing_its_name(browser: Client, acme: Workspace) -> None:
    key = make_key(acme)
    url = f"{HOME}/keys/{key.id}/revoke"
    for typed in ("", "nightly sync", "Nightly"):
        assert browser.post(url, {"confirmation": typed}).status_code == 422
    assert revoked_at(key) is None
    assert browser.post(url, {"confirmation": " Nightly sync "})["Location"] == HOME
    assert revoked_at(key) is not None
    assert browser.get(url)["Location"] == f"{HOME}/keys/{key.id}"
    assert browser.post(f"{HOME}/keys/{key.id}/token")["Location"] == f"{HOME}/keys/{key.id}"
    assert ApiKeyToken.objects.count() == 0


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.5, "in 12 hours"),
        (1, "in 1 day"),
        (-3, "3 days ago"),
        (30, "in 30 days"),
        (90, "in 3 months"),
        (365, "in 1 year"),
    ],
)
def test_times_are_told_in_words(days: float, words: str) -> None:
    assert distance(days * 86_400) == words


def test_a_member_that_no_form_of_a_key_has_is_refused_by_name(browser: Client, acme: Workspace) -> None:
    refused = browser.post(f"{HOME}/keys/new", form(acme, expire="never"))
    assert refused.status_code == 422
    assert "The form has no member &quot;expire&quot;. Did you mean &quot;expires&quot;?" in refused.content.decode()
    assert ApiKey.objects.count() == 0
    key = make_key(acme)
    page = browser.post(f"{HOME}/keys/{key.id}", {"name": "Renamed", "expires": "never"}, follow=True)
    assert "The form has no member &quot;expires&quot;" in page.content.decode()
    key.refresh_from_db()
    assert key.name == "Nightly sync"
