"""The pages of API keys: making one, its token shown once, changing it, stopping it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apikeys.activity import requests as request_log
from apikeys.activity.usage import Day, Hour
from apikeys.models import ApiKey, ApiKeyToken, Member, Role
from apikeys.models import OpenSession as Session
from apikeys.pages.key_usage import bars_of
from apikeys.services.api_keys import apikey_create
from apikeys.services.permissions import permission_flags_upsert
from apikeys.services.roles import role_create
from apikeys.services.workspaces import system_principal
from config.templatetags.moments import distance
from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api, workspace_with
from tests.settings_pages.conftest import BOOKS, add_member

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
    assert ApiKey.objects.get().expires_at == datetime(2090, 5, 31, 23, 59, 59, tzinfo=UTC)


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
    # session, user, memberships, workspaces, member, keys, their requests, objects of the example, what needs attention,
    # the first steps
    with django_assert_num_queries(10):
        browser.get(HOME)
    template = ApiKey.objects.get()
    ApiKey.objects.bulk_create(
        ApiKey(workspace_id=acme.id, name=f"k{each}", role_id=template.role_id, expires_at=template.expires_at)
        for each in range(200)
    )
    with django_assert_num_queries(10):
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


# Less than the role ------------------------------------------------------------------------------------


def object_id(workspace: Workspace, singular: str) -> str:
    return str(ObjectMetadata.objects.get(workspace_id=workspace.id, name_singular=singular).id)


def opened(browser: Client, key: ApiKey) -> str:
    return browser.get(f"{HOME}/keys/{key.id}").content.decode()


def test_a_key_is_made_with_less_than_its_role(browser: Client, acme: Workspace) -> None:
    book = object_id(acme, "book")
    sent = {"read_only": "on", "reach": "some", "objects": book, "networks": "127.0.0.0/8\r\n2001:DB8::/32"}
    location = browser.post(f"{HOME}/keys/new", form(acme, description=" Reports ", **sent))["Location"]
    api = Api(token_in(browser.get(location).content.decode()))
    assert (api.get("/rest/books").status, api.post("/rest/books", {"title": "x"}).status) == (200, 403)
    key = ApiKey.objects.get()
    assert (key.description, key.is_read_only, key.object_ids) == ("Reports", True, [book])
    assert key.allowed_networks == ["127.0.0.0/8", "2001:db8::/32"]
    html = opened(browser, key)
    for words in ("<dd>Read only</dd>", "<dd>Books</dd>", "<dd>127.0.0.0/8, 2001:db8::/32</dd>", "Reports"):
        assert words in html
    assert "Read only, 1 object, 2 networks" in browser.get(HOME).content.decode()


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"reach": "some"}, "Choose at least one object, or let the key reach all."),
        ({"reach": "some", "objects": "00000000-0000-0000-0000-000000000000"}, "is not one of the available choices"),
        ({"reach": "all", "networks": "203.0.113.7/24"}, "did you mean 203.0.113.0/24 or 203.0.113.7/32?"),
        ({"reach": "all", "networks": "the office"}, "&quot;the&quot; is no network"),
    ],
)
def test_wrong_limits_are_told_beside_their_field_and_nothing_changes(
    browser: Client, acme: Workspace, sent: dict[str, str], message: str
) -> None:
    key = make_key(acme, is_read_only=True)
    answer = browser.post(f"{HOME}/keys/{key.id}", sent)
    assert (answer.status_code, message in answer.content.decode()) == (422, True)
    key.refresh_from_db()
    assert (key.is_read_only, key.object_ids, key.allowed_networks) == (True, None, None)
    made = browser.post(f"{HOME}/keys/new", form(acme, **sent))
    assert (made.status_code, message in made.content.decode(), ApiKey.objects.count()) == (422, True, 1)


def test_limits_are_changed_and_taken_away(browser: Client, acme: Workspace) -> None:
    key = make_key(acme, is_read_only=True, object_ids=[object_id(acme, "book")], allowed_networks=["192.0.2.0/24"])
    browser.post(f"{HOME}/keys/{key.id}", {"reach": "all", "objects": object_id(acme, "book"), "networks": ""})
    key.refresh_from_db()
    assert (key.is_read_only, key.object_ids, key.allowed_networks) == (False, None, None)


def test_another_workspaces_objects_cannot_be_chosen(browser: Client, acme: Workspace) -> None:
    theirs = object_id(workspace_with([BOOKS], name="Other"), "book")
    key = make_key(acme)
    assert browser.post(f"{HOME}/keys/{key.id}", {"reach": "some", "objects": theirs}).status_code == 422
    key.refresh_from_db()
    assert key.object_ids is None


def test_description_version_and_end_are_changed(browser: Client, acme: Workspace) -> None:
    key = make_key(acme)
    page = f"{HOME}/keys/{key.id}"
    browser.post(page, {"name": "Sync", "description": "Ada's <b>script</b>"})
    browser.post(page, {"api_version": "2"})
    browser.post(page, {"expires": "30"})
    key.refresh_from_db()
    assert (key.name, key.description, key.api_version) == ("Sync", "Ada's <b>script</b>", "2")
    assert timedelta(days=29, hours=23) < key.expires_at - timezone.now() <= timedelta(days=30)
    assert "Ada&#x27;s &lt;b&gt;script&lt;/b&gt;" in opened(browser, key)
    browser.post(page, {"api_version": "3"})
    browser.post(page, {"name": "Sync"})
    key.refresh_from_db()
    assert (key.api_version, key.description) == ("2", "Ada's <b>script</b>")
    assert browser.post(page, {"expires": "custom", "expires_on": "2020-01-01"}).status_code == 422


# Tokens ------------------------------------------------------------------------------------------------


def test_the_new_token_is_hidden_until_it_is_revealed(browser: Client, acme: Workspace) -> None:
    location = browser.post(f"{HOME}/keys/new", form(acme))["Location"]
    html = browser.get(location).content.decode()
    token = token_in(html)
    outside = re.sub(r"<details.*?</details>|<pre id=\"env\" hidden>.*?</pre>", "", html, flags=re.DOTALL)
    assert token in html and token not in outside


def test_tokens_are_replaced_and_revoked_one_by_one(browser: Client, acme: Workspace) -> None:
    key = make_key(acme)
    page = f"{HOME}/keys/{key.id}"

    def get(location: str) -> Api:
        return Api(token_in(browser.get(location).content.decode()))

    first = get(browser.post(f"{page}/token")["Location"])
    second = get(browser.post(f"{page}/roll", {"overlap": "24"})["Location"])
    third = get(browser.post(f"{page}/roll", {"overlap": "168"})["Location"])

    def works() -> list[bool]:
        return [each.get("/rest/metadata/apiKeys/me").status == 200 for each in (first, second, third)]

    assert works() == [True, True, True]
    assert second.token is not None
    row = ApiKeyToken.objects.get(last_four=second.token[-4:])
    assert "Revoke this token?" in browser.get(f"{page}/tokens/{row.id}/revoke").content.decode()
    assert works() == [True, True, True]
    assert browser.post(f"{page}/tokens/{row.id}/revoke")["Location"] == page
    assert works() == [True, False, True]
    for overlap in ("2", "", "x"):
        assert "Choose when" in browser.post(f"{page}/roll", {"overlap": overlap}, follow=True).content.decode()
    assert works() == [True, False, True]
    assert browser.get(f"{page}/tokens/{uuid4()}/revoke").status_code == 404


def test_a_paused_key_offers_no_token(browser: Client, acme: Workspace) -> None:
    key = make_key(acme, enabled=False)
    html = opened(browser, key)
    assert "Generate token" not in html and "Replace tokens" not in html
    assert "The key is paused, so it gives no token." in html
    for path in ("token", "roll"):
        answer = browser.post(f"{HOME}/keys/{key.id}/{path}", {"overlap": "0"}, follow=True)
        assert "This API Key is paused" in answer.content.decode()
    assert ApiKeyToken.objects.count() == 0


# Use ---------------------------------------------------------------------------------------------------


def test_the_page_shows_the_last_use_and_the_day(browser: Client, acme: Workspace) -> None:
    key = make_key(acme, max_requests_per_minute=100)
    location = browser.post(f"{HOME}/keys/{key.id}/token")["Location"]
    assert "There were none." in opened(browser, key)
    api = Api(token_in(browser.get(location).content.decode()))
    for path in ("/rest/books", "/rest/books", "/rest/nothing"):
        api.get(path)
    request_log.flush()
    html = opened(browser, key)
    assert "3 in all, 1 of them refused or failed." in html
    assert re.search(r"<title>\d\d:\d\d UTC and the hour after: 3 requests, 1 of them refused or failed</title>", html)
    assert html.count('class="chart-bar"') == 24
    assert '<meter id="meter-1" min="0" max="100" value="3">3 of 100</meter>' in html
    assert "from 127.0.0.1, REST" in html
    assert '<td data-label="Requests, 24 h">3</td>' in browser.get(HOME).content.decode()


def test_a_page_of_a_key_costs_no_more_statements_with_many_tokens(
    browser: Client, acme: Workspace, django_assert_max_num_queries: Any
) -> None:
    key = make_key(acme, max_requests_per_minute=100)
    browser.get(HOME)
    ApiKeyToken.objects.bulk_create(
        ApiKeyToken(api_key=key, generation=1, digest=str(each), last_four="abcd", expires_at=key.expires_at)
        for each in range(101)
    )
    with django_assert_max_num_queries(15):
        assert browser.get(f"{HOME}/keys/{key.id}").content.count(b"\xe2\x80\xa6abcd</td>") == 100


def test_bars_are_as_high_as_their_hours_are_busy() -> None:
    begin = datetime(2026, 1, 31, tzinfo=UTC)
    counts = [(0, 0), (1, 0), (100, 0), (50, 25), (1, 1)]
    day = Day([Hour(begin + timedelta(hours=place), *each) for place, each in enumerate(counts)])
    assert [(each.x, each.y, each.height, each.failed_y, each.failed_height) for each in bars_of(day)] == [
        (3, 72, 0, 72, 0),
        (23, 70, 2, 70, 0),
        (43, 0, 72, 0, 0),
        (63, 54, 18, 36, 18),
        (83, 72, 0, 70, 2),
    ]
    assert (day.requests, day.failed, day.busiest.requests, day.is_whole) == (152, 26, 100, True)


# Several keys ------------------------------------------------------------------------------------------


def test_keys_are_revoked_together_after_they_were_named(browser: Client, acme: Workspace) -> None:
    keys = [make_key(acme, name=f"Key {each}") for each in "ABC"]
    url = f"{HOME}/keys/revoke"
    chosen = [str(each.id) for each in keys[:2]]
    html = browser.get(url, {"key": chosen}).content.decode()
    assert re.findall(r"<strong>(Key \w)</strong>", html) == ["Key A", "Key B"]
    assert "Type “revoke 2 keys” to confirm" in html
    assert browser.post(url, {"key": chosen, "confirmation": "revoke"}).status_code == 422
    assert [revoked_at(each) for each in keys] == [None] * 3
    assert browser.post(url, {"key": chosen, "confirmation": "revoke 2 keys"})["Location"] == HOME
    assert [revoked_at(each) is None for each in keys] == [False, False, True]
    assert browser.get(url)["Location"] == HOME
    assert browser.get(url, {"key": "x"}).status_code == 404


def test_keys_of_another_workspace_are_not_revoked_with_them(browser: Client, acme: Workspace) -> None:
    theirs = make_key(workspace_with([BOOKS], name="Other"))
    assert browser.get(f"{HOME}/keys/revoke", {"key": str(theirs.id)})["Location"] == HOME
    browser.post(f"{HOME}/keys/revoke", {"key": str(theirs.id), "confirmation": "revoke 1 key"})
    assert revoked_at(theirs) is None


def test_a_duplicate_begins_with_what_the_key_may(browser: Client, acme: Workspace) -> None:
    book = object_id(acme, "book")
    key = make_key(acme, description="Reports", is_read_only=True, object_ids=[book], max_requests_per_minute=7)
    html = browser.get(f"{HOME}/keys/new?from={key.id}").content.decode()
    assert 'value="Nightly sync (copy)"' in html and 'value="Reports"' in html
    assert f'<input type="checkbox" name="objects" value="{book}" checked>' in html
    sent = form(acme, name="Other", read_only="on", reach="some", objects=book)
    assert browser.post(f"{HOME}/keys/new?from={key.id}", sent).status_code == 302
    made = ApiKey.objects.get(name="Other")
    assert (made.is_read_only, made.object_ids, made.max_requests_per_minute) == (True, [book], 7)
    other = make_key(workspace_with([BOOKS], name="Other"))
    assert browser.get(f"{HOME}/keys/new?from={other.id}").status_code == 404


def test_who_is_near_the_end_is_told_in_the_list_and_on_the_key(browser: Client, acme: Workspace) -> None:
    make_key(acme, name="Far", expires_at=timezone.now() + timedelta(days=14, minutes=5))
    make_key(acme, name="Gone", expires_at=timezone.now() - timedelta(days=1))
    near = make_key(acme, name="Near", expires_at=timezone.now() + timedelta(days=3))
    html = browser.get(HOME).content.decode()
    assert re.findall(r'<p><a href="[^"]+">(\w+)</a> stops working', html) == ["Near"]
    assert "This key stops working" in opened(browser, near)
