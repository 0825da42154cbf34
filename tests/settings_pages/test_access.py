"""Who may see a settings page, and the headers every one of them has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apikeys.models import ApiKey, Member, Role
from apikeys.services.api_keys import apikey_create
from apikeys.services.workspaces import system_principal
from metadata.models import Workspace
from tests.factories import workspace_with
from tests.settings_pages.conftest import PASSWORD, add_member

HOME = "/settings/api-webhooks"
PAGES = [HOME, f"{HOME}/keys/new", f"{HOME}/keys/{{id}}", f"{HOME}/keys/{{id}}/revoke"]


@pytest.fixture
def key(acme: Workspace) -> ApiKey:
    admin = Role.objects.get(workspace_id=acme.id, label="Admin")
    return apikey_create(system_principal(acme), name="Nightly sync", expires_at=None, role_id=admin.id)


def sign_in(client: Client, **changed: str) -> Any:
    return client.post("/settings/login", {"email": "ada@example.com", "password": PASSWORD, **changed})


def test_signing_in_leads_to_the_first_section(ada: Member) -> None:
    client = Client()
    assert sign_in(client, email="ADA@example.com")["Location"] == "/settings"
    assert client.get("/settings")["Location"] == "/settings/data-model"
    assert client.get("/settings/data-model").status_code == 200


@pytest.mark.parametrize("changed", [{"password": "wrong"}, {"email": "nobody@example.com"}])
def test_a_wrong_password_and_an_unknown_person_get_one_answer(ada: Member, changed: dict[str, str]) -> None:
    client = Client()
    response = sign_in(client, **changed)
    assert response.status_code == 422
    assert "E-mail or password is wrong." in response.content.decode()
    assert client.get(HOME).status_code == 302


def test_a_workspace_without_passwords_lets_nobody_in_by_one(acme: Workspace, ada: Member) -> None:
    """Who is in already is out; the sentence says how it is undone; other workspaces of the person stay open."""
    inside = Client()
    sign_in(inside)
    Workspace.objects.filter(id=acme.id).update(is_password_auth_enabled=False)
    refused = Client()
    response = sign_in(refused)
    assert response.status_code == 422
    assert "Signing in with a password is switched off in this workspace." in response.content.decode()
    assert refused.get(HOME).status_code == 302
    response = inside.get("/settings/data-model")
    assert response.status_code == 403
    assert "PATCH /rest/metadata/workspace with isPasswordAuthEnabled" in response.content.decode()
    other = workspace_with(name="Other")
    role = Role.objects.get(workspace_id=other.id, label="Admin")
    Member.objects.create(workspace_id=other.id, user=ada.user, role=role)
    assert sign_in(refused).status_code == 302
    shown = refused.get("/settings/data-model").content.decode()
    assert ("Other" in shown, acme.display_name in shown) == (True, False)
    Workspace.objects.filter(id=acme.id).update(is_password_auth_enabled=True)
    assert sign_in(Client()).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_nobody_is_sent_to_sign_in_and_back(key: ApiKey, ada: Member, page: str) -> None:
    client = Client()
    url = page.format(id=key.id)
    response = client.get(url)
    assert (response.status_code, response["Location"]) == (302, f"/settings/login?next={url.replace('/', '%2F')}")
    assert sign_in(client, next=url)["Location"] == url


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "thing"])
def test_signing_in_never_leads_to_another_site(ada: Member, elsewhere: str) -> None:
    client = Client()
    assert sign_in(client, next=elsewhere)["Location"] == "/settings"
    response = client.get("/settings/login", {"next": elsewhere})  # who is signed in already
    assert (response.status_code, response["Location"]) == (302, "/settings")


def test_signing_out_needs_a_post_and_ends_the_session(browser: Client) -> None:
    assert browser.get("/settings/logout").status_code == 405
    assert browser.post("/settings/logout")["Location"] == "/settings/login"
    assert browser.get(HOME).status_code == 302


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_member_without_the_flag_gets_a_403_page(
    acme: Workspace, key: ApiKey, browser_of: Callable[[Member], Client], page: str, method: str
) -> None:
    client = browser_of(add_member(acme, "bob@example.com", "Member"))
    response = getattr(client, method)(
        page.format(id=key.id), {"confirmation": key.name, "name": "x"} if method == "post" else {}
    )
    assert response.status_code == 403
    assert "for the right to manage API keys and webhooks, and read the API docs." in response.content.decode()
    key.refresh_from_db()
    assert (key.name, key.revoked_at, ApiKey.objects.count()) == ("Nightly sync", None, 1)


def test_someone_without_a_workspace_gets_a_403_page(ada: Member, browser: Client) -> None:
    ada.delete()
    response = browser.get(HOME)
    assert response.status_code == 403
    assert "not a member of any workspace" in response.content.decode()


def test_a_member_of_two_workspaces_changes_between_them(
    ada: Member, browser: Client, key: ApiKey, acme: Workspace
) -> None:
    other = workspace_with(name="Other")
    add_member(other, "ada@example.com", "Admin")
    assert "Nightly sync" in browser.get(HOME).content.decode()
    assert browser.post("/settings/workspace", {"workspace": str(other.id)}).status_code == 302
    html = browser.get(HOME).content.decode()
    assert "Nightly sync" not in html
    assert "No API keys yet" in html
    assert browser.get(f"{HOME}/keys/{key.id}").status_code == 404
    stranger = workspace_with(name="Stranger")
    browser.post("/settings/workspace", {"workspace": str(stranger.id)})
    assert "No API keys yet" in browser.get(HOME).content.decode()


def test_a_key_of_another_workspace_is_not_found(browser: Client) -> None:
    other = workspace_with(name="Other")
    admin = Role.objects.get(workspace_id=other.id, label="Admin")
    foreign = apikey_create(system_principal(other), name="Foreign", expires_at=None, role_id=admin.id)
    for page in PAGES[2:]:
        response = browser.get(page.format(id=foreign.id))
        assert response.status_code == 404
        assert "Foreign" not in response.content.decode()
    assert browser.post(f"{HOME}/keys/{foreign.id}/revoke", {"confirmation": "Foreign"}).status_code == 404
    assert browser.post(f"{HOME}/keys/{foreign.id}/token").status_code == 404
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("page", ["/settings/login?again", *PAGES, f"{HOME}/keys/00000000-0000-0000-0000-000000000000"])
def test_every_page_is_strict_and_loads_nothing_from_elsewhere(browser: Client, key: ApiKey, page: str) -> None:
    client = Client() if "login" in page else browser
    response = client.get(page.format(id=key.id))
    assert response["Content-Security-Policy"] == POLICY
    assert response["X-Frame-Options"] == "DENY"
    assert "no-cache" in response["Cache-Control"]
    html = response.content.decode()
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", html)
    assert html.count("<h1>") == 1


@pytest.mark.parametrize("url", ["/settings/login", f"{HOME}/keys/new", "/settings/logout", "/settings/workspace"])
def test_a_form_without_its_csrf_token_changes_nothing(ada: Member, url: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada.user)
    response = client.post(url, {"name": "x"})
    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()
    assert client.get(HOME).status_code == 200
    assert ApiKey.objects.count() == 0
