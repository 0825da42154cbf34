"""What is sent: values that somebody would send, and values that nobody should."""

from __future__ import annotations

import json
import random
import re
from typing import Any

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KEPT_IDS, KEPT_OF_A_KIND = 400, 40
_VERBS = re.compile(
    r"^(?:createOne|updateOne|deleteOne|createMany|create|update|delete|destroy|restore|merge|getCore|get|find|pause|resume)(?=[A-Z])"
)
_WRAPPERS = frozenset(("data", "edges", "node", "items"))
_KINDS = {
    "people": "person",
    "objectmetadata": "object",
    "fieldmetadata": "field",
    "onefield": "field",
    "oneobject": "object",
}


def kind_of(name: str) -> str:
    """What a member, an argument or a path is about: `viewFilters`, `viewFilterId`, `deleteViewFilter` are one kind."""
    kind = _VERBS.sub("", name).removesuffix("Ids").removesuffix("Id").lower()
    kind = kind[:-3] + "y" if kind.endswith("ies") else kind.removesuffix("s")
    return _KINDS.get(kind, kind)


TEXTS = (
    "", " ", "a", "Acme", "name", "id", "People", "\0", "a\0b", "\ud800", "a\udfff", "🙂", "é", "ß", "İ", "\u202e", "\u200b", "\ufeff",
    "\u2028", "\r\n", "\t", "\x7f", "\x1b[0m", "%", "%00", "_", "\\", "'", '"', "`", "$$", "{}", "[]", "[", "{", "null", "true", "NaN",
    "Infinity", "-infinity", "1e999", "0x10", "１２", "٣", "1,5", "../../etc/passwd", "<b>", "'; DROP TABLE x; --", "{{7*7}}",
    "2024-02-29", "2023-02-29", "0000-01-01", "-0001-01-01", "10000-01-01", "99999-12-31T23:59:60Z", "2024-01-01T00:00:00+99:99",
    "2024-01-01T00:00:00.123456789Z", "24:00:00", "P1Y", "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff", "{00000000-0000-4000-8000-000000000000}", "00000000000040008000000000000000",
    "a@b", "a@b.example", "@", "http://", "https://exämple.example/a?b#c", "javascript:alert(1)", "http://[::1", "+4930123456",
    "+999999999999999999999", "EUR", "US", "AscNullsFirst", "NOT_NULL", "DAY", "eq", "and", "or", "not", "__proto__", "__typename",
    "createdAt", "deletedAt", "position", "searchVector", "TEXT", "RELATION", "MORPH_RELATION", "SELECT", "*.*", "company.created",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 59, 60, 61, 200, 201, 1000, 1001, 2**31 - 1, 2**31, -(2**31) - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1,
    2**64, 10**30, 10**400, 0.5, -0.0, 1.5, 1e-7, 1e22, 1e308, -1e308, 5e-324,
)  # fmt: skip


class Chance(random.Random):
    """Draws values; ids of things that were answered come again."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.is_wild = True  # else what is drawn is what somebody would send
        self.ids: list[str] = []
        self.by_kind: dict[str, list[str]] = {}
        self.words: list[str] = ["name", "company", "person", "people", "companies"]

    def remember(self, answer: bytes) -> None:
        """The ids of an answer, each by the kind of thing that it seems to be of."""
        try:
            self._look(json.loads(answer[:200_000]), "", 0)
        except ValueError:
            self.ids = [*self.ids, *_ID.findall(answer[:20_000].decode("utf-8", "replace"))][-KEPT_IDS:]

    def _look(self, node: Any, kind: str, depth: int) -> None:
        if isinstance(node, dict):
            found = node.get("id")
            if isinstance(found, str) and _ID.fullmatch(found):
                self.ids = [*self.ids, found][-KEPT_IDS:]
                if kind:
                    self.by_kind[kind] = [*self.by_kind.get(kind, ()), found][-KEPT_OF_A_KIND:]
            for key, each in node.items():
                if isinstance(each, dict | list) and depth < 12:
                    self._look(each, kind if key in _WRAPPERS else kind_of(key), depth + 1)
        elif isinstance(node, list):
            for each in node[:60]:
                self._look(each, kind, depth + 1)

    def likely(self, share: float) -> bool:
        return self.random() < share

    def id(self, name: str = "") -> str:
        """An id, mostly of a thing of the kind that something of that name is about."""
        known = self.by_kind.get(kind_of(name)) or self.ids
        if self.is_wild and self.likely(0.3):
            known = self.ids
        return self.choice(known) if known and self.likely(0.8 if self.is_wild else 1) else self.choice(TEXTS)

    def word(self) -> str:
        return self.choice(self.words)

    def text(self) -> str:
        if not self.is_wild:
            return self.choice(("thing", "Thing one", "ada", "x")) + str(self.randrange(100))
        kind = self.random()
        if kind < 0.55:
            return self.choice(TEXTS)
        if kind < 0.75:
            return self.word()
        if kind < 0.85:
            return self.choice(TEXTS) + self.choice(TEXTS)
        if kind < 0.95:
            return "".join(
                chr(self.choice((self.randrange(128), self.randrange(0xD7FF)))) for _ in range(self.randrange(12))
            )
        return self.choice(("a", "é", "[", '"', "\u202e", " ")) * self.choice((63, 64, 255, 256, 5_000, 20_000))

    def number(self) -> int | float:
        return self.choice(NUMBERS) if self.is_wild and self.likely(0.7) else self.randrange(100)

    def hostile(self, depth: int = 0) -> Any:
        """Any JSON value."""
        kind = self.random()
        if kind < 0.4:
            return self.text()
        if kind < 0.6:
            return self.number()
        if kind < 0.75 or depth > 3:
            return self.choice((None, True, False))
        if kind < 0.85:
            return [self.hostile(depth + 1) for _ in range(self.randrange(4))]
        if kind < 0.95:
            return {self.text()[:80]: self.hostile(depth + 1) for _ in range(self.randrange(4))}
        if kind < 0.97:
            return self.nested(self.choice((5, 50, 140)))
        return [self.hostile(4)] * self.choice((41, 61, 300))

    def nested(self, depth: int) -> Any:
        value: Any = self.choice(TEXTS)
        for _ in range(depth):
            value = [value] if self.likely(0.5) else {self.choice(("and", "or", "not", "a", "name")): value}
        return value

    def spoilt(self, value: Any, share: float = 0.5) -> Any:
        """The same with something in it changed, mostly deep inside."""
        if not self.is_wild or not self.likely(share):
            return value
        if isinstance(value, dict) and value and self.likely(0.85):
            key = self.choice(list(value))
            kind = self.random()
            if kind < 0.1:
                return {name: each for name, each in value.items() if name != key}
            if kind < 0.2:
                return {**value, self.text()[:100]: self.hostile()}
            return {**value, key: self.spoilt(value[key], 1.0)}
        if isinstance(value, list) and value and self.likely(0.85):
            place = self.randrange(len(value))
            kind = self.random()
            if kind < 0.1:
                return value * self.choice((2, 70))
            return [*value[:place], self.spoilt(value[place], 1.0), *value[place + 1 :]]
        return self.hostile()


def json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()
