"""The inputs that are the same in every workspace, as Graphene types: filters by scalar, orders, groups.

A filter's members are the operators of the field types it is for: none is declared that is not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import graphene

from core.graphql.scalars import BY_NAME
from metadata.fieldtypes import OPERATORS, FieldType, Subfield, field_types
from metadata.graphql.scalars import UUID


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


def _input(name: str, members: Mapping[str, object], doc: str | None = None) -> type[graphene.InputObjectType]:
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


def filter_members(operators: Iterable[str], scalar: str) -> dict[str, str]:
    """The members of a filter input: each operator, and the type its operand has."""
    return {name: OPERATORS[name].graphql.format(scalar) for name in operators}


def _filter(
    name: str, operators: Iterable[str], known: Mapping[str, object], scalar: str
) -> type[graphene.InputObjectType]:
    return _input(name, {key: _of_type(text, known) for key, text in filter_members(operators, scalar).items()})


def _of_type(text: str, known: Mapping[str, object]) -> object:
    """The Graphene type that `[String!]` and its kin say."""
    if text.startswith("["):
        inner = text[1:-1]
        return graphene.List(graphene.NonNull(known[inner[:-1]]) if inner.endswith("!") else known[inner])
    return known[text]


def enum_filter(part: Subfield, enum: object) -> type[graphene.InputObjectType]:
    """The filter of a composite's part whose values are an enum's."""
    return _filter(part.graphql_filter, part.operators, {**_OPERANDS, part.graphql: enum}, part.graphql)


_OPERANDS: Mapping[str, object] = {**BY_NAME, "FilterIs": FilterIs}
FILTERS: tuple[type[graphene.InputObjectType], ...] = tuple(
    {
        name: _filter(name, described.operators, _OPERANDS, scalar)
        for described in field_types()
        for name, scalar in described.graphql_filters().items()
        if scalar in _OPERANDS  # an enum's is made with the enum
    }.values()
)
_FILTERS = {each._meta.name: each for each in FILTERS}


def filter_named(name: str) -> type[graphene.InputObjectType]:
    return _FILTERS[name]


def composite_inputs(field_type: FieldType, known: Mapping[str, object]) -> list[type[graphene.InputObjectType]]:
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
