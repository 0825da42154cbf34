"""Plain text of any length."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from config.errors import Problem
from metadata.fieldtypes.contract import INVALID_FIELD_INPUT, FieldType
from metadata.fieldtypes.operators import TEXT_OPERATORS
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import TEXT
from metadata.fieldtypes.values import clean_text, coerce_text, unquote

if TYPE_CHECKING:
    from metadata.schema import FieldSchema


@register
class TextType(FieldType):
    """Stored: a non-empty string. No text and the empty string are the same, and answered as `""`."""

    name = "TEXT"
    label = "Text"
    description = "Words of any length; an empty text and no text are the same."

    sql_type = TEXT
    operators = TEXT_OPERATORS
    searchable = True
    label_identifier_capable = True

    graphql = "String"
    graphql_filter = "StringFilter"
    samples = Samples(
        good=[("Ada", "Ada"), ("", None), (None, None), ("  x ", "  x "), ("日本", "日本")],
        bad=[
            (1, 'Invalid string value 1 for text field "sample"'),
            (True, 'Invalid string value true for text field "sample"'),
            ({}, 'Invalid string value {} for text field "sample"'),
            (["a"], "Invalid string value [ 'a' ] for text field \"sample\""),
            ("a\ud800b", 'Invalid string value for text field "sample": it is no valid Unicode'),
            ("a\0b", 'Invalid string value for text field "sample": it contains a NUL character'),
        ],
        answers=[("Ada", "Ada"), (None, ""), ('"quoted" \\ \n ü', '"quoted" \\ \n ü')],
        operands={"eq": "Ada", "in": "Ada", "like": "%d%", "ilike": "a\\", "startsWith": "A", "endsWith": "a"},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        if isinstance(value, str) and value.isascii() and "\0" not in value:
            return value or None
        return clean_text(value, field.name)

    def convert(self, value: Json, field: FieldSchema) -> Json:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = ", ".join(value)
        elif isinstance(value, bool | int | float):
            value = json.dumps(value)
        return super().convert(value, field)

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        return coerce_text(value, operator, path)

    def image_sql(self, field: FieldSchema) -> str | None:
        return self.sql(field).text

    def search_texts(self, stored: Json) -> Iterable[str]:
        return (stored,)

    def default_problems(self, default: Json, field: FieldSchema) -> list[Problem]:
        problems = super().default_problems(default, field)
        if not problems and default is not None and unquote(default) == default:
            problems.append(Problem(INVALID_FIELD_INPUT, "Default value should be as quoted string", default))
        return problems

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        return {"type": "string", "examples": ["Some text"]}
