"""One choice out of a field's options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from config.errors import Problem
from metadata.fieldtypes import options as rules
from metadata.fieldtypes.contract import INVALID_FIELD_INPUT, NULL_DEFAULT, FieldType
from metadata.fieldtypes.operators import SELECT_OPERATORS
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import CODE

if TYPE_CHECKING:
    from metadata.schema import FieldSchema, Option


@register
class SelectType(FieldType):
    """Stored: the option's value; never its label or id."""

    name = "SELECT"
    label = "Select"
    description = "One of the options listed in the field."

    sql_type = CODE
    operators: ClassVar[tuple[str, ...]] = SELECT_OPERATORS
    has_options = True
    has_own_options = True

    graphql = "Enum"
    graphql_filter = "EnumFilter"
    samples = Samples(
        options=[
            {"value": "NEW", "label": "New", "position": 0, "color": "red"},
            {"value": "OPTION_2", "label": "Second", "position": 1, "color": "sky"},
        ],
        good=[("NEW", "NEW"), ("OPTION_2", "OPTION_2"), (None, None)],
        bad=[
            ("NOPE", 'Invalid value "NOPE" for field "sample". Valid values are: NEW, OPTION_2'),
            ("", 'Invalid value "" for field "sample". Valid values are: NEW, OPTION_2'),
            ("new", 'Invalid value "new" for field "sample". Valid values are: NEW, OPTION_2'),
            (5, 'Invalid string value 5 for text field "sample"'),
            (["NEW"], "Invalid string value [ 'NEW' ] for text field \"sample\""),
        ],
        answers=[("NEW", "NEW"), (None, None)],
        operands={"eq": "NEW", "in": "OPTION_2", "containsAny": "NEW", "gt": "NEW"},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        for option in field.options:
            if option.value == value:
                return value
        return rules.clean_option(value, field.name, field.option_values)

    def convert(self, value: Json, field: FieldSchema) -> Json:
        return rules.convert_option(value, field.name, field.options)

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        return rules.coerce_option(value, path, field.option_values)

    def options_problems(self, options: Json) -> list[Problem]:
        return rules.options_problems(options)

    def clean_options(self, options: Json, existing: Sequence[Option] = ()) -> tuple[dict[str, object], ...]:
        return rules.clean_options(options, existing)

    def default_problems(self, default: Json, field: FieldSchema) -> list[Problem]:
        if default is None:
            return [] if field.is_nullable else [Problem(INVALID_FIELD_INPUT, NULL_DEFAULT)]
        return rules.default_problems(default, field.option_values)

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        values: list[Json] = list(field.option_values)
        schema: dict[str, object] = {"type": "string", "enum": values, "examples": values[:1]}
        if field.is_nullable:
            schema.update(type=["string", "null"], enum=[*values, None])
        return schema
