"""JSON text that survives a JavaScript receiver.

Receivers often parse a body and serialise it again before they check its signature. So the text here
is exactly what ECMAScript's JSON.stringify(JSON.parse(text)) gives (ECMA-262 §25.5, §6.1.6.1.20,
§10.1.11.1): compact, non-ASCII as it is, numbers in JavaScript's form, keys in JavaScript's order. A
number that JavaScript could not hold is written as a string. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any
from uuid import UUID

from metadata.fieldtypes.datetime import moment_text

MAX_SAFE_INTEGER = 2**53 - 1
MAX_ARRAY_INDEX = 2**32 - 2

_SURROGATE = re.compile("[\ud800-\udfff]")
_ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


def dumps(value: object) -> bytes:
    """UTF-8 JSON. Takes what JSON takes, and UUID, date, datetime and Decimal; else raises TypeError."""
    text = _text(value)
    try:
        return text.encode()
    except UnicodeEncodeError:  # lone surrogates: JavaScript escapes them (well-formed JSON.stringify)
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def number_text(number: float) -> str:
    """A finite double as JavaScript's Number::toString writes it.

    >>> [number_text(each) for each in (12.0, 1e-7, 1.5e21, 1e20, 0.000001, -0.0)]
    ['12', '1e-7', '1.5e+21', '100000000000000000000', '0.000001', '0']
    """
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = repr(abs(number)).partition("e")  # the shortest digits, as in JavaScript
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)  # the value is 0.(whole+fraction) × 10^point
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    scale = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + digits[0] + (f".{digits[1:]}" if count > 1 else "") + scale


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value) if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER else f'"{value}"'
    if kind is float:
        return number_text(value) if math.isfinite(value) else "null"
    if kind is dict:
        return _object_text(value)
    if kind is list or kind is tuple:
        return "[" + ",".join([_text(each) for each in value]) + "]"
    return _other_text(value)


def _object_text(value: Mapping[str, object]) -> str:
    keys = list(value)
    indexes = [key for key in keys if key[:1].isdigit() and _is_array_index(key)]
    if indexes:  # JavaScript lists array indexes first, ascending
        first = set(indexes)
        keys = sorted(indexes, key=int) + [key for key in keys if key not in first]
    return "{" + ",".join([f"{encode_basestring(key)}:{_text(value[key])}" for key in keys]) + "}"


def _is_array_index(key: str) -> bool:
    return _ARRAY_INDEX.fullmatch(key) is not None and int(key) <= MAX_ARRAY_INDEX


def _decimal_text(value: Decimal) -> str:
    """A number when a double holds it exactly as written, else a string of its digits."""
    if not value.is_finite():
        return "null"
    if value == value.to_integral_value() and abs(value) > MAX_SAFE_INTEGER:
        return f'"{value:f}"'
    text = number_text(float(value))
    return text if Decimal(text) == value else f'"{value:f}"'


def _other_text(value: object) -> str:
    if isinstance(value, UUID):
        return f'"{value}"'
    if isinstance(value, datetime):
        return f'"{moment_text(value)}"'
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, str):  # an enum member
        return encode_basestring(value)
    if isinstance(value, int):
        return _text(int(value))
    if isinstance(value, float):
        return _text(float(value))
    if isinstance(value, Mapping):
        return _object_text(value)
    if isinstance(value, list | tuple):
        return _text(list(value))
    raise TypeError(f"{type(value).__name__} has no JSON form")
