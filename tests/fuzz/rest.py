"""REST requests made from the OpenAPI documents that the workspace answers, and query strings of all kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.fuzz.values import Chance, json_bytes


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


COMPARATORS = (
    "eq",
    "neq",
    "in",
    "gt",
    "gte",
    "lt",
    "lte",
    "like",
    "ilike",
    "startsWith",
    "endsWith",
    "is",
    "containsAny",
    "nope",
    "",
)
OPENINGS = ("", "and(", "or(", "not(", "and(or(", "[", "(", '"')


HARD = frozenset(
    ("fields", "starting_after", "ending_before", "filter", "order_by", "order_by_for_records", "view_id")
)  # to guess


class RestRequests:
    def __init__(self, chance: Chance, document: Mapping[str, Any], base: str) -> None:
        self.chance = chance
        self.base = base
        self.document = document
        self.routes = [
            (path, method, described)
            for path, methods in document["paths"].items()
            for method, described in methods.items()
            if method in ("get", "post", "put", "patch", "delete")
        ]

    def draw(self) -> Request:
        chance = self.chance
        path, method, described = chance.choice(self.routes)
        subject = next((each for each in path.split("/") if each not in ("", "batch", "restore")), "")
        parameters = [self.resolve(each) for each in described.get("parameters", ())]
        for each in parameters:
            if each["in"] == "path":
                value = chance.word() if each["name"] == "name" else chance.id(subject)
                path = path.replace(f"{{{each['name']}}}", quoted(value) or "x")
        path = path.replace("{id}", quoted(chance.id(subject)) or "x")
        query = [
            f"{each['name']}={quoted(self.parameter(each))}"
            for each in parameters
            if each["in"] == "query"
            and (chance.is_wild or each["name"] not in HARD)
            and chance.likely(0.3 if chance.is_wild else 0.1)
        ]
        if chance.is_wild and chance.likely(0.05):
            query.append(quoted(chance.text()) + "=" + quoted(chance.text()))
        headers = {}
        if chance.likely(0.03):
            headers = {
                chance.choice(("If-Match", "If-None-Match", "Idempotency-Key", "X-Locale", "Accept")): header(
                    chance.text()
                )
            }
        body, content_type = b"", ""
        if method != "get" or chance.likely(0.02):
            body, content_type = self.body(described)
        if chance.is_wild and chance.likely(0.03):
            method = chance.choice(("get", "post", "put", "patch", "delete", "head", "options"))
        address = self.base + path + ("?" + "&".join(query) if query else "")
        return Request(method.upper(), address, body, content_type, headers)

    def members_of(self, plural: str) -> list[str]:
        """What a record of the object has, as bodies of it name it."""
        described = self.document["paths"].get(f"/{plural}", {}).get("post", {})
        content = described.get("requestBody", {}).get("content", {})
        return [name for each in content.values() for name in self.resolve(each["schema"]).get("properties", ())]

    def body(self, described: Mapping[str, Any]) -> tuple[bytes, str]:
        content = described.get("requestBody", {}).get("content", {})
        if not content:
            return (json_bytes(self.chance.hostile()), "application/json") if self.chance.likely(0.1) else (b"", "")
        media, schema = next(iter(content.items()))
        value = self.chance.spoilt(self.value(schema.get("schema", {}), 0), 0.6)
        return json_bytes(value), media if media != "application/octet-stream" else "text/csv"

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def value(self, schema: Any, depth: int, name: str = "") -> Any:
        """A value that the schema takes, more or less."""
        chance = self.chance
        if not isinstance(schema, Mapping) or depth > 6:
            return chance.hostile()
        schema = self.resolve(schema)
        if schema.get("examples") and chance.likely(0.5 if chance.is_wild else 0.9):
            return chance.choice(schema["examples"])
        if "enum" in schema and chance.likely(0.9 if chance.is_wild else 1):
            return chance.choice(schema["enum"])
        for key in ("oneOf", "anyOf", "allOf"):
            if key in schema:
                return self.value(chance.choice(schema[key]), depth + 1)
        kinds: Any = schema.get("type", "string")
        kind = kinds if isinstance(kinds, str) else chance.choice(list(kinds))
        match kind:
            case "object":
                return self.members(schema, depth)
            case "array":
                return [self.value(schema.get("items", {}), depth + 1) for _ in range(chance.choice((0, 1, 1, 2)))]
            case "boolean":
                return chance.likely(0.5)
            case "integer" | "number":
                return chance.number()
            case "null":
                return None
        return chance.id(name) if schema.get("format") == "uuid" or name.endswith("Id") else chance.text()

    def members(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        most = 5 if self.chance.is_wild else 2
        chosen = self.chance.sample(list(properties), min(len(properties), self.chance.randrange(1, most)))
        return {
            name: self.value(properties[name], depth + 1, name)
            for name in dict.fromkeys((*schema.get("required", ()), *chosen))
            if name in properties
        }

    def parameter(self, described: Mapping[str, Any]) -> str:
        chance = self.chance
        match described["name"]:
            case "filter":
                return self.filter()
            case "order_by" | "order_by_for_records":
                direction = chance.choice(
                    ("AscNullsFirst", "DescNullsLast", "asc", "") if chance.is_wild else ("AscNullsFirst",)
                )
                return ",".join(f"{self.member()}[{direction}]" for _ in range(chance.randrange(3))) or chance.text()
            case "fields":
                return ",".join(self.member() for _ in range(chance.randrange(4)))
            case "group_by" | "aggregate":
                given = [{self.member(): chance.choice((True, {"granularity": "DAY"}, chance.hostile()))}, "totalCount"]
                return json_bytes(chance.spoilt(given, 0.4)).decode()
            case "starting_after" | "ending_before":
                return chance.id()
        return str(self.value(described.get("schema", {}), 0))

    def filter(self) -> str:
        chance = self.chance
        parts = []
        for _ in range(chance.choice((1, 1, 2, 3))):
            operand = chance.choice(
                (
                    chance.text(),
                    str(chance.number()),
                    f"[{chance.text()},{chance.text()}]",
                    f'"{chance.text()}"',
                    "NULL",
                )
            )
            parts.append(f"{chance.choice(OPENINGS)}{self.member()}[{chance.choice(COMPARATORS)}]:{operand}")
        text = ",".join(parts)
        return text + ")" * text.count("(") if chance.likely(0.8) else text

    def member(self) -> str:
        name = self.chance.word()
        return f"{name}.{self.chance.word()}" if self.chance.likely(0.3) else name


def quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")[:6_000]


def header(text: str) -> str:
    return "".join(each for each in text if each.isprintable() and ord(each) < 256)[:200]


def names_of(document: Mapping[str, Any]) -> Sequence[str]:
    """The words of a document: its objects and their members."""
    words: dict[str, None] = {}
    for path in document["paths"]:
        words.setdefault(path.strip("/").split("/")[0])
    for schema in document.get("components", {}).get("schemas", {}).values():
        words |= dict.fromkeys(schema.get("properties", ()))
    return list(words)
