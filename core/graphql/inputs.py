"""The inputs that are the same in every workspace, as Graphene types: filters by scalar, orders, groups.

Filters list what published clients declare; which operators a field takes is its type's word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import graphene

from core.graphql.scalars import BigFloat, Date, TSVector
from metadata.fieldtypes.contract import FieldType
from metadata.graphql.scalars import UUID, BigInt, DateTime


def string_enum(name: str, values: Iterable[str], doc: str | None = None) -> type:
    """An enum whose values are their names, in what resolvers are given too."""
    members = StrEnum(name, [(value, value) for value in values])  # type: ignore[misc]
    made: type = graphene.Enum.from_enum(members, description=lambda value: doc if value is None else None)
    return made


OrderByDirection = string_enum(
    "OrderByDirection",
    ("AscNullsFirst", "AscNullsLast", "DescNullsFirst", "DescNullsLast"),
    "A direction, and where records without a value stand.",
)
FilterIs = string_enum("FilterIs", ("NULL", "NOT_NULL"), "Whether there is a value.")
DateGranularityEnum = string_enum(
    "DateGranularityEnum",
    (
        "DAY", "WEEK", "MONTH", "QUARTER", "YEAR",
        "DAY_OF_THE_WEEK", "MONTH_OF_THE_YEAR", "QUARTER_OF_THE_YEAR", "NONE",
    ),
    "How dates are put together in groups.",
)  # fmt: skip
FirstDayOfTheWeek = string_enum("FirstDayOfTheWeek", ("MONDAY", "SUNDAY", "SATURDAY"))


def _input(name: str, members: Mapping[str, Any], doc: str | None = None) -> type[graphene.InputObjectType]:
    fields = {key: graphene.InputField(of_type, name=key) for key, of_type in members.items()}
    return type(name, (graphene.InputObjectType,), {**fields, "__doc__": doc})


FileItemInput = _input("FileItemInput", {"fileId": graphene.NonNull(UUID), "label": graphene.NonNull(graphene.String)})
GroupByDateGranularityInput = _input(
    "GroupByDateGranularityInput",
    {"granularity": DateGranularityEnum, "weekStartDay": FirstDayOfTheWeek, "timeZone": graphene.String},
)
OrderByDateGranularityInput = _input(
    "OrderByDateGranularityInput", {"orderBy": OrderByDirection, "granularity": DateGranularityEnum}
)
INPUTS: tuple[type, ...] = (
    OrderByDirection,
    FilterIs,
    DateGranularityEnum,
    FirstDayOfTheWeek,
    FileItemInput,
    GroupByDateGranularityInput,
    OrderByDateGranularityInput,
)

_COMPARISONS = ("eq", "gt", "gte", "in", "lt", "lte", "neq", "is")
_PATTERNS = ("startsWith", "endsWith", "like", "ilike", "regex", "iregex")  # the last two are declared, never run


def _filter(
    name: str, scalar: Any, operators: tuple[str, ...] = _COMPARISONS, more: Mapping[str, Any] | None = None
) -> type[graphene.InputObjectType]:
    """A filter input: `in` takes a list, `is` a FilterIs, the others the scalar."""
    special = {"in": graphene.List(graphene.NonNull(scalar)), "is": FilterIs}
    return _input(name, {**{operator: special.get(operator, scalar) for operator in operators}, **(more or {})})


def enum_filter(name: str, enum: Any) -> type[graphene.InputObjectType]:
    """The filter of a field whose values are an enum's."""
    return _filter(
        name,
        enum,
        ("eq", "neq", "in"),
        {"containsAny": graphene.List(enum), "is": FilterIs, "isEmptyArray": graphene.Boolean},
    )


FILTERS: tuple[type[graphene.InputObjectType], ...] = (
    _filter("UUIDFilter", UUID),
    _filter("StringFilter", graphene.String, _COMPARISONS[:-1] + _PATTERNS + ("is",)),
    _filter("FloatFilter", graphene.Float),
    _filter("IntFilter", graphene.Int),
    _filter("BigIntFilter", BigInt),
    _filter("BigFloatFilter", BigFloat),
    _filter("DateFilter", Date),
    _filter("DateTimeFilter", DateTime),
    _filter("BooleanFilter", graphene.Boolean, ("eq", "is")),
    _filter("ArrayFilter", graphene.String, ("containsIlike", "is"), {"isEmptyArray": graphene.Boolean}),
    _filter("RawJsonFilter", graphene.String, ("is", "like")),
    _filter("TSVectorFilter", TSVector, ("search",)),
)
_FILTERS = {each._meta.name: each for each in FILTERS}


def filter_named(name: str) -> type[graphene.InputObjectType]:
    return _FILTERS[name]


def composite_inputs(field_type: FieldType, known: Mapping[str, Any]) -> list[type[graphene.InputObjectType]]:
    """A composite's inputs: to create, update, filter, order and group by. `known` has the enums inside it."""
    parts, name = field_type.subfields.values(), field_type.graphql
    written = {part.name: known[part.graphql] for part in parts if not part.is_input_hidden}
    filters = {part.name: _FILTERS.get(part.graphql_filter) or known[part.graphql_filter] for part in parts}
    return [
        _input(f"{name}CreateInput", written, field_type.description),
        _input(f"{name}UpdateInput", written, field_type.description),
        _input(f"{name}FilterInput", filters),
        _input(f"{name}OrderByInput", {part.name: OrderByDirection for part in parts if part.orderable}),
        _input(f"{name}GroupByInput", {part.name: graphene.Boolean for part in parts if part.groupable}),
    ]
