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

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.module_loading import import_string
from graphene import ResolveInfo

from config.errors import TooComplex
from metadata.cache import current_schema
from metadata.models import FieldMetadata, IndexFieldMetadata, IndexMetadata, ObjectMetadata, Workspace
from metadata.storage import Storage

MAX_NODES = 200_000  # objects, fields and indexes that one request may list, over all its lists

_LISTS: Mapping[tuple[str, str], str] = {  # what the lists of the data model hold
    ("Query", "objects"): "objects",
    ("Query", "fields"): "fields",
    ("Query", "indexMetadatas"): "indexes",
    ("Object", "fields"): "fields",
    ("Object", "fieldsList"): "fields",
    ("Object", "indexMetadatas"): "indexes",
    ("Object", "indexMetadataList"): "indexes",
}

_FEW: Mapping[tuple[str, str], float] = {("Index", "objectMetadata"): 1.0, ("Index", "indexFieldMetadatas"): 2.0}

Row = TypeVar("Row", ObjectMetadata, FieldMetadata, IndexMetadata)
Item = TypeVar("Item")


def _place(row: FieldMetadata) -> tuple[object, ...]:
    return row.position, row.created_at, row.id


class WorkspaceRows:
    """One workspace's objects, fields and indexes, read when first asked for, newest id first."""

    def __init__(self, workspace_id: UUID) -> None:
        self.workspace_id = workspace_id
        self._listed = 0
        self.asked_for: UUID | None = None  # the one object that a request names

    def spend(self, rows: Sequence[Item]) -> Sequence[Item]:
        """Count rows that go into an answer; TooComplex when a request lists more than MAX_NODES."""
        self._listed += len(rows)
        if self._listed > MAX_NODES:
            raise TooComplex(f"Query lists more than {MAX_NODES} items. Ask for fewer nested lists.")
        return rows

    def average(self, parent: str, name: str) -> float | None:
        """How many rows the list `name` of one `parent` (a GraphQL type) has on average; None: not known."""
        if (parent, name) in _FEW:
            return _FEW[parent, name]
        kind = _LISTS.get((parent, name))
        if kind is None:
            return None
        objects, rows = self._counts["objects"], self._counts[kind]
        return rows if parent == "Query" else rows / max(objects, 1)

    @cached_property
    def _counts(self) -> Mapping[str, int]:
        """How many objects, fields and indexes there are."""
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM metadata_objectmetadata WHERE workspace_id = %s),"
                " (SELECT count(*) FROM metadata_fieldmetadata WHERE workspace_id = %s),"
                " (SELECT count(*) FROM metadata_indexmetadata WHERE workspace_id = %s)",
                [self.workspace_id] * 3,
            )
            return dict(zip(("objects", "fields", "indexes"), cursor.fetchone(), strict=True))

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
        for row in sorted(self.fields.values(), key=_place):
            fields[row.object_id].append(row)
        return fields

    @cached_property
    def _fields_asked_for(self) -> Sequence[FieldMetadata]:
        rows = FieldMetadata.objects.filter(workspace_id=self.workspace_id, object_id=self.asked_for)
        return sorted(rows, key=_place)

    def fields_of(self, object_id: UUID) -> Sequence[FieldMetadata]:
        """One object's fields in that order; of the one that the request names no others are read with them."""
        if object_id == self.asked_for and "fields" not in self.__dict__:
            return self._fields_asked_for
        return self.fields_by_object.get(object_id, ())

    def listed_fields_of(self, object_id: UUID) -> Sequence[FieldMetadata]:
        """As `fields_of`, the rows of one morph relation shown as its first one only."""
        shown: dict[UUID, FieldMetadata] = {}
        for row in self.fields_of(object_id):
            shown.setdefault(row.morph_id or row.id, row)
        return list(shown.values())

    @cached_property
    def morph_rows(self) -> Mapping[tuple[UUID, UUID], Sequence[FieldMetadata]]:
        """The rows of each morph relation in their object's order, by object and `morph_id`."""
        rows: dict[tuple[UUID, UUID], list[FieldMetadata]] = defaultdict(list)
        for row in chain.from_iterable(self.fields_by_object.values()):
            if row.morph_id is not None:
                rows[row.object_id, row.morph_id].append(row)
        return rows

    @cached_property
    def name_clashes(self) -> Mapping[UUID, Sequence[str]]:
        """By object: what of it is left out because another has its name."""
        found: Mapping[UUID, Sequence[str]] = import_string(settings.NAME_CLASH_MESSAGES)(
            current_schema(self.workspace_id)
        )
        return found

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
        return Storage(self.workspace).live_records()


def rows_of(info: ResolveInfo) -> WorkspaceRows:
    """The rows that the request reads; other ones after a mutation has begun."""
    rows: WorkspaceRows = info.context.rows
    return rows
