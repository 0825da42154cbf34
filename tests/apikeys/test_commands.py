"""manage.py apikey create and manage.py member create."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apikeys.management.commands.apikey import lifetime
from apikeys.models import ApiKey, ApiKeyToken, Member
from metadata.models import ObjectMetadata, Workspace
from tests.factories import Api


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def create(workspace: str, *more: str) -> str:
    return run("apikey", "create", "--workspace", workspace, "--name", "robot", *more)


def test_the_command_prints_a_working_token_and_nothing_else(acme: Workspace) -> None:
    token = create("Acme", "--role", "Admin", "--expires", "30d", "--api-version", "2").removesuffix("\n")
    assert token.count(".") == 2
    assert "\n" not in token
    body = Api(token).get("/rest/metadata/apiKeys/me").body
    assert (body["name"], body["apiVersion"], body["workspaceId"]) == ("robot", "2", str(acme.id))
    key = ApiKey.objects.get()
    assert timedelta(days=29) < key.expires_at - timezone.now() <= timedelta(days=30)
    assert key.created_by_name == "System"


@pytest.mark.parametrize("by", ["id", "display_name", "subdomain"])
def test_a_workspace_is_found_by(acme: Workspace, by: str) -> None:
    create(str(getattr(acme, by)), "--role", "Member")
    assert ApiKey.objects.get().workspace_id == acme.id


def test_ninety_days_are_the_default_and_never_is_a_hundred_years(acme: Workspace) -> None:
    create("Acme", "--role", "Member")
    create("Acme", "--role", "Member", "--expires", "never")
    days = [(each.expires_at - timezone.now()).days + 1 for each in ApiKey.objects.order_by("created_at")]
    assert days == [90, 36_525]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Nowhere", "--role", "Admin"], 'No workspace "Nowhere"'),
        (["Acme", "--role", "Boss"], 'No role "Boss" in this workspace'),
        (["Acme", "--role", "Admin", "--expires", "soon"], '"soon" is no lifetime'),
        (["Acme", "--role", "Admin", "--expires", "0d"], '"0d" is no lifetime'),
    ],
)
def test_a_wrong_call_makes_nothing(acme: Workspace, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        create(*arguments)
    assert (ApiKey.objects.count(), ApiKeyToken.objects.count()) == (0, 0)


def test_two_workspaces_of_one_name_need_an_id(acme: Workspace, other: Workspace) -> None:
    Workspace.objects.filter(id=other.id).update(display_name="Acme")
    with pytest.raises(CommandError, match="give its id"):
        create("Acme", "--role", "Admin")


def test_lifetimes() -> None:
    assert [lifetime(each) for each in ("12h", "30d", "4w", "2y", "never")] == [
        timedelta(hours=12),
        timedelta(days=30),
        timedelta(weeks=4),
        timedelta(days=730),
        None,
    ]


def apikey(action: str, *more: str) -> str:
    return run("apikey", action, "--workspace", "Acme", *more).strip()


def test_a_key_is_made_with_less_than_its_role_and_changed(acme: Workspace) -> None:
    book = str(ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book").id)
    limits = ("--read-only", "--object", "book", "--network", "127.0.0.0/8", "--network", "::1")
    token = create("Acme", "--role", "Admin", "--description", "Reports", *limits).strip()
    key = ApiKey.objects.get()
    assert (key.is_read_only, key.object_ids, key.description) == (True, [book], "Reports")
    assert key.allowed_networks == ["127.0.0.0/8", "::1/128"]
    assert [Api(token).get(path).status for path in ("/rest/books", "/rest/shelves")] == [200, 403]
    apikey("change", "robot", "--read-write", "--object", "all", "--network", "all", "--role", "Member")
    key.refresh_from_db()
    assert (key.is_read_only, key.object_ids, key.allowed_networks, key.description) == (False, None, None, "Reports")
    assert key.role is not None and key.role.label == "Member"
    apikey("change", str(key.id), "--name", "machine", "--expires", "12h", "--api-version", "2")
    key.refresh_from_db()
    assert (key.name, key.api_version) == ("machine", "2")
    assert key.expires_at - timezone.now() <= timedelta(hours=12)


def test_keys_are_rolled_paused_duplicated_and_revoked(acme: Workspace) -> None:
    old = create("Acme", "--role", "Admin").strip()
    new = apikey("roll", "robot", "--overlap", "24h")
    works = [Api(each).get("/rest/metadata/apiKeys/me").status for each in (old, new)]
    assert works == [200, 200]
    copy = apikey("duplicate", "robot")
    key = ApiKey.objects.get(name="robot")
    assert [line.split("  ")[:2] for line in apikey("list").splitlines()] == [
        [str(key.id), "robot"],
        [copy, "robot (copy)"],
    ]
    apikey("pause", "robot", copy)
    assert set(ApiKey.objects.values_list("enabled", flat=True)) == {False}
    apikey("resume", "robot")
    apikey("revoke", copy)
    assert [(each.name, each.enabled, each.revoked_at is None) for each in ApiKey.objects.order_by("created_at")] == [
        ("robot", True, True),
        ("robot (copy)", False, False),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["roll", "nobody"], 'No API key "nobody" in this workspace'),
        (["change", "robot", "--object", "pen"], 'No object "pen" in this workspace'),
        (["change", "robot", "--network", "office"], '"office" is no network'),
        (["revoke", "robot", "nobody"], 'No API key "nobody" in this workspace'),
    ],
)
def test_a_wrong_call_changes_nothing(acme: Workspace, arguments: list[str], message: str) -> None:
    create("Acme", "--role", "Admin")
    before = ApiKey.objects.values().get()
    with pytest.raises(CommandError, match=message):
        apikey(*arguments)
    assert ApiKey.objects.values().get() == before


def add_member(monkeypatch: Any, password: str, *more: str) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    return run("member", "create", "--workspace", "Acme", "--email", "Ada@Example.com", "--password-stdin", *more)


def test_a_member_is_made_with_the_password_from_standard_input(acme: Workspace, monkeypatch: Any) -> None:
    said = add_member(monkeypatch, "correct horse battery", "--role", "Admin", "--first-name", "Ada")
    assert said == 'ada@example.com is a member of "Acme" now, as Admin\n'
    member = Member.objects.get()
    assert (member.user.email, member.user.first_name, member.role.label) == ("ada@example.com", "Ada", "Admin")
    assert member.user.check_password("correct horse battery")
    assert (member.user.is_staff, member.user.is_superuser) == (False, False)
    assert member.member_record_id is not None


def test_a_member_has_the_default_role_and_is_made_once(acme: Workspace, monkeypatch: Any) -> None:
    add_member(monkeypatch, "correct horse battery")
    assert Member.objects.get().role.label == "Member"
    with pytest.raises(CommandError, match="already a member"):
        add_member(monkeypatch, "correct horse battery")


def test_an_empty_password_is_refused(acme: Workspace, monkeypatch: Any) -> None:
    with pytest.raises(CommandError, match="too short"):
        add_member(monkeypatch, "")
    assert Member.objects.count() == 0


def test_somebody_known_is_made_a_member_with_the_password_they_have(
    acme: Workspace, other: Workspace, monkeypatch: Any
) -> None:
    add_member(monkeypatch, "correct horse battery")
    ada = Member.objects.get().user
    arguments = ["member", "create", "--workspace", str(other.id), "--email", "ada@example.com"]
    monkeypatch.setattr("sys.stdin", io.StringIO("another long password\n"))
    with pytest.raises(CommandError, match="signs in with another password, which stays: nothing was done"):
        run(*arguments, "--password-stdin")
    assert Member.objects.count() == 1
    said = run(*arguments)
    assert said == (
        f'ada@example.com is a member of "{other.display_name}" now, as Member, with the name and password they had\n'
    )
    assert Member.objects.filter(user=ada).count() == 2
    ada.refresh_from_db()
    assert ada.check_password("correct horse battery")


def test_the_right_password_of_somebody_known_is_taken(acme: Workspace, other: Workspace, monkeypatch: Any) -> None:
    add_member(monkeypatch, "correct horse battery")
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    said = run("member", "create", "--workspace", str(other.id), "--email", "Ada@example.com", "--password-stdin")
    assert said.endswith("with the name and password they had\n")
    with pytest.raises(CommandError, match="already a member"):
        add_member(monkeypatch, "a third password")


def test_somebody_new_needs_a_password(acme: Workspace) -> None:
    with pytest.raises(CommandError, match="A new member needs a password"):
        run("member", "create", "--workspace", "Acme", "--email", "ada@example.com")
    assert Member.objects.count() == 0


def test_people_are_managed_without_a_page(acme: Workspace) -> None:
    def member(action: str, *more: str) -> str:
        return run("member", action, "--workspace", "Acme", *more)

    link = member("invite", "--email", "Grace@example.com", "--role", "Member")
    token = link.strip().partition("token=")[2]
    assert "/settings/join?token=" in link
    assert "grace@example.com  invited until " in member("list") and "(Member)" in member("list")
    joined = {"token": token, "first_name": "Grace", "last_name": "Hopper", "password": "correct horse stapler"}
    assert Client().post("/settings/join", joined).status_code == 302
    assert "grace@example.com  Grace Hopper  (Member)  last sign-in " in member("list")
    member("change", "--email", "grace@example.com", "--role", "Admin")
    assert "(Admin)" in member("list")
    with pytest.raises(CommandError, match="Cannot unassign admin role from last admin"):
        member("remove", "--email", "grace@example.com")
    with pytest.raises(CommandError, match="is no member of this workspace"):
        member("remove", "--email", "eve@example.com")
    with pytest.raises(CommandError, match='No role "Boss" in this workspace'):
        member("change", "--email", "grace@example.com", "--role", "Boss")
    assert "grace@example.com" in member("list")
