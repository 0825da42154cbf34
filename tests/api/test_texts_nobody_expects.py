"""Texts with characters that nobody sees, that turn what follows, or that no text can hold, in every text of every type.

The types are those of the registry, and the texts are found inside the values that the models of clients are held
against. What is accepted is read back as it was sent, over both APIs; all else is refused with 400 and writes nothing.
"""

from __future__ import annotations

import copy
import json
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest

from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.emails import canonical_email
from metadata.models import Workspace
from tests.factories import Api, api_of
from tests.openapi.model import VALUES, creatable, model_workspace, name_of

pytestmark = pytest.mark.django_db

CHARACTERS = {
    "NUL": "\0",
    "half of a pair": "\ud800",
    "the other half": "\udfff",
    "halves in the wrong order": "\udc00\ud800",
    "right to left": "\u202e",
    "embedding": "\u202a",
    "isolate": "\u2066",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "Hangul filler": "\u3164",
    "empty braille": "\u2800",
    "variation selector": "\ufe0f",
    "tag": "\U000e0041",
    "noncharacter": "\uffff",
    "last code point": "\U0010ffff",
    "private use": "\ue000",
    "control": "\x01",
    "delete": "\x7f",
    "next line": "\x85",
    "line separator": "\u2028",
    "combining": "e\u0301\u0301",
}
IMPOSSIBLE = {"NUL", "half of a pair", "the other half", "halves in the wrong order"}  # no PostgreSQL text has them
SELECTIONS = {  # of composites, what was sent; types of one scalar need none
    each.name: "{ " + " ".join(VALUES[each.name]) + " }"
    for each in creatable()
    if isinstance(VALUES[each.name], dict) and each.subfields
} | {each.name: "{ fileId label }" for each in creatable() if each.holds_files}
# Written in one form, whatever was sent: by type and part, what the form makes of a text and what stands behind it.
FORMS: Mapping[tuple[str, Any], Callable[[str, str], str]] = {
    ("PHONES", "primaryPhoneNumber"): lambda text, _: text,  # digits; numbers are copied with marks around them
    ("PHONES", "number"): lambda text, _: text,
    ("EMAILS", "primaryEmail"): lambda text, character: canonical_email(text + character) or "",
    ("EMAILS", 0): lambda text, character: canonical_email(text + character) or "",
}
CREATE = "mutation ($d: GadgetCreateInput!) { createGadget(data: $d) { id } }"
UPDATE = "mutation ($id: UUID!, $d: GadgetUpdateInput!) { updateGadget(id: $id, data: $d) { id } }"


@pytest.fixture(scope="module")
def workspace(uncommitted: None) -> Workspace:
    return model_workspace()


@pytest.fixture(scope="module")
def api(workspace: Workspace) -> Api:
    return api_of(workspace)


@pytest.fixture(scope="module")
def file_id(api: Api) -> str:
    return api.uploaded("gadget.myFiles", "plan.txt")


def texts_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of the texts in a value."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from texts_in(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from texts_in(each, (*path, number))


def put(value: Any, path: tuple[Any, ...], text: str) -> Any:
    if not path:
        return text
    changed = copy.deepcopy(value)
    inner = changed
    for each in path[:-1]:
        inner = inner[each]
    inner[path[-1]] = text
    return changed


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for each in path:
        value = value[each]
    return value


@pytest.mark.parametrize("type_", list(creatable()), ids=lambda each: each.name)
def test_a_text_is_kept_as_it_is_or_refused(api: Api, file_id: str, type_: FieldType) -> None:
    name = name_of(type_.name)
    value = [{"fileId": file_id, "label": "plan.txt"}] if type_.holds_files else VALUES[type_.name]
    places = list(texts_in(value))
    kept = api.post("/rest/gadgets", {"name": "Kept", name: value}).body["data"]["createGadget"]
    for number, (kind, character) in enumerate(CHARACTERS.items()):
        # What no text can hold in every place, the others in one after the other.
        for place in places if kind in IMPOSSIBLE else [places[number % len(places)]] if places else []:
            changed = put(value, place, at(value, place) + character)
            where = (type_.name, place, kind)
            rest = api.post("/rest/gadgets", {name: changed})
            graphql = api.graphql(CREATE, {"d": {name: changed}})
            is_taken = rest.status == 201
            assert is_taken == (graphql.body.get("errors") is None), (where, rest.body, graphql.body)
            if not is_taken:
                refused(api, where, rest, graphql)
                refused(
                    api,
                    where,
                    api.patch(f"/rest/gadgets/{kept['id']}", {name: changed}),
                    api.graphql(UPDATE, {"id": kept["id"], "d": {name: changed}}),
                )
                continue
            assert kind not in IMPOSSIBLE, (where, rest.body)
            ids = [rest.body["data"]["createGadget"]["id"], graphql.body["data"]["createGadget"]["id"]]
            for id in ids:
                found = api.get(f"/rest/gadgets/{id}").body["data"]["gadget"]
                query = f"query ($i: UUID!) {{ gadget(filter: {{id: {{eq: $i}}}}) {{ {name} {SELECTIONS.get(type_.name, '')} }} }}"
                also = api.data(query, {"i": id})["gadget"]
                form = FORMS.get((type_.name, place[-1] if place else None), operator.add)
                for each in (found, also):
                    assert at(each[name], place) == form(at(value, place), character), (where, each)
            found_by(api, type_, name, place, form(at(value, place), character), ids, kept["id"])
            for id in ids:
                assert api.delete(f"/rest/gadgets/{id}").status == 200
    [left] = api.records("/rest/gadgets")
    assert {**left, "updatedAt": None} == {**kept, "updatedAt": None} or type_.holds_files


