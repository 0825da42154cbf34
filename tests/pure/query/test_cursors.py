"""Cursors: what stands in one, and what one that somebody sends is worth."""

from __future__ import annotations

import base64
import json
from hashlib import md5
from typing import Any

import pytest

from config.errors import InvalidCursor
from core.query import ir
from core.query.cursors import LONGEST, ROOM, decode_cursor, encode, room_of, shortened, start_of
from core.query.orders import plan_order
from core.query.plan import Abridged
from tests.pure.model import PERSON, scope

ID = "00000000-0000-4000-8000-0000000000aa"


def cursor(content: Any) -> str:
    return base64.b64encode(json.dumps(content).encode()).decode()


def read(content: Any, *paths: str) -> tuple[Any, ...]:
    order = plan_order(scope(), PERSON, tuple(ir.Order(tuple(path.split(".")), "AscNullsFirst") for path in paths))
    return decode_cursor(content if isinstance(content, str) else cursor(content), PERSON, order)


VALUES: dict[str, tuple[Any, tuple[str, ...], tuple[Any, ...]]] = {
    "the id alone": ({"id": ID}, (), (ID,)),
    "the id in capitals": ({"id": ID.upper()}, (), (ID,)),
    "a text": ({"jobTitle": "CEO", "id": ID}, ("jobTitle",), ("CEO", ID)),
    "no text": ({"jobTitle": None, "id": ID}, ("jobTitle",), (None, ID)),
    "an empty text is none": ({"jobTitle": "", "id": ID}, ("jobTitle",), (None, ID)),
    "a number": ({"employees": 50, "id": ID}, ("employees",), ("50", ID)),
    "a number as a text": ({"employees": "50.5", "id": ID}, ("employees",), ("50.5", ID)),
    "a long number stays exact": ({"salary": 10**30 + 1, "id": ID}, ("salary",), (str(10**30 + 1), ID)),
    "a position": ({"position": -1.5, "id": ID}, ("position",), ("-1.5", ID)),
    "a truth": ({"isActive": False, "id": ID}, ("isActive",), (False, ID)),
    "a moment": ({"createdAt": "2024-01-01T00:00:00.000Z", "id": ID}, ("createdAt",), ("2024-01-01T00:00:00.000Z", ID)),
    "an option": ({"stage": "NEW", "id": ID}, ("stage",), ("NEW", ID)),
    "a sub-field": ({"name": {"lastName": "L"}, "id": ID}, ("name.lastName",), ("L", ID)),
    "a sub-field by its dotted name": ({"name.lastName": "L", "id": ID}, ("name.lastName",), ("L", ID)),
    "two sub-fields": (
        {"name": {"lastName": "L", "firstName": "A"}, "id": ID}, ("name.firstName", "name.lastName"), ("A", "L", ID)),
    "members of null that are no keys": ({"jobTitle": None, "id": ID}, (), (ID,)),
}  # fmt: skip


@pytest.mark.parametrize(("content", "paths", "values"), VALUES.values(), ids=VALUES.keys())
def test_values(content: Any, paths: tuple[str, ...], values: tuple[Any, ...]) -> None:
    assert read(content, *paths) == values


def test_padding_may_be_lost() -> None:
    assert read(cursor({"id": ID}).rstrip("=")) == (ID,)
    assert cursor({"id": ID}).endswith("=")


BAD: dict[str, tuple[Any, tuple[str, ...]]] = {
    "no base64": ("%%%", ()),
    "a letter of another alphabet": ("é", ()),
    "no JSON": (base64.b64encode(b"{").decode(), ()),
    "no object": ([ID], ()),
    "a text": ("ImEi", ()),
    "JSON without end": (base64.b64encode(b"[" * 5000).decode(), ()),
    "no UUID": ({"id": "x"}, ()),
    "an id that is an object": ({"id": {}}, ()),
    "a number for a text": ({"jobTitle": 1, "id": ID}, ("jobTitle",)),
    "NUL in a text": ({"jobTitle": "a\0", "id": ID}, ("jobTitle",)),
    "a text for a number": ({"employees": "x", "id": ID}, ("employees",)),
    "a truth for a number": ({"employees": True, "id": ID}, ("employees",)),
    "infinity": ({"employees": "Infinity", "id": ID}, ("employees",)),
    "no number at all": ({"employees": "NaN", "id": ID}, ("employees",)),
    "a text for a truth": ({"isActive": "true", "id": ID}, ("isActive",)),
    "a number for a truth": ({"isActive": 1, "id": ID}, ("isActive",)),
    "no moment": ({"createdAt": "yesterday", "id": ID}, ("createdAt",)),
    "a number for a moment": ({"createdAt": 1, "id": ID}, ("createdAt",)),
    "an object for a text": ({"jobTitle": {"a": "b"}, "id": ID}, ("jobTitle",)),
    "an object for a truth": ({"isActive": {"startsWith": "t", "md5": "x"}, "id": ID}, ("isActive",)),
}  # fmt: skip


