"""The body's bytes: what JavaScript's JSON.stringify(JSON.parse(text)) would give back, rule by rule."""

from __future__ import annotations

import enum
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.delivery.serialise import MAX_SAFE_INTEGER, dumps, number_text


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"a": [1, 2], "b": None}, '{"a":[1,2],"b":null}', id="compact"),
        pytest.param("Zoë & Söhne 漢 😀", '"Zoë & Söhne 漢 😀"', id="not escaped"),
        pytest.param("\u2028\u2029\x7f", '"\u2028\u2029\x7f"', id="line separators and DEL as they are"),
        pytest.param('"\\/\b\f\n\r\t', '"\\"\\\\/\\b\\f\\n\\r\\t"', id="short escapes, no slash"),
        pytest.param("\x00\x1f", '"\\u0000\\u001f"', id="control characters, lower-case hex"),
        pytest.param("a\ud800b", '"a\\ud800b"', id="lone surrogate"),
        pytest.param(12.0, "12", id="integral float"),
        pytest.param(-0.0, "0", id="minus zero"),
        pytest.param(1e-7, "1e-7", id="small exponent"),
        pytest.param(1.5e-9, "1.5e-9", id="small exponent with digits"),
        pytest.param(0.000001, "0.000001", id="last plain small"),
        pytest.param(1e16, "10000000000000000", id="plain where Python has an exponent"),
        pytest.param(123456789012345680000.0, "123456789012345680000", id="plain below 1e21"),
        pytest.param(1e21, "1e+21", id="exponent from 1e21"),
        pytest.param(-1.7976931348623157e308, "-1.7976931348623157e+308", id="largest"),
        pytest.param(5e-324, "5e-324", id="smallest"),
        pytest.param(float("nan"), "null", id="NaN"),
        pytest.param(float("-inf"), "null", id="infinity"),
        pytest.param(MAX_SAFE_INTEGER, "9007199254740991", id="largest safe integer"),
        pytest.param(MAX_SAFE_INTEGER + 1, '"9007199254740992"', id="unsafe integer"),
        pytest.param(-MAX_SAFE_INTEGER - 1, '"-9007199254740992"', id="unsafe negative integer"),
        pytest.param(Decimal("12.50"), "12.5", id="decimal a double holds"),
        pytest.param(Decimal("0.1234567890123456789"), '"0.1234567890123456789"', id="decimal a double rounds"),
        pytest.param(Decimal("1E+3"), "1000", id="decimal with exponent"),
        pytest.param(Decimal("9007199254740993"), '"9007199254740993"', id="unsafe decimal"),
        pytest.param(Decimal("NaN"), "null", id="decimal NaN"),
        pytest.param({"b": 1, "10": 2, "2": 3}, '{"2":3,"10":2,"b":1}', id="array indexes first, ascending"),
        pytest.param({"01": 1, "-1": 2, "0": 3}, '{"0":3,"01":1,"-1":2}', id="not array indexes"),
        pytest.param(
            {"4294967295": 1, "4294967294": 2}, '{"4294967294":2,"4294967295":1}', id="bounds of array indexes"
        ),
        pytest.param({"٣": 1, "1": 2}, '{"1":2,"٣":1}', id="only ASCII digits"),
        pytest.param(UUID(int=1), '"00000000-0000-0000-0000-000000000001"', id="uuid"),
        pytest.param(date(2026, 1, 31), '"2026-01-31"', id="date"),
        pytest.param(
            datetime(2026, 1, 31, 9, 30, tzinfo=timezone(timedelta(hours=1))),
            '"2026-01-31T08:30:00.000Z"',
            id="moment",
        ),
        pytest.param((True, Colour.RED), '[true,"red"]', id="tuple and enum"),
    ],
)
def test_text(value: Any, text: str) -> None:
    assert dumps(value) == text.encode()


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="bytes has no JSON form"):
        dumps({"a": b"x"})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(0, 99).map(str), inner),
    max_leaves=20,
)


def as_javascript(value: Any) -> Any:
    """What JSON.parse then holds, in Python: one number type, keys in JavaScript's order."""
    if isinstance(value, dict):
        assert list(value) == sorted(
            value, key=lambda key: (0, int(key)) if key.isascii() and key.isdigit() and str(int(key)) == key else (1, 0)
        )
        return {key: as_javascript(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_javascript(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


@given(JSON_VALUES)
def test_parsing_and_writing_again_changes_nothing(value: Any) -> None:
    text = dumps(value)
    assert dumps(as_javascript(json.loads(text))) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_lose_nothing(number: float) -> None:
    assert float(number_text(number)) == number
    assert "E" not in number_text(number) and "e-0" not in number_text(number)


def test_moment_in_utc() -> None:
    assert dumps(datetime(2026, 2, 3, 4, 5, 6, 789999, tzinfo=UTC)) == b'"2026-02-03T04:05:06.789Z"'
