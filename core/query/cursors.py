"""Cursors: base64 of JSON with the value of each order key of one record, and its id.

A cursor is part of a URL, so a value that is long is not in it. Instead of the value stand how it begins and a digest
of it: `{"startsWith": …, "md5": …}`, and of a number how many `digits` it has before the point, the sign counted. The
record is asked for the value itself, which it mostly still has (see `core.query.plan.Abridged`).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation, localcontext
from hashlib import md5
from typing import Any
from uuid import UUID

from config.errors import InvalidCursor
from config.http.bounds import MAX
from core.query.plan import Abridged, OrderKey
from metadata.schema import ObjectSchema

LONGEST = 1_000_000  # characters that are read: once, long values stood in cursors
ROOM = 1_500  # bytes of the values of one cursor, as JSON
_NUMBER = re.compile(r"-?[0-9]+\.?[0-9]*")


# Making them: here, and in SQL (`core.sql.keysets.cursor_json`) where PostgreSQL makes the whole answer ---


def room_of(count: int) -> int:
    """How many bytes of JSON each of so many values may have."""
    return ROOM // max(1, count)


def start_of(room: int) -> int:
    """How many characters of a longer value are kept: each has up to six bytes of JSON."""
    return room // 12


def encode(content: str) -> str:
    """A cursor out of its JSON text.

    >>> encode('{"id":"x"}')
    'eyJpZCI6IngifQ=='
    """
    data = content.encode()
    return base64.b64encode(data if len(data) <= ROOM else shortened(content).encode()).decode()


class _Number(str):
    """The digits of a JSON number."""


def shortened(content: str) -> str:
    """The JSON text of a cursor without the long values in it."""
    tree = json.loads(content, parse_int=_Number, parse_float=_Number)
    room = room_of(_count(tree) - 1)  # one is the id
    return json.dumps(_shortened(tree, room), separators=(",", ":"), ensure_ascii=False)


def _count(value: object) -> int:
    return sum(map(_count, value.values())) if isinstance(value, dict) else 1


def _shortened(value: object, room: int) -> object:
    if isinstance(value, dict):
        return {name: _shortened(each, room) for name, each in value.items()}
    if not isinstance(value, str):
        return value
    is_number = isinstance(value, _Number)  # a short one becomes a text, which is read alike
    size = len(value) if is_number else len(json.dumps(value, ensure_ascii=False).encode())
    if size <= room:
        return value
    digest = md5(value.encode(), usedforsecurity=False).hexdigest()
    short: dict[str, object] = {"startsWith": value[: start_of(room)], "md5": digest}
    return short | {"digits": len(value.partition(".")[0])} if is_number else short


# Reading them ----------------------------------------------------------------------------------------


def decode_cursor(cursor: str, subject: ObjectSchema, order: Sequence[OrderKey]) -> tuple[object, ...]:
    """The boundary record's value for each order key, ready to be a parameter, or `Abridged`; raises InvalidCursor."""
    if len(cursor) > LONGEST:
        raise InvalidCursor.of(cursor)
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        content = json.loads(base64.b64decode(padded, validate=True))  # orjson would round integers beyond 64 bits
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidCursor.of(cursor) from None
    if not isinstance(content, Mapping):
        raise InvalidCursor.of(cursor)
    found = [_cursor_value(content, key) for key in order]
    record_id = _boundary(found[-1], order[-1], cursor)
    boundaries = (_boundary(*each, cursor, subject, record_id) for each in zip(found, order[:-1], strict=False))
    values = (*boundaries, record_id)
    known = {key.path for key in order}
    for name, value in content.items():
        first = tuple(name.split("."))
        if not any(path[: len(first)] == first for path in known) and value is not None:
            raise InvalidCursor.of(cursor, hint="It was made for another order.")
    return values


def _cursor_value(content: Mapping[str, object], key: OrderKey) -> object:
    dotted = ".".join(key.path)
    value: object = content
    for name in key.path:
        if not isinstance(value, Mapping) or name not in value:
            if dotted in content:
                return content[dotted]
            raise InvalidCursor(
                f'Cursor is missing the value for orderBy field "{dotted}": it was encoded for a different orderBy.'
                " Restart pagination without a cursor."
            )
        value = value[name]
    return value


def _boundary(
    value: object, key: OrderKey, cursor: str, subject: ObjectSchema | None = None, record_id: str = ""
) -> Any:
    try:
        if isinstance(value, Mapping) and subject is not None and key.can_be_long:
            return _abridged(value, key, subject, record_id)
        return _parameter(value, key)
    except (ValueError, TypeError, InvalidOperation):
        raise InvalidCursor.of(cursor) from None


def _parameter(value: object, key: OrderKey) -> object:
    """A cursor's value as the parameter its comparison takes; ValueError when it cannot be one."""
    if value is None:
        return None
    kind = key.sql.cast
    if kind == "uuid":
        return str(UUID(str(value)))
    if kind in ("numeric", "float8"):
        if isinstance(value, bool) or not Decimal(str(value)).is_finite():
            raise ValueError
        return str(value)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError
        return value
    if not isinstance(value, str):
        raise ValueError
    if kind == "timestamptz" and not _looks_like_time(value):
        raise ValueError
    if value == "" and kind == "text":
        return None  # an empty text is an absent one
    if "\x00" in value:
        raise ValueError
    return value


def _abridged(value: Mapping[str, object], key: OrderKey, subject: ObjectSchema, record_id: str) -> Abridged:
    """A value as `shortened` has it; ValueError when it is none."""
    start, md5, digits = (value.get(name) for name in ("startsWith", "md5", "digits"))
    if not (isinstance(start, str) and start and isinstance(md5, str)) or "\x00" in start + md5:
        raise ValueError
    if not key.is_number:
        return Abridged(subject, record_id, md5, low=start, high=start + chr(0x10FFFF))
    if _NUMBER.fullmatch(start) is None or type(digits) is not int or not 0 <= digits <= 2 * MAX.digits:
        raise ValueError
    cut_off = max(0, digits - len(start))  # digits before the point
    near = Decimal(f"{start}e{cut_off}")  # towards zero
    exponent = cut_off - len(start.partition(".")[2])
    with localcontext(prec=4 * MAX.digits):
        far = near + Decimal((near.is_signed(), (1,), exponent))
    low, high = sorted((near, far))
    return Abridged(subject, record_id, md5, str(low), str(high))


def _looks_like_time(value: str) -> bool:
    from datetime import datetime

    datetime.fromisoformat(value)
    return True
