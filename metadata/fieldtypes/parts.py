"""What a field type is described by: its parts, samples and settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any

from metadata.fieldtypes.sql_types import SqlType

if TYPE_CHECKING:
    pass


Json = Any  # what json.loads gives


Clean = Callable[[Json, str], Json]  # (value, path) → stored part; raises InvalidValue


Coerce = Callable[[Json, str, str], Json]  # (value, operator, path) → parameter; raises InvalidFilter


@dataclass(frozen=True, slots=True)
class Subfield:
    """One part of a composite type; stored under its own name inside the field's JSON object."""

    name: str
    sql_type: SqlType
    operators: tuple[str, ...]
    filter_type: str  # the type's name in messages and the GraphQL filter: TEXT, NUMERIC, SELECT, UUID, RAW_JSON
    graphql: str  # output scalar
    graphql_filter: str
    label: str = ""
    orderable: bool = True
    groupable: bool = True
    is_unique_part: bool = False  # takes part when the field is unique
    is_required: bool = False
    is_input_hidden: bool = False  # answered, but not listed in the inputs
    aggregates: tuple[str, ...] = ()  # min max avg sum, named {op}{Field}{Subfield}
    json_schema: Mapping[str, Any] = dataclass_field(default_factory=dict)  # of the answered part
    input_json_schema: Mapping[str, object] | None = None  # of an accepted part; None: the answered one, or null
    clean: Clean | None = None
    coerce: Coerce | None = None
    view_scale: int = 1  # stored units in one unit of what people type (micros of an amount)


@dataclass(frozen=True, slots=True)
class Samples:
    """Examples every type must give: contract tests, docs and OpenAPI examples are made of them.

    `good` pairs an input with the stored value; `bad` pairs an input with the message;
    `answers` pairs a stored value with the JSON both APIs answer.
    """

    good: Sequence[tuple[Json, Json]]
    bad: Sequence[tuple[Json, str]]  # for a field called `sample`
    answers: Sequence[tuple[Json, Json]]
    operands: Mapping[str, Json] = dataclass_field(default_factory=dict)  # by operator, or `subfield.operator`
    settings: Mapping[str, object] | None = None
    options: Sequence[Mapping[str, object]] | None = None


@dataclass(frozen=True, slots=True)
class SettingChoice:
    """A setting that people choose from a list: pairs of value and words."""

    label: str
    choices: Sequence[tuple[object, str]]
    initial: object

    def value_of(self, text: str) -> object:
        """The value that a form names by its text."""
        return next((value for value, _ in self.choices if str(value) == text), text)


def refused(values: Iterable[Json], message: Callable[[Json], str]) -> list[tuple[Json, str]]:
    """Samples of bad values that share one message."""
    return [(value, message(value)) for value in values]
