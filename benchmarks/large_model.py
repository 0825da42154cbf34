"""A data model of 100 objects x 50 fields: what each kind of change costs, and the documents that show all of it.

Times are a client's, over one kept connection to one worker: the request, the change, its commit, the answer.
"""

from __future__ import annotations

import gzip
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.load import HttpConnection, request_bytes

OBJECTS, FIELDS = 100, 50
ROUNDS = 40  # of each kind of change
WARM_ROUNDS = 25
TYPES = ("TEXT", "NUMBER", "DATE_TIME", "CURRENCY", "LINKS", "BOOLEAN", "SELECT", "ADDRESS")
_OBJECTS, _FIELDS = "/rest/metadata/objects", "/rest/metadata/fields"
_SCHEMA = "kind name description fields(includeDeprecated: true) { name args { name type { ...T } } type { ...T } }"
_INTROSPECTION = (
    f"{{ __schema {{ queryType {{ name }} mutationType {{ name }} types {{ {_SCHEMA}"
    " inputFields { name type { ...T } } interfaces { ...T } enumValues { name } possibleTypes { name } }"
    " directives { name locations } } }"
    " fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"
)


class Editor:
    """A client that changes the data model and notes how long each kind of change took."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = HttpConnection(port)
        self._token = token
        self.times_ms: dict[str, list[float]] = {}

    def ask(self, method: str, path: str, body: Any = None) -> tuple[Any, float]:
        """The JSON of an answer without errors, and the milliseconds until it was here, still compressed."""
        content = b"" if body is None else json.dumps(body).encode()
        head, _, sent = request_bytes(method, path, self._token, content).partition(b"\r\n\r\n")
        started = time.perf_counter()
        status, answer = self._connection.ask(head + b"\r\nAccept-Encoding: gzip\r\n\r\n" + sent)
        elapsed = (time.perf_counter() - started) * 1000
        parsed = json.loads(gzip.decompress(answer) if answer.startswith(b"\x1f\x8b") else answer)
        assert status in (200, 201) and "errors" not in parsed, (path, status, answer[:1000])
        return parsed, elapsed

    def change(self, kind: str, method: str, path: str, body: Any = None) -> Any:
        """The changed resource."""
        answer, elapsed = self.ask(method, path, body)
        self.times_ms.setdefault(kind, []).append(elapsed)
        return _resource(answer)

    def mutate(self, kind: str, name: str, given: dict[str, Any]) -> Any:
        query = f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ id }} }}"
        return self.change(kind, "POST", "/metadata", {"query": query, "variables": {"input": given}})


def _resource(answer: Any) -> Any:
    """What the answer's envelope holds, over REST of either version and over GraphQL."""
    return next(iter(answer["data"].values())) if isinstance(answer, dict) and "data" in answer else answer


def measure_large_model(report: Any) -> None:
    from benchmarks import data
    from benchmarks.server import serving
    from metadata.cache import current_schema
    from tests.server import free_port

    started = time.perf_counter()
    workspace = data.model_of_size("Large model", OBJECTS, FIELDS)
    schema = current_schema(workspace.id)
    count = sum(len(each.fields) for each in schema.objects)
    report.add(f"make {len(schema.objects)} objects, {count:,} fields", f"{time.perf_counter() - started:.0f} s")
    token = data.token_of(workspace)
    with serving(free_port(), 1, {}) as server:
        _documents(report, Editor(server.port, token), str(schema.by_singular["thing0"].id))
        report.add("the worker's memory after that", f"{server.rss_mb():.0f} MB")
        editor = Editor(server.port, token)
        _changes(editor, [str(schema.by_singular[f"thing{number}"].id) for number in range(ROUNDS + 1)])
    for kind, times in editor.times_ms.items():
        worst = statistics.quantiles(times[1:], n=20, method="inclusive")[-1]  # the first is the warm-up
        shown = f"p95 {worst:.1f} ms (median {statistics.median(times[1:]):.1f})"
        report.add(kind, shown, worst, "≤ 100 ms")


# Documents -------------------------------------------------------------------------------------------


def _documents(report: Any, editor: Editor, object_id: str) -> None:
    """Each one cold (nothing was asked of this process), after a change, and warm."""
    asked: dict[str, Callable[[], float]] = {
        "OpenAPI of the Core API": lambda: editor.ask("GET", "/rest/open-api/core")[1],
        "OpenAPI of the Metadata API": lambda: editor.ask("GET", "/rest/open-api/metadata")[1],
        "introspection of /graphql": lambda: editor.ask("POST", "/graphql", {"query": _INTROSPECTION})[1],
        "introspection of /metadata": lambda: editor.ask("POST", "/metadata", {"query": _INTROSPECTION})[1],
    }
    for name, ask in asked.items():
        first = ask()
        report.add(f"{name}, cold", f"{first:.0f} ms", first, "≤ 1,000 ms")
        changed = []
        for number in range(3):
            editor.ask("PATCH", f"{_OBJECTS}/{object_id}", {"labelSingular": f"{name} {number}"})
            changed.append(ask())
        report.add("  … after a change", f"{max(changed):.0f} ms", max(changed), "≤ 1,000 ms")
        warm = statistics.median(ask() for _ in range(WARM_ROUNDS))
        report.add("  … warm", f"{warm:.1f} ms", warm, "≤ 5 ms")


