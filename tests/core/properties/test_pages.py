"""Walking pages, whatever the data and the order: each record exactly once, in the order Python says."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.chance import examples
from tests.core.properties.conftest import stored
from tests.core.properties.oracle import Order, collections, in_order, orders
from tests.factories import Api

pytestmark = pytest.mark.long

WALK = settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
sizes = st.integers(1, 5)
# Numbers that no 64 bits hold, and that as floating-point ones would be equal:
BEYOND_64_BITS = [
    {"id": f"00000000-0000-4000-8000-00000000000{place}", "size": size}
    for place, size in enumerate((2**53 + 1, 10**30 + 1, 10**30 + 2, -(2**63) - 1, 0.1, 2**64 + 1))
]
# Values that no cursor may hold as they are, and that differ in their last character, or not at all:
LONG = [
    {
        "id": f"00000000-0000-4000-8000-0000000000{place:02}",
        "words": "Ž" * 3_000 + end,
        "owner": {"firstName": "\x01" * 3_000 + end, "lastName": end},
        "size": sign * (10**900 + place % 3),
    }
    for place, (end, sign) in enumerate((each, sign) for each in ("a", "B", "", "b", "\U0010ffff") for sign in (1, -1))
]
LONG_ORDERS = [
    [("words", "AscNullsFirst")],
    [("owner.firstName", "DescNullsLast"), ("words", "AscNullsLast"), ("size", "DescNullsFirst")],
    [("size", "AscNullsLast"), ("owner.firstName", "DescNullsFirst")],
]
LONGEST = 3_000  # characters of a cursor


@WALK
@given(data=collections, order=orders, size=sizes)
@example(data=BEYOND_64_BITS, order=[("size", "AscNullsLast")], size=1)
@example(data=LONG, order=LONG_ORDERS[0], size=1)
@example(data=LONG, order=LONG_ORDERS[1], size=2)
@example(data=LONG, order=LONG_ORDERS[2], size=1)
def test_rest(things: Api, data: list[dict[str, Any]], order: Order, size: int) -> None:
    expected = in_order(data, order)
    order_by = quote(",".join(f"{path}[{direction}]" for path, direction in order))
    asked = f"/rest/things?fields=id&limit={size}" + (f"&order_by={order_by}" if order else "")

    def page(cursor: str) -> tuple[list[str], dict[str, Any]]:
        answer = things.get(asked + cursor)
        assert answer.status == 200, answer.body
        assert answer.body["totalCount"] == len(expected)
        assert len(answer.body["pageInfo"]["endCursor"] or "") <= LONGEST
        return [record["id"] for record in answer.body["data"]["things"]], answer.body["pageInfo"]

    with stored(things, data):
        seen, info = page("")
        assert info["hasPreviousPage"] is False
        while info["hasNextPage"]:
            assert len(seen) < len(expected), "the pages go round in a circle"
            more, info = page(f"&starting_after={quote(info['endCursor'])}")
            assert more and info["hasPreviousPage"] is True
            seen += more
        assert seen == expected
        if not expected:
            assert (info["startCursor"], info["endCursor"]) == (None, None)
            return
        back, info = page(f"&ending_before={quote(info['endCursor'])}")
        while info["hasPreviousPage"]:
            assert len(back) < len(expected) and info["hasNextPage"] is True
            more, info = page(f"&ending_before={quote(info['startCursor'])}")
            back = more + back
        assert back == expected[:-1]


PAGE = """query ($order: [ThingOrderByInput!], $first: Int, $last: Int, $after: String, $before: String) {
  things(orderBy: $order, first: $first, last: $last, after: $after, before: $before) {
    totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def as_input(path: str, direction: str) -> dict[str, Any]:
    name, _, part = path.partition(".")
    return {name: {part: direction} if part else direction}


@WALK
@given(data=collections, order=orders, size=sizes)
@example(data=BEYOND_64_BITS, order=[("size", "AscNullsLast")], size=1)
@example(data=LONG, order=LONG_ORDERS[0], size=1)
@example(data=LONG, order=LONG_ORDERS[1], size=2)
@example(data=LONG, order=LONG_ORDERS[2], size=1)
def test_graphql(things: Api, data: list[dict[str, Any]], order: Order, size: int) -> None:
    expected = in_order(data, order)
    keys = [as_input(path, direction) for path, direction in order]

    def page(**place: Any) -> tuple[list[str], dict[str, Any], list[str]]:
        found = things.data(PAGE, {"order": keys, **place})["things"]
        assert found["totalCount"] == len(expected)
        cursors = [edge["cursor"] for edge in found["edges"]]
        assert all(len(cursor) <= LONGEST for cursor in cursors)
        info = found["pageInfo"]
        assert [info["startCursor"], info["endCursor"]] == ([cursors[0], cursors[-1]] if cursors else [None, None])
        return [edge["node"]["id"] for edge in found["edges"]], info, cursors

    with stored(things, data):
        seen, info, cursors = page(first=size)
        while info["hasNextPage"]:
            assert len(seen) < len(expected), "the pages go round in a circle"
            more, info, found = page(first=size, after=info["endCursor"])
            assert more and info["hasPreviousPage"] is True
            seen, cursors = seen + more, cursors + found
        assert seen == expected
        assert page(last=size)[0] == expected[:size]  # `last` alone reads from the start
        back: list[str] = []
        while expected and (not back or info["hasPreviousPage"]) and len(expected) > 1:
            more, info, _ = page(last=size, before=info["startCursor"] if back else info["endCursor"])
            assert more and info["hasNextPage"] is True
            back = more + back
            assert len(back) < len(expected)
        assert back == expected[:-1]
        for place, cursor in enumerate(cursors):  # every edge's cursor is a place to go on from
            assert page(first=60, after=cursor)[0] == expected[place + 1 :]


CHILDREN = """query ($order: [ThingOrderByInput!], $first: Int) {
  things(first: 60) { edges { node { id children(orderBy: $order, first: $first) {
    totalCount edges { node { id } } pageInfo { hasNextPage } } } } } }"""


@WALK
@given(data=collections, order=orders, size=sizes)
def test_related_records(things: Api, data: list[dict[str, Any]], order: Order, size: int) -> None:
    with stored(things, data):
        variables = {"order": [as_input(path, direction) for path, direction in order], "first": size}
        found = things.data(CHILDREN, variables)["things"]["edges"]
    assert len(found) == len(data)
    for edge in found:
        expected = in_order([each for each in data if each.get("parentId") == edge["node"]["id"]], order)
        children = edge["node"]["children"]
        assert [each["node"]["id"] for each in children["edges"]] == expected[:size]
        assert (children["totalCount"], children["pageInfo"]["hasNextPage"]) == (len(expected), len(expected) > size)
