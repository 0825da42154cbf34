"""`POST /rest/{objects}/import`, and a file's way from one workspace into another."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.http import UnreadablePostError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.transfer import importing
from core.transfer.columns import Column
from core.transfer.reading import Body, buffered, read_csv, read_json_lines
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.registry import field_types
from metadata.models import Workspace
from tests.api_client import Answer
from tests.chance import examples
from tests.core.rest.conftest import Rest
from tests.factories import key_of, workspace_with

pytestmark = pytest.mark.smoke

MISSING = "00000000-0000-4000-8000-000000000000"


def send(rest: Rest, path: str, text: str | bytes, content_type: str = "text/csv") -> Answer:
    body = text.encode() if isinstance(text, str) else text
    return rest.request("POST", path, body, Content_Type=content_type)


def report(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.data
    return found


def counts(answer: Answer) -> tuple[int, int, int, int, bool]:
    found = report(answer)
    return found["read"], found["created"], found["updated"], found["failed"], found["stopped"]


def names(rest: Rest, plural: str = "companies") -> list[str]:
    return sorted(each["name"] for each in rest.get(plural).data)


CSV = (
    "name,domainName.primaryLinkUrl,employees,address.addressCity,idealCustomerProfile\r\n"
    '"Acme, ""Inc""",https://acme.example,12,"Two\nlines",TRUE\r\n'
    "Ünï,https://u.example,,,\r\n"
)


def test_csv(rest: Rest) -> None:
    answer = send(rest, "companies/import", "\ufeff" + CSV)
    assert report(answer) == {"read": 2, "created": 2, "updated": 0, "failed": 0, "stopped": False, "errors": []}
    by_name = {each["name"]: each for each in rest.get("companies").data}
    acme = by_name['Acme, "Inc"']
    assert (acme["employees"], acme["address"]["addressCity"]) == (12, "Two\nlines")
    assert acme["idealCustomerProfile"] is True
    assert (by_name["Ünï"]["employees"], by_name["Ünï"]["address"]["addressCity"]) == (None, "")
    assert rest.get("companies?limit=0").body["totalCount"] == 2


def test_json_lines(rest: Rest) -> None:
    text = '{"name": "A"}\n\n  {"name": "B", "employees": 3}'
    assert counts(send(rest, "companies/import", text, "application/x-ndjson")) == (2, 2, 0, 0, False)
    assert counts(send(rest, "companies/import?format=jsonl", '{"name": "C"}\n', "text/plain")) == (1, 1, 0, 0, False)
    assert names(rest) == ["A", "B", "C"]


def test_relations_by_id_and_by_unique_value(rest: Rest) -> None:
    send(rest, "companies/import", CSV)
    acme = next(each for each in rest.get("companies").data if each["employees"] == 12)
    text = (
        "emails.primaryEmail,companyId,company.domainName.primaryLinkUrl\n"
        f"a@x.example,{acme['id']},\n"
        "b@x.example,,https://acme.example\n"
        "c@x.example,,https://nowhere.example\n"
        f"d@x.example,{MISSING},\n"
    )
    answer = send(rest, "people/import?on_error=continue", text)
    assert counts(answer) == (4, 2, 0, 2, False)
    assert [(each["line"], each["messages"]) for each in answer.data["errors"]] == [
        (4, ["Expected 1 record to connect to company, but found 0 for domainNamePrimaryLinkUrl = https://nowhere.example"]),
        (5, [f"companyId: no company with id {MISSING}"]),
    ]  # fmt: skip
    assert [each["companyId"] for each in rest.get("people").data] == [acme["id"]] * 2


def test_upsert_and_dry_run(rest: Rest) -> None:
    send(rest, "companies/import", CSV)
    text = "domainName.primaryLinkUrl,name\nhttps://acme.example,New\nhttps://z.example,Z\nhttps://z.example,Z2\n"
    for query, wanted in [("&dry_run=true", ['Acme, "Inc"', "Ünï"]), ("", ["New", "Z2", "Ünï"])]:
        assert counts(send(rest, f"companies/import?upsert=true{query}", text)) == (3, 1, 2, 0, False)
        assert names(rest) == wanted
    again = send(rest, "companies/import?dry_run=true&on_error=continue", text)
    assert counts(again) == (3, 0, 0, 3, False)


