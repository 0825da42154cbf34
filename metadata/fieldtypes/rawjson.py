"""JSON of any shape, and the JSON parts of other types."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from config.errors import InvalidValue, MalformedBody
from config.http.bounds import MAX, check_count, check_json, spend
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.operators import JSON_OPERATORS
from metadata.fieldtypes.parts import Json, Samples, Subfield
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import ARRAY, JSON, SqlType
from metadata.fieldtypes.values import coerce_pattern, invalid_object, is_unicode

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

_MAX_DEPTH = 100


def parse_json(text: str) -> Json:
    """The object or list that a JSON text holds; None when it holds neither. Raises TooComplex."""
    try:
        check_json(text.encode("utf-8", "surrogatepass"))
        value = json.loads(text)
    except (ValueError, RecursionError, MalformedBody):
        return None
    return value if isinstance(value, dict | list) else None


def clean_json(value: Json, path: str) -> Json:
    """An object or list (or the JSON text of one) as stored; `{}` is no value."""
    if value is None:
        return None
    parsed = parse_json(value) if isinstance(value, str) else value
    if not isinstance(parsed, dict | list):
        raise invalid_object(value, path)
    return None if parsed == {} else storable_json(parsed, path)


def storable_json(value: Json, path: str, depth: int = 0) -> Json:
    """The value with what `jsonb` cannot hold refused: NUL, lone surrogates, NaN, endless nesting."""
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidValue(f'Invalid object value for field "{path}": it contains a NUL character', path=path)
        if not is_unicode(value):
            raise InvalidValue(f'Invalid object value for field "{path}": it is no valid Unicode', path=path)
        return value
    if isinstance(value, dict | list):
        if depth >= _MAX_DEPTH:
            raise InvalidValue(f'Invalid object value for field "{path}": nested too deeply', path=path)
        if isinstance(value, list):
            return [storable_json(item, path, depth + 1) for item in value]
        return {storable_json(key, path): storable_json(item, path, depth + 1) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidValue(
            f'Invalid object value for field "{path}": it contains a number that is not finite', path=path
        )
    if isinstance(value, float):
        if value and not 1e-21 < abs(value) < 1e21:  # `jsonb` keeps and prints hundreds of digits of it
            spend("numbers of more than 21 digits", 1, MAX.far_numbers)
        return float(value)
    return value


@register
class RawJsonType(FieldType):
    """Stored: a non-empty object, or a list."""

    name = "RAW_JSON"
    label = "JSON"
    description = "An object or a list of any shape."

    sql_type = JSON
    operators = JSON_OPERATORS
    groupable = False
    unique_capable = False

    graphql = "JSON"
    graphql_filter = "RawJsonFilter"
    graphql_operand = "String"
    samples = Samples(
        good=[
            ({"a": [1, None, {"b": "c"}]}, {"a": [1, None, {"b": "c"}]}),
            ([1, 2], [1, 2]),
            ('{"a": 1}', {"a": 1}),
            ("[]", []),
            ({}, None),
            ("{}", None),
            (None, None),
        ],
        bad=[
            ("not-a-json", "Invalid object value 'not-a-json' for field \"sample\""),
            ("5", "Invalid object value '5' for field \"sample\""),
            ("", "Invalid object value '' for field \"sample\""),
            (1, 'Invalid object value 1 for field "sample"'),
            (True, 'Invalid object value true for field "sample"'),
            ({"a": "\0"}, 'Invalid object value for field "sample": it contains a NUL character'),
        ],
        answers=[({"a": [1, None]}, {"a": [1, None]}), ([], []), (None, None)],
        operands={"like": "%a%"},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        return None if value is None else clean_json(value, field.name)

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        return coerce_pattern(value, operator, path)

    def value_schema(self, field: FieldSchema) -> dict[str, Any]:
        kinds = ["object", "array", "null"] if field.is_nullable else ["object", "array"]
        return {"type": kinds, "examples": [{"key": "value"}]}

    def input_value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema = self.value_schema(field)
        return {**schema, "type": [*schema["type"], "string"]}


def json_part(name: str, label: str, *, sql_type: SqlType = JSON, **more: object) -> Subfield:
    """A sub-field that holds JSON: filtered by its text, not groupable; `more` overrides members of Subfield."""
    members: dict[str, Any] = {
        "operators": JSON_OPERATORS,
        "filter_type": "RAW_JSON",
        "graphql": "JSON",
        "graphql_filter": "RawJsonFilter",
        "groupable": False,
        "json_schema": {"type": "array"} if sql_type is ARRAY else {"type": ["object", "array", "null"]},
        "clean": clean_json,
        "coerce": coerce_pattern,
        **more,
    }
    return Subfield(name, sql_type, label=label, **members)


def clean_list(value: Json, path: str) -> list[Json] | None:
    """A list (or the JSON text of one); raises for anything else."""
    if value is None or value == "":
        return None
    parsed = parse_json(value) if isinstance(value, str) else value
    if not isinstance(parsed, list):
        raise invalid_object(value, path)
    check_count(len(parsed), MAX.list_items, "items", path)
    return parsed
