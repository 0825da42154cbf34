"""A record's place among the others of its object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import InvalidFilter, InvalidValue
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.number import coerce_number
from metadata.fieldtypes.operators import NUMBER_OPERATORS
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import FLOAT_COLUMN, NUMBER, SqlType
from metadata.fieldtypes.values import show

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

WORDS = ("first", "last")  # resolved where the other records are known
_LIMIT = 1.7e308  # of a double


@register
class PositionType(FieldType):
    """Stored: a double. `"first"` and `"last"` pass through for the writer to resolve."""

    name = "POSITION"
    label = "Position"
    description = "Where the record stands among its object's records; `first` and `last` place it."

    sql_type = NUMBER
    column_sql_type = FLOAT_COLUMN
    operators = NUMBER_OPERATORS
    creation_refusal = "Field type POSITION must be a system field and cannot be created manually."
    groupable = False
    unique_capable = False

    graphql = "Position"
    graphql_filter = "FloatFilter"
    samples = Samples(
        good=[(1, 1), (-0.5, -0.5), (1000.0, 1000), ("first", "first"), ("last", "last")],
        bad=[
            (None, 'Invalid position value null for field "sample"'),
            ("middle", "Invalid position value 'middle' for field \"sample\""),
            (True, 'Invalid position value true for field "sample"'),
            ([], 'Invalid position value [] for field "sample"'),
        ],
        answers=[(1, 1), (-0.5, -0.5), (None, None)],
        operands={"eq": "1", "in": -0.5, "gt": "0"},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        if isinstance(value, float):
            value = int(value) if value.is_integer() else float(value)
        if type(value) in (int, float) and -_LIMIT < value < _LIMIT:
            return value
        if isinstance(value, str) and value in WORDS:
            return value
        raise InvalidValue(f'Invalid position value {show(value)} for field "{field.name}"', path=field.name)

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        number = coerce_number(value, operator, path)
        if number is not None and not -_LIMIT < number < _LIMIT:
            raise InvalidFilter(f'Invalid number value {show(value)} for field "{path}"', path=path)
        return number

    def answer_sql(self, field: FieldSchema, subfield: str | None, json: str, sql_type: SqlType) -> str:
        # Through numeric: a double prints 1e+20 where a whole number is answered as digits.
        return f"coalesce(({json}::text)::numeric::text, 'null')"

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        return {"type": ["number", "null"] if field.is_nullable else "number", "examples": [1]}

    def input_value_schema(self, field: FieldSchema) -> dict[str, object]:
        return {"type": ["number", "string"], "examples": [1]}
