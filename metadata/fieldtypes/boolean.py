"""True or false."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import InvalidFilter, InvalidValue
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.json_schema import nullable
from metadata.fieldtypes.operators import BOOLEAN_OPERATORS
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import BOOLEAN
from metadata.fieldtypes.values import show

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

_WORDS = {"true": True, "false": False}
_CONVERTED = {**_WORDS, "yes": True, "no": False, "1": True, "0": False}


@register
class BooleanType(FieldType):
    """Stored: true or false."""

    name = "BOOLEAN"
    label = "True/False"
    description = "A yes or a no."

    sql_type = BOOLEAN
    operators = BOOLEAN_OPERATORS
    aggregates = ("countTrue", "countFalse")

    graphql = "Boolean"
    graphql_filter = "BooleanFilter"
    samples = Samples(
        good=[(True, True), (False, False), (None, None)],
        bad=[
            (1, 'Invalid boolean value 1 for field "sample"'),
            ("true", "Invalid boolean value 'true' for field \"sample\""),
            ([], 'Invalid boolean value [] for field "sample"'),
        ],
        answers=[(True, True), (False, False), (None, None)],
        operands={"eq": "TRUE"},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        if value is True or value is False or value is None:
            return value
        raise InvalidValue(f'Invalid boolean value {show(value)} for field "{field.name}"', path=field.name)

    def convert(self, value: Json, field: FieldSchema) -> Json:
        word = str(value).strip().lower() if type(value) in (str, int) else None
        return super().convert(_CONVERTED.get(word, value) if word is not None else value, field)

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        if value is True or value is False or value is None:
            return value
        word = _WORDS.get(value.lower()) if isinstance(value, str) else None
        if word is None:
            raise InvalidFilter(f'Invalid boolean value {show(value)} for field "{path}"', path=path)
        return word

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema: dict[str, object] = {"type": "boolean", "examples": [True]}
        return nullable(schema) if field.is_nullable else schema
