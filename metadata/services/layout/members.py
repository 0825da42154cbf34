"""What a kind of row is made of: its members by API name, what they refer to, which values they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from django.db import models

from config.texts import capitalised
from metadata.models import FieldMetadata

Kind = Literal["text", "flag", "number", "count", "json", "choice", "uuid", "object", "field", "related", "resource"]

Row = Any  # an instance of one of the models in metadata.layout_models

LARGEST_CREATED = 200  # rows made by one mutation

MAX_PARTS = 500  # view fields, filters, … of one view

MAX_VIEWS = 100  # of one object

LARGEST_COUNT = 10_000  # pixels or records


@dataclass(frozen=True, slots=True)
class Member:
    """One member. `attribute` is the row's; `of` names the resource it refers to, `choices` the values it takes.

    A `count` is a whole number from 1 on; a `related` field is of the object that the row's relation leads to.
    """

    name: str
    attribute: str
    kind: Kind = "text"
    is_required: bool = False
    is_nullable: bool = False
    is_fixed: bool = False  # set at creation, then never changed
    choices: type[models.TextChoices] | None = None
    of: str | None = None
    holds_conditions: bool = False  # values of records, to compare with
    field_attributes: tuple[str, ...] = ()  # the row's, of the fields compared; (): conditions say it, in JSON
    object_attribute: str | None = None  # the row's, of the object whose fields are all compared


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of row. `parent` is the member that names what it belongs to, and its lists can be narrowed by it."""

    one: str  # viewField
    many: str  # viewFields
    label: str  # View field
    model: type[models.Model]
    members: tuple[Member, ...]
    parent: str | None
    is_parent_asked: bool = False  # a list needs the parent's id
    flag: str = "VIEWS"  # the settings flag that writing needs, beside DATA_MODEL
    limit: int = MAX_PARTS  # rows of one parent
    rules: Callable[[Row, Mapping[UUID, FieldMetadata]], list[str]] = field(default=lambda row, fields: [])
    ruled: frozenset[str] = frozenset()  # an update of none of these members is not asked for the rules; empty: all

    @property
    def pascal(self) -> str:
        return capitalised(self.one)

    @property
    def by_name(self) -> Mapping[str, Member]:
        return {each.name: each for each in self.members}


def fixed(name: str, attribute: str, kind: Kind, **more: Any) -> Member:
    return Member(name, attribute, kind, is_required=True, is_fixed=True, **more)


def choice(name: str, attribute: str, choices: type[models.TextChoices], **more: Any) -> Member:
    return Member(name, attribute, "choice", choices=choices, **more)


def part_of(of: str, attribute: str) -> Member:
    return fixed(f"{of}Id", attribute, "resource", of=of)