def test_each_batch_is_written_or_not(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    text = "name,employees\nA,1\nB,2\nC,3\nD,x\nE,5\n"
    stopped = send(rest, "companies/import", text)
    assert counts(stopped) == (4, 2, 0, 1, True)
    assert [(each["line"], each["messages"]) for each in stopped.data["errors"]] == [
        (5, ["Invalid number value 'x' for field \"employees\""])
    ]
    assert names(rest) == ["A", "B"]
    assert counts(send(rest, "companies/import?on_error=continue", text)) == (5, 4, 0, 1, False)
    assert names(rest) == ["A", "A", "B", "B", "C", "E"]


@pytest.mark.parametrize(
    ("header", "message", "hint"),
    [
        ("nmae", 'Unknown column "nmae"', 'Did you mean "name"?'),
        ("name,people", 'Unknown column "people"', None),
        ("name,name", 'The column "name" stands twice in the header', None),
        ("", "The file is empty; its first line must name the columns", None),
    ],
)
def test_bad_headers(rest: Rest, header: str, message: str, hint: str | None) -> None:
    answer = send(rest, "companies/import", f"{header}\nx\n")
    assert (answer.status, answer.message, answer.body.get("hint")) == (400, message, hint)
    assert rest.get("companies").data == []


def test_lines_that_cannot_be_read(rest: Rest) -> None:
    answer = send(rest, "companies/import?on_error=continue", b'name,employees\nA,1,2\nB,"1\n2"\nC,3\n')
    assert [(each["line"], each["messages"]) for each in report(answer)["errors"]] == [
        (2, ["3 cells where the header has 2"]),
        (3, ["Invalid number value '1\n2' for field \"employees\""]),
    ]
    assert names(rest) == ["C"]
    broken = send(rest, "companies/import?on_error=continue", b'name\nD\n"E\n')
    assert counts(broken) == (2, 1, 0, 1, True)
    assert counts(send(rest, "companies/import?on_error=continue", b"name\nF\xff\n")) == (1, 0, 0, 1, True)
    lines = send(rest, "companies/import?on_error=continue", b'{"name":\n[1]\n{"name":"G"}\n', "application/x-ndjson")
    assert counts(lines) == (3, 1, 0, 2, False)
    assert names(rest) == ["C", "D", "G"]


class Broken(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size) or self.fail()

    def fail(self) -> bytes:
        raise UnreadablePostError("gone")


@pytest.mark.parametrize("source", [BytesIO, Broken])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_body_that_is_cut_off_is_not_the_whole_file(source: type[BytesIO], form: str) -> None:
    column = {"name": Column(("name",), str)}
    body = buffered(Body(source(b"name\nA\nB" if form == "csv" else b'{"name":"A"}\n{"name":"B"}'), 100))
    *good, last = read_csv(body, column) if form == "csv" else read_json_lines(body)
    assert [row.record for row in good] == [{"name": "A"}]
    assert last.is_last and last.fault is not None
    assert last.fault.message == "The body ended before all of it had arrived"


def test_bodies_may_be_larger_than_of_other_routes_but_not_endless(rest: Rest, settings: Any) -> None:
    settings.MAX_BODY_BYTES = 1000
    text = "name\n" + "".join(f"Company {n:06}\n" for n in range(200))
    assert counts(send(rest, "companies/import", text)) == (200, 200, 0, 0, False)
    long = send(rest, "companies/import?on_error=continue", "name\n" + "x" * 5000 + "\nB\n")
    assert counts(long) == (1, 0, 0, 1, True)
    settings.MAX_IMPORT_BYTES = 2000
    assert send(rest, "companies/import", text).status == 413


def test_what_is_refused(rest: Rest, anonymous: Rest) -> None:
    assert send(rest, "companies/import", "name\nA\n", "application/json").message == (
        "The format of the file is not known"
    )
    assert rest.get("companies/import").status == 405
    assert send(anonymous, "companies/import", "name\nA\n").status == 403
    assert rest.request("POST", "companies/import", b"name\nA\n", Content_Type="text/csv",
                        Idempotency_Key="k").status == 400  # fmt: skip
    assert rest.get("companies").data == []


# There and back --------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    [",", '"', "\r\n", "\n", "\r", ' "a",', "=1+1", "'", "\ufeff", "é\u0301", "true", "12", "[]"]
)
RECORD = st.fixed_dictionaries(
    {},
    optional={
        "text": TEXT,
        "number": st.integers(-(2**40), 2**40) | st.floats(-1e9, 1e9).map(lambda value: round(value, 3)),
        "yes": st.booleans(),
        "day": st.dates().map(str),
        "words": st.lists(TEXT, max_size=3),
        "json": st.dictionaries(TEXT, st.none() | TEXT | st.integers(-9, 9), max_size=3),
        "fullName": st.fixed_dictionaries({"firstName": TEXT, "lastName": TEXT}),
        "price": st.fixed_dictionaries({"amountMicros": st.integers(0, 10**15), "currencyCode": st.just("EUR")}),
    },
)
THINGS = {
    "nameSingular": "thing",
    "namePlural": "things",
    "fields": [
        {"type": "TEXT", "name": "text"},
        {"type": "NUMBER", "name": "number", "settings": {"dataType": "float", "decimals": 3}},
        {"type": "BOOLEAN", "name": "yes", "defaultValue": None, "isNullable": True},
        {"type": "DATE", "name": "day"},
        {"type": "ARRAY", "name": "words"},
        {"type": "RAW_JSON", "name": "json"},
        {"type": "FULL_NAME", "name": "fullName"},
        {"type": "CURRENCY", "name": "price"},
    ],
}
MANAGED = {"updatedAt", "updatedBy", "updatedBy.source", "updatedBy.workspaceMemberId", "updatedBy.name", "updatedBy.context"}  # fmt: skip


