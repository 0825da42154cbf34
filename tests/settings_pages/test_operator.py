"""Operators of the server: all workspaces, seen, entered, made and brought back; and what they do in /admin."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apikeys.activity.models import AuditEntry
from apikeys.models import ApiKey, Invitation, Member
from config.templatetags.moments import exact
from metadata.models import Workspace
from metadata.services import workspace_delete
from tests.factories import workspace_with
from tests.settings_pages.conftest import PASSWORD, add_member
from tests.settings_pages.test_keys import form as key_form

HOME = "/settings/workspaces"


@pytest.fixture
def root(acme: Workspace) -> User:
    """An operator who is a member of no workspace."""
    return User.objects.create_superuser("root@example.com", "root@example.com", PASSWORD, first_name="Root")


@pytest.fixture
def operator(root: User) -> Client:
    client = Client()
    client.post("/settings/login", {"email": "root@example.com", "password": PASSWORD})
    return client


def text(browser: Client, path: str = HOME) -> str:
    return browser.get(path, follow=True).content.decode()


def enter(browser: Client, workspace: Workspace) -> str:
    return browser.post(f"{HOME}/{workspace.id}/enter", follow=True).content.decode()


def test_an_operator_without_a_workspace_is_led_to_all_of_them(operator: Client, acme: Workspace) -> None:
    page = text(operator, "/settings")
    assert "You are an operator of this server and a member of no workspace." in page
    assert f'href="{HOME}"' in page
    page = text(operator)
    assert "<strong>Acme</strong>" in page and str(acme.id) in page


def test_they_enter_one_do_everything_and_stand_in_its_audit(operator: Client, acme: Workspace) -> None:
    assert "<h1>Data model</h1>" in enter(operator, acme)
    for path in (
        "data-model", "api-webhooks", "api-webhooks/webhooks", "api-webhooks/webhooks/new", "docs", "activity",
        "activity/audit", "members", "roles", "general", "profile", "workspaces",
    ):  # fmt: skip
        answer = operator.get(f"/settings/{path}")
        assert answer.status_code == 200, path
    assert operator.post("/settings/docs/token").status_code == 403  # the consoles act as a member
    assert operator.post("/settings/api-webhooks/keys/new", key_form(acme)).status_code == 302
    assert ApiKey.objects.get().created_by_name == "Root (operator)"
    made = operator.post(
        "/settings/api-webhooks/webhooks/new",
        {"target_url": "https://hooks.example/", "object": "*", "action": "*", "sure": "1"},
    )
    assert made.status_code == 302
    acts = [(each.act, each.actor_name) for each in AuditEntry.objects.filter(workspace_id=acme.id).order_by("id")]
    assert ("workspace.entered", "Root (operator)") in acts and ("apiKey.created", "Root (operator)") in acts
    assert "Root (operator)</" in text(operator, "/settings/activity/audit")


def test_a_workspace_is_made_with_its_admin_invited(operator: Client) -> None:
    made = operator.post(f"{HOME}/new", {"name": "Globex", "kind": "empty", "email": "hank@example.com"})
    page = made.content.decode()
    found = re.search(r'<code id="invitation-link">(.*?)</code>', page)
    assert found and "Send this link to hank@example.com, who becomes its admin." in page
    workspace = Workspace.objects.get(display_name="Globex")
    assert Invitation.objects.get(workspace_id=workspace.id).role.label == "Admin"
    guest, parts = Client(), urlsplit(unescape(found[1]))
    joined = {"first_name": "Hank", "password": "correct horse stapler", "token": parts.query.removeprefix("token=")}
    assert guest.post("/settings/join", joined).status_code == 302
    assert "Globex" in text(guest, "/settings")
    entry = AuditEntry.objects.get(act="workspace.created", workspace_id=workspace.id)
    assert entry.actor_name == "Root (operator)"


def test_without_an_address_the_operator_goes_on_in_it(operator: Client) -> None:
    page = operator.post(f"{HOME}/new", {"name": "Globex", "kind": "empty", "email": ""}).content.decode()
    workspace = Workspace.objects.get(display_name="Globex")
    assert "Globex is made" in page and f"{HOME}/{workspace.id}/enter" in page
    assert "<h1>Data model</h1>" in enter(operator, workspace)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "\u200b"}, "Use at least one character that can be seen."),
        ({"email": "hank"}, "Enter a valid email address."),
        ({"kind": "huge"}, "Select a valid choice. huge is not one of the available choices."),
        ({"owner": "x"}, "The form has no member &quot;owner&quot;"),
    ],
)
def test_what_cannot_be_made_is_not(operator: Client, given: dict[str, str], said: str) -> None:
    before = Workspace.objects.count()
    refused = operator.post(f"{HOME}/new", {"name": "Globex", "kind": "empty", "email": "", **given})
    assert refused.status_code == 422 and said in refused.content.decode()
    assert Workspace.objects.count() == before


def test_a_deleted_one_is_brought_back(operator: Client, browser: Client, acme: Workspace) -> None:
    browser.post("/settings/general/delete", {"confirmation": "Acme"})
    assert browser.get("/settings/data-model").status_code == 403
    assert "Ada Lovelace deleted it" in text(operator)
    assert operator.post(f"{HOME}/{acme.id}/enter").status_code == 404
    page = operator.post(f"{HOME}/{acme.id}/restore", follow=True).content.decode()
    assert "Acme is back, with all that it had." in page
    assert browser.get("/settings/data-model").status_code == 200
    assert AuditEntry.objects.get(act="workspace.restored").actor_name == "Root (operator)"


def test_the_list_says_until_when_one_can_be_brought_back(
    operator: Client, acme: Workspace, settings: LazySettings
) -> None:
    deleted_at = timezone.now() - timedelta(days=3)
    other = workspace_with(name="Abel")
    Workspace.objects.filter(id=acme.id).update(deleted_at=deleted_at)
    page = text(operator, f"{HOME}?state=deleted")
    gone_at = deleted_at + timedelta(days=settings.DELETED_WORKSPACE_DAYS)
    assert f"It can be brought back until {exact(gone_at)}; then it is gone for good" in page
    assert str(acme.id) in page and str(other.id) not in page
    living = text(operator, f"{HOME}?state=living")
    assert str(acme.id) not in living and str(other.id) in living
    for query, ids in {"": [other, acme], "sort=name": [other, acme], "sort=gone": [acme, other]}.items():
        page = text(operator, f"{HOME}?{query}")
        assert page.index(f'mono">{ids[0].id}') < page.index(f'mono">{ids[1].id}'), query
    assert "No workspace is like that" in text(operator, f"{HOME}?q=nowhere")


def test_one_that_is_deleted_while_they_are_in_it_is_left(operator: Client, acme: Workspace) -> None:
    enter(operator, acme)
    workspace_delete(workspace_id=acme.id)
    assert operator.get("/settings/data-model").status_code == 403
    assert operator.get(HOME).status_code == 200


def test_nobody_else_sees_or_enters_what_is_not_theirs(browser: Client, acme: Workspace, ada: Member) -> None:
    other = workspace_with(name="Other")
    assert HOME not in text(browser, "/settings/data-model")
    for method, path in (("GET", HOME), ("GET", f"{HOME}/new"), ("POST", f"{HOME}/new"),
                         ("POST", f"{HOME}/{other.id}/enter"), ("POST", f"{HOME}/{other.id}/restore")):  # fmt: skip
        refused = browser.generic(method, path)
        assert refused.status_code == 403 and "This page is for operators of the server" in refused.content.decode()
    session = browser.session
    session["workspace_id"] = str(other.id)  # were it to get there
    session.save()
    assert "Other" not in text(browser, "/settings/data-model")
    User.objects.filter(pk=ada.user_id).update(is_staff=True)  # of /admin, but no operator
    assert browser.get(HOME).status_code == 403


def test_an_operator_who_is_a_member_acts_as_one_there(acme: Workspace, browser_of: Callable[[Member], Client]) -> None:
    bob = add_member(acme, "bob@example.com", "Member")
    User.objects.filter(pk=bob.user_id).update(is_superuser=True)
    other = workspace_with(name="Other")
    browser = browser_of(bob)
    assert browser.get("/settings/general").status_code == 403  # as a member of Acme
    assert "<h1>Data model</h1>" in enter(browser, other)
    enter(browser, acme)
    assert browser.get("/settings/general").status_code == 403
    assert not AuditEntry.objects.filter(act="workspace.entered", workspace_id=acme.id).exists()


# /admin ----------------------------------------------------------------------------------------------


def account_form(user: User, **changed: str) -> dict[str, str]:
    joined = user.date_joined
    return {
        "username": user.username, "first_name": user.first_name, "last_name": user.last_name, "email": user.email,
        "is_active": "on", "date_joined_0": f"{joined:%Y-%m-%d}", "date_joined_1": f"{joined:%H:%M:%S}",
        "last_login_0": "", "last_login_1": "", **changed,
    }  # fmt: skip


def test_what_an_operator_does_to_an_account_stands_in_the_audit(operator: Client, acme: Workspace) -> None:
    bob = add_member(acme, "bob@example.com", "Member")
    there = Client()
    there.force_login(bob.user)
    path = f"/admin/auth/user/{bob.user_id}"
    sent = account_form(bob.user, first_name="Robert", is_superuser="on")
    assert operator.post(f"{path}/change/", sent).status_code == 302
    entry = AuditEntry.objects.filter(act="member.accountUpdated").get()
    assert entry.before == {"firstName": "Ada", "isOperator": False}
    assert entry.after == {"firstName": "Robert", "isOperator": True}
    assert (entry.workspace_id, entry.actor_name, entry.subject_id) == (acme.id, "root@example.com (operator)", bob.id)
    new = {"password1": "stapler horse 1", "password2": "stapler horse 1", "usable_password": "true"}
    assert operator.post(f"{path}/password/", new).status_code == 302
    assert AuditEntry.objects.filter(act="member.accountUpdated")[0].after == {"password": "another"}
    assert there.get("/settings/profile").status_code == 302
    assert operator.post(f"{path}/delete/", {"post": "yes"}).status_code == 403  # a membership ends in its workspace
    assert User.objects.filter(pk=bob.user_id).exists()