@pytest.mark.parametrize(("content", "paths"), BAD.values(), ids=BAD.keys())
def test_what_is_no_cursor(content: Any, paths: tuple[str, ...]) -> None:
    sent = content if isinstance(content, str) else cursor(content)
    with pytest.raises(InvalidCursor) as refused:
        read(sent, *paths)
    assert refused.value.message == InvalidCursor.of(sent).message
    assert refused.value.hint == InvalidCursor.of(sent).hint


def test_as_long_as_may_be_and_one_longer() -> None:
    content = json.dumps({"id": ID})
    fill = " " * (LONGEST // 4 * 3 - len(content))
    longest = base64.b64encode((content + fill).encode()).decode()
    assert len(longest) == LONGEST
    assert read(longest) == (ID,)
    with pytest.raises(InvalidCursor):
        read(longest + "=")


def test_of_another_order() -> None:
    with pytest.raises(InvalidCursor) as refused:
        read({"jobTitle": "CEO", "id": ID}, "employees")
    assert refused.value.message == (
        'Cursor is missing the value for orderBy field "employees": it was encoded for a different orderBy.'
        " Restart pagination without a cursor."
    )
    with pytest.raises(InvalidCursor) as refused:
        read({"jobTitle": "CEO", "id": ID})
    assert refused.value.hint == "It was made for another order."
    with pytest.raises(
        InvalidCursor,
        match=r'^Cursor is missing the value for orderBy field "name\.lastName": it was encoded for a different orderBy\. Restart pagination without a cursor\.$',
    ):
        read({"name": {"firstName": "A"}, "id": ID}, "name.lastName")
    with pytest.raises(
        InvalidCursor,
        match=r'^Cursor is missing the value for orderBy field "name\.lastName": it was encoded for a different orderBy\. Restart pagination without a cursor\.$',
    ):
        read({"name": "A", "id": ID}, "name.lastName")
    with pytest.raises(
        InvalidCursor,
        match=r'^Cursor is missing the value for orderBy field "id": it was encoded for a different orderBy\. Restart pagination without a cursor\.$',
    ):
        read({})
    assert read({"name.lastName": "L", "id": ID}, "name.lastName") == ("L", ID)
    with pytest.raises(InvalidCursor) as refused:
        read({"company.name": "A", "name.lastName": "L", "id": ID}, "name.lastName")
    assert refused.value.hint == "It was made for another order."


# Long values -----------------------------------------------------------------------------------------


def test_room_is_shared() -> None:
    assert (room_of(0), room_of(1), room_of(2), room_of(7)) == (1500, 1500, 750, 214)
    assert (start_of(1500), start_of(750), start_of(11)) == (125, 62, 0)


def test_a_cursor_as_long_as_may_be_is_not_looked_into() -> None:
    content = '{"jobTitle": "' + "a" * (ROOM - 16) + '"}'  # a blank that nothing but looking into it takes away
    assert len(content) == ROOM
    assert base64.b64decode(encode(content)).decode() == content
    longer = content.replace("a", "aa", 1)
    assert base64.b64decode(encode(longer)).decode() == longer.replace(" ", "")


def test_a_longer_one_is_shortened() -> None:
    text = "a" * ROOM
    content = json.loads(base64.b64decode(encode(json.dumps({"jobTitle": text, "id": ID}))))
    assert content == {"jobTitle": {"startsWith": text[:125], "md5": digest(text)}, "id": ID}


def short(content: Any) -> Any:
    return json.loads(shortened(json.dumps(content)))


def digest(text: str) -> str:
    return md5(text.encode()).hexdigest()


def test_a_long_text_is_told_by_its_start_and_digest() -> None:
    text = "é" * 750  # 1,500 bytes, and two quotes
    assert short({"jobTitle": text, "id": ID}) == {"jobTitle": {"startsWith": "é" * 125, "md5": digest(text)}, "id": ID}
    assert short({"jobTitle": text[1:], "id": ID}) == {"jobTitle": text[1:], "id": ID}


def test_each_of_several_has_its_share() -> None:
    first, second = "a" * 749, "b" * 748
    assert short({"name": {"firstName": first, "lastName": second}, "id": ID}) == {
        "name": {"firstName": {"startsWith": "a" * 62, "md5": digest(first)}, "lastName": second},
        "id": ID,
    }


def test_a_long_number_is_told_by_its_digits_too() -> None:
    number = "-" + "1" * 1500
    content = f'{{"employees":{number},"id":"{ID}"}}'
    start = number[:125]
    assert json.loads(shortened(content)) == {
        "employees": {"startsWith": start, "md5": digest(number), "digits": 1501},
        "id": ID,
    }
    fraction = "0." + "1" * 1500
    assert json.loads(shortened(f'{{"salary":{fraction},"id":"{ID}"}}'))["salary"]["digits"] == 1
    assert json.loads(shortened(f'{{"salary":5,"isActive":true,"seenAt":null,"id":"{ID}"}}')) == {
        "salary": "5",
        "isActive": True,
        "seenAt": None,
        "id": ID,
    }


def abridged(low: str, high: str, md5: str = "d") -> Abridged:
    return Abridged(PERSON, ID, md5, low, high)


TEXT = {"startsWith": "abc", "md5": "d"}
LONG: dict[str, tuple[Any, str, Abridged]] = {
    "a text lies behind its start": (TEXT, "jobTitle", abridged("abc", "abc\U0010ffff")),
    "digits mean nothing for a text": ({**TEXT, "digits": 3}, "jobTitle", abridged("abc", "abc\U0010ffff")),
    "a number lies between two": ({"startsWith": "123", "md5": "d", "digits": 5}, "employees", abridged("1.23E+4", "1.24E+4")),
    "a negative one": ({"startsWith": "-123", "md5": "d", "digits": 6}, "employees", abridged("-1.24E+4", "-1.23E+4")),
    "a fraction": ({"startsWith": "0.12", "md5": "d", "digits": 1}, "salary", abridged("0.12", "0.13")),
    "a number that is whole": ({"startsWith": "12", "md5": "d", "digits": 2}, "employees", abridged("12", "13")),
}  # fmt: skip


@pytest.mark.parametrize(("value", "name", "expected"), LONG.values(), ids=LONG.keys())
def test_a_value_that_was_too_long(value: Any, name: str, expected: Abridged) -> None:
    assert read({name: value, "id": ID}, name) == (expected, ID)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jobTitle", {"startsWith": "abc"}),
        ("jobTitle", {"md5": "d"}),
        ("jobTitle", {"startsWith": "", "md5": "d"}),
        ("jobTitle", {"startsWith": "a", "md5": 1}),
        ("jobTitle", {"startsWith": "a\0", "md5": "d"}),
        ("jobTitle", {"startsWith": "a", "md5": "d\0"}),
        ("jobTitle", {"startsWith": 1, "md5": "d"}),
        ("employees", {"startsWith": "abc", "md5": "d", "digits": 3}),
        ("employees", {"startsWith": "12", "md5": "d"}),
        ("employees", {"startsWith": "12", "md5": "d", "digits": "3"}),
        ("employees", {"startsWith": "12", "md5": "d", "digits": -1}),
        ("employees", {"startsWith": "12", "md5": "d", "digits": True}),
        ("employees", {"startsWith": "12", "md5": "d", "digits": 2001}),
    ],
)
def test_what_is_no_abridged_value(name: str, value: Any) -> None:
    with pytest.raises(InvalidCursor):
        read({name: value, "id": ID}, name)


def test_the_most_digits() -> None:
    [found, _] = read({"employees": {"startsWith": "12", "md5": "d", "digits": 2000}, "id": ID}, "employees")
    assert (found.low, found.high) == ("1.2E+1999", "1.3E+1999")
