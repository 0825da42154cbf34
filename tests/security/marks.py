"""Marks: texts that stand in what is hidden from somebody, and are looked for in everything that comes back.

A mark is found in a body, in a header (name or value), in a line of the log, and inside what is base64, as
cursors and tokens are. What the request itself named may be named again. Of /metadata everything is asked for.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from graphql import get_named_type, is_object_type

from config.http.observability import JsonLines
from metadata.graphql.schema import schema as metadata_schema
from tests.security.scene import Reply

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
STATEMENTS = "django.db.backends"  # logged while developing only


def opened(text: bytes) -> bytes:
    """The text, and behind it what its base64 parts hold."""
    parts = [text]
    for found in _BASE64.findall(text):
        for altchars in (b"+/", b"-_"):
            try:
                parts.append(base64.b64decode(found + b"=" * (-len(found) % 4), altchars))
            except binascii.Error:
                continue
    return b"\n".join(parts)


def told(reply: Reply, marks: Iterable[str], asked: bytes) -> list[str]:
    """Those marks that an answer holds and its request did not."""
    answer, request = opened(reply.body + b"\n" + reply.headers.encode()), opened(asked)
    return [each for each in marks if each.encode() in answer and each.encode() not in request]


class Lines(logging.Handler):
    """What is logged, as the server writes it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(STATEMENTS):
            self.lines.append(self.format(record))

    def holding(self, marks: Iterable[str]) -> list[str]:
        text = opened("\n".join(self.lines).encode())
        return [each for each in marks if each.encode() in text]


@contextmanager
def logged(level: int = logging.INFO) -> Iterator[Lines]:
    """Every line of the log inside, from the level on that the server logs by itself."""
    lines, root = Lines(), logging.getLogger()
    was = root.level
    root.addHandler(lines)
    root.setLevel(level)
    try:
        yield lines
    finally:
        root.setLevel(was)
        root.removeHandler(lines)


def hidden(marks: Mapping[str, Iterable[str]], sees: Iterable[str]) -> list[str]:
    """The marks somebody may not see, who sees these: `marks` says of each what all must be seen for it."""
    seen = set(sees)
    return [each for each, needed in marks.items() if not seen.issuperset(needed)]


DEPTH = 4  # members of members that are asked for


def everything(name: str, word: str, but: Sequence[str] = ()) -> str:
    """A selection of all that a root field of /metadata answers, and of what that leads to, without the members named."""
    whole = metadata_schema().graphql_schema
    root = whole.query_type if word == "query" else whole.mutation_type
    assert root is not None
    return _members(get_named_type(root.fields[name].type), but, ())


def _members(type_: Any, but: Sequence[str], above: tuple[str, ...]) -> str:
    if not is_object_type(type_):
        return ""
    parts = []
    for name, each in type_.fields.items():
        leads_to = get_named_type(each.type)
        if name in but or each.args:
            continue
        if not is_object_type(leads_to):
            parts.append(name)
        elif len(above) < DEPTH and leads_to.name not in above:
            parts.append(name + _members(leads_to, but, (*above, type_.name)))
    return " { " + " ".join(parts) + " }"