def exported(rest: Rest, form: str) -> str:
    return str(rest.get(f"things/export?format={form}").content.decode())


def rows(text: str, form: str) -> list[dict[str, Any]]:
    # JSON Lines end with "\n" alone; str.splitlines would also split at U+2028 inside a text.
    read = csv.DictReader(StringIO(text, newline="")) if form == "csv" else map(json.loads, text.split("\n")[:-1])
    return [{key: value for key, value in row.items() if key not in MANAGED} for row in read]


@pytest.fixture
def pair(db: None) -> tuple[Rest, Rest]:
    first, second = (Rest(key_of(workspace_with([THINGS], name=name))) for name in ("One", "Two"))
    return first, second


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(RECORD, min_size=1, max_size=5))
def test_a_file_brings_everything_into_another_workspace(
    pair: tuple[Rest, Rest], form: str, records: list[dict[str, Any]]
) -> None:
    first, second = pair
    for each in pair:
        each.delete("things?filter=id[is]:NOT_NULL")
    assert first.post("batch/things", records).status == 201
    text = exported(first, form)
    answer = send(second, f"things/import?format={form}", text)
    assert report(answer)["created"] == len(records), answer.body
    assert rows(exported(second, form), form) == rows(text, form)


EVERY_TYPE = [
    each
    for each in field_types()
    if each.creation_refusal is None and not each.is_relation and each.is_writable and each.has_sendable_example
]
KINDS: dict[str, FieldType] = {f"some{each.name.title().replace('_', '')}": each for each in EVERY_TYPE}
ALL_KINDS = {
    "nameSingular": "thing",
    "namePlural": "things",
    "fields": [
        {
            "type": each.name,
            "name": name,
            **({"settings": each.samples.settings} if each.samples.settings else {}),
            **({"options": each.samples.options} if each.samples.options else {}),
        }
        for name, each in KINDS.items()
    ],
}
SAMPLES = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([given for given, _ in each.samples.good]) for name, each in KINDS.items()}
)


@pytest.fixture
def pair_of_all_kinds(db: None) -> tuple[Rest, Rest]:
    first, second = (Rest(key_of(workspace_with([ALL_KINDS], name=name))) for name in ("One", "Two"))
    return first, second


