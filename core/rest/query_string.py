"""Reads a query string the way clients write it: percent signs that encode nothing stay as they are.

Clients put filters such as `name[like]:%ada%` into a URL as they stand. Where the two characters
after `%` are no hexadecimal digits, or the bytes they name are no UTF-8 (RFC 3629), the text is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from config.errors import BadRequest
from config.http.bounds import MAX, check_count
from config.texts import refuse_surrogates

_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


class Query(dict[str, list[str]]):
    """The parameters of a request: every value of a name, in the order they came in."""

    def text(self, name: str) -> str | None:
        """The value of a parameter that was given once; None when it is absent, empty or repeated."""
        values = self.get(name)
        return values[0] or None if values is not None and len(values) == 1 else None

    def joined(self, name: str) -> str | None:
        """The value of a parameter; repeated values as one list, which no parameter of one value accepts."""
        values = self.get(name)
        return None if values is None else ",".join(values)

    def flag(self, name: str) -> bool:
        """`true`, `1`, `false` or `0`; absent means false. Anything else is refused, never taken for false."""
        value = self.joined(name)
        if value in (None, "false", "0"):
            return False
        if value in ("true", "1"):
            return True
        raise BadRequest(f"'{name}={value}' parameter invalid. Allowed values are true, false", path=name)

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        """One of the words a parameter takes; None when it is absent or empty."""
        value = self.joined(name)
        if not value:
            return None
        if value not in choices:
            raise BadRequest(f"'{name}={value}' parameter invalid. Allowed values are {', '.join(choices)}", path=name)
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """The words of a list `a, b`; none when the parameter is absent."""
        words = (word.strip() for word in (self.joined(name) or "").split(","))
        return tuple(word for word in words if word)

    def cursor(self, name: str) -> str | None:
        """A cursor is base64, whose `+` reads as a space where the client did not encode it."""
        text = self.text(name)
        return None if text is None else text.replace(" ", "+")


def read_query_string(text: str) -> Query:
    """The parameters of a query string as WSGI gives it (PEP 3333: bytes as Latin-1).

    >>> read_query_string("filter=name[like]:%25a%__&limit=1&limit=2")
    {'filter': ['name[like]:%a%__'], 'limit': ['1', '2']}
    """
    parameters = Query()
    if not text:
        return parameters
    if len(text) > MAX.query_string_bytes:
        raise BadRequest(f"The query string is longer than {MAX.query_string_bytes} bytes")
    check_count(text.count("&") + 1, MAX.query_parameters, "parameters")
    if not text.isascii():
        try:
            text = text.encode("latin-1").decode()
        except UnicodeError:
            raise BadRequest("The query string is no valid UTF-8") from None
    refuse_surrogates(text)
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            parameters.setdefault(_decode(name), []).append(_decode(value))
    return parameters


def _decode(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" in text:
        text = _ESCAPES.sub(_decode_run, text)
        if "\0" in text:
            raise BadRequest("Query parameters cannot contain the character NUL (%00)")
    return text


def _decode_run(run: re.Match[str]) -> str:
    escapes = run[0]
    raw = bytes.fromhex(escapes.replace("%", ""))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "".join(_decode_where_possible(raw, escapes))


def _decode_where_possible(raw: bytes, escapes: str) -> Iterable[str]:
    """Each character whose 1 to 4 bytes are UTF-8, and the written escape of every other byte."""
    at = 0
    while at < len(raw):
        for size in range(1, 5):
            try:
                yield raw[at : at + size].decode()
            except UnicodeDecodeError:
                continue
            at += size
            break
        else:
            yield escapes[3 * at : 3 * at + 3]
            at += 1
