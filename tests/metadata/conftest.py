"""A small workspace, and its records straight from its tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from psycopg2 import sql

from metadata import cache, services
from metadata.models import FieldMetadata, ObjectMetadata, Workspace
from metadata.schema import ObjectSchema


@pytest.fixture(scope="module")
def workspace_of_the_module(uncommitted: None) -> Workspace:
    return services.workspace_create(name="Small", empty=True)


@pytest.fixture
def workspace(db: None, workspace_of_the_module: Workspace) -> Workspace:
    """Only the objects the engine needs."""
    return Workspace.objects.get(id=workspace_of_the_module.id)


@pytest.fixture
def rocket(workspace: Workspace) -> ObjectMetadata:
    return services.object_create(
        workspace_id=workspace.id,
        values={
            "nameSingular": "rocket",
            "namePlural": "rockets",
            "labelSingular": "rocket",
            "labelPlural": "rockets",
            "icon": "IconRocket",
        },
    )


@pytest.fixture
def add_field(rocket: ObjectMetadata) -> Callable[..., FieldMetadata]:
    """Creates a field of `rocket` from the members it is given by API name."""

    def create(name: str, type: str, **values: Any) -> FieldMetadata:
        return services.field_create(
            workspace_id=rocket.workspace_id,
            values={"objectMetadataId": str(rocket.id), "name": name, "label": name, "type": type, **values},
        )

    return create


class Table:
    """The records of one object, as they are stored."""

    def __init__(self, workspace: Workspace, object_id: UUID) -> None:
        self.name = sql.Identifier(workspace.database_schema, f"o_{object_id.hex}")

    def insert(self, *values: dict[str, Any]) -> list[UUID]:
        ids = [uuid4() for _ in values]
        with connection.cursor() as cursor:
            for place, (id, data) in enumerate(zip(ids, values, strict=True)):
                statement = sql.SQL("INSERT INTO {} (id, data, position) VALUES (%s, %s, %s)").format(self.name)
                cursor.execute(statement, [id, json.dumps(data), place])
        return ids

    def values(self) -> list[dict[str, Any]]:
        """What the records hold, in the order of their insertion within each `insert`."""
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("SELECT data FROM {} ORDER BY position, created_at").format(self.name))
            return [json.loads(data) for (data,) in cursor.fetchall()]


@pytest.fixture
def rockets(workspace: Workspace, rocket: ObjectMetadata) -> Table:
    return Table(workspace, rocket.id)


def version_of(workspace: Workspace) -> int:
    return Workspace.objects.values_list("schema_version", flat=True).get(id=workspace.id)


def shown(workspace: Workspace, singular: str) -> ObjectSchema:
    """The object as requests see it now."""
    return cache.current_schema(workspace.id).by_singular[singular]


def index_names(workspace: Workspace, object_id: UUID) -> set[str]:
    """The names of our own indexes of the object's table, without those of the template."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = %s AND tablename = %s AND indexname ~ '^[urx]_'",
            [workspace.database_schema, f"o_{object_id.hex}"],
        )
        return {name for (name,) in cursor.fetchall()}


def table_names(workspace: Workspace) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [workspace.database_schema])
        return {name for (name,) in cursor.fetchall()}
