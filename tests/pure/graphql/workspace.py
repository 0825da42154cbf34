"""A small data model made by hand: people, their companies, and pets that may belong to either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

import metadata.fieldtypes  # noqa: F401  (registers the types)
from metadata.fieldtypes.registry import field_type
from metadata.schema import FieldSchema, ObjectSchema, Option, RelationSchema, WorkspaceSchema

WORKSPACE_ID = UUID("00000000-0000-4000-8000-000000000001")


def stable_id(name: str) -> UUID:
    return uuid5(WORKSPACE_ID, name)


def options(*values: str) -> tuple[Option, ...]:
    return tuple(Option(value.lower(), value, value.capitalize(), index) for index, value in enumerate(values))


def field_of(owner: str, name: str, type_name: str, **more: Any) -> FieldSchema:
    return FieldSchema(
        id=stable_id(f"{owner}.{name}"),
        object_id=stable_id(owner),
        name=name,
        label=more.pop("label", name.capitalize()),
        type=field_type(type_name),
        storage_key=name,
        **more,
    )


def system_fields(owner: str) -> list[FieldSchema]:
    def own(name: str, type_name: str, column: str, **more: Any) -> FieldSchema:
        return field_of(owner, name, type_name, column=column, is_system=True, **more)

    return [
        own("id", "UUID", "id", is_nullable=False, is_unique=True, default="uuid"),
        own("createdAt", "DATE_TIME", "created_at", is_nullable=False, default="now"),
        own("updatedAt", "DATE_TIME", "updated_at", is_nullable=False, default="now"),
        own("deletedAt", "DATE_TIME", "deleted_at"),
        own("createdBy", "ACTOR", "created_by", is_nullable=False),
        own("position", "POSITION", "position", is_nullable=False, default=0),
        own("searchVector", "TS_VECTOR", "search"),
    ]


def to_one(owner: str, name: str, target: str, inverse: str, type_name: str = "RELATION", **more: Any) -> FieldSchema:
    relation = RelationSchema("MANY_TO_ONE", stable_id(target), stable_id(f"{target}.{inverse}"), join_name=f"{name}Id")
    return field_of(owner, name, type_name, relation=relation, **more)


def to_many(owner: str, name: str, target: str, inverse: str, type_name: str = "RELATION", **more: Any) -> FieldSchema:
    relation = RelationSchema("ONE_TO_MANY", stable_id(target), stable_id(f"{target}.{inverse}"))
    return field_of(owner, name, type_name, relation=relation, **more)


def object_of(
    singular: str, plural: str, fields: Iterable[FieldSchema], criteria: Any = None, **more: Any
) -> ObjectSchema:
    return ObjectSchema(
        id=stable_id(singular),
        singular=singular,
        plural=plural,
        label_singular=singular.capitalize(),
        label_plural=plural.capitalize(),
        schema_name="ws_test",
        table_name=f"o_{singular}",
        fields=(*system_fields(singular), *fields),
        duplicate_criteria=criteria,
        **more,
    )


def workspace(
    *extra: ObjectSchema, version: int = 1, more_fields: Mapping[str, list[FieldSchema]] | None = None
) -> WorkspaceSchema:
    added = more_fields or {}
    person = object_of(
        "person",
        "people",
        [
            field_of("person", "name", "FULL_NAME"),
            field_of("person", "emails", "EMAILS", is_unique=True),
            field_of("person", "jobTitle", "TEXT", label="Job Title", description="What they do"),
            field_of("person", "employees", "NUMBER", settings={"dataType": "int"}),
            field_of("person", "workPreference", "MULTI_SELECT", options=options("REMOTE", "OFFICE")),
            field_of("person", "stage", "SELECT", options=options("NEW", "WON"), is_nullable=False, default="'NEW'"),
            field_of("person", "amount", "CURRENCY"),
            field_of("person", "isActive", "BOOLEAN"),
            field_of("person", "tags", "ARRAY"),
            field_of("person", "birthday", "DATE"),
            to_one("person", "company", "company", "people"),
            to_many("person", "pets", "pet", "ownerPerson", "MORPH_RELATION", morph_id=stable_id("owner")),
            *added.get("person", []),
        ],
        criteria=(("nameFirstName", "nameLastName"), ("emailsPrimaryEmail",)),
        description="A person",
    )
    company = object_of(
        "company",
        "companies",
        [
            field_of("company", "name", "TEXT"),
            field_of("company", "domainName", "LINKS", is_unique=True),
            field_of("company", "address", "ADDRESS"),
            to_many("company", "people", "person", "company"),
            *added.get("company", []),
        ],
        criteria=(("name",), ("domainNamePrimaryLinkUrl",)),
    )
    pet = object_of(
        "pet",
        "pets",
        [
            field_of("pet", "name", "TEXT", is_nullable=False),
            to_one("pet", "ownerPerson", "person", "pets", "MORPH_RELATION", morph_id=stable_id("owner")),
        ],
    )
    return WorkspaceSchema(WORKSPACE_ID, version, "ws_test", (person, company, pet, *extra))
