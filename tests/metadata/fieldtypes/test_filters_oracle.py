"""Text, number and date operators in PostgreSQL against what Python says of the same values."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chance import examples
from tests.metadata.fieldtypes.conftest import Run
from tests.metadata.fieldtypes.fields import field_of
from tests.metadata.fieldtypes.sql import condition, insert

ORACLE = settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "neq": operator.ne, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le,
}  # fmt: skip


def truth_of(field: Any, stored: Any, name: str, operand: Any, run: Run) -> bool | None:
    insert(field, stored, run)
    return run(f"SELECT {condition(field, name)} FROM sample_record r", (operand,))[0][0]


# Lower-casing of other letters is the database's own, so order is only foretold for ASCII.
ASCII_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=6)
ANY_TEXT = st.text(st.characters(exclude_characters="\x00"), min_size=1, max_size=6)


@ORACLE
@given(stored=st.none() | ASCII_TEXT, operand=ASCII_TEXT, name=st.sampled_from(sorted(COMPARISONS)))
def test_text_order_ignores_case_and_equality_does_not(stored: str | None, operand: str, name: str, run: Run) -> None:
    field = field_of("TEXT")
    expected = None
    if stored is not None:
        left, right = (stored, operand) if name in ("eq", "neq") else (stored.lower(), operand.lower())
        expected = COMPARISONS[name](left, right)
    assert truth_of(field, stored, name, field.type.coerce(operand, name, field, "sample"), run) is expected


@ORACLE
@given(stored=ANY_TEXT, operand=ANY_TEXT, others=st.lists(ANY_TEXT, max_size=3))
def test_text_matching(stored: str, operand: str, others: list[str], run: Run) -> None:
    field = field_of("TEXT")
    stored = field.type.clean(stored, field)

    def coerced(value: str, name: str) -> str:
        return field.type.coerce(value, name, field, "sample")

    given_text = coerced(operand, "eq")
    assert truth_of(field, stored, "eq", given_text, run) is (stored == given_text)
    assert truth_of(field, stored, "startsWith", coerced(operand, "startsWith"), run) is stored.startswith(given_text)
    assert truth_of(field, stored, "endsWith", coerced(operand, "endsWith"), run) is stored.endswith(given_text)
    among = [coerced(other, "in") for other in [*others, operand]]
    assert truth_of(field, stored, "in", among, run) is (stored in among)


def like_pattern(pattern: str) -> str:
    """A LIKE pattern as a regular expression (PostgreSQL manual §9.7.1)."""
    found, characters = "", iter(pattern)
    for character in characters:
        if character == "\\":
            found += re.escape(next(characters, "\\"))
        else:
            found += {"%": ".*", "_": "."}.get(character, re.escape(character))
    return found


@ORACLE
@given(stored=st.text("aB%_\\", max_size=6).filter(bool), pattern=st.text("aAbB%_\\", max_size=6))
def test_patterns(stored: str, pattern: str, run: Run) -> None:
    field = field_of("TEXT")
    for name, flags in (("like", re.S), ("ilike", re.S | re.I)):
        expected = re.fullmatch(like_pattern(pattern), stored, flags) is not None
        assert truth_of(field, stored, name, field.type.coerce(pattern, name, field, "sample"), run) is expected


NUMBERS = (
    st.integers(-(10**25), 10**25) | st.floats(-1e9, 1e9, allow_nan=False) | st.sampled_from([0, 0.1, 1e-7, 2**53 + 1])
)


@ORACLE
@given(stored=st.none() | NUMBERS, operand=NUMBERS, as_text=st.booleans(), name=st.sampled_from(sorted(COMPARISONS)))
def test_numbers(stored: float | None, operand: float, as_text: bool, name: str, run: Run) -> None:
    field = field_of("NUMBER")
    kept = field.type.clean(stored, field)
    sent = repr(operand) if as_text else operand
    expected = None if stored is None else COMPARISONS[name](Decimal(repr(stored)), Decimal(repr(operand)))
    assert truth_of(field, kept, name, field.type.coerce(sent, name, field, "sample"), run) is expected
    if kept is not None:
        [(answer,)] = run(f"SELECT {field.type.sql(field).answer} FROM sample_record r")
        assert Decimal(answer) == Decimal(repr(kept))


DAYS = st.dates()


@ORACLE
@given(stored=DAYS, operand=DAYS, name=st.sampled_from(sorted(COMPARISONS)))
def test_dates(stored: Any, operand: Any, name: str, run: Run) -> None:
    field = field_of("DATE")
    kept = field.type.clean(f"{stored:%m}/{stored:%d}/{stored.year:04d}", field)
    given_day = field.type.coerce(operand.isoformat(), name, field, "sample")
    assert truth_of(field, kept, name, given_day, run) is COMPARISONS[name](stored, operand)


MOMENTS = st.datetimes(timezones=st.timezones() | st.none())


@ORACLE
@given(stored=MOMENTS, operand=MOMENTS, name=st.sampled_from(sorted(COMPARISONS)), is_column=st.booleans())
def test_moments_compare_by_the_millisecond(stored: Any, operand: Any, name: str, is_column: bool, run: Run) -> None:
    field = field_of("DATE_TIME", column="created_at" if is_column else None)
    try:
        left, right = utc(stored), utc(operand)
    except OverflowError:
        return  # outside the years 1 to 9999
    if any("." in str(each.utcoffset()) or each.utcoffset().seconds % 60 for each in (stored, operand) if each.tzinfo):
        return  # historic zones with seconds, which ISO 8601 cannot write
    kept = field.type.clean(stored.isoformat(), field)
    given_moment = field.type.coerce(operand.isoformat(), name, field, "sample")
    assert truth_of(field, kept, name, given_moment, run) is COMPARISONS[name](left, right)
    [(answer,)] = run(f"SELECT {field.type.sql(field).answer} FROM sample_record r")
    assert answer == f'"{kept}"'


def utc(moment: Any) -> Any:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    moment = aware.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
