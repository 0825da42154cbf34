"""JSON Schemas of values: with null, and with what their field is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metadata.schema import FieldSchema


def nullable(schema: Mapping[str, Any]) -> dict[str, object]:
    """The schema with null accepted beside what it accepts."""
    accepting = dict(schema)
    kinds = schema.get("type")
    if isinstance(kinds, str):
        accepting["type"] = [kinds, "null"]
    elif isinstance(kinds, list) and "null" not in kinds:
        accepting["type"] = [*kinds, "null"]
    if "enum" in schema and None not in schema["enum"]:
        accepting["enum"] = [*schema["enum"], None]
    return accepting


def annotated(field: FieldSchema, schema: dict[str, object]) -> dict[str, object]:
    annotations = {"title": field.label}
    if field.description:
        annotations["description"] = field.description
    return {**annotations, **schema}
