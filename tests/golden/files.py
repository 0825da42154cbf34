"""The files of a golden case: `NAME.request`, `NAME.response.json` and `NAME.sql`, side by side in cases/.

A request is `METHOD /path?query` with a JSON body below it, or `GRAPHQL` with the document below it and
its variables after a line `variables`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.api_client import Answer
from tests.budgets.recording import Statement
from tests.factories import Api
from tests.readable_sql import readable

FOLDER = Path(__file__).parent / "cases"
NAMES = sorted(path.stem for path in FOLDER.glob("*.request"))

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_ROW_VERSION = "r.xmin::text = "
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+(?:Z|\+00:00)?")


class Request(NamedTuple):
    method: str
    path: str
    body: Any

    def send(self, api: Api) -> Answer:
        return api.request(self.method, self.path, self.body)

    @property
    def is_read(self) -> bool:
        if self.path == "/graphql":
            return not self.body["query"].lstrip().startswith("mutation")
        return self.method == "GET"


def read_request(name: str) -> Request:
    first, _, rest = (FOLDER / f"{name}.request").read_text().partition("\n")
    if first == "GRAPHQL":
        query, _, variables = rest.partition("\nvariables\n")
        return Request("POST", "/graphql", {"query": query, "variables": json.loads(variables or "{}")})
    method, path = first.split(" ", 1)
    return Request(method, path, json.loads(rest) if rest.strip() else None)


class Namer:
    """Gives what differs from run to run a name: ids by their turn, moments, tables by their object."""

    def __init__(self, known: Mapping[str, str], fixed: str) -> None:
        self.known = known
        self.fixed = fixed  # ids that begin like this stay
        self.ids: dict[str, str] = {}

    def text(self, text: str) -> str:
        for value, name in self.known.items():
            text = text.replace(value, name)
        return _UUID.sub(self._id, _TIME.sub("<time>", text))

    def _id(self, found: re.Match[str]) -> str:
        value = found.group()
        return value if value.startswith(self.fixed) else self.ids.setdefault(value, f"<id {len(self.ids) + 1}>")


def response_text(answer: Answer, namer: Namer) -> str:
    body = answer.body
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "requestId"}
        for error in body.get("errors", ()):
            error.get("extensions", {}).pop("requestId", None)
    shown = json.dumps({"status": answer.status, "body": body}, ensure_ascii=False, indent=2)
    return namer.text(shown) + "\n"


def sql_text(statements: Sequence[Statement], namer: Namer) -> str:
    """Each statement with its parameters below it, in the order they were sent."""
    shown = []
    for statement in statements:
        if "apikeys_apikey" in statement.text:
            shown.append("-- the key, its role and its workspace")
            continue
        lines = [readable(namer.text(statement.text)) + ";"]
        before, version, _ = statement.text.partition(_ROW_VERSION)
        counted = before.count("%s") if version else None  # PostgreSQL's count of all transactions so far
        lines += [
            "-- <row version>" if place == counted else f"-- {namer.text(str(value))}"
            for place, value in enumerate(statement.params)
        ]
        shown.append("\n".join(lines))
    return "\n\n".join(shown) + "\n"
