"""Settings → Members, invitations by link, and one's own profile."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apikeys.models import Invitation, Member, Role
from apikeys.services.members import member_create
from config.errors import BadRequest, InvalidInput
from metadata.models import Workspace
from tests.factories import workspace_with
from tests.settings_pages.conftest import PASSWORD, add_member

MEMBERS = "/settings/members"
NEW = {"first_name": "Grace", "last_name": "Hopper", "password": "correct horse stapler"}


def role_of(workspace: Workspace, label: str) -> Role:
    return Role.objects.get(workspace_id=workspace.id, label=label)


def link_for(browser: Client, email: str, role: Role) -> str:
    """The link that the page shows after an invitation, as a path of this server."""
    page = browser.post(MEMBERS, {"email": email, "role": str(role.id)}).content.decode()
    found = re.search(r'<code id="invitation-link">(.*?)</code>', page)
    assert found, page
    parts = urlsplit(unescape(found[1]))
    return f"{parts.path}?{parts.query}"


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def test_the_list_shows_who_may_sign_in(browser: Client, acme: Workspace) -> None:
    add_member(acme, "bob@example.com", "Member")
    page = browser.get(MEMBERS).content.decode()
    assert "2 members" in page and "bob@example.com" in page and page.count(">You</span>") == 1
    assert "ada@example.com" not in browser.get(f"{MEMBERS}?q=bob").content.decode().split("<main")[1]
    assert "Nobody is called “zoe”" in browser.get(f"{MEMBERS}?q=zoe").content.decode()


def test_the_list_is_ordered_filtered_and_searched(browser: Client, acme: Workspace, ada: Member) -> None:
    people = {"ada@example.com": ada}
    for first_name, last_name, label in (("bob", "Young", "Member"), ("Cleo", "Abel", "Member")):
        person = add_member(acme, f"{first_name.lower()}@example.com", label)
        User.objects.filter(id=person.user_id).update(first_name=first_name, last_name=last_name)
        people[person.user.email] = person
    User.objects.filter(id=people["bob@example.com"].user_id).update(last_login=timezone.now() + timedelta(hours=1))
    role = people["bob@example.com"].role_id

    def shown(query: str) -> list[str]:
        page = browser.get(f"/settings/members?{query}").content.decode()
        return re.findall(r'<span class="mono">(\w+)@example.com</span></td>', page)

    expected = {
        "": ["ada", "bob", "cleo"],
        "sort=name": ["ada", "bob", "cleo"],
        "sort=seen": ["bob", "ada", "cleo"],
        "sort=role": ["ada", "bob", "cleo"],
        "sort=nonsense": ["ada", "bob", "cleo"],
        f"role={role}": ["bob", "cleo"],
        f"role={role}&sort=seen": ["bob", "cleo"],
        f"role={role}&q=abel": ["cleo"],
        f"role={ada.role_id}&q=abel": [],
        f"role={uuid4()}": [],
        "q=CLEO": ["cleo"],
    }
    for query, names in expected.items():
        assert shown(query) == names, query
    page = browser.get(f"/settings/members?role={uuid4()}").content.decode()
    assert "Nobody has this role" in page and "Clear" in page


def test_somebody_new_is_invited_and_joins_with_a_password_of_their_own(browser: Client, acme: Workspace) -> None:
    link = link_for(browser, "Grace@Example.com", role_of(acme, "Member"))
    assert token_of(link) not in browser.get(MEMBERS).content.decode()  # shown once
    guest = Client()
    page = guest.get(link).content.decode()
    assert "Join Acme" in page and "Ada Lovelace invited grace@example.com." in page
    joined = guest.post("/settings/join", NEW | {"token": token_of(link)})
    assert (joined.status_code, joined["Location"]) == (302, "/settings")
    member = Member.objects.get(user__email="grace@example.com")
    assert (member.workspace_id, member.role.label, member.user.get_full_name()) == (acme.id, "Member", "Grace Hopper")
    assert guest.get("/settings", follow=True).redirect_chain == [("/settings/profile", 302)]
    assert Client().login(username="grace@example.com", password=NEW["password"])
    again = Client().get(link)
    assert again.status_code == 404 and "This link does not work" in again.content.decode()


def test_somebody_known_joins_with_the_password_they_have(browser: Client, acme: Workspace) -> None:
    other = workspace_with(name="Other")
    add_member(other, "bob@example.com", "Admin")
    link = link_for(browser, "bob@example.com", role_of(acme, "Member"))
    guest = Client()
    wrong = guest.post("/settings/join", {"token": token_of(link), "password": "something else"})
    assert wrong.status_code == 422 and "The password is wrong." in wrong.content.decode()
    assert not Member.objects.filter(workspace_id=acme.id, user__email="bob@example.com").exists()
    assert guest.post("/settings/join", {"token": token_of(link), "password": PASSWORD}).status_code == 302
    assert Member.objects.filter(user__email="bob@example.com").count() == 2
    assert "Acme" in guest.get("/settings/profile").content.decode()


@pytest.mark.parametrize("password", ["short", "12345678901", "grace@example.com"])
def test_a_weak_password_is_refused_and_the_link_still_works(browser: Client, acme: Workspace, password: str) -> None:
    link = link_for(browser, "grace@example.com", role_of(acme, "Member"))
    refused = Client().post("/settings/join", NEW | {"token": token_of(link), "password": password})
    assert refused.status_code == 422 and "<title>Error: Join" in refused.content.decode()
    assert not User.objects.filter(username="grace@example.com").exists()
    assert Client().get(link).status_code == 200


@pytest.mark.parametrize("end", ["withdrawn", "expired", "invited again", "role deleted"])
def test_a_link_that_has_ended_lets_nobody_in(browser: Client, acme: Workspace, end: str) -> None:
    browser.post("/settings/roles/new", {"label": "Guest", "targets": ["canBeAssignedToUsers"]})
    link = link_for(browser, "grace@example.com", guest_role := role_of(acme, "Guest"))
    invitation = Invitation.objects.get()
    if end == "withdrawn":
        assert browser.post(f"{MEMBERS}/invitations/{invitation.id}").status_code == 302
    elif end == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif end == "role deleted":
        browser.post(f"/settings/roles/{guest_role.id}/delete")
    else:
        link_for(browser, "grace@example.com", guest_role)
    assert Client().get(link).status_code == 404
    assert Client().post("/settings/join", NEW | {"token": token_of(link)}).status_code == 404
    assert not User.objects.filter(username="grace@example.com").exists()


@pytest.mark.parametrize("token", ["", "x", "é" * 300, "\x00"])
def test_a_made_up_link_is_void(acme: Workspace, token: str) -> None:
    assert Client().get("/settings/join", {"token": token}).status_code == 404
    assert Client().post("/settings/join", NEW | {"token": token}).status_code == 404


def test_nobody_is_invited_twice_or_above_the_inviter(
    browser: Client, acme: Workspace, browser_of: Callable[[Member], Client]
) -> None:
    refused = browser.post(MEMBERS, {"email": "ada@example.com", "role": str(role_of(acme, "Member").id)})
    assert refused.status_code == 422
    assert "ada@example.com is already a member of this workspace." in refused.content.decode()
    browser.post(
        "/settings/roles/new",
        {"label": "Host", "settings": ["WORKSPACE_MEMBERS"], "targets": ["canBeAssignedToUsers"]},
    )
    host = browser_of(add_member(acme, "host@example.com", "Host"))
    page = host.get(MEMBERS).content.decode()
    [givable] = re.findall(r'<select [^>]*id="id_role".*?</select>', page, re.DOTALL)
    assert ">Host</option>" in givable and ">Admin</option>" not in givable
    refused = host.post(MEMBERS, {"email": "eve@example.com", "role": str(role_of(acme, "Admin").id)})
    assert refused.status_code == 422
    assert not Invitation.objects.exists()


def test_an_address_that_is_too_long_to_sign_in_with_is_not_invited(browser: Client, acme: Workspace) -> None:
    domain = "a" * 60 + "." + "b" * 60 + ".example"
    longest = "e" * (150 - len(domain) - 1) + "@" + domain
    joined = Client().post(
        "/settings/join", NEW | {"token": token_of(link_for(browser, longest, role_of(acme, "Member")))}
    )
    assert joined.status_code == 302
    assert Member.objects.filter(user__username=longest).count() == 1
    refused = browser.post(MEMBERS, {"email": "e" + longest, "role": str(role_of(acme, "Member").id)})
    assert refused.status_code == 422
    assert "at most 150 characters" in refused.content.decode()
    assert not Invitation.objects.exists()
    with pytest.raises(BadRequest, match="email must be shorter than or equal to 150 characters"):
        member_create(workspace=acme, email="e" + longest, password=NEW["password"])
    with pytest.raises(InvalidInput, match="firstName must have 1 to 150 characters"):
        member_create(workspace=acme, email="eve@example.com", password=NEW["password"], first_name="x" * 151)
    assert not User.objects.filter(username__in=("e" + longest, "eve@example.com")).exists()


def test_a_member_that_the_form_has_not_is_named(browser: Client, acme: Workspace) -> None:
    given = {"email": "eve@example.com", "role": str(role_of(acme, "Member").id), "expires": "never"}
    refused = browser.post(MEMBERS, given)
    assert refused.status_code == 422
    assert "The form has no member &quot;expires&quot;." in refused.content.decode()
    assert not Invitation.objects.exists()


def test_a_role_is_changed_but_never_ones_own(browser: Client, acme: Workspace, ada: Member) -> None:
    bob = add_member(acme, "bob@example.com", "Member")
    admin = role_of(acme, "Admin")
    assert "Role changed." in browser.post(f"{MEMBERS}/{bob.id}", {"role": admin.id}, follow=True).content.decode()
    bob.refresh_from_db()
    assert bob.role == admin
    own = browser.post(f"{MEMBERS}/{ada.id}", {"role": role_of(acme, "Member").id}, follow=True)
    assert "Cannot update self role." in own.content.decode()
    ada.refresh_from_db()
    assert ada.role == admin


def test_a_removed_member_is_out_at_once(
    browser: Client, acme: Workspace, browser_of: Callable[[Member], Client]
) -> None:
    bob = add_member(acme, "bob@example.com", "Member")
    his = browser_of(bob)
    assert his.get("/settings/profile").status_code == 200
    assert "loses every right in Acme" in browser.get(f"{MEMBERS}/{bob.id}/remove").content.decode()
    assert browser.post(f"{MEMBERS}/{bob.id}/remove")["Location"] == MEMBERS
    assert not Member.objects.filter(id=bob.id).exists()
    assert his.get("/settings/profile").status_code == 403


def test_the_last_admin_stays(browser: Client, ada: Member) -> None:
    refused = browser.post(f"{MEMBERS}/{ada.id}/remove", follow=True)
    assert "Cannot unassign admin role from last admin of the workspace." in refused.content.decode()
    assert Member.objects.filter(id=ada.id).exists()


def test_members_of_another_workspace_are_not_found(browser: Client) -> None:
    other = add_member(workspace_with(name="Other"), "zoe@example.com", "Member")
    for path in (f"{MEMBERS}/{other.id}", f"{MEMBERS}/{other.id}/remove"):
        assert browser.get(path).status_code == 404
        assert browser.post(path).status_code == 404
    assert Member.objects.filter(id=other.id).exists()


def test_another_password_signs_out_everywhere_else(acme: Workspace) -> None:
    add_member(acme, "bob@example.com", "Member")
    here, there = Client(), Client()
    for each in (here, there):
        assert each.post("/settings/login", {"email": "bob@example.com", "password": PASSWORD}).status_code == 302
    wrong = {"old_password": "not mine", "new_password1": "another good one", "new_password2": "another good one"}
    refused = here.post("/settings/profile", wrong)
    assert refused.status_code == 422
    assert there.get("/settings/profile").status_code == 200
    changed = here.post("/settings/profile", wrong | {"old_password": PASSWORD})
    assert (changed.status_code, changed["Location"]) == (302, "/settings/profile")
    assert here.get("/settings/profile").status_code == 200
    assert there.get("/settings/profile").status_code == 302
    assert Client().login(username="bob@example.com", password="another good one")


@pytest.mark.parametrize("name", ["\u200b", "\u202e\u2066", "a\0b"], ids=["zero-width", "direction", "nul"])
def test_a_name_that_nobody_sees_is_no_name(browser: Client, acme: Workspace, name: str) -> None:
    link = link_for(browser, "grace@example.com", role_of(acme, "Member"))
    before = Member.objects.count()
    refused = Client().post("/settings/join", NEW | {"first_name": name, "token": token_of(link)})
    assert (refused.status_code, Member.objects.count()) == (422, before)


@pytest.mark.parametrize("path", ["members", "roles", "api-webhooks", "api-webhooks/webhooks"])
def test_a_page_is_not_searched_for_what_no_text_has(browser: Client, acme: Workspace, path: str) -> None:
    assert browser.get(f"/settings/{path}?q=a%00b").status_code == 400
    assert browser.get(f"/settings/{path}?q=ab").status_code == 200