@pytest.mark.parametrize("query", ["format=csv", "format=csv&separator=semicolon&safe=true", "format=jsonl"])
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(SAMPLES, min_size=1, max_size=6))
def test_every_field_type_comes_back_from_a_file(
    pair_of_all_kinds: tuple[Rest, Rest], query: str, records: list[dict[str, Any]]
) -> None:
    first, second = pair_of_all_kinds
    for each in pair_of_all_kinds:
        each.delete("things?filter=id[is]:NOT_NULL")
    made = first.post("batch/things", records)
    assert made.status == 201, made.body
    text = first.get(f"things/export?{query}").content.decode()
    answer = send(second, f"things/import?{query.replace('separator=semicolon', '')}", text)
    assert report(answer)["created"] == len(records), answer.body
    wanted, found = ({each["id"]: each for each in rest.get("things").data} for rest in pair_of_all_kinds)
    for record in (*wanted.values(), *found.values()):
        del record["updatedAt"], record["updatedBy"]
    assert found == wanted


# The command -----------------------------------------------------------------------------------------


def test_the_command(workspace: Workspace, rest: Rest, tmp_path: Any) -> None:
    file, copy = tmp_path / "in.csv", tmp_path / "out.jsonl"
    file.write_text(CSV, newline="")
    out = StringIO()
    arguments = ["--workspace", str(workspace.id), "--object", "company"]
    call_command("records", "import", str(file), *arguments, "--upsert", "--dry-run", stdout=out)
    assert rest.get("companies").data == []
    call_command("records", "import", str(file), *arguments, stdout=out)
    call_command("records", "export", str(copy), *arguments, stdout=out)
    assert out.getvalue().splitlines()[:2] == ["2 read, 2 created, 0 updated, 0 failed"] * 2
    assert len(copy.read_text().splitlines()) == 2 and not (tmp_path / "out.jsonl.part").exists()
    with pytest.raises(CommandError, match="Stopped: 2 read, 0 created, 0 updated, 2 failed"):
        call_command("records", "import", str(file), *arguments, stdout=out, stderr=StringIO())
    with pytest.raises(CommandError, match="object 'compny' not found"):
        call_command("records", "export", str(copy), *arguments[:2], "--object", "compny")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_the_command_shows_how_far_it_is_on_a_terminal(workspace: Workspace, tmp_path: Any) -> None:
    file, copy = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text("name\n" + "Acme\n" * 600)
    out = Terminal()
    arguments = ["--workspace", str(workspace.id), "--object", "company"]
    call_command("records", "import", str(file), *arguments, stdout=out)
    progress = "\r[#########################-----]  83% 500 read, 0 failed\x1b[K"
    progress += "\r[##############################] 100% 600 read, 0 failed\x1b[K"
    assert out.getvalue() == f"{progress}\n600 read, 600 created, 0 updated, 0 failed\n"
    out = Terminal()
    call_command("records", "export", str(copy), *arguments, stdout=out)
    assert [text.partition("]")[2][:5].strip() for text in out.getvalue().split("\r")[1:]] == [
        "17%",
        "33%",
        "50%",
        "67%",
        "83%",
        "100%",
    ]


def test_paths_of_batches_are_no_files(rest: Rest) -> None:
    """`import` may be the name of an object."""
    assert rest.post("batch/import", []).message == "object 'import' not found. eg: companies"


def test_a_line_that_is_no_object_is_an_error_of_that_line(rest: Rest) -> None:
    lines = '[1]\n{"name": {"firstName": "Ada"}}\n"avatarFile"\n7\ntrue\nnull\n[["avatarFile"]]\n'
    answer = report(send(rest, "people/import?format=jsonl&on_error=continue", lines))
    assert (answer["read"], answer["created"], answer["failed"]) == (7, 1, 6)
    assert [(each["line"], each["messages"]) for each in answer["errors"]] == [
        (line, [f"Invalid object value {shown}: a record must be an object"])
        for line, shown in (
            (1, "[ 1 ]"),
            (3, "'avatarFile'"),
            (4, "7"),
            (5, "true"),
            (6, "null"),
            (7, "[ [ 'avatarFile' ] ]"),
        )
    ]


def test_a_line_that_is_no_object_ends_an_import_that_does_not_go_on(rest: Rest) -> None:
    before = rest.get("people").body["totalCount"]
    answer = send(rest, "people/import?format=jsonl", '{"name": {"firstName": "Ada"}}\n[1]\n')
    assert counts(answer) == (2, 0, 0, 1, True)
    assert rest.get("people").body["totalCount"] == before
