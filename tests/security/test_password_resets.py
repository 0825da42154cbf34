"""Links to another password: by mail for who forgot theirs, and made for a member by who may."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apikeys.activity.models import AuditEntry
from apikeys.authentication import principal_of_member_id
from apikeys.models import Invitation, Member, OpenSession, PasswordReset, Role
from apikeys.services.password_resets import resets_sweep
from apikeys.services.tokens import playground_token
from metadata.models import Workspace
from tests.factories import Api, workspace_with
from tests.settings_pages.conftest import PASSWORD, add_member
from tests.smtp import Receiver, receiving

FORGOT, RESET, LOGIN = "/settings/forgot", "/settings/reset", "/settings/login"
NEW = "stapler horse battery"
SERVER = "https://crm.example"


@pytest.fixture
def post(settings: Any) -> Iterator[Receiver]:
    """A mail server that this one is told of."""
    settings.SERVER_URL, settings.MAIL_THREAD = SERVER, False
    with receiving() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def bob(acme: Workspace) -> Member:
    return add_member(acme, "bob@example.com", "Member")


@pytest.fixture
def browser_of() -> Callable[[Member], Client]:
    def signed_in(member: Member) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return signed_in


def ask(email: str) -> Any:
    return Client().post(FORGOT, {"email": email})


def token_in(text: str) -> str:
    found = re.search(r"(\S+/settings/reset\?\S+)", text)
    assert found, text
    return parse_qs(urlsplit(found[1]).query)["token"][0]


def mailed(post: Receiver) -> str:
    return token_in(post.mails[-1].get_content())


def use(token: str, password: str = NEW) -> Any:
    return Client().post(RESET, {"token": token, "new_password1": password, "new_password2": password})


def signs_in(password: str, email: str = "bob@example.com") -> bool:
    return Client().login(username=email, password=password)


def made_link(browser: Client, member: Member) -> str:
    page = browser.post(f"/settings/members/{member.id}/reset").content.decode()
    found = re.search(r'<code id="reset-link">(.*?)</code>', page)
    assert found, page
    return token_in(found[1])


# By mail ---------------------------------------------------------------------------------------------


def test_who_forgot_a_password_sets_another_by_mail(acme: Workspace, bob: Member, post: Receiver) -> None:
    assert 'href="/settings/forgot"' in Client().get(LOGIN).content.decode()
    there = Client()
    there.force_login(bob.user)
    console = playground_token(principal_of_member_id(acme.id, bob.id)).token
    ask("Bob@Example.com")
    [mail] = post.mails
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        "bob@example.com",
        "fourgate@localhost",
        "Set another password",
    )
    assert f"{SERVER}/settings/reset?token=" in mail.get_content() and "within 4 hours" in mail.get_content()
    token = mailed(post)
    assert "For bob@example.com." in Client().get(RESET, {"token": token}).content.decode()
    answer = use(token)
    assert (answer.status_code, answer["Location"]) == (302, "/settings/login?reset=1")
    assert "Your password is set." in Client().get(answer["Location"]).content.decode()
    assert not OpenSession.objects.exists()
    assert (signs_in(NEW), signs_in(PASSWORD)) == (True, False)
    assert there.get("/settings/profile").status_code == 302
    assert Api(console).get("/rest/companies").status == 403
    acts = [(each.act, each.actor_name) for each in AuditEntry.objects.filter(act__contains="eset").order_by("id")]
    assert acts == [("session.resetAsked", "Somebody"), ("session.passwordReset", "Ada Lovelace")]
    assert token not in str(list(AuditEntry.objects.values())) + str(list(PasswordReset.objects.values()))


def test_a_link_works_once(bob: Member, post: Receiver) -> None:
    ask("bob@example.com")
    ask("bob@example.com")
    first, second = (token_in(each.get_content()) for each in post.mails)
    assert use(first).status_code == 302
    for token in (first, second):
        assert use(token, "another horse battery").status_code == 404
        assert Client().get(RESET, {"token": token}).status_code == 404
    assert signs_in(NEW)


def test_a_link_ends(bob: Member, post: Receiver) -> None:
    ask("bob@example.com")
    token = mailed(post)
    PasswordReset.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    assert Client().get(RESET, {"token": token}).status_code == 200
    PasswordReset.objects.update(expires_at=timezone.now())
    assert use(token).status_code == 404 and signs_in(PASSWORD)
    assert (resets_sweep(), PasswordReset.objects.count()) == (1, 0)


@pytest.mark.parametrize("token", ["", "x", "é" * 300, "\x00"])
def test_a_made_up_link_is_none(bob: Member, token: str) -> None:
    assert Client().get(RESET, {"token": token}).status_code == 404
    assert use(token).status_code == 404 and signs_in(PASSWORD)


@pytest.mark.parametrize("password", ["short", "12345678901", "bob@example.com"])
def test_a_weak_password_is_refused_and_the_link_still_works(bob: Member, post: Receiver, password: str) -> None:
    ask("bob@example.com")
    refused = use(mailed(post), password)
    assert refused.status_code == 422 and "<title>Error: Set another password" in refused.content.decode()
    assert signs_in(PASSWORD) and use(mailed(post)).status_code == 302


def test_a_closed_account_gets_no_link_and_loses_the_one_it_has(bob: Member, post: Receiver) -> None:
    ask("bob@example.com")
    User.objects.filter(pk=bob.user_id).update(is_active=False)
    ask("bob@example.com")
    assert len(post.mails) == 1 and use(mailed(post)).status_code == 404


def test_the_answer_says_nothing_of_the_account(bob: Member, post: Receiver) -> None:
    def answer(email: str) -> tuple[int, str]:
        found = ask(email)
        return found.status_code, found.content.decode()

    assert answer("bob@example.com") == answer("nobody@example.com")
    assert [each["To"] for each in post.mails] == ["bob@example.com"]


def test_what_depends_on_the_account_happens_after_the_answer(
    bob: Member, post: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    handed: list[Any] = []
    monkeypatch.setattr("config.mail.later", lambda work: not handed.append(work))
    settings.SIGN_IN_LIMIT = settings.SIGN_IN_ACCOUNT_LIMIT = settings.SIGN_IN_ADDRESS_LIMIT = 0
    with django_assert_num_queries(0):
        ask("bob@example.com")
    assert len(handed) == 1 and not PasswordReset.objects.exists()


def test_asking_is_limited_like_signing_in(bob: Member, post: Receiver, settings: Any) -> None:
    settings.SIGN_IN_LIMIT = 3
    answers = [ask("nobody@example.com").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert signs_in(PASSWORD)  # which is counted for itself
    assert ask("bob@example.com").status_code == 200 and len(post.mails) == 1


def test_nobody_is_flooded_with_mail(bob: Member, post: Receiver, settings: Any) -> None:
    settings.SIGN_IN_LIMIT = 0
    for _ in range(7):
        assert ask("bob@example.com").status_code == 200
    assert len(post.mails) == 5


def test_tries_of_links_are_limited_by_address(bob: Member, settings: Any) -> None:
    settings.SIGN_IN_ADDRESS_LIMIT = 2
    assert [use("x").status_code for _ in range(3)] == [404, 404, 429]


def test_a_mail_server_that_is_away_is_nobodys_fault(bob: Member, post: Receiver, settings: Any, caplog: Any) -> None:
    settings.EMAIL_PORT = 1
    assert ask("bob@example.com").status_code == 200
    assert "a mail could not be sent: ConnectionRefusedError" in caplog.text and "bob@" not in caplog.text


@pytest.mark.parametrize("missing", ["EMAIL_HOST", "SERVER_URL"])
def test_without_mail_the_page_says_whom_to_ask(bob: Member, post: Receiver, settings: Any, missing: str) -> None:
    setattr(settings, missing, "")
    assert "Ask an admin of your workspace" in Client().get(FORGOT).content.decode()
    assert ask("bob@example.com").status_code == 200
    assert not post.mails and not PasswordReset.objects.exists()


# Made by who may -------------------------------------------------------------------------------------


def test_an_admin_makes_a_link_for_a_member(
    ada: Member,
    bob: Member,
    browser_of: Callable[[Member], Client],
) -> None:
    browser = browser_of(ada)
    token = made_link(browser, bob)
    assert token not in browser.get(f"/settings/members/{bob.id}").content.decode()  # shown once
    assert use(token).status_code == 302 and signs_in(NEW)
    entry = AuditEntry.objects.get(act="member.resetLinkMade")
    assert (entry.actor_id, entry.subject_id) == (ada.id, bob.id)


def test_nobody_gets_into_an_account_that_may_more(
    acme: Workspace,
    ada: Member,
    bob: Member,
    browser_of: Callable[[Member], Client],
) -> None:
    browser_of(ada).post(
        "/settings/roles/new",
        {"label": "Host", "settings": ["WORKSPACE_MEMBERS"], "targets": ["canBeAssignedToUsers"]},
    )
    host = browser_of(add_member(acme, "host@example.com", "Host"))
    assert host.post(f"/settings/members/{ada.id}/reset").status_code == 403
    assert host.post(f"/settings/members/{bob.id}/reset").status_code == 403
    assert browser_of(bob).post(f"/settings/members/{ada.id}/reset").status_code == 403
    assert not PasswordReset.objects.exists()


@pytest.mark.parametrize("why", ["another workspace", "operator"])
def test_an_account_that_opens_more_is_for_operators(
    ada: Member,
    bob: Member,
    browser_of: Callable[[Member], Client],
    why: str,
) -> None:
    if why == "operator":
        User.objects.filter(pk=bob.user_id).update(is_superuser=True)
    else:
        other = workspace_with(name="Other")
        Member.objects.create(workspace_id=other.id, user=bob.user, role=Role.objects.filter(workspace_id=other.id)[0])
    browser = browser_of(ada)
    page = browser.post(f"/settings/members/{bob.id}/reset", follow=True).content.decode()
    assert "so only an operator of the server can make a link for it." in page
    assert not PasswordReset.objects.exists()
    User.objects.filter(pk=ada.user_id).update(is_superuser=True)
    assert use(made_link(browser_of(Member.objects.get(id=ada.id)), bob)).status_code == 302


def test_with_mail_the_link_goes_to_the_member_alone(
    ada: Member,
    bob: Member,
    post: Receiver,
    browser_of: Callable[[Member], Client],
) -> None:
    page = browser_of(ada).post(f"/settings/members/{bob.id}/reset", {"mail": "1"}, follow=True).content.decode()
    assert "is on its way to bob@example.com." in page and "token=" not in page
    assert post.mails[0]["To"] == "bob@example.com" and use(mailed(post)).status_code == 302


def test_the_command_prints_a_link(bob: Member) -> None:
    out = io.StringIO()
    call_command("member", "reset-link", "--email", "Bob@example.com", stdout=out)
    assert use(token_in(out.getvalue())).status_code == 302 and signs_in(NEW)
    assert AuditEntry.objects.get(act="member.resetLinkMade").actor_name == "Command line"
    with pytest.raises(CommandError, match="Nobody signs in with eve@"):
        call_command("member", "reset-link", "--email", "eve@example.com")


# Invitations -----------------------------------------------------------------------------------------


def test_an_invitation_is_mailed_too(
    acme: Workspace,
    ada: Member,
    post: Receiver,
    browser_of: Callable[[Member], Client],
) -> None:
    Workspace.objects.filter(id=acme.id).update(display_name="Acme\r\nBcc: eve@example.com")
    role = Role.objects.get(workspace_id=acme.id, label="Member")
    answer = browser_of(ada).post("/settings/members", {"email": "grace@example.com", "role": str(role.id)})
    page = answer.content.decode()
    assert "A mail with this link is on its way to grace@example.com" in page
    [mail] = post.mails
    assert (mail["To"], mail["Subject"], mail["Bcc"]) == ("grace@example.com", "Join Acme Bcc: eve@example.com", None)
    found = re.search(r"https://crm.example(/settings/join\?\S+)", mail.get_content())
    assert found and Invitation.objects.count() == 1
    assert Client().get(found[1]).status_code == 200


def test_without_mail_the_link_is_shown_to_be_passed_on(
    acme: Workspace,
    ada: Member,
    browser_of: Callable[[Member], Client],
) -> None:
    role = Role.objects.get(workspace_id=acme.id, label="Member")
    page = browser_of(ada).post("/settings/members", {"email": "g@example.com", "role": str(role.id)}).content.decode()
    assert "Send this link to g@example.com." in page
