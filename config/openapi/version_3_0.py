"""The same document in OpenAPI 3.0.3, for tools that do not read 3.1.

3.1 takes JSON Schema 2020-12 as it is; 3.0 has a dialect of its own: one `type`, `nullable`, `example`
instead of `examples`, nothing beside a `$ref`, and no webhooks (kept as `x-webhooks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VERSION = "3.0.3"

# Where a schema stands inside the rest of a document, and where schemas stand inside a schema.
_MAPS_OF_SCHEMAS = frozenset(("properties", "patternProperties"))
_LISTS_OF_SCHEMAS = frozenset(("oneOf", "anyOf", "allOf"))
_SCHEMAS = frozenset(("items", "additionalProperties", "not"))


def as_3_0(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the document in 3.0.3; the document itself is left alone."""
    components = dict(document.get("components", {}))
    if "schemas" in components:
        components["schemas"] = {name: schema_3_0(schema) for name, schema in components["schemas"].items()}
    converted = {
        **document,
        "openapi": VERSION,
        "info": {**document["info"], "license": {"name": document["info"]["license"]["name"]}},
        "paths": _walk(document["paths"]),
        "components": {
            name: part if name in ("schemas", "securitySchemes") else _walk(part) for name, part in components.items()
        },
    }
    webhooks = converted.pop("webhooks", None)
    return converted if webhooks is None else {**converted, "x-webhooks": _walk(webhooks)}


def _walk(node: object) -> object:
    """Everything that is no schema is copied; what stands under `schema` is one."""
    if isinstance(node, Mapping):
        return {key: schema_3_0(value) if key == "schema" else _walk(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_walk(each) for each in node]
    return node


def schema_3_0(schema: object) -> Any:
    """One schema in the dialect of 3.0.

    >>> schema_3_0({"type": ["string", "null"], "examples": ["a"]})
    {'type': 'string', 'nullable': True, 'example': 'a'}
    """
    if not isinstance(schema, Mapping):
        return schema
    converted: dict[str, object] = {}
    for key, value in schema.items():
        if key == "type" and isinstance(value, list):
            converted |= _types(value)
        elif key == "examples":
            if value:
                converted["example"] = value[0]
        elif key == "const":
            converted["enum"] = [value]
        elif key in _MAPS_OF_SCHEMAS:
            converted[key] = {name: schema_3_0(each) for name, each in value.items()}
        elif key in _LISTS_OF_SCHEMAS:
            converted |= _alternatives(key, value)
        elif key in _SCHEMAS:
            converted[key] = schema_3_0(value)
        else:
            converted[key] = value
    if converted.get("type") == "array":
        converted.setdefault("items", {})
    if "$ref" in converted and len(converted) > 1:
        converted = {"allOf": [{"$ref": converted.pop("$ref")}], **converted}
    return converted


def _types(kinds: list[str]) -> dict[str, object]:
    """Several types: `nullable` for null, alternatives for the others."""
    others = [kind for kind in kinds if kind != "null"]
    if len(others) == 1:
        return {"type": others[0], **({"nullable": True} if "null" in kinds else {})}
    return _alternatives("anyOf", [{"type": kind} for kind in kinds])


def _alternatives(key: str, schemas: list[object]) -> dict[str, object]:
    """Alternatives, as far as 3.0 has a form for them that validators and generators of clients both take.

    `nullable` counts beside a `type` only (3.0.3, Schema Object), while generators read it nowhere but on the outside
    of alternatives. So alternatives of which one is null are their first, `nullable`: a number that could also be
    written as text is a number. Lists or objects of anything beside something else are any value.
    """
    others = [schema_3_0(each) for each in schemas if each != {"type": "null"}]
    is_nullable = len(others) < len(schemas)
    if len(others) == 1:
        return {"nullable": True, "allOf": others} if is_nullable else {key: others}
    if any(each.get("type") in ("array", "object") and "properties" not in each for each in others):
        return {}
    return {**others[0], "nullable": True} if is_nullable else {key: others}
