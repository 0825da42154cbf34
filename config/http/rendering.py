"""Fast JSON in and out for Django REST framework: orjson behind its parser and renderer interfaces."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson
from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from config.errors import BodyTooLarge, MalformedBody
from config.http.bounds import MAX, check_json
from config.texts import refuse_nul

JSON_CONTENT_TYPE = "application/json; charset=utf-8"


# Integers beyond 64 bits orjson would round to a float, and fractions that a float has no room for away. Looking for
# 18 digits and dots in a row is six times as fast in a copy of the body whose every one is a 0 as by a regular
# expression, which then tells whether there is such a number.
_DIGITS = bytes.maketrans(b"123456789.", b"0000000000")
_LONG_NUMBER = b"0" * 18
_LONG = re.compile(rb"\d[\d.]{17,}(?:[eE][+-]?\d+)?")
BOM = b"\xef\xbb\xbf"  # that editors put before UTF-8; RFC 8259 §8.1 lets readers pass over it


class LongFraction(float):
    """A number with a fraction that a float has no room for: as a float it is whole; prints as it was written."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> LongFraction:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __repr__(self) -> str:
        return self.text

    @classmethod
    def read(cls, text: str) -> float:
        """The number that a numeral of JSON or GraphQL stands for."""
        number = float(text)
        return cls(text) if number.is_integer() and Decimal(text) != number else number


def dumps(value: object) -> bytes:
    """Compact JSON; UUIDs and datetimes become text. Integers of any size stay exact."""
    try:
        return orjson.dumps(value, default=_plain)
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    return float(value) if isinstance(value, float) else str(value)


def read_json(body: bytes, largest: int | None = None) -> object:
    """The JSON value that a client sent, of at most `largest` values. Raises MalformedBody, TooComplex."""
    if body[:3] == BOM:
        body = body[3:]
    elif body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise MalformedBody("The body begins like UTF-16; send UTF-8, or name the charset in Content-Type")
    check_json(body, largest)
    return loads(body, _int, LongFraction.read)


def read_kept_json(body: bytes, largest: int | None = None) -> object:
    """As `read_json`, of a body whose every text is to be kept: one that holds NUL is refused with BadRequest.

    Records have their field types, which say it of a field.
    """
    value = read_json(body, largest)
    if _NUL in body:
        refuse_nul(value)
    return value


_NUL = b"\\u0000"  # the only way that JSON has of writing it (RFC 8259 §7)


def _needs_care(body: bytes) -> bool:
    """Whether a number in the body is another one for orjson."""
    if _LONG_NUMBER not in body.translate(_DIGITS):
        return False
    for match in _LONG.finditer(body):
        text = match.group()
        if text.isdigit():
            if len(text) > 18:
                return True
        elif text.count(b".") < 2 and float(text).is_integer():
            return True
    return False


def loads(body: bytes, parse_int: Callable[[str], int] = int, parse_float: Callable[[str], float] = float) -> Any:
    """The value of a JSON text; raises MalformedBody with the place of the fault. Integers of any size stay exact.

    What is not Unicode is refused, lone surrogates too (RFC 8259 §8.2).
    """

    def finite(text: str) -> float:
        number = parse_float(text)
        if math.isinf(number):
            raise ValueError("A number is too large")
        return number

    try:
        if not _needs_care(body):
            return orjson.loads(body)
        value = json.loads(body.decode(), parse_constant=_refuse_constant, parse_float=finite, parse_int=parse_int)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()  # fails for what UTF-8 cannot hold
        return value
    except UnicodeError:
        raise MalformedBody("The JSON is no valid Unicode") from None
    except (ValueError, RecursionError) as fault:
        raise MalformedBody(str(fault) or "Body is not JSON") from None


def _int(text: str) -> int:
    """A whole number of a client; reading the digits of one takes the square of their count."""
    if len(text) > MAX.digits:
        raise ValueError(f"A number has more than {MAX.digits} digits")
    return int(text)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class LenientJSONParser(BaseParser):
    """Reads every body of the Metadata API as JSON whatever its content type says: clients send it as form or text."""

    media_type = "*/*"

    def parse(
        self, stream: object, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = read_body(stream, MAX.metadata_bytes)
        return read_kept_json(body, MAX.metadata_nodes) if body.strip() else {}


def read_body(stream: Any, largest_bytes: int | None = None) -> bytes:
    """The whole body, refused beyond that or settings.MAX_BODY_BYTES."""
    body: bytes = stream.body if hasattr(stream, "body") else stream.read()
    largest = settings.MAX_BODY_BYTES if largest_bytes is None else largest_bytes
    if len(body) > largest:
        raise BodyTooLarge(f"Body is larger than {largest} bytes")
    return body


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None  # the bytes are UTF-8 already

    def render(
        self, data: object, accepted_media_type: str | None = None, renderer_context: Mapping[str, object] | None = None
    ) -> bytes:
        return b"" if data is None else dumps(data)
