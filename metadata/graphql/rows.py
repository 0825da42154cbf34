"""The data model's rows that one request reads: each table once, whatever the query selects.

Deactivated objects and fields are here too, unlike in the snapshot that records are served from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TypeVar
from uuid import UUID

from django.db import connections
from psycopg2 import sql

from config.errors import TooComplex
from metadata.models import FieldMetadata, IndexFieldMetadata, IndexMetadata, ObjectMetadata, Workspace

MAX_NODES = 200_000  # objects, fields and indexes that one request may list, over all its lists

Row = TypeVar("Row", ObjectMetadata, FieldMetadata, IndexMetadata)


class WorkspaceRows:
    """One workspace's objects, fields and indexes, read when first asked for, newest id first."""

    def __init__(self, workspace_id: UUID) -> None:
        self.workspace_id = workspace_id
        self._listed = 0

    def spend(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Count rows that go into an answer; TooComplex when a request lists more than MAX_NODES."""
        self._listed += len(rows)
        if self._listed > MAX_NODES:
            raise TooComplex(f"Query lists more than {MAX_NODES} items. Ask for fewer nested lists.")
        return rows

    @cached_property
    def workspace(self) -> Workspace:
        return Workspace.objects.get(id=self.workspace_id)

    @cached_property
    def objects(self) -> Mapping[UUID, ObjectMetadata]:
        return {row.id: row for row in ObjectMetadata.objects.filter(workspace_id=self.workspace_id).order_by("-id")}

    @cached_property
    def fields(self) -> Mapping[UUID, FieldMetadata]:
        return {row.id: row for row in FieldMetadata.objects.filter(workspace_id=self.workspace_id).order_by("-id")}

    @cached_property
    def fields_by_object(self) -> Mapping[UUID, Sequence[FieldMetadata]]:
        """An object's fields in the order the data model lists them."""
        fields: dict[UUID, list[FieldMetadata]] = defaultdict(list)
        for row in sorted(self.fields.values(), key=lambda row: (row.position, row.created_at, row.id)):
            fields[row.object_id].append(row)
        return fields

    @cached_property
    def morph_rows(self) -> Mapping[tuple[UUID, UUID], Sequence[FieldMetadata]]:
        """The rows of each morph relation in their object's order, by object and `morph_id`."""
        rows: dict[tuple[UUID, UUID], list[FieldMetadata]] = defaultdict(list)
        for row in chain.from_iterable(self.fields_by_object.values()):
            if row.morph_id is not None:
                rows[row.object_id, row.morph_id].append(row)
        return rows

    @cached_property
    def indexes(self) -> Mapping[UUID, IndexMetadata]:
        return {row.id: row for row in IndexMetadata.objects.filter(workspace_id=self.workspace_id).order_by("-id")}

    @cached_property
    def indexes_by_object(self) -> Mapping[UUID, Sequence[IndexMetadata]]:
        indexes: dict[UUID, list[IndexMetadata]] = defaultdict(list)
        for row in self.indexes.values():
            indexes[row.object_id].append(row)
        return indexes

    @cached_property
    def index_fields(self) -> Mapping[UUID, Sequence[IndexFieldMetadata]]:
        rows: dict[UUID, list[IndexFieldMetadata]] = defaultdict(list)
        for row in IndexFieldMetadata.objects.filter(index__workspace_id=self.workspace_id).order_by("order", "id"):
            rows[row.index_id].append(row)
        return rows

    @cached_property
    def totals(self) -> Mapping[UUID, int]:
        """How many records each object has that are not deleted; an object without any is absent."""
        connection = connections[self.workspace.shard]
        statement = sql.SQL("SELECT object_id, sum(live)::bigint FROM {table} GROUP BY object_id").format(
            table=sql.Identifier(self.workspace.database_schema, "record_count")
        )
        with connection.cursor() as cursor:
            cursor.execute(statement.as_string(cursor.cursor))
            return dict(cursor.fetchall())

    @cached_property
    def listed_fields_by_object(self) -> Mapping[UUID, Sequence[FieldMetadata]]:
        """As `fields_by_object`, the rows of one morph relation shown as its first one only."""
        return {
            object_id: [row for row in rows if row.morph_id is None or self._is_first_of_morph(row)]
            for object_id, rows in self.fields_by_object.items()
        }

    def _is_first_of_morph(self, row: FieldMetadata) -> bool:
        assert row.morph_id is not None
        return self.morph_rows[row.object_id, row.morph_id][0].id == row.id
