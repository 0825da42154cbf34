"""`manage.py workspace`: what an operator does without a page."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apikeys.activity.models import AuditEntry
from metadata.models import Workspace, WorkspaceLogo
from tests.factories import api_of, workspace_with

BOOKS = {"nameSingular": "book", "namePlural": "books", "fields": [{"type": "TEXT", "name": "title"}]}

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("workspace", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def acme() -> Workspace:
    return workspace_with([BOOKS], name="Acme")


def test_settings_are_shown_and_changed(acme: Workspace, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    run(
        "set", "--workspace", "Acme", "displayName=Acme & Sons", "maxApiKeyLifetimeDays=90",
        "isWebhookHttpsRequired=true", "--logo", str(tmp_path / "logo.png"),
    )  # fmt: skip
    shown = run("show", "--workspace", str(acme.id)).splitlines()
    assert {'displayName="Acme & Sons"', "maxApiKeyLifetimeDays=90", "isWebhookHttpsRequired=true"} <= {*shown}
    assert not any(each.startswith("inviteHash") for each in shown)
    assert WorkspaceLogo.objects.get().workspace_id == acme.id
    entry = AuditEntry.objects.filter(act="workspace.updated")[0]
    assert (entry.actor_name, entry.after["maxApiKeyLifetimeDays"]) == ("Command line", 90)
    run("set", "--workspace", str(acme.id), "maxApiKeyLifetimeDays=null")
    acme.refresh_from_db()
    assert acme.max_api_key_lifetime_days is None


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("maxBatchSize=0", "maxBatchSize must be an integer from 1 to 1000"),
        ("maxBatchSise=5", 'A workspace has no member "maxBatchSise"'),
        ("displayName", "displayName is no name=value"),
    ],
)
def test_a_setting_that_cannot_be_is_named(acme: Workspace, setting: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run("set", "--workspace", "Acme", setting)
    acme.refresh_from_db()
    assert (acme.max_batch_size, acme.display_name) == (60, "Acme")


def test_all_of_it_is_exported_deleted_and_brought_back(acme: Workspace, tmp_path: Path) -> None:
    api = api_of(acme)
    api.post("/rest/books", {"title": "One"})
    path = tmp_path / "acme.zip"
    run("export", "--workspace", "Acme", str(path))
    assert b'"title":"One"' in zipfile.ZipFile(path).read("records/books.jsonl")
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        run("export", "--workspace", "Acme", str(path))
    with pytest.raises(CommandError, match="Nothing was deleted"):
        run("delete", "--workspace", "Acme")
    assert api.get("/rest/books").status == 200
    run("delete", "--workspace", "Acme", "--yes")
    assert api.get("/rest/books").status == 401
    assert f"{acme.id}  {acme.subdomain}  Acme  (deleted " in run("list")
    with pytest.raises(CommandError, match="There is no workspace Acme"):
        run("show", "--workspace", "Acme")
    run("restore", "--workspace", "Acme")
    assert api.get("/rest/books").body["data"]["books"][0]["title"] == "One"
    assert "(deleted" not in run("list")
