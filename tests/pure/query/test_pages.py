"""Arguments of GraphQL's pages and orders, and the window that a page becomes."""

from __future__ import annotations

from typing import Any

import pytest

from config.errors import ApiError, BadRequest, ConflictingArguments, InvalidFirst, InvalidLast, TooComplex
from core.query import ir
from core.query.cursors import encode
from core.query.orders import plan_order
from core.query.pages import order_of, page_of, row_count
from core.query.plan import Window
from core.query.selections import plan_window
from tests.pure.model import PERSON, scope

ID = "00000000-0000-4000-8000-0000000000aa"
PAGES: dict[str, tuple[dict[str, Any], ir.Page]] = {
    "nothing": ({}, ir.Page()),
    "first": ({"first": 3}, ir.Page(size=3)),
    "last": ({"last": 3}, ir.Page(size=3)),
    "first of none": ({"first": 0}, ir.Page(size=0)),
    "first counts when last is null": ({"first": 2, "last": None}, ir.Page(size=2)),
    "first of none and last": ({"first": 0, "last": 4}, ir.Page(size=0)),
    "a number as languages without integers write it": ({"first": 2.0}, ir.Page(size=2)),
    "after": ({"after": "a", "first": 1}, ir.Page(size=1, after="a")),
    "before": ({"before": "b", "last": 1}, ir.Page(size=1, before="b")),
    "empty cursors are none": ({"after": "", "before": ""}, ir.Page()),
    "offset": ({"offset": 5}, ir.Page(offset=5)),
    "no offset": ({"offset": 0}, ir.Page()),
    "the largest": ({"first": 10}, ir.Page(size=10)),
}


@pytest.mark.parametrize(("arguments", "page"), PAGES.values(), ids=PAGES.keys())
def test_page(arguments: dict[str, Any], page: ir.Page) -> None:
    assert page_of(arguments, largest=10) == page


REFUSED: dict[str, tuple[dict[str, Any], type[ApiError], str, str | None]] = {
    "first as a text": ({"first": "1"}, BadRequest, 'Invalid argument: "first" must be a number', "first"),
    "first as a truth": ({"first": True}, BadRequest, 'Invalid argument: "first" must be a number', "first"),
    "first as a fraction": ({"first": 1.5}, BadRequest, 'Invalid argument: "first" must be a number', "first"),
    "last as a list": ({"last": [1]}, BadRequest, 'Invalid argument: "last" must be a number', "last"),
    "offset as a text": ({"offset": "1"}, BadRequest, 'Invalid argument: "offset" must be a number', "offset"),
    "after as a number": ({"after": 1}, BadRequest, 'Invalid argument: "after" must be a string', "after"),
    "before as a number": ({"before": 0}, BadRequest, 'Invalid argument: "before" must be a string', "before"),
    "first and last": ({"first": 1, "last": 1}, ConflictingArguments, "Cannot provide both first and last", None),
    "before and after": ({"before": "a", "after": "b"}, ConflictingArguments, "Cannot provide both before and after", None),
    "before and first": ({"before": "a", "first": 1}, ConflictingArguments, "Cannot provide both before and first", None),
    "after and last": ({"after": "a", "last": 1}, ConflictingArguments, "Cannot provide both after and last", None),
    "first below none": ({"first": -1}, InvalidFirst, "First argument must be non-negative", "first"),
    "last below none": ({"last": -1}, InvalidLast, "Last argument must be non-negative", "last"),
    "offset below none": ({"offset": -1}, BadRequest, "Offset argument must be non-negative", "offset"),
    "one more than the largest": ({"first": 11}, TooComplex, "At most 10 records can be asked for in one page, not 11", "first"),
    "last beyond the largest": ({"last": 11}, TooComplex, "At most 10 records can be asked for in one page, not 11", "first"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "error", "message", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(arguments: dict[str, Any], error: type[ApiError], message: str, path: str | None) -> None:
    with pytest.raises(error) as refused:
        page_of(arguments, largest=10)
    assert type(refused.value) is error
    assert (refused.value.message, refused.value.path) == (message, path)


@pytest.mark.parametrize(
    ("value", "count"), [(1, 1), (1.0, 1), (0, 0), (True, None), (1.5, None), ("1", None), (float("inf"), None)]
)
def test_row_count(value: Any, count: int | None) -> None:
    assert row_count(value) == count
    assert type(row_count(value)) in (int, type(None))


ORDERS: dict[str, tuple[Any, tuple[ir.Order, ...]]] = {
    "nothing": (None, ()),
    "an empty list": ([], ()),
    "one mapping": ({"name": "AscNullsFirst"}, (ir.Order(("name",), "AscNullsFirst"),)),
    "a list": ([{"a": "x"}, {"b": "y"}], (ir.Order(("a",), "x"), ir.Order(("b",), "y"))),
    "several members, in their order": ({"b": "x", "a": "y"}, (ir.Order(("b",), "x"), ir.Order(("a",), "y"))),
    "nested": ({"company": {"address": {"city": "x"}}}, (ir.Order(("company", "address", "city"), "x"),)),
    "nested deeper than names go": ({"a": {"b": {"c": {"d": "x"}}}}, (ir.Order(("a", "b", "c", "d"), "x"),)),
    "deeper still it is a direction, which is refused later": (
        {"a": {"b": {"c": {"d": {"e": "x"}}}}}, (ir.Order(("a", "b", "c", "d"), {"e": "x"}),)),
    "null is nothing": ({"a": None, "b": {"c": None}}, ()),
    "an empty mapping is a direction, which is refused later": ({"a": {}}, (ir.Order(("a",), {}),)),
}  # fmt: skip


@pytest.mark.parametrize(("value", "order"), ORDERS.values(), ids=ORDERS.keys())
def test_order_by(value: Any, order: tuple[ir.Order, ...]) -> None:
    assert order_of(value) == order


@pytest.mark.parametrize("value", ["name", 1, ["name"], [None]])
def test_order_by_is_a_list_of_mappings(value: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        order_of(value)
    assert (refused.value.message, refused.value.path) == ('Invalid argument: "orderBy" must be an array', "orderBy")


def test_windows() -> None:
    order = plan_order(scope(), PERSON, ())
    cursor = encode(f'{{"id":"{ID}"}}')
    assert plan_window(PERSON, ir.Page(offset=4), 9, order) == Window(9, offset=4)
    assert plan_window(PERSON, ir.Page(after=cursor), 9, order) == Window(9, cursor=(ID,))
    assert plan_window(PERSON, ir.Page(before=cursor), 9, order) == Window(9, cursor=(ID,), is_backward=True)
    with pytest.raises(BadRequest, match=r"^Cannot provide both before and after$"):
        plan_window(PERSON, ir.Page(before=cursor, after=cursor), 9, order)
