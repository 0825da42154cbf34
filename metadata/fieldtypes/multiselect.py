"""Any number of choices out of a field's options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from config.errors import InvalidValue, Problem
from metadata.fieldtypes import options as rules
from metadata.fieldtypes.contract import INVALID_FIELD_INPUT, NULL_DEFAULT
from metadata.fieldtypes.operators import MULTI_SELECT_OPERATORS
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.select import SelectType
from metadata.fieldtypes.sql_types import ARRAY
from metadata.fieldtypes.values import show, union

if TYPE_CHECKING:
    from metadata.schema import FieldSchema


@register
class MultiSelectType(SelectType):
    """Stored: a non-empty list of option values, in the order given, each once."""

    name = "MULTI_SELECT"
    label = "Multi-select"
    description = "Any number of the options listed in the field."

    sql_type = ARRAY
    operators = MULTI_SELECT_OPERATORS

    graphql = "[Enum]"
    samples = Samples(
        options=[{"value": "A", "label": "A", "position": 0}, {"value": "B", "label": "B", "position": 1}],
        good=[(["A"], ["A"]), (["B", "A"], ["B", "A"]), (["A", "A"], ["A"]), ("B", ["B"]), ([], None), (None, None)],
        bad=[
            (["A", "x"], "Invalid value 'x' for multi select field \"sample\""),
            ("x", "Invalid value 'x' for multi select field \"sample\""),
            ("", "Invalid value '' for multi select field \"sample\""),
            (True, 'Invalid value true for field "sample - Array values need to be string"'),
            ([1], 'Invalid value [ 1 ] for field "sample - Array values need to be string"'),
            ({}, 'Invalid value {} for field "sample - Array values need to be string"'),
        ],
        answers=[(["A", "B"], ["A", "B"]), (None, [])],
        operands={"containsAny": "A"},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        if value is None:
            return None
        chosen = [value] if isinstance(value, str) else value
        if not isinstance(chosen, list) or not all(isinstance(each, str) for each in chosen):
            message = f'Invalid value {show(value)} for field "{field.name} - Array values need to be string"'
            raise InvalidValue(message, path=field.name)
        values = field.option_values
        for each in chosen:
            if each not in values:
                message = f'Invalid value {show(each)} for multi select field "{field.name}"'
                raise InvalidValue(message, path=field.name, user_message=f'Invalid value for field "{field.name}"')
        return list(dict.fromkeys(chosen)) or None

    def convert(self, value: Json, field: FieldSchema) -> Json:
        if isinstance(value, str) and not rules.matching_option(value, field.options):
            value = [part.strip() for part in value.split(",") if part.strip()]
        items = value if isinstance(value, list) else [value]
        return list(dict.fromkeys(rules.convert_option(item, field.name, field.options) for item in items)) or None

    def combine(self, values: Sequence[Json]) -> Json:
        return union(values)

    def default_problems(self, default: Json, field: FieldSchema) -> list[Problem]:
        if default is None:
            return [] if field.is_nullable else [Problem(INVALID_FIELD_INPUT, NULL_DEFAULT)]
        return rules.list_default_problems(default, field.option_values)

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        values = list(field.option_values)
        return {"type": "array", "items": {"type": "string", "enum": values}, "examples": [values[:1]]}
