"""One object with a field of each kind of order, generated records of it, and what Python says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

OPTIONS = [
    {"value": value, "label": value.title(), "color": "red", "position": place}
    for place, value in enumerate(("B_SECOND", "A_FIRST", "C"))
]
THING = {
    "nameSingular": "thing",
    "namePlural": "things",
    "fields": [
        {"type": "TEXT", "name": "words"},
        {"type": "NUMBER", "name": "size"},
        {"type": "DATE", "name": "day"},
        {"type": "SELECT", "name": "choice", "options": OPTIONS},
        {"type": "CURRENCY", "name": "price"},
        {"type": "FULL_NAME", "name": "owner"},
        {"type": "BOOLEAN", "name": "done"},
        {"type": "DATE_TIME", "name": "moment"},
        {"type": "UUID", "name": "key"},
        {"type": "EMAILS", "name": "contact"},
        {"type": "MULTI_SELECT", "name": "marks", "options": OPTIONS},
    ],
}
PARENT = {  # of a thing: another thing
    "type": "RELATION",
    "name": "parent",
    "label": "Parent",
    "relationCreationPayload": {"type": "MANY_TO_ONE", "targetFieldLabel": "Children"},
}

# Few letters, so that records often agree; each has at most one lower-case letter, so that every
# database lower-cases it alike.
ALPHABET = "aAbB zZ09éÉßøØñÑΩωЖж日𝒳😀-_%'\\"
WORDS = st.text(ALPHABET, max_size=3)
NUMBERS = (
    st.integers(-3, 3)
    | st.integers(-(10**30), 10**30)
    | st.floats(-1e12, 1e12, allow_nan=False)
    | st.sampled_from([0.1, 1e-9, 2**53 + 1, -(2**63) - 1, 1.0])
)
DAYS = st.dates().map(lambda day: day.isoformat()) | st.sampled_from(["2025-01-01", "2025-01-02"])

MOMENTS = st.datetimes(datetime(1000, 1, 1)).map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z")
KEYS = st.sampled_from([f"00000000-0000-4000-8000-0000000000{place}" for place in ("0a", "0f", "10", "f0")])
EMAILS = st.sampled_from(["a@x.example", "ab@x.example", "b@x.example", "b@y.example"])
CHOICES = st.sampled_from([option["value"] for option in OPTIONS])

records = st.fixed_dictionaries(
    {"id": st.uuids(version=4).map(str)},
    optional={
        "words": st.none() | WORDS,
        "size": st.none() | NUMBERS,
        "day": st.none() | DAYS,
        "choice": st.none() | CHOICES,
        "done": st.none() | st.booleans(),
        "moment": st.none() | MOMENTS,
        "key": st.none() | KEYS,
        "contact": st.none() | st.fixed_dictionaries({"primaryEmail": EMAILS}),
        "marks": st.none() | st.lists(CHOICES, min_size=1, unique=True),
        "price": st.none()
        | st.fixed_dictionaries({"amountMicros": st.integers(-(10**15), 10**15), "currencyCode": st.just("EUR")}),
        "owner": st.none() | st.fixed_dictionaries({}, optional={"firstName": WORDS, "lastName": WORDS}),
    },
)


@st.composite
def _collections(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Records, some of which have one of them as their parent, themselves among them."""
    found = draw(st.lists(records, max_size=12, unique_by=lambda record: record["id"]))
    for record in found:
        parent = draw(st.none() | st.integers(0, 20))
        if parent is not None:
            record["parentId"] = found[parent % len(found)]["id"]
    return found


collections = _collections()

Value = Callable[[Mapping[str, Any]], Any]


def lowered(text: str | None) -> str | None:
    return text.lower() if text else None  # an empty text is no text


def exact(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(repr(number))


# What a record is ordered by; None stands for no value.
VALUES: Mapping[str, Value] = {
    "words": lambda record: lowered(record.get("words")),
    "size": lambda record: exact(record.get("size")),
    "day": lambda record: record.get("day"),
    "choice": lambda record: record.get("choice"),
    "price.amountMicros": lambda record: (record.get("price") or {}).get("amountMicros"),
    "done": lambda record: record.get("done"),
    "moment": lambda record: record.get("moment"),
    "key": lambda record: record.get("key"),
    "owner.firstName": lambda record: lowered((record.get("owner") or {}).get("firstName")),
    "owner.lastName": lambda record: lowered((record.get("owner") or {}).get("lastName")),
}
DIRECTIONS = ("AscNullsFirst", "AscNullsLast", "DescNullsFirst", "DescNullsLast")
Order = Sequence[tuple[str, str]]
orders = st.lists(
    st.tuples(st.sampled_from(sorted(VALUES)), st.sampled_from(DIRECTIONS)), max_size=3, unique_by=lambda key: key[0]
)


def in_order(things: Sequence[Mapping[str, Any]], order: Order) -> list[str]:
    """The ids in the order asked for: by each key in turn, nulls where they belong, ties by id."""
    found = sorted(things, key=lambda record: str(record["id"]))
    for path, direction in reversed(order):
        value = VALUES[path]
        nulls = [record for record in found if value(record) is None]
        others = sorted(
            (record for record in found if value(record) is not None), key=value, reverse=direction.startswith("Desc")
        )
        found = nulls + others if direction.endswith("First") else others + nulls
    return [record["id"] for record in found]
