"""The data model of one workspace as an immutable snapshot. Pure; `metadata.cache` loads it.

A request uses one snapshot from start to end; its parts are compared by identity. An object knows nothing of
other objects but their ids, so that versions of the data model can share it. Only what records
can have is here: active objects and active fields; the metadata APIs read the models themselves. Of what is
switched off only relations are kept, apart from the rest, for what they say of records that are destroyed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, takewhile
from typing import Any, Literal, NamedTuple
from uuid import UUID

from config.principal import Guard
from config.texts import capitalised
from metadata.fieldtypes.contract import FieldType

RelationKind = Literal["MANY_TO_ONE", "ONE_TO_MANY"]
OnDelete = Literal["CASCADE", "RESTRICT", "SET_NULL", "NO_ACTION"]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a SELECT, MULTI_SELECT or RATING field."""

    id: str
    value: str
    label: str
    position: float
    color: str | None = None


@dataclass(frozen=True, slots=True)
class RelationSchema:
    """One side of a relation. `join_name` (`companyId`) is set on the MANY_TO_ONE side only."""

    kind: RelationKind
    target_object_id: UUID
    target_field_id: UUID
    on_delete: OnDelete = "SET_NULL"
    join_name: str | None = None

    @property
    def is_to_one(self) -> bool:
        return self.kind == "MANY_TO_ONE"


class IndexColumn(NamedTuple):
    """A column of an index that a user made: the field it stands at, or one of its sub-fields."""

    index_id: str
    place: int  # from 0
    sub_field: str  # "" for the whole


