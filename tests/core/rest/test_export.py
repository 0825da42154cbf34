"""`GET /rest/{objects}/export`."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any

import pytest

from core.transfer import exporting
from tests.core.rest.conftest import Rest

pytestmark = pytest.mark.smoke


def exported(rest: Rest, path: str) -> str:
    answer = rest.get(path)
    assert answer.status == 200, answer.body
    return answer.content.decode()


@pytest.fixture
def people(rest: Rest) -> list[dict[str, Any]]:
    company = rest.post("companies", {"name": "Acme"}).data["id"]
    batch = [
        {
            "name": {"firstName": f'A "{n}"', "lastName": "x, y\nz"},
            "emails": {"primaryEmail": f"p{n}@x.example", "additionalEmails": [f"q{n}@x.example"]},
            "companyId": company,
        }
        for n in range(7)
    ]
    made: list[dict[str, Any]] = rest.post("batch/people", batch).data
    return sorted(made, key=lambda each: each["id"])


def test_json_lines_are_records_at_depth_0(rest: Rest, people: list[dict[str, Any]], monkeypatch: Any) -> None:
    monkeypatch.setattr(exporting, "PAGE", 3)
    answer = rest.get("people/export?format=jsonl")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="people.jsonl"'
    assert [json.loads(line) for line in answer.content.splitlines()] == people


def test_csv_has_a_column_for_each_part(rest: Rest, people: list[dict[str, Any]], monkeypatch: Any) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    text = exported(rest, "people/export")
    assert text.endswith("\r\n")
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert [row["id"] for row in rows] == [each["id"] for each in people]
    first = rows[0]
    assert first["name.firstName"] == people[0]["name"]["firstName"]
    assert first["name.lastName"] == "x, y\nz"
    assert json.loads(first["emails.additionalEmails"]) == people[0]["emails"]["additionalEmails"]
    assert first["companyId"] == people[0]["companyId"]
    assert first["deletedAt"] == ""
    assert "company" not in first and "searchVector" not in first


def test_filter_order_fields_and_limit(rest: Rest, people: list[dict[str, Any]]) -> None:
    query = "filter=emails.primaryEmail[neq]:p6@x.example&order_by=emails.primaryEmail[DescNullsLast]&fields=id,emails&limit=2"
    lines = [json.loads(line) for line in exported(rest, f"people/export?format=jsonl&{query}").splitlines()]
    assert [each["emails"]["primaryEmail"] for each in lines] == ["p5@x.example", "p4@x.example"]
    assert all(set(each) == {"id", "emails"} for each in lines)


def test_nothing_found_is_a_header_alone(rest: Rest) -> None:
    assert exported(rest, "notes/export?fields=title") == "id,title\r\n"
    assert exported(rest, "notes/export?format=jsonl") == ""


def test_no_records_are_wanted(rest: Rest, people: list[dict[str, Any]]) -> None:
    assert exported(rest, "people/export?fields=jobTitle&limit=0") == "id,jobTitle\r\n"


def test_what_is_refused_is_refused_before_the_file(rest: Rest) -> None:
    for query, message in [
        ("filter=foo[eq]:1", 'Object person doesn\'t have any "foo" field.'),
        ("format=xml", "'format=xml' parameter invalid. Allowed values are csv, jsonl"),
        ("fields=foo", "'fields' parameter invalid. Unknown or unreadable fields on 'person': foo"),
    ]:
        for limit in ("", "&limit=0"):
            answer = rest.get(f"people/export?{query}{limit}")
            assert (answer.status, answer.message) == (400, message)
    assert rest.get("person/export").message == "object 'person' not found. Did you mean 'people'?"
    assert rest.post("people/export", {}).status == 405


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_later_fault_leaves_no_file_that_looks_whole(
    rest: Rest, people: list[dict[str, Any]], monkeypatch: Any, form: str
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    asked = f"/rest/people/export?format={form}&fields=name"
    response: Any = rest.client.get(asked, headers={"Authorization": f"Bearer {rest.token}"})
    pieces = iter(response.streaming_content)
    file = next(pieces)

    def fail(*_: Any) -> None:
        raise OSError("gone")

    monkeypatch.setattr(exporting, "find_page", fail)
    file += next(pieces)
    with pytest.raises(OSError, match="gone"):
        next(pieces)
    answer = rest.request("POST", f"people/import?format={form}&dry_run=true&upsert=true&on_error=continue", file)
    assert [answer.data[key] for key in ("read", "updated", "failed")] == [3, 2, 1]
    with pytest.raises(csv.Error if form == "csv" else json.JSONDecodeError):
        if form == "csv":
            list(csv.reader(StringIO(file.decode(), newline=""), strict=True))
        else:
            [json.loads(line) for line in file.splitlines()]
