"""JSON Schemas that the documents of all APIs are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

UUID: Json = {"type": "string", "format": "uuid"}
PAGE_INFO: Json = {
    "type": "object",
    "properties": {
        "hasNextPage": {"type": "boolean"},
        "hasPreviousPage": {"type": "boolean"},
        "startCursor": {"type": ["string", "null"], "description": "Cursor of the first record shown"},
        "endCursor": {"type": ["string", "null"], "description": "Cursor of the last record shown"},
    },
    "required": ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"],
}


def component(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def object_of(properties: Mapping[str, Json], *, optional: tuple[str, ...] = ()) -> Json:
    """An object that has all of its members but the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


def array_of(items: Json, **more: object) -> Json:
    return {"type": "array", "items": items, **more}