def refused(api: Api, where: Any, rest: Any, graphql: Any) -> None:
    assert (rest.status, len(rest.body["messages"])) == (400, 1), (where, rest.body)
    [error] = graphql.body["errors"]
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"), (where, error)
    assert error["message"] == rest.body["messages"][0] or graphql.status == 400, (where, error, rest.body)


def found_by(
    api: Api, type_: FieldType, name: str, place: tuple[Any, ...], text: str, ids: list[str], kept: str
) -> None:
    """What is kept can be asked for, where the type has `eq` for it, and nothing else is found."""
    if place == () and "eq" in type_.operators:
        path, inner = name, {name: {"eq": text}}
    elif len(place) == 1 and place[0] in type_.subfields and "eq" in type_.subfields[place[0]].operators:
        path, inner = f"{name}.{place[0]}", {name: {place[0]: {"eq": text}}}
    else:
        return
    answer = api.data("query ($f: GadgetFilterInput) { gadgets(filter: $f) { edges { node { id } } } }", {"f": inner})
    others = {kept}  # which has the text without the character, and the same form of it
    assert {each["node"]["id"] for each in answer["gadgets"]["edges"]} - others == set(ids), (path, text)
    quoted = quote('"' + text.replace('"', '""') + '"')
    assert {each["id"] for each in api.records(f"/rest/gadgets?filter={path}[eq]:{quoted}")} - others == set(ids), path


def test_names_of_members_of_json_are_texts_too(api: Api) -> None:
    for kind, character in CHARACTERS.items():
        value = {"a" + character: [{character + "b": 1}]}
        answer = api.post("/rest/gadgets", {"myRawJson": value})
        if kind in IMPOSSIBLE:
            assert answer.status == 400, (kind, answer.body)
            assert api.graphql(CREATE, {"d": {"myRawJson": value}}).body["errors"]
        else:
            id = answer.body["data"]["createGadget"]["id"]
            assert api.get(f"/rest/gadgets/{id}").body["data"]["gadget"]["myRawJson"] == value, kind
            query = f'{{ gadget(filter: {{id: {{eq: "{id}"}}}}) {{ myRawJson }} }}'
            assert api.data(query)["gadget"]["myRawJson"] == value, kind


@pytest.mark.parametrize("kind", CHARACTERS)
def test_imports_keep_or_refuse_the_same(api: Api, kind: str) -> None:
    """In a column of texts, a list and JSON; a line that is refused names the line, and only that one is not done."""
    text = "a" + CHARACTERS[kind] + "b"
    headers = {"Authorization": f"Bearer {api.token}"}
    rows = [{"name": "Before"}, {"name": "Odd", "myText": text, "myArray": [text]}, {"name": "After"}]
    lines = "\n".join(map(json.dumps, rows)).encode()
    cell = '"' + text + '"'
    csv = f"name,myText\nBefore,\nOdd,{cell}\nAfter,\n".encode("utf-8", "surrogatepass")
    for form, media, body in (("jsonl", "application/x-ndjson", lines), ("csv", "text/csv", csv)):
        path = f"/rest/gadgets/import?format={form}&on_error=continue"
        answer = api.client.generic("POST", path, body, media, headers=headers)
        report = answer.json()["data"]["import"]
        assert answer.status_code == 200, answer.content
        if form == "csv" and kind in IMPOSSIBLE - {"NUL"}:  # what stands behind it cannot be told from it
            assert (report["created"], report["stopped"]) == (1, True), report
            assert report["errors"] == [{"line": 3, "messages": ["Not UTF-8"], "code": "INVALID_QUERY_INPUT"}]
        else:
            assert (report["created"], report["failed"]) == ((2, 1) if kind in IMPOSSIBLE else (3, 0)), report
            assert [each["line"] for each in report["errors"]] == [3 if form == "csv" else 2] * (kind in IMPOSSIBLE)
        found = api.records('/rest/gadgets?filter=name[eq]:"Odd"')
        assert [each["myText"] for each in found] == ([] if kind in IMPOSSIBLE else [text])
        if found and form == "jsonl":
            assert found[0]["myArray"] == [text]
        for each in api.records("/rest/gadgets"):
            assert api.delete(f"/rest/gadgets/{each['id']}").status == 200
