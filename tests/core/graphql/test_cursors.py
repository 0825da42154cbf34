"""Pages behind cursors when the order is by the parts of a composite, has nulls, or is another one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.core.graphql.conftest import without_samples
from tests.factories import Api

pytestmark = pytest.mark.django_db

NAMES = (("Bob", "Williams"), ("Alice", "Smith"), ("Charlie", "Davis"), ("Alice", "Brown"), ("Bob", "Johnson"))
ASCENDING = [{"name": {"firstName": "AscNullsFirst", "lastName": "AscNullsFirst"}}]
DESCENDING = [{"name": {"firstName": "DescNullsLast", "lastName": "DescNullsLast"}}]
TEXT = """query ($first: Int, $last: Int, $after: String, $before: String, $o: X, $offset: Int) {
  people(first: $first, last: $last, after: $after, before: $before, orderBy: $o, offset: $offset) {
    edges { cursor node { name { firstName lastName } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


@pytest.fixture(scope="module")
def people(uncommitted: None) -> Api:
    api = without_samples()
    data = [{"name": {"firstName": first, "lastName": last}} for first, last in NAMES]
    api.data("mutation ($d: X) { createPeople(data: $d) { id } }", {"d": data})
    return api


def page(api: Api, **arguments: Any) -> tuple[list[str], dict[str, Any]]:
    found = api.data(TEXT, arguments)["people"]
    names = [" ".join(filter(None, edge["node"]["name"].values())) for edge in found["edges"]]
    return names, found["pageInfo"]


def test_three_pages_forwards(people: Api) -> None:
    first, info = page(people, first=2, o=ASCENDING)
    assert (first, info["hasNextPage"], info["hasPreviousPage"]) == (["Alice Brown", "Alice Smith"], True, False)
    second, info = page(people, first=2, o=ASCENDING, after=info["endCursor"])
    assert (second, info["hasNextPage"], info["hasPreviousPage"]) == (["Bob Johnson", "Bob Williams"], True, True)
    third, info = page(people, first=2, o=ASCENDING, after=info["endCursor"])
    assert (third, info["hasNextPage"], info["hasPreviousPage"]) == (["Charlie Davis"], False, True)


def test_pages_in_descending_order(people: Api) -> None:
    first, info = page(people, first=2, o=DESCENDING)
    assert first == ["Charlie Davis", "Bob Williams"]
    assert page(people, first=2, o=DESCENDING, after=info["endCursor"])[0] == ["Bob Johnson", "Alice Smith"]


def test_the_last_ones_before_the_end(people: Api) -> None:
    _, info = page(people, first=5, o=ASCENDING)
    before, info = page(people, last=2, o=ASCENDING, before=info["endCursor"])
    assert (before, info["hasNextPage"], info["hasPreviousPage"]) == (["Bob Johnson", "Bob Williams"], True, True)


def test_last_alone_gives_the_first_ones(people: Api) -> None:
    assert page(people, last=2, o=ASCENDING)[0] == ["Alice Brown", "Alice Smith"]


def test_the_cursor_holds_every_key_and_the_id_in_this_order(people: Api) -> None:
    _, info = page(people, first=1, o=ASCENDING)
    content = json.loads(base64.b64decode(info["endCursor"]))
    assert list(content) == ["name", "id"]
    assert content["name"] == {"firstName": "Alice", "lastName": "Brown"}
    _, info = page(people, first=1)
    assert list(json.loads(base64.b64decode(info["endCursor"]))) == ["id"]


def test_a_cursor_made_by_hand_in_any_key_order_or_with_dotted_keys(people: Api) -> None:
    record_id = "00000000-0000-4000-8000-000000000000"

    def names(content: dict[str, Any]) -> list[str]:
        cursor = base64.b64encode(json.dumps(content).encode()).decode()
        return page(people, first=1, o=ASCENDING, after=cursor)[0]

    assert names({"id": record_id, "name": {"lastName": "Smith", "firstName": "Alice"}}) == ["Alice Smith"]
    assert names({"name.firstName": "Bob", "name.lastName": "A", "id": record_id}) == ["Bob Johnson"]


@pytest.mark.parametrize("place", ["First", "Last"])
@pytest.mark.parametrize("direction", ["Asc", "Desc"])
def test_nulls_are_neither_skipped_nor_repeated(people: Api, direction: str, place: str) -> None:
    data = [{"name": {"firstName": "Zoe"}}, {"name": {"lastName": "Zed"}}, {}]
    people.data("mutation ($d: X) { createPeople(data: $d) { id } }", {"d": data})
    way = f"{direction}Nulls{place}"
    order = [{"name": {"firstName": way, "lastName": way}}]
    whole, _ = page(people, first=20, o=order)
    assert len(whole) == 8
    walked: list[str] = []
    info: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    while info["hasNextPage"]:
        names, info = page(people, first=1, o=order, after=info["endCursor"])
        walked += names
    assert walked == whole
    back: list[str] = []
    _, info = page(people, first=20, o=order)
    cursor = info["endCursor"]
    while info["hasPreviousPage"] or not back:
        names, info = page(people, last=3, o=order, before=cursor)
        back = names + back
        cursor = info["startCursor"]
    assert back == whole[:-1]


@pytest.mark.parametrize(
    ("arguments", "message", "sub_code"),
    [
        ({"first": 1, "last": 1}, "Cannot provide both first and last", "ARGS_CONFLICT"),
        ({"before": "a", "after": "b"}, "Cannot provide both before and after", "ARGS_CONFLICT"),
        ({"before": "a", "first": 1}, "Cannot provide both before and first", "ARGS_CONFLICT"),
        ({"after": "a", "last": 1}, "Cannot provide both after and last", "ARGS_CONFLICT"),
        ({"first": -1}, "First argument must be non-negative", "INVALID_ARGS_FIRST"),
        ({"last": -1}, "Last argument must be non-negative", "INVALID_ARGS_LAST"),
        ({"after": "!"}, "Invalid cursor: !", "INVALID_CURSOR"),
        ({"after": "!" * 5000}, f"Invalid cursor: {'!' * 64}…", "INVALID_CURSOR"),
        ({"after": "eyJhIjo="}, "Invalid cursor: eyJhIjo=", "INVALID_CURSOR"),
        ({"after": "eyJpZCI6IngifQ=="}, "Invalid cursor: eyJpZCI6IngifQ==", "INVALID_CURSOR"),
        (
            {"after": "eyJpZCI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMCJ9", "o": ASCENDING},
            'Cursor is missing the value for orderBy field "name.firstName": it was encoded for a different orderBy.'
            " Restart pagination without a cursor.",
            "INVALID_CURSOR",
        ),
    ],
)
def test_pages_refused(people: Api, arguments: dict[str, Any], message: str, sub_code: str) -> None:
    answer = people.graphql(TEXT, arguments)
    assert answer.body["data"] == {"people": None}
    [error] = answer.body["errors"]
    assert (error["message"], error["extensions"]["subCode"]) == (message, sub_code)


def test_orders_refused(people: Api) -> None:
    directions = "AscNullsFirst, AscNullsLast, DescNullsFirst, DescNullsLast"
    cases = [
        ({"foo": "AscNullsLast"}, 'Field "foo" does not exist or is not sortable', "FIELD_NOT_FOUND"),
        ({"company": {"foo": "AscNullsLast"}}, 'Nested field "foo" not found in target object "company"', "FIELD_NOT_FOUND"),
        ({"company": "AscNullsLast"}, "Relation field \"company\" requires nested field ordering (e.g., { company: { fieldName: 'AscNullsFirst' } })", "INVALID_QUERY_INPUT"),
        ({"name": "AscNullsLast"}, "Composite field \"name\" requires subfield ordering (e.g., { name: { subFieldName: 'AscNullsFirst' } })", "INVALID_QUERY_INPUT"),
        ({"position": "up"}, f'Scalar field "position" requires a direction value ({directions})', "INVALID_QUERY_INPUT"),
        ({"name": {"foo": "AscNullsLast"}}, 'Sub field "foo" not found for composite field "name"', "INVALID_QUERY_INPUT"),
        ({"name": {"firstName": "up"}}, f'Composite sub field "name.firstName" requires a direction value ({directions})', "INVALID_QUERY_INPUT"),
        ({"company": {"address": "AscNullsLast"}}, 'Composite field "company.address" requires one of its sub fields to be ordered', "INVALID_QUERY_INPUT"),
        ({"company": {"accountOwner": {"id": "AscNullsLast"}}}, 'Field "company.accountOwner" does not support nested ordering', "INVALID_QUERY_INPUT"),
        ({"taskTargets": {"id": "AscNullsLast"}}, "Cannot filter or order through taskTargets: only to-one relations are supported", "INVALID_QUERY_INPUT"),
    ]  # fmt: skip
    answered = []
    for order, _, _ in cases:
        [error] = people.graphql(TEXT, {"o": [order]}).body["errors"]
        answered.append((order, error["message"], error["extensions"]["subCode"]))
    assert answered == cases
