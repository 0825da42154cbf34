"""Imports of files as spreadsheets and people write them: separators, labels, lists in a cell, empty columns."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from itertools import product
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from metadata.models import Workspace
from tests.api_client import Answer
from tests.core.rest.conftest import Rest
from tests.factories import key_of, workspace_with

OPTIONS = [
    {"value": value, "label": label, "color": "red", "position": place}
    for place, (value, label) in enumerate(
        (("IN_PROGRESS", "In Progress"), ("DONE", "Done"), ("A", "Alpha"), ("B", "A"), ("Y2024", "2024"), ("AB", "a;b"),
         ("SMALL", "size"), ("BIG", "Size"))
    )
]  # fmt: skip
THING = {
    "nameSingular": "thing",
    "namePlural": "things",
    "fields": [
        {"type": "SELECT", "name": "state", "options": OPTIONS},
        {"type": "MULTI_SELECT", "name": "marks", "options": OPTIONS},
        {"type": "RATING", "name": "stars"},
        {"type": "ARRAY", "name": "words"},
        {"type": "CURRENCY", "name": "money"},
        {"type": "EMAILS", "name": "mails"},
        {"type": "NUMBER", "name": "size"},
        {"type": "TEXT", "name": "text"},
    ],
}


@pytest.fixture
def workspace(db: None) -> Workspace:
    return workspace_with([THING])


@pytest.fixture
def rest(workspace: Workspace) -> Rest:
    return Rest(key_of(workspace))


def send(rest: Rest, text: str, query: str = "") -> Answer:
    return rest.request("POST", f"things/import{query}", text.encode(), Content_Type="text/csv")


def created(rest: Rest, text: str, query: str = "") -> list[dict[str, Any]]:
    """The records that a file leaves, in its order; there are no others."""
    rest.delete("things?filter=id[is]:NOT_NULL")
    answer = send(rest, text, query)
    assert answer.status == 200, answer.body
    assert answer.data["errors"] == []
    found: list[dict[str, Any]] = rest.get("things?order_by=position[DescNullsLast]").data
    assert answer.data["created"] == len(found)
    return found


def test_the_separator_is_found_out(rest: Rest) -> None:
    for mark, end, start in product(",;\t", ("\n", "\r\n"), ("", "\ufeff", "sep={}\r\n", '\ufeff"sep={}"\n')):
        lines = [mark.join(("name", "text", "size")), mark.join(("a", '"x,y;z\t"', "1"))]
        [record] = created(rest, start.format(mark) + end.join(lines))
        assert (record["name"], record["text"], record["size"]) == ("a", "x,y;z\t", 1), (mark, end, start)


def test_one_column_needs_no_separator(rest: Rest) -> None:
    assert [each["text"] for each in created(rest, 'text\na;b\n\n"c,d"\n')] == ["a;b", "c,d"]


def test_the_separator_can_be_named(rest: Rest) -> None:
    named = {"semicolon": ";", ";": ";", "%3B": ";", "tab": "\t", "%09": "\t", "comma": ",", ",": ","}
    for name, mark in named.items():
        [record] = created(rest, f"name{mark}text\na{mark}b", f"?separator={name}")
        assert (record["name"], record["text"]) == ("a", "b"), name


def test_another_separator_than_the_one_named(rest: Rest) -> None:
    refused = send(rest, "name;text\na;b\n", "?separator=comma")
    assert (refused.status, refused.message) == (400, 'Unknown column "name;text"')
    unknown = send(rest, "name;text\na;b\n", "?separator=|")
    message = "'separator=|' parameter invalid. Allowed values are comma, semicolon, tab"
    assert (unknown.status, unknown.message) == (400, message)
    assert rest.get("things").data == []


def test_an_unknown_column_is_named_without_its_neighbours(rest: Rest) -> None:
    refused = send(rest, "nmae;text\na;b\n")
    assert (refused.status, refused.message, refused.body["hint"]) == (
        400, 'Unknown column "nmae"', 'Did you mean "name"?',
    )  # fmt: skip


@pytest.mark.parametrize("query", ["", "&separator=semicolon", "&separator=tab", "&separator=%3B&safe=true"])
def test_an_export_with_any_separator_is_imported_again(rest: Rest, query: str) -> None:
    made = {"name": "a;b\tc,d", "text": "=1;2", "words": ["x;y", "z,", "2024"], "marks": ["B", "A"], "state": "DONE"}
    record = rest.post("things", made).data
    text = rest.get(f"things/export?format=csv{query}").content.decode()
    mark = ";" if "semi" in query or "3B" in query else "\t" if "tab" in query else ","
    assert text.partition("\r\n")[0].startswith(f"id{mark}name{mark}")
    rest.delete("things?filter=id[is]:NOT_NULL")
    [again] = created(rest, text, f"?x{query.replace('&separator=tab', '')}")
    assert {**again, "updatedAt": "", "updatedBy": ""} == {**record, "updatedAt": "", "updatedBy": ""}


OPTION_CELLS = {
    "IN_PROGRESS": "IN_PROGRESS",
    "In Progress": "IN_PROGRESS",
    " in progress ": "IN_PROGRESS",
    "A": "A",  # a value goes before another option's label
    "alpha": "A",
    "2024": "Y2024",
    "size": "SMALL",
    "Size": "BIG",
    "a;b": "AB",
}


def test_an_option_by_its_value_or_label(rest: Rest) -> None:
    found = created(rest, "state,marks\n" + "".join(f'"{cell}","{cell}"\n' for cell in OPTION_CELLS))
    assert [each["state"] for each in found] == list(OPTION_CELLS.values())
    assert [each["marks"] for each in found] == [[value] for value in OPTION_CELLS.values()]


def test_a_rating_by_its_number(rest: Rest) -> None:
    assert [each["stars"] for each in created(rest, "stars\n3\nRATING_5\n")] == ["RATING_3", "RATING_5"]


def test_an_option_that_is_none_is_refused_by_name(rest: Rest) -> None:
    values = "IN_PROGRESS, DONE, A, B, Y2024, AB, SMALL, BIG"
    answer = send(rest, 'state,marks\nnever,\n,"Done,never"\n"SIZE",\n,null\n', "?on_error=continue")
    assert [(each["line"], each["messages"]) for each in answer.data["errors"]] == [
        (2, [f'Invalid value "never" for field "state". Valid values are: {values}']),
        (3, ["Invalid value 'never' for multi select field \"marks\""]),
        (4, [f'Invalid value "SIZE" for field "state". Valid values are: {values}']),  # two labels are alike
        (5, ["Invalid value 'null' for multi select field \"marks\""]),
    ]
    assert rest.get("things").data == []


MARKS = {
    '["A","B"]': ["A", "B"],
    '["Alpha", "done"]': ["A", "DONE"],
    "[2024]": ["Y2024"],
    "A,B": ["A", "B"],
    "Alpha, In Progress": ["A", "IN_PROGRESS"],
    "Alpha;Done": ["A", "DONE"],
    "a;b,Done": ["AB", "DONE"],
    "Alpha\nDone": ["A", "DONE"],
    "A,,A,": ["A"],
    "[]": [],
}


def column(name: str, cells: Iterable[str]) -> str:
    quoted = [cell.replace('"', '""') for cell in cells]
    return f"{name}\n" + "".join(f'"{cell}"\n' for cell in quoted)


def test_options_in_one_cell(rest: Rest) -> None:
    assert [each["marks"] for each in created(rest, column("marks", MARKS))] == list(MARKS.values())


WORDS = {
    "one": ["one"],
    "a,b": ["a", "b"],
    "a, b\nc": ["a", "b", "c"],
    "a;b": ["a;b"],
    '"x, y",z': ["x, y", "z"],
    '5" x, 6"': ['5" x', '6"'],
    '"a" b,c': ['"a" b', "c"],
    "2024": ["2024"],
    "1.50": ["1.50"],
    "true": ["true"],
    "null": ["null"],
    "2024,true,null": ["2024", "true", "null"],
    '["a", 2024, true]': ["a", "2024", "true"],
    '["null", "[x"]': ["null", "[x"],
    "[draft],final": ["[draft]", "final"],
    '{"a": 1}': ['{"a": 1}'],
    ",": [","],
}


def test_texts_in_one_cell(rest: Rest) -> None:
    assert [each["words"] for each in created(rest, column("words", WORDS))] == list(WORDS.values())


def test_null_inside_of_a_json_list_is_refused(rest: Rest) -> None:
    answer = send(rest, 'words\n"[""a"",null]"\n')
    assert answer.data["errors"][0]["messages"] == [
        "Invalid value [ 'a', null ] for field \"words - Array values need to be string\""
    ]
    assert rest.get("things").data == []


def test_addresses_in_one_cell(rest: Rest) -> None:
    [record] = created(rest, 'mails.primaryEmail,mails.additionalEmails\na@x.example,"b@x.example, c@x.example"\n')
    assert record["mails"] == {
        "primaryEmail": "a@x.example",
        "additionalEmails": ["b@x.example", "c@x.example"],
    }


def test_columns_without_a_name_at_the_end(rest: Rest) -> None:
    found = created(rest, "name,size,,\na,1,,\nb,2\nc,3,\n,,,\n\n")
    assert [(each["name"], each["size"]) for each in found] == [("a", 1), ("b", 2), ("c", 3)]


def test_a_cell_without_a_column_is_refused(rest: Rest) -> None:
    answer = send(rest, "name,size,,\na,1,,x\nb,2,,\nc\n", "?on_error=continue")
    assert [(each["line"], each["messages"]) for each in answer.data["errors"]] == [
        (2, ["4 cells where the header has 2"]),
        (4, ["1 cells where the header has 2"]),
    ]
    assert [each["name"] for each in rest.get("things").data] == ["b"]


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("name,money.amountMicros,money", "money.amountMicros"),
        ("money,name,money.currencyCode", "money.currencyCode"),
        ("money.amountMicros,money,money.currencyCode", "money.amountMicros"),
    ],
)
def test_a_part_beside_the_whole_is_refused(rest: Rest, header: str, part: str) -> None:
    cells = ",".join('"{""currencyCode"":""EUR""}"' if name == "money" else "5" for name in header.split(","))
    answer = send(rest, f"{header}\n{cells}\n", "?on_error=continue")
    assert (answer.status, answer.message) == (400, f'The column "{part}" is a part of the column "money"')
    assert answer.body["hint"] == "Give the field as a whole or in parts."
    assert rest.get("things").data == []


def test_a_cell_of_too_many_items_is_refused(rest: Rest) -> None:
    for name, item in (("marks", "A"), ("words", "a")):
        answer = send(rest, f'{name}\n"{",".join([item] * 1_001)}"\n')
        assert (answer.data["created"], answer.data["failed"]) == (0, 1), name
    created(rest, f'words\n"{",".join(["a"] * 1_000)}"\n')


def test_the_command_reads_the_same(workspace: Workspace, rest: Rest, tmp_path: Any) -> None:
    file, copy = tmp_path / "in.csv", tmp_path / "out.csv"
    arguments = ["--workspace", str(workspace.id), "--object", "thing"]
    file.write_text('name;state;marks;\na;In Progress;"Alpha,Done";\n')
    for more in ([], ["--separator", "semicolon"]):
        call_command("records", "import", str(file), *arguments, *more, stdout=StringIO())
    assert [(each["state"], each["marks"]) for each in rest.get("things").data] == [("IN_PROGRESS", ["A", "DONE"])] * 2
    with pytest.raises(CommandError, match='Unknown column "name;state;marks;"'):
        call_command("records", "import", str(file), *arguments, "--separator", "comma", stdout=StringIO())
    call_command("records", "export", str(copy), *arguments, "--separator", "tab", stdout=StringIO())
    assert copy.read_text().startswith("id\tname\t")
    rest.delete("things?filter=id[is]:NOT_NULL")
    call_command("records", "import", str(copy), *arguments, stdout=StringIO())
    assert len(rest.get("things").data) == 2
