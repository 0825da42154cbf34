"""What PostgreSQL itself refuses of a statement is told as what it is, by the real thing."""

from __future__ import annotations

import pytest
from django.db import transaction

from config.errors import ApiError, InvalidValue, TooComplex
from core.sql.execute import StaleSchema, fetch
from core.sql.fragment import Sql

pytestmark = pytest.mark.django_db

OUT_OF_RANGE = "A value is out of the range that can be stored or compared"
GONE = "The data model was changed while the request ran; nothing was written"
TOO_LONG = "The answer, or what is read for it, has more than 33554432 bytes"
HINTS = {
    TooComplex: "Ask for fewer records or fewer fields, or do it in several requests.",
    StaleSchema: "Send the request again.",
}
REFUSED: dict[str, tuple[str, tuple[object, ...], type[ApiError], str]] = {
    "22003: a number too large for its type": ("SELECT %s::numeric::int", ("2147483648",), InvalidValue, OUT_OF_RANGE),
    "22007: no moment": ("SELECT %s::text::timestamptz", ("yesterdaily",), InvalidValue, OUT_OF_RANGE),
    "22008: a moment out of range": ("SELECT %s::text::date", ("2024-13-01",), InvalidValue, OUT_OF_RANGE),
    "22012: division by zero": ("SELECT 1 / %s::int", (0,), InvalidValue, OUT_OF_RANGE),
    "22025: an escape without its character": ("SELECT 'ab' LIKE %s::text", ("a\\",), InvalidValue, OUT_OF_RANGE),
    "22P02: no UUID": ("SELECT %s::text::uuid", ("x",), InvalidValue, OUT_OF_RANGE),
    "22003: lengths that overflow a sum": ("SELECT sum(%s::real) FROM generate_series(1, 9)", ("3e38",), TooComplex, TOO_LONG),
    "42P01: a table that is gone": ('SELECT %s FROM "public"."o_gone"', (1,), StaleSchema, GONE),
    "3F000: a schema that is gone": ('CREATE TABLE "ws_gone".t AS SELECT %s', (1,), StaleSchema, GONE),
}  # fmt: skip


@pytest.mark.parametrize(("text", "params", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(text: str, params: tuple[object, ...], error: type[ApiError], message: str) -> None:
    with pytest.raises(error) as refused, transaction.atomic():
        fetch(Sql(text, params), "default", prepare=False)
    assert type(refused.value) is error
    assert refused.value.message == message
    assert refused.value.hint == HINTS.get(error)
    assert fetch(Sql("SELECT %s::int", (1,)), "default", prepare=False) == [(1,)]
