"""Settings → General: what holds for all of a workspace, all of it exported, and deleted."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any, cast

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apikeys.activity.models import AuditEntry
from apikeys.models import Member
from metadata.models import Workspace, WorkspaceLogo
from metadata.services import workspace_restore, workspaces_purge
from metadata.snapshot import schema_read
from tests.factories import api_of
from tests.settings_pages.conftest import add_member

GENERAL = "/settings/general"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
FORM = {
    "display_name": "Acme",
    "api_version": "1",
    "longest_key_days": "",
    "requests_per_minute": "",
    "batch_size": "60",
    "bulk_records": "10000",
    "request_days": "",
    "audit_days": "365",
}


def body(browser: Client, path: str = GENERAL) -> str:
    return browser.get(path).content.decode()


def last_act() -> AuditEntry:
    found = AuditEntry.objects.first()
    assert found is not None
    return found


def test_every_setting_is_saved_and_stands_in_the_audit(browser: Client, acme: Workspace, ada: Member) -> None:
    api = api_of(acme)
    given = {
        "display_name": "Acme & Sons",
        "api_version": "2",
        "longest_key_days": "90",
        "https_only": "on",
        "requests_per_minute": "500",
        "batch_size": "200",
        "bulk_records": "20",
        "request_days": "7",
        "audit_days": "30",
    }
    assert "Saved." in browser.post(GENERAL, given, follow=True).content.decode()
    settings = api.get("/rest/metadata/workspace").body
    kept = {
        "displayName": "Acme & Sons",
        "defaultApiVersion": "2",
        "maxApiKeyLifetimeDays": 90,
        "isWebhookHttpsRequired": True,
        "maxRequestsPerMinute": 500,
        "maxBatchSize": 200,
        "maxBulkRecords": 20,
        "requestLogRetentionDays": 7,
        "eventLogRetentionDays": 30,
    }
    assert {name: settings[name] for name in kept} == kept
    entry = AuditEntry.objects.filter(act="workspace.updated")[0]
    assert entry.after == kept
    assert entry.before == {
        "displayName": "Acme",
        "defaultApiVersion": "1",
        "maxApiKeyLifetimeDays": None,
        "isWebhookHttpsRequired": False,
        "maxRequestsPerMinute": None,
        "maxBatchSize": 60,
        "maxBulkRecords": 10_000,
        "requestLogRetentionDays": None,
        "eventLogRetentionDays": 365,
    }
    assert (entry.actor_name, entry.actor_id) == ("Ada Lovelace", ada.id)


def test_a_form_that_changes_nothing_is_no_act(browser: Client, acme: Workspace) -> None:
    before = AuditEntry.objects.count()
    assert browser.post(GENERAL, FORM).status_code == 302
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("display_name", "\u200b", "Use at least one character that can be seen."),
        ("batch_size", "1001", "Ensure this value is less than or equal to 1000."),
        ("request_days", "31", "Ensure this value is less than or equal to 30."),
        ("audit_days", "29", "Ensure this value is greater than or equal to 30."),
        ("audit_days", "366", "Ensure this value is less than or equal to 365."),
        ("longest_key_days", "0", "Ensure this value is greater than or equal to 1."),
        ("api_version", "3", "Select a valid choice. 3 is not one of the available choices."),
        ("logo_url", "x", "The form has no member &quot;logo_url&quot;."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_saved(
    browser: Client, acme: Workspace, field: str, value: str, said: str
) -> None:
    refused = browser.post(GENERAL, FORM | {"display_name": "Other", field: value})
    assert refused.status_code == 422
    assert said in refused.content.decode() and "<title>Error: General" in refused.content.decode()
    acme.refresh_from_db()
    assert acme.display_name == "Acme"


def test_what_the_installation_does_not_keep_is_no_choice(browser: Client, settings: Any) -> None:
    settings.REQUEST_LOG_DAYS, settings.AUDIT_LOG_DAYS = 0, 20
    page = body(browser)
    assert "This server leaves no choice here." in page and 'name="audit_days"' not in page


def test_the_logo_is_shown_to_whoever_has_its_address(browser: Client, acme: Workspace) -> None:
    page = browser.post(f"{GENERAL}/logo", {"logo": SimpleUploadedFile("l.svg", PNG)}, follow=True).content.decode()
    assert "The logo is saved." in page
    acme.refresh_from_db()
    assert acme.logo is not None and f'<img class="workspace-tile" src="{acme.logo}"' in page
    answer = Client().get(acme.logo)
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "image/png", PNG)
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Cache-Control"].endswith("immutable")
    api = api_of(acme)
    address = f"http://testserver{acme.logo}"
    assert api.get("/rest/metadata/workspace").body["logo"] == address
    assert api.data("{ currentWorkspace { logo } }", path="/metadata") == {"currentWorkspace": {"logo": address}}
    old = acme.logo
    browser.post(f"{GENERAL}/logo", {"remove": "1"})
    acme.refresh_from_db()
    assert acme.logo is None and not WorkspaceLogo.objects.exists()
    assert Client().get(old).status_code == 404 and "<img" not in body(browser)


@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"", b"RIFF\0\0\0\0WAVE"])
def test_another_file_is_no_logo(browser: Client, acme: Workspace, content: bytes) -> None:
    answer = browser.post(f"{GENERAL}/logo", {"logo": SimpleUploadedFile("l.png", content)}, follow=True)
    assert answer.content and not WorkspaceLogo.objects.exists()
    acme.refresh_from_db()
    assert acme.logo is None


def test_a_logo_has_so_many_bytes_and_not_one_more(browser: Client, acme: Workspace, settings: Any) -> None:
    settings.MAX_LOGO_BYTES = len(PNG)
    answer = browser.post(f"{GENERAL}/logo", {"logo": SimpleUploadedFile("l.png", PNG + b"\0")}, follow=True)
    assert f"A logo has at most {len(PNG)} bytes. Nothing was changed." in answer.content.decode()
    assert not WorkspaceLogo.objects.exists()
    browser.post(f"{GENERAL}/logo", {"logo": SimpleUploadedFile("l.png", PNG)})
    assert WorkspaceLogo.objects.get().workspace_id == acme.id


def archive_of(browser: Client) -> zipfile.ZipFile:
    answer = browser.get(f"{GENERAL}/export")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer["Content-Disposition"].startswith('attachment; filename="acme-')
    return zipfile.ZipFile(io.BytesIO(b"".join(cast(Any, answer).streaming_content)))


def lines(archive: zipfile.ZipFile, name: str) -> list[Any]:
    return [json.loads(line) for line in archive.read(name).splitlines()]


def test_everything_is_one_archive(browser: Client, acme: Workspace) -> None:
    api = api_of(acme)
    api.post("/rest/batch/books", [{"title": f"Book {number}"} for number in range(30)])
    gone = api.post("/rest/books", {"title": "Gone"}).body["data"]["createBook"]["id"]
    api.delete(f"/rest/books/{gone}?soft_delete=true")
    archive = archive_of(browser)
    assert archive.testzip() is None
    assert {each["title"] for each in lines(archive, "records/books.jsonl")} == {f"Book {n}" for n in range(30)}
    assert [each["id"] for each in lines(archive, "deleted/books.jsonl")] == [gone]
    model = schema_read(archive.read("data-model.yaml").decode())
    assert "book" in json.dumps(model, default=str)
    contents = json.loads(archive.read("contents.json"))
    assert contents["records"]["books"] == 30 and contents["deleted"] == {"books": 1} and contents["leftOut"] == []
    assert contents["workspace"] == {"id": str(acme.id), "name": "Acme"}
    assert last_act().act == "workspace.exported"


def test_the_archive_holds_what_the_member_may_read(
    browser: Client, acme: Workspace, browser_of: Callable[[Member], Client]
) -> None:
    api_of(acme).post("/rest/books", {"title": "Secret"})
    rights = {"settings": ["WORKSPACE"], "targets": ["canBeAssignedToUsers"]}
    browser.post("/settings/roles/new", {"label": "Keeper", **rights, "tools": ["EXPORT_CSV"]})
    browser.post("/settings/roles/new", {"label": "Looker", **rights})
    keeper = archive_of(browser_of(add_member(acme, "k@example.com", "Keeper")))
    assert "books" in json.loads(keeper.read("contents.json"))["leftOut"]
    assert "records/books.jsonl" not in keeper.namelist()
    looker = browser_of(add_member(acme, "l@example.com", "Looker"))
    refused = looker.get(f"{GENERAL}/export")
    assert refused.status_code == 403
    assert "for the right to export records to files." in refused.content.decode()
    assert "Export everything" not in body(looker)


def test_a_workspace_is_deleted_by_its_name_alone(browser: Client, acme: Workspace) -> None:
    api = api_of(acme)
    page = body(browser, f"{GENERAL}/delete")
    assert "For 14 days an operator of this server can bring it back." in page
    refused = browser.post(f"{GENERAL}/delete", {"confirmation": "acme"})
    assert refused.status_code == 422
    assert "This is not the workspace&#x27;s name. Nothing was deleted." in refused.content.decode()
    assert api.get("/rest/books").status == 200
    assert browser.post(f"{GENERAL}/delete", {"confirmation": "Acme"}).status_code == 302
    assert api.get("/rest/books").status == 401
    assert browser.get(GENERAL).status_code == 403
    entry = AuditEntry.objects.filter(act="workspace.deleted")[0]
    assert (entry.actor_name, entry.subject_id) == ("Ada Lovelace", acme.id)
    workspace_restore(workspace_id=acme.id)
    assert api.get("/rest/books").status == 200 and browser.get(GENERAL).status_code == 200


def test_what_was_deleted_long_ago_is_gone_but_who_did_it_is_known(
    browser: Client, acme: Workspace, settings: Any
) -> None:
    settings.DELETED_WORKSPACE_DAYS = 0
    browser.post(f"{GENERAL}/logo", {"logo": SimpleUploadedFile("l.png", PNG)})
    browser.post(f"{GENERAL}/delete", {"confirmation": "Acme"})
    assert workspaces_purge() == 1
    assert not Workspace.objects.filter(id=acme.id).exists() and not WorkspaceLogo.objects.exists()
    left = AuditEntry.objects.filter(workspace_id=acme.id)
    assert [(each.act, each.actor_name) for each in left] == [("workspace.deleted", "Ada Lovelace")]


def test_the_page_is_for_who_may_change_settings(acme: Workspace, browser_of: Callable[[Member], Client]) -> None:
    plain = browser_of(add_member(acme, "bob@example.com", "Member"))
    refused = plain.get(GENERAL)
    assert refused.status_code == 403
    said = "for the right to change the workspace&#x27;s settings, export or delete all of it, and see who did what."
    assert said in refused.content.decode()
    assert plain.post(f"{GENERAL}/delete", {"confirmation": "Acme"}).status_code == 403
    assert Workspace.objects.filter(id=acme.id, deleted_at=None).exists()