@dataclass(frozen=True, slots=True, eq=False)
class FieldSchema:
    """One field. `storage_key` is its key in `data`, whatever it is called; `column` is set for the record's own."""

    id: UUID
    object_id: UUID
    name: str
    label: str
    type: FieldType
    storage_key: str
    column: str | None = None
    description: str | None = None
    icon: str | None = None
    is_nullable: bool = True
    is_unique: bool = False
    is_system: bool = False
    is_custom: bool = False
    default: object = None  # in its quoted form, as the metadata APIs show it
    options: tuple[Option, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    relation: RelationSchema | None = None
    morph_id: UUID | None = None
    secret_flag: str | None = None  # set: its values are answered to nobody, and who has the flag may write them
    index_columns: tuple[IndexColumn, ...] = ()  # where it stands in indexes made by users

    @property
    def indexed(self) -> tuple[str, ...]:
        """Its sub-fields, `""` for the whole, that an index made by a user starts with."""
        return tuple(each.sub_field for each in self.index_columns if each.place == 0)

    @property
    def is_to_many(self) -> bool:
        return self.relation is not None and not self.relation.is_to_one

    @property
    def option_values(self) -> tuple[str, ...]:
        return tuple(option.value for option in self.options)


@dataclass(frozen=True, eq=False)
class ObjectSchema:
    """One object with its active fields, in the order the data model lists them."""

    id: UUID
    singular: str
    plural: str
    label_singular: str
    label_plural: str
    schema_name: str  # PostgreSQL schema of the workspace
    table_name: str
    fields: tuple[FieldSchema, ...]
    description: str | None = None
    icon: str | None = None
    is_system: bool = False
    is_custom: bool = False
    is_searchable: bool = True
    label_identifier_id: UUID | None = None
    image_identifier_id: UUID | None = None
    duplicate_criteria: tuple[tuple[str, ...], ...] | None = None
    search_field_ids: tuple[UUID, ...] = ()
    search_rebuild: Literal["superfluous", "missing"] | None = None  # words of kept vectors that are still to be made
    guard: Guard | None = None  # what decides over its records in place of a role's record rights
    dormant: tuple[FieldSchema, ...] = ()  # to-one relations that are switched off at either end: no API has them
    digest: bytes = b""  # of the rows it was made from

    @cached_property
    def by_name(self) -> Mapping[str, FieldSchema]:
        """Fields by their own name; a to-one relation is here as `company`."""
        return {each.name: each for each in self.fields}

    @cached_property
    def by_join_name(self) -> Mapping[str, FieldSchema]:
        """To-one relation fields by the name of their id member (`companyId`)."""
        return {
            each.relation.join_name: each
            for each in self.fields
            if each.relation is not None and each.relation.join_name is not None
        }

    @cached_property
    def by_id(self) -> Mapping[UUID, FieldSchema]:
        return {each.id: each for each in self.fields}

    @cached_property
    def index_orders(self) -> tuple[tuple[str, ...], ...]:
        """The columns of each index made by a user, as SQL over `{r}` that says in which order they stand."""
        indexes: dict[str, dict[int, str]] = {}
        for each in self.fields:
            for column in each.index_columns:
                sql = each.type.sql(each, column.sub_field or None)
                indexes.setdefault(column.index_id, {})[column.place] = sql.order
        return tuple(  # up to a field that is switched off
            tuple(columns[place] for place in takewhile(columns.__contains__, count())) for columns in indexes.values()
        )

    @cached_property
    def unique_fields(self) -> tuple[FieldSchema, ...]:
        """Fields with a unique index, the id first."""
        return tuple(sorted((each for each in self.fields if each.is_unique), key=lambda each: each.column != "id"))

    @cached_property
    def secret_fields(self) -> tuple[FieldSchema, ...]:
        """Fields whose values are answered to nobody."""
        return tuple(each for each in self.fields if each.secret_flag is not None)

    @cached_property
    def files_fields(self) -> tuple[FieldSchema, ...]:
        return tuple(each for each in self.fields if each.type.holds_files)

    @cached_property
    def search_fields(self) -> tuple[FieldSchema, ...]:
        found = (self.by_id[each] for each in self.search_field_ids if each in self.by_id)
        return tuple(each for each in found if each.secret_flag is None)

    @cached_property
    def owner_fields(self) -> tuple[FieldSchema, ...]:
        """The relations to the records that a junction's records belong to; none when the object is no junction.

        A junction says which records something is about: an object of the system with no label of its own
        (its id stands for one), a morph relation to any of several objects, and a plain relation that
        cascades, to the record it belongs to. Its records are deleted and restored with that record.
        """
        label = None if self.label_identifier_id is None else self.by_id.get(self.label_identifier_id)
        to_one = [each for each in self.fields if each.relation is not None and each.relation.is_to_one]
        to_one += self.dormant
        is_nameless = label is None or label.column == "id"
        if not self.is_system or not is_nameless or not any(each.type.is_morph for each in to_one):
            return ()
        return tuple(
            each
            for each in to_one
            if not each.type.is_morph and each.relation is not None and each.relation.on_delete == "CASCADE"
        )

    @cached_property
    def singular_pascal(self) -> str:
        return capitalised(self.singular)

    @cached_property
    def plural_pascal(self) -> str:
        return capitalised(self.plural)


@dataclass(frozen=True, eq=False)
class WorkspaceSchema:
    """Every active object of one workspace, as of `version`."""

    workspace_id: UUID
    version: int
    schema_name: str
    objects: tuple[ObjectSchema, ...]
    dormant: tuple[ObjectSchema, ...] = ()  # switched off: without fields, and all their to-one relations dormant

    @cached_property
    def by_singular(self) -> Mapping[str, ObjectSchema]:
        return {each.singular: each for each in self.objects}

    @cached_property
    def by_plural(self) -> Mapping[str, ObjectSchema]:
        return {each.plural: each for each in self.objects}

    @cached_property
    def by_id(self) -> Mapping[UUID, ObjectSchema]:
        return {each.id: each for each in self.objects}

    @cached_property
    def secret_field_ids(self) -> frozenset[UUID]:
        """Fields whose values are answered to nobody."""
        return frozenset(field.id for each in self.objects for field in each.secret_fields)

    @cached_property
    def followers(self) -> Mapping[UUID, tuple[tuple[ObjectSchema, tuple[FieldSchema, ...]], ...]]:
        """By object id: the junctions whose records belong to that object's, each with the relations that say so."""
        found: dict[UUID, list[tuple[ObjectSchema, tuple[FieldSchema, ...]]]] = {}
        for junction in (*self.objects, *self.dormant):
            by_owner: dict[UUID, list[FieldSchema]] = {}
            for each in junction.owner_fields:
                assert each.relation is not None
                by_owner.setdefault(each.relation.target_object_id, []).append(each)
            for owner_id, fields in by_owner.items():
                found.setdefault(owner_id, []).append((junction, tuple(fields)))
        return {owner_id: tuple(each) for owner_id, each in found.items()}

    @cached_property
    def pointing(self) -> Mapping[UUID, tuple[tuple[ObjectSchema, tuple[FieldSchema, ...]], ...]]:
        """By object id: the objects whose records can point at that object's, each with the relations, dormant too."""
        found: dict[UUID, dict[ObjectSchema, list[FieldSchema]]] = {}
        for other in (*self.objects, *self.dormant):
            for each in (*other.fields, *other.dormant):
                if each.relation is not None and each.relation.is_to_one:
                    found.setdefault(each.relation.target_object_id, {}).setdefault(other, []).append(each)
        return {
            target_id: tuple((other, tuple(fields)) for other, fields in by_object.items())
            for target_id, by_object in found.items()
        }

    def target(self, relation_field: FieldSchema) -> ObjectSchema | None:
        """The object at the other end; None while that object is deactivated."""
        assert relation_field.relation is not None
        return self.by_id.get(relation_field.relation.target_object_id)
