"""An amount of money."""

from __future__ import annotations

from config.errors import InvalidValue
from metadata.fieldtypes.composite import CompositeType, by_name, text_part
from metadata.fieldtypes.number import clean_numeric, numeric_part
from metadata.fieldtypes.parts import Json, Samples
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import NULLABLE_TEXT
from metadata.fieldtypes.values import show


def clean_micros(value: Json, path: str) -> int | None:
    """Millionths of the currency's unit: whole, exact, of any size."""
    if type(value) is int:
        return value
    number = clean_numeric(value, path)
    if isinstance(number, float):
        raise InvalidValue(
            f'Invalid number value {show(value)} for field "{path}": micros are whole numbers', path=path
        )
    return number


@register
class CurrencyType(CompositeType):
    """Stored: `{"amountMicros": int, "currencyCode": str}` (ISO 4217), absent parts left out."""

    name = "CURRENCY"
    label = "Currency"
    description = "An amount in millionths of a currency's unit, and the currency's ISO 4217 code."
    noun = "currency"

    subfields = by_name(
        [
            numeric_part(
                "amountMicros",
                "Amount",
                clean=clean_micros,
                view_scale=1_000_000,
                aggregates=("min", "max", "avg", "sum"),
                json_schema={"type": ["integer", "null"]},
                input_json_schema={"type": ["integer", "string", "null"]},
            ),
            text_part(
                "currencyCode", "Currency Code", sql_type=NULLABLE_TEXT, json_schema={"type": ["string", "null"]}
            ),
        ]
    )
    empty_subfields = ("amountMicros", "currencyCode")
    unique_capable = False

    graphql = "Currency"
    graphql_filter = "CurrencyFilterInput"
    example = {"amountMicros": 60000000000, "currencyCode": "USD"}
    samples = Samples(
        good=[
            ({"amountMicros": 5000000, "currencyCode": "USD"}, {"amountMicros": 5000000, "currencyCode": "USD"}),
            ({"amountMicros": "9007199254740993"}, {"amountMicros": 9007199254740993}),
            ({"amountMicros": 5e6}, {"amountMicros": 5000000}),
            ({"amountMicros": None, "currencyCode": ""}, None),
            (None, None),
        ],
        bad=[
            (5, 'Invalid object value 5 for field "sample"'),
            ({"amountMicros": "abc"}, 'Invalid number value NaN for field "sample.amountMicros"'),
            ({"amountMicros": 1.5},
             'Invalid number value 1.5 for field "sample.amountMicros": micros are whole numbers'),
            ({"amountMicros": "1.5"},
             "Invalid number value '1.5' for field \"sample.amountMicros\": micros are whole numbers"),
            ({"currencyCode": 1}, 'Invalid string value 1 for text field "sample.currencyCode"'),
            ({"amount": 1}, 'Invalid subfield amount for currency field "sample"'),
        ],
        answers=[
            ({"amountMicros": 9007199254740993}, {"amountMicros": 9007199254740993, "currencyCode": None}),
            (None, {"amountMicros": None, "currencyCode": None}),
        ],
        operands={"amountMicros.gt": "1000000", "currencyCode.eq": "USD"},
    )  # fmt: skip
