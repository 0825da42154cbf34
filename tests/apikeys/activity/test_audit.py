"""The audit: every act of an admin is in it, by whom, from where, before and after; and no secret is."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from apikeys.activity import audit
from apikeys.activity.acts import sentence_of
from apikeys.activity.models import AuditEntry
from apikeys.models import ApiKey, Member, Role
from apikeys.services.api_keys import apikey_create
from apikeys.services.permissions import field_permissions_upsert, object_permissions_upsert, permission_flags_upsert
from apikeys.services.roles import role_create, role_delete, role_update
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from tests.apikeys.activity.conftest import acts
from tests.factories import Api, api_of, principal_of, workspace_with
from tests.settings_pages.conftest import PASSWORD, add_member

PAGE = "/settings/activity/audit"


@pytest.fixture
def admin(acme: Workspace) -> Api:
    """A key that acts; what was done until then is not looked at."""
    made = api_of(acme, name="Terraform")
    AuditEntry.objects.filter(workspace_id=acme.id).delete()
    return made


def told(workspace: Workspace) -> list[tuple[str, str, Any, Any]]:
    return [(each.act, each.subject_name, each.before, each.after) for each in acts(workspace)]


def data(answer: Any) -> Any:
    assert answer.status in (200, 201), answer.body
    return answer.body


def role_of(workspace: Workspace, label: str) -> Role:
    return Role.objects.get(workspace_id=workspace.id, label=label)


def test_who_from_where_and_by_which_request(acme: Workspace, admin: Api) -> None:
    answer = admin.patch("/rest/metadata/workspace", {"displayName": "Acme Ltd"}, User_Agent="terraform/1.9")
    data(answer)
    [entry] = acts(acme)
    key = ApiKey.objects.get(workspace_id=acme.id, name="Terraform")
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("key", key.id, "Terraform")
    assert (entry.address, entry.user_agent) == ("127.0.0.1", "terraform/1.9")
    assert entry.request_id == answer.headers["X-Request-Id"]
    assert (entry.act, entry.before, entry.after) == (
        "workspace.updated",
        {"displayName": "Acme"},
        {"displayName": "Acme Ltd"},
    )


def test_what_changes_nothing_is_no_act(acme: Workspace, admin: Api) -> None:
    data(admin.patch("/rest/metadata/workspace", {"displayName": "Acme"}))
    assert acts(acme) == []


def test_what_is_refused_is_no_act(acme: Workspace, admin: Api) -> None:
    assert admin.patch("/rest/metadata/workspace", {"displayName": "Other", "maxBatchSize": -1}).status == 400
    assert admin.post("/rest/metadata/objects", {"nameSingular": "book", "namePlural": "books"}).status == 400
    assert acts(acme) == []


def test_an_act_that_cannot_be_written_down_does_not_happen(
    acme: Workspace, admin: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are one transaction: a table that takes nothing keeps the name as it was."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE apikeys_auditlog ADD CONSTRAINT nothing CHECK (act = 'x') NOT VALID")
        assert admin.patch("/rest/metadata/workspace", {"displayName": "Unseen"}).status == 500
        transaction.set_rollback(True)
    assert Workspace.objects.get(id=acme.id).display_name == "Acme"


# The data model --------------------------------------------------------------------------------------


def test_that_the_history_of_a_field_is_switched_off_is_told(acme: Workspace, admin: Api) -> None:
    title = FieldMetadata.objects.get(workspace=acme, object__name_singular="book", name="title")
    AuditEntry.objects.all().delete()
    data(admin.patch(f"/rest/metadata/fields/{title.id}", {"isAuditLogged": False}))
    assert told(acme) == [("field.updated", "book.title", {"isAuditLogged": True}, {"isAuditLogged": False})]


def test_an_object_its_fields_and_their_end(acme: Workspace, admin: Api) -> None:
    names = {"nameSingular": "shelf", "namePlural": "shelves", "labelSingular": "Shelf", "labelPlural": "Shelves"}
    data(admin.post("/rest/metadata/objects", names))
    shelf = ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="shelf")
    [(act, name, before, after)] = told(acme)
    assert (act, name, before) == ("object.created", "shelf", {})
    assert after["labelPlural"] == "Shelves" and "name" in after["fields"]
    AuditEntry.objects.all().delete()

    data(admin.patch(f"/rest/metadata/objects/{shelf.id}", {"labelPlural": "All shelves", "icon": "IconBox"}))
    assert told(acme) == [
        (
            "object.updated",
            "shelf",
            {"labelPlural": "Shelves", "icon": None},
            {"labelPlural": "All shelves", "icon": "IconBox"},
        )
    ]
    AuditEntry.objects.all().delete()

    for name, value, was in (("readability", "PARENT", "OPEN"), ("color", "red", None), ("isSearchable", False, True)):
        data(admin.patch(f"/rest/metadata/objects/{shelf.id}", {name: value}))
        assert told(acme) == [("object.updated", "shelf", {name: was}, {name: value})]
        AuditEntry.objects.all().delete()

    field = {"objectMetadataId": str(shelf.id), "type": "TEXT", "name": "room", "label": "Room"}
    data(admin.post("/rest/metadata/fields", field))
    room = FieldMetadata.objects.get(object=shelf, name="room")
    data(admin.patch(f"/rest/metadata/fields/{room.id}", {"label": "Where it is"}))
    data(admin.patch(f"/rest/metadata/fields/{room.id}", {"isActive": False}))
    data(admin.patch(f"/rest/metadata/fields/{room.id}", {"label": "Nowhere"}))
    data(admin.patch(f"/rest/metadata/fields/{room.id}", {"isActive": True}))
    data(admin.patch(f"/rest/metadata/fields/{room.id}", {"isActive": False}))
    data(admin.delete(f"/rest/metadata/fields/{room.id}"))
    found = told(acme)
    assert [(act, name) for act, name, _, _ in found][:5] == [
        ("field.created", "shelf.room"),
        ("field.updated", "shelf.room"),
        ("field.switchedOff", "shelf.room"),
        ("field.updated", "shelf.room"),
        ("field.switchedOn", "shelf.room"),
    ]
    assert found[0][3]["type"] == "TEXT" and found[1][2:] == ({"label": "Room"}, {"label": "Where it is"})
    assert found[3][2:] == ({"label": "Where it is"}, {"label": "Nowhere"})
    assert found[6][:2] == ("field.deleted", "shelf.room")
    AuditEntry.objects.all().delete()

    data(admin.patch(f"/rest/metadata/objects/{shelf.id}", {"isActive": False}))
    data(admin.delete(f"/rest/metadata/objects/{shelf.id}"))
    assert [(act, name) for act, name, _, _ in told(acme)] == [
        ("object.switchedOff", "shelf"),
        ("object.deleted", "shelf"),
    ]


def test_a_relation_an_index_and_another_type(acme: Workspace, admin: Api) -> None:
    book = ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book")
    member = ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="workspaceMember")
    relation = {
        "objectMetadataId": str(book.id),
        "type": "RELATION",
        "name": "reader",
        "label": "Reader",
        "relationCreationPayload": {
            "type": "MANY_TO_ONE",
            "targetObjectMetadataId": str(member.id),
            "targetFieldLabel": "Read books",
            "targetFieldIcon": "IconBook",
        },
    }
    data(admin.post("/rest/metadata/fields", relation))
    assert {(act, name) for act, name, _, _ in told(acme)} == {
        ("field.created", "book.reader"),
        ("field.created", "workspaceMember.readBooks"),
    }
    AuditEntry.objects.all().delete()

    pages = FieldMetadata.objects.get(object=book, name="pages")
    data(admin.post(f"/rest/metadata/fields/{pages.id}/changeType", {"type": "TEXT"}))
    [(act, name, before, after)] = told(acme)
    assert (act, name, before["type"], after["type"]) == ("field.updated", "book.pages", "NUMBER", "TEXT")
    AuditEntry.objects.all().delete()

    query = "mutation ($i: CreateOneIndexMetadataInput!) { createOneIndex(input: $i) { id } }"
    made = {"objectMetadataId": str(book.id), "fields": [{"fieldMetadataId": str(pages.id)}]}
    answer = admin.graphql(query, {"i": {"index": made}}, path="/metadata")
    if "errors" not in answer.body:
        [(act, name, _, after)] = told(acme)
        assert (act, name, after["fields"]) == ("index.created", "book: pages", ["pages"])


def test_views_and_their_filters_without_what_they_compare_with(acme: Workspace, admin: Api) -> None:
    book = ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book")
    title = FieldMetadata.objects.get(object=book, name="title")
    values = {"objectMetadataId": str(book.id), "name": "Long ones", "icon": "IconList", "type": "TABLE"}
    view = data(admin.post("/rest/metadata/views", values))
    view_id = view.get("id") or view["data"]["createView"]["id"]
    data(admin.patch(f"/rest/metadata/views/{view_id}", {"name": "Short ones"}))
    values = {"viewId": view_id, "fieldMetadataId": str(title.id), "operand": "CONTAINS", "value": "Hidden1"}
    kept = data(admin.post("/rest/metadata/viewFilters", values))
    filter_id = kept.get("id") or kept["data"]["createViewFilter"]["id"]
    data(admin.patch(f"/rest/metadata/viewFilters/{filter_id}", {"value": "Hidden2"}))
    assert admin.delete(f"/rest/metadata/views/{view_id}").status == 200
    found = told(acme)
    assert [(act, name) for act, name, _, _ in found] == [
        ("layout.created", "view Long ones"), ("layout.updated", "view Short ones"), ("layout.created", "view filter"),
        ("layout.updated", "view filter"), ("layout.deleted", "view Short ones"),
    ]  # fmt: skip
    assert found[1][2:] == ({"name": "Long ones"}, {"name": "Short ones"})
    assert found[3][2:] == ({}, {"value": "another"}) and "Hidden" not in json.dumps(found)


# Keys, roles, people, webhooks -----------------------------------------------------------------------


def test_the_life_of_a_key(acme: Workspace, admin: Api, browser: Client) -> None:
    AuditEntry.objects.filter(workspace_id=acme.id).delete()
    role = role_of(acme, "Admin")
    browser.post("/settings/api-webhooks/keys/new", {"name": "Nightly", "role": str(role.id), "expires": "30"})
    key = ApiKey.objects.get(workspace_id=acme.id, name="Nightly")
    page = f"/settings/api-webhooks/keys/{key.id}"
    browser.post(page, {"name": "Hourly"})
    browser.post(page, {"role": str(role_of(acme, "Member").id)})
    browser.post(page, {"per_second": "5", "per_minute": ""})
    browser.post(page, {"enabled": "0"})
    browser.post(page, {"enabled": "1"})
    browser.post(f"{page}/token")
    browser.post(f"{page}/revoke", {"confirmation": "Hourly"})
    found = acts(acme)
    assert [(each.act, each.before, each.after) for each in found[2:6]] == [
        ("apiKey.updated", {"name": "Nightly"}, {"name": "Hourly"}),
        ("apiKey.updated", {"role": "Admin"}, {"role": "Member"}),
        ("apiKey.updated", {"maxRequestsPerSecond": None}, {"maxRequestsPerSecond": 5}),
        ("apiKey.paused", {"isPaused": False}, {"isPaused": True}),
    ]
    assert [each.act for each in found] == [
        "apiKey.created", "apiKey.tokenIssued", "apiKey.updated", "apiKey.updated", "apiKey.updated", "apiKey.paused",
        "apiKey.resumed", "apiKey.tokenIssued", "apiKey.revoked",
    ]  # fmt: skip
    assert {(each.actor_kind, each.actor_name, each.subject_id) for each in found} == {
        ("member", "Ada Lovelace", key.id)
    }


def test_what_a_role_may_and_may_not(acme: Workspace, admin: Api) -> None:
    principal = principal_of(acme)
    book = ObjectMetadata.objects.get(workspace_id=acme.id, name_singular="book")
    title = FieldMetadata.objects.get(object=book, name="title")
    role = role_create(principal, values={"label": "Clerk", "canReadAllObjectRecords": True})
    role_update(principal, role_id=role.id, values={"label": "Librarian"})
    permission_flags_upsert(principal, role_id=role.id, flags=["ROLES"])
    item = {"objectMetadataId": str(book.id), "canUpdateObjectRecords": True}
    object_permissions_upsert(principal, role_id=role.id, items=[item])
    item = {"objectMetadataId": str(book.id), "fieldMetadataId": str(title.id), "canUpdateFieldValue": False}
    field_permissions_upsert(principal, role_id=role.id, items=[item])
    role_delete(principal, role_id=role.id)
    found = told(acme)
    assert [(act, name) for act, name, _, _ in found] == [
        ("role.created", "Clerk"), ("role.updated", "Librarian"), ("role.updated", "Librarian"),
        ("role.updated", "Librarian"), ("role.updated", "Librarian"), ("role.deleted", "Librarian"),
    ]  # fmt: skip
    assert [found[place][2:] for place in range(1, 5)] == [
        ({"label": "Clerk"}, {"label": "Librarian"}),
        ({"permissionFlags": []}, {"permissionFlags": ["ROLES"]}),
        ({"objects": {}}, {"objects": {"book": {"canUpdateObjectRecords": True}}}),
        ({"fields": {}}, {"fields": {"book.title": {"canUpdateFieldValue": False}}}),
    ]
    assert {(each.actor_kind, each.actor_name, each.address) for each in acts(acme)} == {("system", "Command line", "")}


def test_people_come_change_and_go(acme: Workspace, browser: Client, ada: Member) -> None:
    AuditEntry.objects.filter(workspace_id=acme.id).delete()
    member, admin = role_of(acme, "Member"), role_of(acme, "Admin")
    page = browser.post("/settings/members", {"email": "bob@example.com", "role": str(member.id)}).content.decode()
    token = re.search(r"token=([\w-]+)", page)
    assert token
    joining = {"token": token[1], "first_name": "Bob", "last_name": "Ross", "password": "correct horse stapler"}
    assert Client().post("/settings/join", joining).status_code == 302
    bob = Member.objects.get(workspace_id=acme.id, user__email="bob@example.com")
    browser.post(f"/settings/members/{bob.id}", {"role": str(admin.id)})
    browser.post(f"/settings/members/{bob.id}/remove", {"confirmation": "bob@example.com"})
    found = [(each.actor_name, each.act, each.subject_name) for each in acts(acme)]
    assert found == [
        ("Ada Lovelace", "invitation.created", "bob@example.com"),
        ("Bob Ross", "member.joined", ""),
        ("Bob Ross", "session.begun", ""),
        ("Ada Lovelace", "member.updated", "Bob Ross"),
        ("Ada Lovelace", "member.deleted", "Bob Ross"),
    ]
    kept = json.dumps([[each.before, each.after] for each in acts(acme)])
    assert token[1] not in kept and "stapler" not in kept


def test_signing_in_out_and_failing_to(acme: Workspace, ada: Member) -> None:
    AuditEntry.objects.filter(workspace_id=acme.id).delete()
    person = Client()
    person.post("/settings/login", {"email": "ada@example.com", "password": "wrong and secret"})
    person.post("/settings/login", {"email": "nobody@example.com", "password": "wrong and secret"})
    person.post("/settings/login", {"email": "ada@example.com", "password": PASSWORD})
    person.post("/settings/logout")
    query = (
        'mutation ($p: String!) { getLoginTokenFromCredentials(email: "ada@example.com", password: $p, origin: "")'
        " { loginToken { token } } }"
    )
    Api(None).graphql(query, {"p": PASSWORD}, path="/metadata")
    found = acts(acme)
    assert [(each.actor_name, each.act, each.subject_name) for each in found] == [
        ("Somebody", "session.refused", "Ada Lovelace"),
        ("Ada Lovelace", "session.begun", ""),
        ("Ada Lovelace", "session.ended", ""),
        ("Ada Lovelace", "session.begun", ""),
    ]
    assert {each.address for each in found} == {"127.0.0.1"}


def test_another_password_is_an_act(acme: Workspace, browser: Client) -> None:
    AuditEntry.objects.filter(workspace_id=acme.id).delete()
    new = {"new_password1": "another horse stapler", "new_password2": "another horse stapler"}
    assert browser.post("/settings/profile", {"old_password": PASSWORD, **new}).status_code == 302
    found = acts(acme)
    assert [(each.actor_name, each.act, each.after) for each in found] == [
        ("Ada Lovelace", "session.passwordChanged", {}),
    ]


def test_the_life_of_a_webhook_without_its_secrets(acme: Workspace, admin: Api) -> None:
    hook = {
        "targetUrl": "https://hooks.example/T0/pathsecret?t=querysecret",
        "secret": "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }
    made = data(admin.post("/rest/webhooks", hook))
    id = re.search(r'"id": "([0-9a-f-]{36})"', json.dumps(made))
    assert id
    path = f"/rest/metadata/webhooks/{id[1]}"
    data(admin.patch(path, {"targetUrl": "https://hooks.example/T0/othersecret"}))
    data(admin.patch(path, {"operations": ["book.created"]}))
    data(admin.patch(path, {"secret": "whsec_" + "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}))
    data(admin.post(f"{path}/rotateSecret", {"overlapHours": 1}))
    data(admin.post(f"{path}/revealSecret"))
    admin.delete(path)
    found = told(acme)
    assert [act for act, *_ in found] == [
        "webhook.created", "webhook.updated", "webhook.updated", "webhook.updated", "webhook.secretRotated",
        "webhook.secretRevealed", "webhook.deleted",
    ]  # fmt: skip
    assert {name for _, name, _, _ in found} == {"https://hooks.example/••••"}
    assert found[1][3] == {"targetUrl": "https://hooks.example/•••• (another path)"}
    assert found[2][2:] == ({"operations": ["*.*"]}, {"operations": ["book.created"]})
    assert found[3][3] == {"secret": "another"}
    kept = json.dumps(found)
    assert not re.search("pathsecret|querysecret|othersecret|MfKQ9r8G|C2FVsBQI", kept)


def test_no_token_and_no_hash_is_in_it(acme: Workspace, admin: Api) -> None:
    answer = admin.post(
        "/rest/apiKeys", {"name": "N", "expiresAt": "2099-01-01", "roleId": str(role_of(acme, "Admin").id)}
    )
    key_id = re.search(r'"id": "([0-9a-f-]{36})"', json.dumps(data(answer)))
    assert key_id
    token = json.dumps(data(admin.post(f"/rest/apiKeys/{key_id[1]}/token", {})))
    data(admin.patch("/rest/metadata/workspace", {"inviteHash": "a-secret-way-in"}))
    kept = json.dumps(told(acme), ensure_ascii=False)
    found = re.search(r"eyJ[\w.-]+", token)
    assert found and found[0] not in kept and "eyJ" not in kept and "a-secret-way-in" not in kept
    assert ("workspace.updated", {}, {"inviteHash": "another"}) in [
        (act, before, after) for act, _, before, after in told(acme)
    ]


def test_the_command_line_is_in_it(db: None) -> None:
    call_command("workspace", "create", "Made by hand", stdout=io.StringIO())
    made = Workspace.objects.get(display_name="Made by hand")
    [first, *_] = acts(made)
    assert (first.act, first.actor_kind, first.actor_name, first.address) == (
        "workspace.created",
        "system",
        "Command line",
        "",
    )


# The pages -------------------------------------------------------------------------------------------


def test_the_list_reads_as_sentences_and_one_opens_with_before_and_after(acme: Workspace, browser: Client) -> None:
    role_update(principal_of(acme), role_id=_clerk(acme), values={"label": "Librarian <b>"})
    page = browser.get(PAGE).content.decode()
    assert "Command line changed the role Librarian &lt;b&gt;" in page and "Ada Lovelace signed in" in page
    entry = acts(acme)[-1]
    page = browser.get(f"{PAGE}/{entry.id}").content.decode()
    for text in ("Command line changed the role Librarian", "The server itself", ">Clerk<", ">Librarian &lt;b&gt;<"):
        assert text in page, text


def _clerk(workspace: Workspace) -> Any:
    return role_create(principal_of(workspace), values={"label": "Clerk"}).id


def test_filters_and_search(acme: Workspace, browser: Client, ada: Member) -> None:
    AuditEntry.objects.filter(workspace_id=acme.id).delete()
    clerk = _clerk(acme)
    browser.post(f"/settings/roles/{clerk}/delete", {"confirmation": "Clerk"})
    apikey_create(principal_of(acme), name="Nightly", expires_at=None, role_id=role_of(acme, "Admin").id)

    def found(query: str) -> int:
        return len(re.findall(rf'href="{PAGE}/[0-9a-f-]{{36}}"', browser.get(f"{PAGE}?{query}").content.decode()))

    total = len(acts(acme))
    assert total == 3
    assert found("") == total and found("kind=apiKey") == 1 and found("q=nightly") == 1 and found("span=1h") == total
    assert found(f"subject={clerk}") == total - 1 and found(f"by={ada.id}") == 1
    assert found("kind=webhook") == 0
    assert "Nothing is like that" in browser.get(f"{PAGE}?kind=webhook").content.decode()


def test_another_workspaces_acts_are_not_shown(acme: Workspace, browser: Client) -> None:
    other = workspace_with(name="Elsewhere")
    [entry, *_] = acts(other)
    assert "Elsewhere" not in browser.get(PAGE).content.decode()
    assert browser.get(f"{PAGE}/{entry.id}").status_code == 404
    assert "Elsewhere" not in b"".join(browser.get(f"{PAGE}/export").streaming_content).decode()


def test_the_file_is_safe_for_spreadsheets(acme: Workspace, browser: Client) -> None:
    AuditEntry.objects.filter(workspace_id=acme.id).delete()
    role_create(principal_of(acme), values={"label": "=cmd|' /C calc'!A0"})
    [row] = list(csv.DictReader(io.StringIO(b"".join(browser.get(f"{PAGE}/export").streaming_content).decode())))
    assert (row["act"], row["subject"], row["byKind"]) == ("role.created", "'=cmd|' /C calc'!A0", "system")
    lines = b"".join(browser.get(f"{PAGE}/export?format=jsonl").streaming_content).splitlines()
    assert json.loads(lines[0])["after"]["label"] == "=cmd|' /C calc'!A0"


def test_every_act_has_its_words() -> None:
    assert sentence_of("webhook.secretRevealed") == "saw the secret of the webhook"
    assert sentence_of("object.created") == "created the object"


def test_a_member_of_two_workspaces_signs_in_to_both(acme: Workspace, ada: Member) -> None:
    other = workspace_with(name="Other")
    add_member(other, "ada@example.com", "Admin")
    Client().post("/settings/login", {"email": "ada@example.com", "password": PASSWORD})
    assert [acts(each)[-1].act for each in (acme, other)] == ["session.begun"] * 2


def test_differing_is_exact() -> None:
    assert audit.differing({"a": 1, "b": None}, {"a": 2, "c": 0}) == ({"a": 1, "b": None}, {"a": 2, "c": 0})
