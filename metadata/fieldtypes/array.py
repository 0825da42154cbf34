"""A list of strings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from config.errors import InvalidValue
from config.http.bounds import MAX, check_count
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.operators import ARRAY_OPERATORS
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import ARRAY
from metadata.fieldtypes.values import clean_text, coerce_pattern, show, union

if TYPE_CHECKING:
    from metadata.schema import FieldSchema


@register
class ArrayType(FieldType):
    """Stored: a non-empty list of strings. No value and the empty list are the same, and answered as `[]`."""

    name = "ARRAY"
    label = "Array"
    description = "A list of texts, kept in the order given."

    sql_type = ARRAY
    operators = ARRAY_OPERATORS

    graphql = "[String]"
    graphql_filter = "ArrayFilter"
    graphql_operand = "String"
    samples = Samples(
        good=[(["b", "a"], ["b", "a"]), ("one", ["one"]), ([], None), (None, None), (["x", "x"], ["x", "x"])],
        bad=[
            (True, 'Invalid value true for field "sample - Array values need to be string"'),
            (1, 'Invalid value 1 for field "sample - Array values need to be string"'),
            ([1], 'Invalid value [ 1 ] for field "sample - Array values need to be string"'),
            ({}, 'Invalid value {} for field "sample - Array values need to be string"'),
        ],
        answers=[(["a", "b"], ["a", "b"]), (None, [])],
        operands={"containsIlike": "%A%"},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        return clean_words(value, field.name)

    def convert(self, value: Json, field: FieldSchema) -> Json:
        is_word = isinstance(value, bool | int | float)
        return super().convert(json.dumps(value) if is_word else value, field)

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        return coerce_pattern(value, operator, path)

    def combine(self, values: Sequence[Json]) -> Json:
        return union(values)

    def search_texts(self, stored: Json) -> Iterable[str]:
        return tuple(stored)

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        return {"type": "array", "items": {"type": "string"}, "examples": [["first", "second"]]}


def clean_words(value: Json, path: str) -> list[str] | None:
    """A list of strings as stored (a bare string is a list of one); `[]` is no value."""
    if value is None:
        return None
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        message = f'Invalid value {show(value)} for field "{path} - Array values need to be string"'
        raise InvalidValue(message, path=path)
    check_count(len(words), MAX.list_items, "items", path)
    return [clean_text(word, path) or "" for word in words] or None
