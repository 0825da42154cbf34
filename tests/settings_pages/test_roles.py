"""Settings → Roles, as an admin uses it and as others do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apikeys.models import Member, Role
from apikeys.services.api_keys import apikey_create
from apikeys.services.granting import permissions_of
from apikeys.services.permissions import permission_flags_upsert
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.factories import principal_of
from tests.settings_pages.conftest import add_member

ROLES = "/settings/roles"
READER = {
    "label": "Reader",
    "description": "Looks, touches nothing",
    "rights": ["canReadAllObjectRecords"],
    "settings": ["API_KEYS_AND_WEBHOOKS"],
    "tools": ["EXPORT_CSV"],
    "targets": ["canBeAssignedToUsers"],
}


@pytest.fixture
def reader(browser: Client, acme: Workspace) -> Role:
    made = browser.post(f"{ROLES}/new", READER)
    role = Role.objects.get(workspace_id=acme.id, label="Reader")
    assert (made.status_code, made["Location"]) == (302, f"{ROLES}/{role.id}")
    return role


@pytest.fixture
def book(acme: Workspace) -> ObjectMetadata:
    return ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book")


def text_of(browser: Client, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200, response.content
    return response.content.decode()


def test_the_list_says_in_words_what_each_role_may(browser: Client, reader: Role) -> None:
    page = text_of(browser, ROLES)
    assert "Looks, touches nothing" in page and '<td data-label="With all records">See records</td>' in page
    assert "canRead" not in page and "API_KEYS" not in page
    assert page.count("Default</span>") == 1


def test_a_role_that_is_made_has_what_was_ticked(reader: Role) -> None:
    assert (reader.description, reader.permission_flags) == (
        "Looks, touches nothing",
        ["API_KEYS_AND_WEBHOOKS", "EXPORT_CSV"],
    )
    assert reader.can_read_all_object_records and not reader.can_update_all_object_records
    assert reader.can_be_assigned_to_users and not reader.can_be_assigned_to_api_keys


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label": ""}, "This field is required."),
        ({"label": "Admin"}, "A role with this label already exists."),
        ({"targets": []}, "Choose who may have the role: people, API keys or both."),
        ({"rights": ["canUpdateAllObjectRecords"]}, "without"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_made(
    browser: Client, acme: Workspace, change: dict[str, Any], said: str
) -> None:
    before = Role.objects.filter(workspace_id=acme.id).count()
    response = browser.post(f"{ROLES}/new", READER | change)
    page = response.content.decode()
    assert response.status_code == 422 and "<title>Error: New role" in page
    assert said in page
    assert Role.objects.filter(workspace_id=acme.id).count() == before


def test_saving_keeps_rights_that_the_page_does_not_know(browser: Client, acme: Workspace, reader: Role) -> None:
    permission_flags_upsert(principal_of(acme), role_id=reader.id, flags=["BILLING", "EXPORT_CSV"])
    response = browser.post(f"{ROLES}/{reader.id}", READER | {"label": "Looker", "tools": []})
    assert response.status_code == 302
    reader.refresh_from_db()
    assert (reader.label, reader.permission_flags) == ("Looker", ["API_KEYS_AND_WEBHOOKS", "BILLING"])


def test_an_object_may_be_denied_and_a_field_locked(browser: Client, reader: Role, book: ObjectMetadata) -> None:
    title = FieldMetadata.objects.get(object=book, name="title")
    path = f"{ROLES}/{reader.id}/objects/{book.id}"
    assert "Hide Title" in text_of(browser, path)
    response = browser.post(path, {"update": "yes", "hidden": [], "locked": ["title"]})
    assert (response.status_code, response["Location"]) == (302, f"{ROLES}/{reader.id}")
    permissions = permissions_of(Role.objects.get(id=reader.id))
    assert permissions.allows("update", book) and not permissions.allows("destroy", book)
    assert permissions.locked_fields == {title.id}
    assert "<strong>Yes</strong>" in text_of(browser, f"{ROLES}/{reader.id}")
    browser.post(path, {"read": "no"})
    permissions = permissions_of(Role.objects.get(id=reader.id))
    assert not permissions.allows("read", book)
    assert permissions.locked_fields == frozenset()


def test_a_refused_restriction_changes_nothing(browser: Client, reader: Role, book: ObjectMetadata) -> None:
    path = f"{ROLES}/{reader.id}/objects/{book.id}"
    response = browser.post(path, {"destroy": "yes", "hidden": ["id"]})
    assert response.status_code == 422
    assert "Cursors and addresses of records need it." in response.content.decode()
    assert not Role.objects.get(id=reader.id).object_permissions.exists()


def test_trying_a_role_says_whether_and_why(browser: Client, reader: Role, book: ObjectMetadata) -> None:
    browser.post(f"{ROLES}/{reader.id}/objects/{book.id}", {"update": "yes", "locked": ["title"]})
    ask = f"{ROLES}/try?role={reader.id}&object=book&operation="
    assert "What the role says of all objects holds here too: “See” is allowed." in text_of(
        browser, ask + "read&field=title"
    )
    assert "The role says so of" in text_of(browser, ask + "update&field=")
    locked = text_of(browser, ask + "update&field=title")
    assert "Not allowed" in locked and "The role may see the field Title, not change it." in locked
    assert "“Destroy for good” is not allowed." in text_of(browser, ask + "destroy&field=")


def test_deleting_a_role_says_where_its_people_and_keys_go(
    browser: Client, acme: Workspace, reader: Role, browser_of: Callable[[Member], Client]
) -> None:
    eve = add_member(acme, "eve@example.com", "Reader")
    browser.post(f"{ROLES}/{reader.id}", READER | {"targets": ["canBeAssignedToUsers", "canBeAssignedToApiKeys"]})
    apikey_create(principal_of(acme), name="Nightly", expires_at=None, role_id=reader.id)
    page = text_of(browser, f"{ROLES}/{reader.id}/delete")
    assert "1 person with the role “Reader” gets the role “Member” instead." in page
    assert "1 API key stops working until it gets another role: Nightly." in page
    assert browser.post(f"{ROLES}/{reader.id}/delete")["Location"] == ROLES
    eve.refresh_from_db()
    assert eve.role.label == "Member"
    assert browser_of(eve).get(ROLES).status_code == 403


def test_the_default_role_and_the_admins_own_stay(browser: Client, acme: Workspace, ada: Member) -> None:
    assert acme.default_role_id is not None
    for role_id, said in ((acme.default_role_id, "Default role cannot be deleted."), (ada.role_id, "not editable")):
        answered = browser.post(f"{ROLES}/{role_id}/delete", follow=True).content.decode()
        assert said in answered
        assert Role.objects.filter(id=role_id).exists()


def test_a_role_of_another_workspace_is_not_found(browser: Client, reader: Role) -> None:
    from tests.factories import workspace_with

    other = Role.objects.filter(workspace_id=workspace_with(name="Other").id).first()
    assert other is not None
    for path in (f"{ROLES}/{other.id}", f"{ROLES}/{other.id}/delete"):
        assert browser.get(path).status_code == 404
        assert browser.post(path, READER).status_code == 404
    assert Role.objects.get(id=other.id).label == other.label


def test_who_may_not_manage_roles_is_told_in_a_sentence(
    acme: Workspace, browser_of: Callable[[Member], Client]
) -> None:
    refused = browser_of(add_member(acme, "bob@example.com", "Member")).get(ROLES)
    page = refused.content.decode()
    assert refused.status_code == 403
    assert "Ask an admin of Acme for the right to manage roles, and who has which." in page
    assert f'href="{ROLES}"' not in page and "ROLES" not in page.replace(ROLES, "")


def test_a_member_that_a_role_has_not_is_refused_by_name(browser: Client) -> None:
    response = browser.post(f"{ROLES}/new", READER | {"labels": "x"})
    assert response.status_code == 422
    assert "The form has no member &quot;labels&quot;. Did you mean &quot;label&quot;?" in response.content.decode()
    assert not Role.objects.filter(label=READER["label"]).exists()
