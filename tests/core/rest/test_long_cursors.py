"""Pages ordered by long values: the cursor stays short, and no record is left out."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.api_client import Answer
from tests.core.rest.conftest import Rest
from tests.factories import key_of, workspace_with

LONG = "Long " * 10_000
THING = {
    "nameSingular": "thing",
    "namePlural": "things",
    "fields": [
        {"type": "TEXT", "name": "text"},
        {"type": "ARRAY", "name": "words"},
        {"type": "NUMBER", "name": "size"},
    ],
}
ORDERS = (
    "text[AscNullsLast]", "text[DescNullsFirst]", "words[AscNullsFirst]", "name,text[DescNullsLast],words", "id,text",
)  # fmt: skip


@pytest.fixture
def things(db: None) -> Rest:
    rest = Rest(key_of(workspace_with([THING])))
    batch = [{"name": end, "text": LONG + end, "words": [LONG, end]} for end in "dacb"]
    assert rest.post("batch/things", [*batch, {"name": "none"}]).status == 201
    return rest


def page(rest: Rest, order: str, **more: str) -> Answer:
    answer = rest.get(f"things?fields=name&order_by={order}" + "".join(f"&{k}={quote(v)}" for k, v in more.items()))
    assert answer.status == 200, answer.body
    return answer


def names(answer: Answer) -> list[str]:
    return [each["name"] for each in answer.data]


def walked(rest: Rest, order: str) -> list[str]:
    answer = page(rest, order, limit="1")
    seen = names(answer)
    while answer.body["pageInfo"]["hasNextPage"]:
        cursor = answer.body["pageInfo"]["endCursor"]
        assert len(cursor) < 2_500
        answer = page(rest, order, limit="1", starting_after=cursor)
        seen += names(answer)
        assert len(seen) <= 5
    return seen


@pytest.mark.parametrize("order", ORDERS)
def test_every_record_comes_once(things: Rest, order: str) -> None:
    assert walked(things, order) == names(page(things, order))
    assert sorted(walked(things, order)) == ["a", "b", "c", "d", "none"]


def test_a_short_value_stands_in_the_cursor_as_it_is(things: Rest) -> None:
    things.delete("things?filter=id[is]:NOT_NULL")
    longest = "a" * 1_498  # 1,500 bytes with its quotes
    things.post("batch/things", [{"text": longest}, {"text": longest + "b"}])
    contents = []
    for size in ("1", "2"):
        cursor = page(things, "text", limit=size).body["pageInfo"]["endCursor"]
        contents.append(json.loads(base64.b64decode(cursor))["text"])
    digest = hashlib.md5(f"{longest}b".encode(), usedforsecurity=False).hexdigest()
    assert contents == [longest, {"startsWith": "a" * 125, "md5": digest}]


def test_a_cursor_with_the_whole_value_still_works(things: Rest) -> None:
    texts = [LONG[:20_000] + end for end in "ab"]
    made = things.post("batch/things", [{"name": text[-1], "text": text} for text in texts]).data
    cursor = base64.b64encode(json.dumps({"text": texts[0], "id": made[0]["id"]}).encode()).decode()
    assert names(page(things, "text[AscNullsLast]", starting_after=cursor)) == ["b", "a", "b", "c", "d", "none"]


@pytest.mark.parametrize("change", ["soft delete", "another value", "destroy"])
@pytest.mark.parametrize("direction", ["Asc", "Desc"])
def test_what_happens_to_the_record_of_a_cursor_loses_no_other(things: Rest, change: str, direction: str) -> None:
    order = f"text[{direction}NullsLast]"
    cursor = page(things, order, limit="2").body["pageInfo"]["endCursor"]
    b_or_c = names(page(things, order))[1]
    [record] = things.get(f"things?filter=name[eq]:{b_or_c}").data
    if change == "another value":
        assert things.patch(f"things/{record['id']}", {"text": "Aaa"}).status == 200
    else:
        assert things.delete(f"things/{record['id']}?soft_delete={str(change == 'soft delete').lower()}").status == 200
    rest_of_them = names(page(things, order, starting_after=cursor))
    behind = [name for name in "abcd" if (name > b_or_c if direction == "Asc" else name < b_or_c)]
    assert {*behind, "none"} <= set(rest_of_them)
    if change == "soft delete":
        assert sorted(rest_of_them) == sorted([*behind, "none"])
    before = names(page(things, order, ending_before=cursor))
    assert {name for name in "abcd" if name != b_or_c} - set(behind) <= set(before)


HOSTILE: tuple[Any, ...] = (
    {},
    {"startsWith": "a"},
    {"startsWith": "", "md5": "x"},
    {"startsWith": 1, "md5": "x"},
    {"startsWith": "a\0", "md5": "x"},
    {"startsWith": ["a"], "md5": {}},
)


NUMBERS = [
    {"startsWith": start, "md5": "x", "digits": digits}
    for start, digits in (
        *(("1", each) for each in (-1, 10**9, "1", None, True)),
        *((each, 1) for each in ("NaN", "Infinity", "1e99999", "x", "", "--1", "1.1.1", "١")),
    )
]


def test_a_made_up_value_is_refused(things: Rest) -> None:
    asked = [(key, value) for key in ("text", "size", "createdAt") for value in HOSTILE]
    for key, value in [*asked, *(("size", number) for number in NUMBERS)]:
        content = {key: value, "id": "00000000-0000-4000-8000-000000000000"}
        cursor = base64.b64encode(json.dumps(content).encode()).decode()
        answer = things.get(f"things?order_by={key}&starting_after={quote(cursor)}")
        assert (answer.status, answer.body["code"]) == (400, "INVALID_CURSOR"), content
