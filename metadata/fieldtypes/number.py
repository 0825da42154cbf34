"""Numbers, and the numeric parts of other types: what is a number, exactly, on its way in."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from config.errors import InvalidFilter, InvalidValue, Problem
from metadata.fieldtypes.contract import INVALID_FIELD_INPUT, FieldType
from metadata.fieldtypes.json_schema import nullable
from metadata.fieldtypes.operators import NUMBER_OPERATORS
from metadata.fieldtypes.parts import Json, Samples, SettingChoice, Subfield
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import NUMBER, FieldSql
from metadata.fieldtypes.values import show

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

DATA_TYPES = ("float", "int", "bigint")
_GRAPHQL = {"float": "Float", "int": "Int", "bigint": "BigInt"}

_INT_RANGE = (
    "a field of data type int takes numbers from -2147483648 to 2147483647; one of data type bigint takes larger ones"
)

_NUMERAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_MAX_DIGITS = 1000  # longer numbers are an attack on the parser, not a measurement
_EXACT_FLOAT = 1e15  # below it a float's integer value is what was written
_LEAST_INT, _GREATEST_INT = -(2**31), 2**31 - 1  # GraphQL's Int (GraphQL specification §3.5.1)


@register
class NumberType(FieldType):
    """Stored: an int, or a float when there is a fraction. Integers of any size are kept exactly.

    Data type `int` holds what GraphQL's Int can answer, 32 bits; `float` and `bigint` hold any.
    """

    name = "NUMBER"
    label = "Number"
    description = "A number, whole or with a fraction."
    settings_description = "`settings.dataType` says which (`float`, `int`, `bigint`)."

    sql_type = NUMBER
    operators = NUMBER_OPERATORS
    aggregates = ("min", "max", "avg", "sum")

    setting_choices: ClassVar[Mapping[str, SettingChoice]] = {
        "dataType": SettingChoice(
            "Kind of number",
            (("float", "With a fraction"), ("int", "Whole"), ("bigint", "Whole, of any size")),
            "float",
        )
    }

    graphql = "Float"
    graphql_filter = "FloatFilter"
    samples = Samples(
        good=[
            (12, 12),
            (-3.5, -3.5),
            (0, 0),
            (2.0, 2),
            (None, None),
            (12345678901234567890123, 12345678901234567890123),
            (1e22, 10**22),
        ],
        bad=[
            ("string", "Invalid number value 'string' for field \"sample\""),
            ("12", "Invalid number value '12' for field \"sample\""),
            (True, 'Invalid number value true for field "sample"'),
            ({}, 'Invalid number value {} for field "sample"'),
            ([], 'Invalid number value [] for field "sample"'),
            (float("nan"), 'Invalid number value NaN for field "sample"'),
            (float("inf"), 'Invalid number value Infinity for field "sample"'),
        ],
        answers=[(12, 12), (-3.5, -3.5), (None, None), (12345678901234567890123, 12345678901234567890123)],
        operands={"eq": "12", "in": "-3.5", "gt": 1e-7, "lte": "12345678901234567890123"},
    )

    def clean(self, value: Json, field: FieldSchema) -> Json:
        if value is None:
            return None
        number: int | float = value
        if type(value) is not int:
            if not isinstance(value, float) or not math.isfinite(value):
                raise InvalidValue(f'Invalid number value {_shown(value)} for field "{field.name}"', path=field.name)
            is_whole = type(value) is float and value.is_integer()  # another class has digits that no float keeps
            if not is_whole and (data_type := _data_type(field)) != "float":
                raise InvalidValue(
                    f'Invalid number value {show(value)} for field "{field.name}": '
                    f"a field of data type {data_type} takes whole numbers",
                    path=field.name,
                )
            number = _whole(float(value))
        if not _LEAST_INT <= number <= _GREATEST_INT and _data_type(field) == "int":
            raise InvalidValue(
                f'Invalid number value {show(value)} for field "{field.name}": {_INT_RANGE}', path=field.name
            )
        return number

    def convert(self, value: Json, field: FieldSchema) -> Json:
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, str):
            number = decimal_of(value.strip())
            if number is not None:
                is_whole = number == number.to_integral_value()
                value = int(number) if is_whole or Decimal(repr(float(number))) != number else float(number)
                if not is_whole and type(value) is int:  # more digits than a float keeps
                    raise InvalidValue(f'Number {number} of field "{field.name}" has too many digits', path=field.name)
        return super().convert(value, field)

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        number = coerce_number(value, operator, path)
        if number is not None and not _LEAST_INT <= number <= _GREATEST_INT and _data_type(field) == "int":
            shown = number if isinstance(value, str) else value
            raise InvalidFilter(f'Invalid number value {show(shown)} for field "{path}": {_INT_RANGE}', path=path)
        return number

    def unfit_sql(self, field: FieldSchema) -> str | None:
        data_type, value = _data_type(field), self.sql(field).value
        if data_type == "float":
            return None
        fraction = f"{value} <> trunc({value})"
        beyond = f"{value} NOT BETWEEN {_LEAST_INT} AND {_GREATEST_INT}"
        return f"{fraction} OR {beyond}" if data_type == "int" else fraction

    def settings_problems(self, settings: Json) -> list[Problem]:
        problems = super().settings_problems(settings)
        data_type = None if problems or settings is None else settings.get("dataType")
        if data_type is not None and data_type not in DATA_TYPES:
            message = f"Number data type {show(data_type)} is not supported. Supported types: {', '.join(DATA_TYPES)}"
            problems.append(Problem(INVALID_FIELD_INPUT, message, data_type))
        return problems

    def graphql_output(self, field: FieldSchema) -> str:
        return _GRAPHQL[_data_type(field)]

    @classmethod
    def graphql_filters(cls) -> Mapping[str, str]:
        return {f"{scalar}Filter": scalar for scalar in _GRAPHQL.values()}

    def graphql_filter_type(self, field: FieldSchema) -> str:
        return f"{_GRAPHQL[_data_type(field)]}Filter"

    def group_sql(self, sql: FieldSql) -> str:
        return "trim_scale({d})"

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        is_whole = _data_type(field) != "float"
        schema: dict[str, object] = (
            {"type": "integer", "examples": [12]} if is_whole else {"type": "number", "examples": [3.5]}
        )
        if _data_type(field) == "int":
            schema |= {"minimum": _LEAST_INT, "maximum": _GREATEST_INT}
        return nullable(schema) if field.is_nullable else schema


def _data_type(field: FieldSchema) -> str:
    data_type = field.settings.get("dataType") if field.settings else None
    return data_type if data_type in DATA_TYPES else "float"


def _whole(value: float) -> int | float:
    """A float without a fraction as the integer that was written (`1e22` → 10**22)."""
    if not value.is_integer():
        return value
    return int(value) if abs(value) < _EXACT_FLOAT else int(Decimal(repr(value)))


def _shown(value: Json) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return show(value)


def decimal_of(value: Json) -> Decimal | None:
    """A finite number or numeral as an exact decimal (a float as it prints); None when it is neither."""
    if isinstance(value, str):
        if len(value) > _MAX_DIGITS or _NUMERAL.fullmatch(value) is None:
            return None
        number = Decimal(value)
        return number if number.adjusted() <= _MAX_DIGITS else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return Decimal(repr(value))


def coerce_number(value: Json, operator: str, path: str) -> int | Decimal | None:
    """A numeric operand, exact; null compares with nothing."""
    if value is None or type(value) is int:
        return value
    number = decimal_of(value)
    if number is None:
        raise InvalidFilter(f'Invalid number value NaN for field "{path}"', path=path)
    return number


def clean_numeric(value: Json, path: str) -> int | float | None:
    """A number or numeral as stored: whole numbers exactly, fractions as a float; `""` is no number."""
    if value is None or value == "":
        return None
    if type(value) is int:
        return value
    number = decimal_of(value)
    if number is None:
        raise InvalidValue(f'Invalid number value NaN for field "{path}"', path=path)
    return int(number) if number == number.to_integral_value() else float(number)


def numeric_part(name: str, label: str, **more: object) -> Subfield:
    """A sub-field that holds a number or null; `more` overrides members of Subfield."""
    members: dict[str, Any] = {
        "operators": NUMBER_OPERATORS,
        "filter_type": "NUMERIC",
        "graphql": "BigFloat",
        "graphql_filter": "BigFloatFilter",
        "json_schema": {"type": ["number", "null"]},
        "input_json_schema": {"type": ["number", "string", "null"]},
        "clean": clean_numeric,
        "coerce": coerce_number,
        **more,
    }
    return Subfield(name, NUMBER, label=label, **members)
