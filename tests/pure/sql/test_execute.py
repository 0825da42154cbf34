"""What PostgreSQL's refusals mean, by their SQLSTATE."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest

from config.errors import InvalidValue
from core.sql.bounded import bounded, is_too_long, within_bounds
from core.sql.execute import SerializationTrouble, StaleSchema, UniqueViolation, _translate
from core.sql.fragment import Sql


def fault(code: str | None) -> psycopg2.Error:
    found = psycopg2.Error()
    found.__setstate__({"pgcode": code})
    assert found.pgcode == code
    return found


OUT_OF_RANGE = "A value is out of the range that can be stored or compared"
MEANINGS: dict[str, tuple[str, type[Exception], str]] = {
    "a unique value": ("23505", UniqueViolation, ""),
    "a table that is gone": ("42P01", StaleSchema, "The data model was changed while the request ran; nothing was written"),
    "a schema that is gone": ("3F000", StaleSchema, "The data model was changed while the request ran; nothing was written"),
    "a value too long for an index": ("54000", InvalidValue, "A value is too long for the index of its field"),
    "a number out of range": ("22003", InvalidValue, OUT_OF_RANGE),
    "a moment out of range": ("22008", InvalidValue, OUT_OF_RANGE),
    "a text that is no number": ("22P02", InvalidValue, OUT_OF_RANGE),
    "any other of class 22": ("22999", InvalidValue, OUT_OF_RANGE),
    "a deadlock": ("40P01", SerializationTrouble, ""),
    "a serialization failure": ("40001", SerializationTrouble, ""),
}  # fmt: skip


@pytest.mark.parametrize(("code", "error", "message"), MEANINGS.values(), ids=MEANINGS.keys())
def test_meaning(code: str, error: type[Exception], message: str) -> None:
    found = fault(code)
    with pytest.raises(error) as raised:
        _translate(found)
    assert type(raised.value) is error and str(raised.value) == message
    assert raised.value.__cause__ is found


def test_hints() -> None:
    for code, hint in (
        ("42P01", "Send the request again."),
        ("54000", "Unique and indexed values have at most 2,700 bytes."),
    ):
        with pytest.raises(Exception) as raised:
            _translate(fault(code))
        assert raised.value.hint == hint  # type: ignore[attr-defined]
    with pytest.raises(UniqueViolation) as violated:
        _translate(fault("23505"))
    assert (violated.value.constraint, violated.value.about) == ("", None)


@pytest.mark.parametrize("code", ["42601", "XX000", "21000", "23502", None])
def test_what_is_a_fault_of_ours_stays_as_it_is(code: str | None) -> None:
    found = fault(code)
    with pytest.raises(psycopg2.Error) as raised:
        _translate(found)
    assert raised.value is found


def test_what_is_no_answer_that_is_too_long() -> None:
    """Of these codes only what the sum of lengths, or joining texts, raises is one: PostgreSQL says its function."""
    assert not is_too_long(fault("22003")) and not is_too_long(fault("54000")) and not is_too_long(fault("22001"))


def test_bounds() -> None:
    weight = "'1.0141204e+31'::real"
    assert within_bounds("a") == Sql(f"coalesce(sum((octet_length(a))::real * {weight}), 0) >= 0")
    both = "coalesce(octet_length(a), 0) + coalesce(octet_length(b), 0)"
    assert within_bounds("a", "b", largest=1000) == Sql(
        f"coalesce(sum(({both})::real * '3.4028234e+35'::real), 0) >= 0"
    )
    rows = Sql("SELECT %s", (1,))
    assert bounded(rows, 3, []) is rows
    assert bounded(rows, 2, [1]) == Sql(
        f"SELECT c0, c1 FROM (SELECT b.*, sum((octet_length(c1))::real * {weight}) OVER (ROWS UNBOUNDED PRECEDING) AS total"
        " FROM (SELECT %s) b(c0, c1)) b WHERE coalesce(total, 0) >= 0",
        (1,),
    )


def test_statements_say_which_values_are_theirs() -> None:
    """A parameter is never text of the statement."""
    value: Any = "'; DROP TABLE x; --"
    made = bounded(Sql("SELECT %s::text", (value,)), 1, [0])
    assert value not in made.text and made.params == (value,)
