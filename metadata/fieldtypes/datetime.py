"""Moments in time, to the millisecond."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from config.errors import InvalidFilter, InvalidValue
from metadata.fieldtypes.contract import FieldType
from metadata.fieldtypes.date import read_moment
from metadata.fieldtypes.json_schema import nullable
from metadata.fieldtypes.operators import NUMBER_OPERATORS
from metadata.fieldtypes.parts import Json, Samples, refused
from metadata.fieldtypes.registry import register
from metadata.fieldtypes.sql_types import CODE, TIMESTAMP_COLUMN, SqlType
from metadata.fieldtypes.values import show

if TYPE_CHECKING:
    from metadata.schema import FieldSchema

# What `moment_text` does, in SQL, with the quotes of JSON:
_PRINTED = """'"' || to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"'"""


def moment_text(moment: datetime) -> str:
    """An aware moment as stored and answered: `2026-01-31T09:30:00.000Z`, cut to milliseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_moment(value: Json) -> str | None:
    """The stored form of a moment; None when the value names none."""
    if not isinstance(value, str):
        return None
    if len(value) == 24 and value[4] == value[7] == "-" and value[10] == "T" and value[19] == "." and value[23] == "Z":
        try:  # the form that we answer, and most clients send
            datetime.fromisoformat(value)
        except ValueError:
            return None
        return value
    moment = read_moment(value)
    return None if moment is None else moment_text(moment)


def moment_message(value: Json, path: str) -> str:
    return f"Invalid value {show(value)} for date-time field \"{path}\". Expected format: 'YYYY-MM-DDTHH:mm:ssZ'"


@register
class DateTimeType(FieldType):
    """Stored: fixed-width UTC text, `"2026-01-31T09:30:00.000Z"`, so that text order is time order."""

    name = "DATE_TIME"
    label = "Date and time"
    description = "A moment in time, in UTC, to the millisecond."

    sql_type = CODE
    column_sql_type = TIMESTAMP_COLUMN
    operators = NUMBER_OPERATORS
    is_date = True
    has_time = True
    aggregates = ("min", "max")
    aggregate_graphql = "DateTime"

    graphql = "DateTime"
    graphql_filter = "DateTimeFilter"
    samples = Samples(
        good=[
            *(
                (text, "2025-01-13T00:00:00.000Z")
                for text in (
                    "2025-01-13", "20250113", "2025.01.13", "2025/01/13", "01-13-2025", "01/13/2025", "01.13.2025",
                    "January 13, 2025", "Jan 13, 2025", "13 January 2025", "13 Jan 2025", "13-Jan-2025", "2025-Jan-13",
                    "2025-01-13T00:00:00Z", "2025-01-13T01:00+01:00",
                )
            ),
            ("2025-01-13 10:30", "2025-01-13T10:30:00.000Z"),
            ("2025-01-13T10:30:00", "2025-01-13T10:30:00.000Z"),
            ("2025-01-13T10:30:00.123456Z", "2025-01-13T10:30:00.123Z"),
            ("2025-01-13T10:30:00.5+02:00", "2025-01-13T08:30:00.500Z"),
            ("2025-01-13 10:30:00-0530", "2025-01-13T16:00:00.000Z"),
            ("2026-01-31T09:30:00.000Z", "2026-01-31T09:30:00.000Z"),
            ("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
            (None, None),
        ],
        bad=refused((
                "2024", "2024-01", "2025-13-01", "2024-02-31", "2025-01-13T25:00:00Z", "2025-01-13T24:00:00.000Z",
                "2025-W01-1T00:00:00.000Z", "0001-01-01T00:00:00+01:00", "0000-01-01T00:00:00.000Z", "not-a-date",
                "", 1, True, {}, [],
            ), lambda value: moment_message(value, "sample")),
        answers=[("2026-01-31T09:30:00.000Z", "2026-01-31T09:30:00.000Z"), (None, None)],
        operands={"eq": "2026-01-31T09:30:00Z", "in": "2026-01-31", "gt": "2026-01-31T09:30:00+01:00"},
    )  # fmt: skip

    def clean(self, value: Json, field: FieldSchema) -> Json:
        if value is None:
            return None
        moment = parse_moment(value)
        if moment is None:
            raise InvalidValue(moment_message(value, field.name), path=field.name)
        return moment

    def coerce(self, value: Json, operator: str, field: FieldSchema, path: str) -> Json:
        if value is None:
            return None
        moment = parse_moment(value)
        if moment is None:
            raise InvalidFilter(moment_message(value, path), path=path)
        return moment

    def default(self, default: Json, field: FieldSchema) -> Json:
        if default == "now":
            return moment_text(datetime.now(UTC))
        return super().default(default, field)

    def answer_sql(self, field: FieldSchema, subfield: str | None, json: str, sql_type: SqlType) -> str:
        if field.column is None:
            return super().answer_sql(field, subfield, json, sql_type)
        return f"coalesce({_PRINTED.replace('{column}', json)}, 'null')"

    def aggregate_sql(self, operation: str, field: FieldSchema, expression: str) -> str:
        if field.column is None:
            return expression
        return f"to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

    def value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema: dict[str, object] = {"type": "string", "format": "date-time", "examples": ["2026-01-31T09:30:00.000Z"]}
        return nullable(schema) if field.is_nullable else schema

    def input_value_schema(self, field: FieldSchema) -> dict[str, object]:
        schema = self.value_schema(field)
        del schema["format"]  # other ways of writing a moment are accepted too
        return nullable(schema) if field.is_nullable else schema
