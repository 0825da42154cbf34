"""How a standard object is written down: plain data, one relation in one place for both its sides. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from config.principal import Guard

IDENTIFIER_NAMESPACE = UUID("9a3a5bd6-3b0c-5d7e-9d0f-2b6b0a5f4c11")


def identifier(*names: str) -> UUID:
    """The universal identifier of a part of the standard model: the same in every workspace.

    >>> identifier("company", "name") == identifier("company", "name")
    True
    """
    return uuid5(IDENTIFIER_NAMESPACE, ".".join(names))


@dataclass(frozen=True, slots=True)
class StandardField:
    """A field that is no relation. `default` is in its quoted form; `options` are `(value, label, color)`.

    The values of a field with a `secret_flag` are never answered; who has the flag may write them.
    """

    name: str
    type: str
    label: str
    icon: str | None = None
    description: str | None = None
    is_nullable: bool = True
    is_unique: bool = False
    is_system: bool = False
    is_searchable: bool | None = None
    default: object = None
    options: tuple[tuple[str, str, str], ...] | None = None
    settings: Mapping[str, object] | None = None
    secret_flag: str | None = None


@dataclass(frozen=True, slots=True)
class StandardRelation:
    """A MANY_TO_ONE field and, on the target, its ONE_TO_MANY counterpart.

    `is_morph` fields of one object are the rows of one morph relation: they share a morph id.
    """

    name: str
    target: str
    label: str
    icon: str
    inverse: str
    inverse_label: str
    inverse_icon: str
    on_delete: str = "SET_NULL"
    is_morph: bool = False
    is_system: bool = False
    is_inverse_system: bool = False
    is_nullable: bool = True
    description: str | None = None
    inverse_description: str | None = None


@dataclass(frozen=True, slots=True)
class StandardObject:
    """One object of the catalogue, without the fields that every object has."""

    singular: str
    plural: str
    label_singular: str
    label_plural: str
    icon: str
    description: str
    fields: Sequence[StandardField] = ()
    relations: Sequence[StandardRelation] = ()
    label_identifier: str = "id"
    image_identifier: str | None = None
    shortcut: str | None = None
    is_searchable: bool = False
    is_system: bool = False
    duplicate_criteria: tuple[tuple[str, ...], ...] | None = None
    guard: Guard | None = None  # what decides over its records in place of a role's record rights


@dataclass(frozen=True, slots=True)
class SystemField:
    """A field that every object has; `column` is where a record keeps it."""

    name: str
    column: str
    type: str
    label: str
    icon: str
    custom_label: str
    custom_icon: str
    description: str
    is_nullable: bool
    default: object = None
    custom_default: object = None
    is_ui_read_only: bool = False
    is_unique: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)


_RELATIVE = {"displayFormat": "RELATIVE"}
_SYSTEM_ACTOR = {"source": "'MANUAL'", "name": "'System'", "workspaceMemberId": None}
_CUSTOM_ACTOR = {"source": "'MANUAL'", "name": "''"}

SYSTEM_FIELDS: tuple[SystemField, ...] = (
    SystemField("id", "id", "UUID", "Id", "Icon123", "ID", "Icon123", "Id", False, "uuid", "uuid", True, True),
    SystemField(
        "createdAt",
        "created_at",
        "DATE_TIME",
        "Creation date",
        "IconCalendar",
        "Creation date",
        "IconCalendar",
        "Creation date",
        False,
        "now",
        "now",
        True,
        settings=_RELATIVE,
    ),
    SystemField(
        "updatedAt",
        "updated_at",
        "DATE_TIME",
        "Last update",
        "IconCalendarClock",
        "Last update",
        "IconCalendarClock",
        "Last time the record was changed",
        False,
        "now",
        "now",
        True,
        settings=_RELATIVE,
    ),
    SystemField(
        "deletedAt",
        "deleted_at",
        "DATE_TIME",
        "Deleted at",
        "IconCalendarMinus",
        "Deleted at",
        "IconCalendarClock",
        "Date when the record was deleted",
        True,
        is_ui_read_only=True,
        settings=_RELATIVE,
    ),
    SystemField(
        "createdBy",
        "created_by",
        "ACTOR",
        "Created by",
        "IconCreativeCommonsSa",
        "Created by",
        "IconCreativeCommonsSa",
        "The creator of the record",
        False,
        _SYSTEM_ACTOR,
        _CUSTOM_ACTOR,
        True,
    ),
    SystemField(
        "updatedBy",
        "updated_by",
        "ACTOR",
        "Updated by",
        "IconUserCircle",
        "Updated by",
        "IconUserCircle",
        "Who last changed the record",
        False,
        _SYSTEM_ACTOR,
        _CUSTOM_ACTOR,
        True,
    ),
    SystemField(
        "position",
        "position",
        "POSITION",
        "Position",
        "IconHierarchy2",
        "Position",
        "IconHierarchy2",
        "Place of the record in lists",
        False,
        0,
        0,
    ),
    SystemField(
        "searchVector",
        "search",
        "TS_VECTOR",
        "Search vector",
        "IconUser",
        "Search vector",
        "IconSearch",
        "Words that a search finds the record by",
        True,
        is_ui_read_only=False,
    ),
)