# Changes ---------------------------------------------------------------------------------------------


def _changes(editor: Editor, objects: list[str]) -> None:
    """Every kind of change, as often as there are objects; each round leaves the model about as large as it was."""
    for number, object_id in enumerate(objects):
        for change in (_object, _fields, _relations, _indexes, _views):
            change(editor, number, object_id, objects[(number + 1) % len(objects)])


def _names(name: str) -> dict[str, str]:
    return {"nameSingular": name, "namePlural": f"{name}s", "labelSingular": name, "labelPlural": f"{name}s"}


def _object(editor: Editor, number: int, other: str, _: str) -> None:
    made = editor.change("create an object", "POST", _OBJECTS, _names(f"fresh{number}"))
    path = f"{_OBJECTS}/{made['id']}"
    editor.change("rename an object", "PATCH", path, _names(f"renamed{number}"))
    editor.change("label an object", "PATCH", path, {"labelSingular": f"Label {number}"})
    name = {"objectMetadataId": made["id"], "type": "TEXT", "name": "title", "label": "Title"}
    title = _resource(editor.ask("POST", _FIELDS, name)[0])
    editor.change("change the label identifier", "PATCH", path, {"labelIdentifierFieldMetadataId": title["id"]})
    editor.change("deactivate an object", "PATCH", path, {"isActive": False})
    editor.change("activate an object", "PATCH", path, {"isActive": True})
    editor.change("delete an object", "DELETE", path)


def _fields(editor: Editor, number: int, object_id: str, _: str) -> None:
    kind = TYPES[number % len(TYPES)]
    options = [{"value": each, "label": each, "position": place} for place, each in enumerate("ABC")]
    given = {"objectMetadataId": object_id, "type": kind, "name": f"extra{number}", "label": "Extra"}
    made = editor.change(
        "create a field", "POST", _FIELDS, {**given, **({"options": options} if kind == "SELECT" else {})}
    )
    path = f"{_FIELDS}/{made['id']}"
    editor.change("rename a field", "PATCH", path, {"name": f"renamedExtra{number}"})
    editor.change("label a field", "PATCH", path, {"label": f"Extra {number}"})
    editor.change("deactivate a field", "PATCH", path, {"isActive": False})
    editor.change("activate a field", "PATCH", path, {"isActive": True})
    editor.change("delete a field", "DELETE", path)

    choice = {"objectMetadataId": object_id, "type": "SELECT", "name": f"choice{number}", "label": "Choice"}
    made = editor.change("create a field with options", "POST", _FIELDS, {**choice, "options": options})
    path = f"{_FIELDS}/{made['id']}"
    renamed = [{**made["options"][0], "value": "Z"}, *made["options"][1:]]
    editor.change("rename an option", "PATCH", path, {"options": renamed})
    editor.change("change a field's type", "POST", f"{path}/changeType", {"type": "TEXT"})
    editor.change("make a field unique", "PATCH", path, {"isUnique": True})
    editor.change("allow a field's values again", "PATCH", path, {"isUnique": False})
    editor.mutate("delete a field over GraphQL", "deleteOneField", {"id": made["id"]})


def _relations(editor: Editor, number: int, object_id: str, target: str) -> None:
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": target, "targetFieldLabel": f"Back {number}"}
    given = {"objectMetadataId": object_id, "type": "RELATION", "name": f"link{number}", "label": "Link"}
    made = editor.change("create a relation", "POST", _FIELDS, {**given, "relationCreationPayload": payload})
    editor.change("rename a relation", "PATCH", f"{_FIELDS}/{made['id']}", {"name": f"renamedLink{number}"})
    editor.change("delete a relation", "DELETE", f"{_FIELDS}/{made['id']}")


def _indexes(editor: Editor, number: int, object_id: str, _: str) -> None:
    shown = _resource(editor.ask("GET", f"{_OBJECTS}/{object_id}")[0])
    name = next(each["id"] for each in shown["fields"] if each["name"] == "name")
    index = {"objectMetadataId": object_id, "indexType": "BTREE", "fields": [{"fieldMetadataId": name}]}
    made = editor.mutate("create an index", "createOneIndex", {"index": index})
    editor.mutate("delete an index", "deleteOneIndex", {"id": made["id"]})


def _views(editor: Editor, number: int, object_id: str, _: str) -> None:
    view = {"name": f"View {number}", "objectMetadataId": object_id, "icon": "IconList"}
    made = editor.change("create a view", "POST", "/rest/metadata/views", view)
    editor.change("rename a view", "PATCH", f"/rest/metadata/views/{made['id']}", {"name": "Renamed"})
    editor.change("delete a view", "DELETE", f"/rest/metadata/views/{made['id']}")
