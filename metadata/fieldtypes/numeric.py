"""Exact numbers that may arrive as text; fields of the standard data model and sub-fields only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.json_schema import nullable
from metadata.fieldtypes.number import clean_numeric, coerce_number
from metadata.fieldtypes.operators import NUMBER_OPERATORS
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import NUMBER

if TYPE_CHECKING:
    from metadata.schema import FieldSchema


@register
class NumericType(FieldType):
    """Stored: an int (exact, any size) or a float."""

    name = "NUMERIC"
    label = "Numeric"
    description = "A number that may be sent as text; users create NUMBER fields instead."

    sql_type = NUMBER
    operators = NUMBER_OPERATORS
    creation_refusal = "Field type NUMERIC is not supported for field creation. Use NUMBER instead."

    graphql = "BigFloat"
    graphql_filter = "BigFloatFilter"
    samples = Samples(
        good=[
            (12, 12),
            ("9007199254740993", 9007199254740993),
            ("-1.25", -1.25),
            (1.5, 1.5),
            ("1e3", 1000),
            ("", None),
            (None, None),
        ],
        bad=[
            ("abc", 'Invalid number value NaN for field "sample"'),
            ("1_000", 'Invalid number value NaN for field "sample"'),
            ("NaN", 'Invalid number value NaN for field "sample"'),
            (True, 'Invalid number value NaN for field "sample"'),
            ({}, 'Invalid number value NaN for field "sample"'),
        ],
        answers=[(9007199254740993, 9007199254740993), (1.5, 1.5), (None, None)],
        operands={"eq": "9007199254740993", "in": 12, "gte": "1.5"},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        return value if type(value) is int else clean_numeric(value, field.name)

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        return coerce_number(value, operator, path)

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema: dict[str, object] = {"type": "number", "examples": [1000000]}
        return nullable(schema) if field.is_nullable else schema

    def input_value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema: dict[str, object] = {"type": ["number", "string"], "examples": [1000000]}
        return nullable(schema) if field.is_nullable else schema
