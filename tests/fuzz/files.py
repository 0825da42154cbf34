"""Imports, as CSV and JSON Lines, and forms of the settings pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import URLPattern, URLResolver

from tests.fuzz.rest import Request, quoted
from tests.fuzz.values import Chance, kind_of

SEPARATORS = (",", ";", "\t", "|")
ENDS = ("\n", "\r\n", "\r")


def import_request(chance: Chance, plurals: Sequence[str], columns_of: Callable[[str], Sequence[str]]) -> Request:
    plural = chance.choice(plurals)
    columns = chance.words if chance.is_wild and chance.likely(0.3) else columns_of(plural) or chance.words
    form = chance.choice(("csv", "jsonl"))
    body = csv(chance, columns) if form == "csv" else json_lines(chance, columns)
    query = [f"format={form}" if not chance.is_wild or chance.likely(0.9) else f"format={quoted(chance.text())}"]
    for name in ("upsert", "dry_run", "safe"):
        if chance.likely(0.3):
            query.append(f"{name}={chance.choice(('true', 'false', '1', ''))}")
    if chance.likely(0.5):
        query.append("on_error=continue")
    if chance.is_wild and chance.likely(0.2):
        query.append("separator=" + quoted(chance.choice((*SEPARATORS, "", "ab", "\0"))))
    media = {"csv": "text/csv", "jsonl": "application/x-ndjson"}[form]
    if chance.is_wild and chance.likely(0.1):
        media += chance.choice(("; charset=utf-16", "; charset=latin-1", "; charset=nope", ";", "; charset=utf-8"))
    return Request("POST", f"/rest/{plural}/import?{'&'.join(query)}", spoilt(chance, body), media)


def csv(chance: Chance, columns: Sequence[str]) -> bytes:
    separator = chance.choice(SEPARATORS) if chance.is_wild else ","
    end = chance.choice(ENDS)
    names = [chance.choice(columns) for _ in range(chance.randrange(1, 6))]
    if chance.is_wild and chance.likely(0.2):
        names.append(chance.text())
    if chance.is_wild and chance.likely(0.3):
        names = [f"{name}.{chance.choice(columns)}" if chance.likely(0.3) else name for name in names]
    rows = [
        names,
        *(
            [cell(chance) for _ in range(len(names) + chance.choice((0, 0, 0, 1, -1)))]
            for _ in range(chance.randrange(5))
        ),
    ]
    return end.join(separator.join(row) for row in rows).encode("utf-8", "surrogatepass")


def cell(chance: Chance) -> str:
    if not chance.is_wild:
        return chance.choice(("", chance.text()))
    kind = chance.random()
    if kind < 0.3:
        return '"' + chance.text().replace('"', '""') + '"'
    if kind < 0.4:
        return '"' + json.dumps(chance.hostile()).replace('"', '""') + '"'
    if kind < 0.5:
        return json.dumps(chance.hostile())
    return str(chance.number()) if kind < 0.7 else chance.text()


def json_lines(chance: Chance, columns: Sequence[str]) -> bytes:
    lines = []
    for _ in range(chance.randrange(6)):
        record: Any = {
            chance.choice(columns): chance.hostile() if chance.is_wild else None for _ in range(chance.randrange(5))
        }
        lines.append(json.dumps(chance.spoilt(record, 0.2)))
        if chance.is_wild and chance.likely(0.1):
            lines.append(chance.choice(("", "{", "[]", "1", "null", '"x"', "\ufeff{}", "NaN", "{}{}")))
    return chance.choice(("\n", "\r\n")).join(lines).encode("utf-8", "surrogatepass")


def spoilt(chance: Chance, body: bytes) -> bytes:
    kind = chance.random() if chance.is_wild else 1
    if kind < 0.05:
        return body[: chance.randrange(len(body) + 1)]
    if kind < 0.1:
        place = chance.randrange(len(body) + 1)
        return (
            body[:place] + chance.choice((b"\0", b"\xff", b"\xed\xa0\x80", b'"', b"\n", b"\xef\xbb\xbf")) + body[place:]
        )
    if kind < 0.12:
        return b"\xef\xbb\xbf" + body
    return body


# Pages -----------------------------------------------------------------------------------------------

_PART = re.compile(r"<(\w+):(\w+)>")
_KIND_OF_PART = {"key_id": "apiKeyId", "webhook_id": "webhookId", "delivery_id": "webhookDeliveryId"}


def pages_of(patterns: Sequence[Any], prefix: str = "") -> Iterator[str]:
    """The routes of the settings pages (`settings/docs/objects/<str:name>`)."""
    for each in patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from pages_of(each.url_patterns, route)
        elif isinstance(each, URLPattern) and route.startswith("settings") and each.name != "sign-out":
            yield route


def page_request(chance: Chance, route: str, names: Sequence[str]) -> Request:
    """A request to a page; `names` are those of the fields of its form."""

    def part(found: re.Match[str]) -> str:
        converter, name = found.groups()
        kind = kind_of(_KIND_OF_PART.get(name, name))
        return chance.choice(chance.by_kind.get(kind) or chance.ids) if converter == "uuid" else quoted(chance.word())

    path = _PART.sub(part, route)
    fields = [(name, chance.id(name) if chance.likely(0.3) else chance.text()) for name in names if chance.likely(0.8)]
    if chance.is_wild and chance.likely(0.1):
        fields.append((chance.text(), chance.text()))
    form = urlencode(fields, errors="surrogatepass", encoding="utf-8")
    if chance.likely(0.5):
        return Request("GET", f"/{path}?{form}"[:7_000])
    return Request("POST", f"/{path}", form.encode(), "application/x-www-form-urlencoded")
