"""Making a workspace from a file that `workspace_write` made."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import BadZipFile, ZipFile

import orjson
from django.db import DEFAULT_DB_ALIAS, DataError, IntegrityError, connections, transaction

from config import audit
from config.errors import InvalidInput
from config.server.own_connection import quoted
from metadata import cache, schema_rows
from metadata.models import FieldMetadata, IndexMetadata, IndexState, ObjectMetadata, Workspace, schema_name, table_name
from metadata.services.autoindex import create_automatic_indexes
from metadata.services.backup.ids import OtherIds, Rows
from metadata.services.backup.layout import (
    FORMAT,
    MANIFEST,
    OWN,
    VERSION,
    WORKSPACE,
    columns_of,
    known_migrations,
    parts,
)
from metadata.services.parts import Part
from metadata.services.placing import place
from metadata.services.workspaces import free_subdomain
from metadata.storage import Storage

_DAMAGED = (BadZipFile, zlib.error, EOFError, orjson.JSONDecodeError, KeyError, TypeError, ValueError)


def workspace_read(path: Path, *, name: str | None = None, shard: str | None = None) -> Workspace:
    """The workspace that the file has, made in one transaction: under its own id if no workspace has that, else as a
    copy with other ids for what is in shared tables. `name` is another display name, `shard` the database of its
    records.

    Raises InvalidInput for a file that is damaged, of a newer release or no backup at all, OSError.
    """
    workspace: Workspace | None = None
    try:
        with ZipFile(path) as file:
            manifest = _manifest(file)
            workspace = _Reading(file, manifest, place(shard)).run(name)
    except _DAMAGED as fault:
        raise _refused("is damaged or no backup of a workspace") from fault
    except (DataError, IntegrityError) as fault:
        raise _refused(f"does not fit this release: {str(fault).splitlines()[0]}") from fault
    finally:
        if workspace is not None:
            cache.forget(workspace.id)
    return workspace


def _refused(why: str) -> InvalidInput:
    return InvalidInput([f"The file {why}; nothing was imported"])


def _manifest(file: ZipFile) -> dict[str, object]:
    manifest: dict[str, Any] = orjson.loads(file.read(MANIFEST))
    if manifest["format"] != FORMAT:
        raise ValueError(manifest["format"])
    known = known_migrations()
    newer = [f"{app}.{name}" for app, name in manifest["migrations"].items() if (app, name) not in known]
    if manifest["version"] > VERSION or newer:
        raise _refused(f"was made by release {manifest['release']}, which is newer than this one")
    return manifest


class _Reading:
    def __init__(self, file: ZipFile, manifest: dict[str, Any], shard: str) -> None:
        self._file = file
        self._tables: dict[str, dict[str, Any]] = manifest["tables"]
        self._shard = shard
        self._id = UUID(manifest["workspace"]["id"])
        self._ids: OtherIds | None = None

    def run(self, name: str | None) -> Workspace:
        with transaction.atomic(), transaction.atomic(using=self._shard):
            for alias in {DEFAULT_DB_ALIAS, self._shard}:
                with connections[alias].cursor() as cursor:
                    cursor.execute("SET LOCAL statement_timeout = 0")
            if Workspace.objects.filter(id=self._id).exists():
                self._ids = OtherIds(self._known_ids())
                self._id = self._ids.of(self._id)
            workspace = self._workspace(name)
            for part in parts():
                if self._ids is None or not part.is_bound:
                    self._shared(part)
            self._own(workspace)
            self._indexes(workspace)
            connections[DEFAULT_DB_ALIAS].check_constraints()  # before the other database commits
            facts = {"displayName": workspace.display_name, "objects": "imported"}
            audit.note(
                workspace.id,
                "workspace.created",
                subject_id=workspace.id,
                name=workspace.display_name or "",
                after=facts,
            )
        return workspace

    def _known_ids(self) -> Iterator[UUID]:
        for part in (WORKSPACE, *parts()):
            table = self._tables[f"shared/{part.table}"]
            if part.has_ids:
                place = table["columns"].index("id")
                with self._file.open(f"shared/{part.table}") as entry:
                    for line in entry:
                        yield UUID(line.rstrip(b"\n").split(b"\t")[place].decode())

    def _workspace(self, name: str | None) -> Workspace:
        """Its row: with a subdomain, a domain and a shard that it can have here."""
        self._stage(WORKSPACE)
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT display_name, subdomain, custom_domain FROM staged")
            display_name, subdomain, domain = cursor.fetchone()
            others = Workspace.objects.all()
            display_name = name or display_name
            if self._ids is not None or others.filter(subdomain=subdomain).exists():
                subdomain = free_subdomain(display_name or "")
            if self._ids is not None:  # a link into one workspace is none into its copy
                made = Workspace._meta.get_field("invite_hash").get_default()
                cursor.execute("UPDATE staged SET invite_hash = %s WHERE invite_hash IS NOT NULL", [made])
            if domain is not None and others.filter(custom_domain=domain).exists():
                domain = None
            cursor.execute(
                "UPDATE staged SET display_name = %s, subdomain = %s, custom_domain = %s, shard = %s,"
                " database_schema = %s, deleted_at = NULL, move = NULL",
                [display_name, subdomain, domain, self._shard, schema_name(self._id)],
            )
        self._insert_staged(WORKSPACE)
        return Workspace.objects.get(id=self._id)

    def _shared(self, part: Part) -> None:
        if part.read or part.only_if != "true":
            self._stage(part)
            self._insert_staged(part)
        else:
            self._copy(DEFAULT_DB_ALIAS, "public", part.table, f"shared/{part.table}")

    def _stage(self, part: Part) -> None:
        """The rows in a table of this transaction, where those columns are text that are `read` otherwise."""
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS staged")
            cursor.execute(
                f'CREATE TEMPORARY TABLE staged (LIKE public."{part.table}" INCLUDING DEFAULTS) ON COMMIT DROP'
            )
            for column in part.read:
                cursor.execute(f'ALTER TABLE staged ALTER COLUMN "{column}" TYPE text USING NULL')
        self._copy(DEFAULT_DB_ALIAS, "pg_temp", "staged", f"shared/{part.table}")

    def _insert_staged(self, part: Part) -> None:
        shared = connections[DEFAULT_DB_ALIAS]
        names = columns_of(shared, "public", part.table)
        with shared.cursor() as cursor:
            values = ", ".join(part.read.get(each, f's."{each}"') for each in names)
            columns = ", ".join(f'"{each}"' for each in names)
            cursor.execute(
                f'INSERT INTO public."{part.table}" ({columns}) SELECT {values} FROM staged s WHERE {part.only_if}'  # noqa: S608
            )

    def _own(self, workspace: Workspace) -> None:
        """Its schema and tables with all rows; the indexes of fields come after them."""
        storage = Storage(workspace)
        storage.drop_schema()  # of one that went no further than this
        storage.create_schema()
        prefix = "records/"
        objects = {UUID(each.removeprefix(prefix)): each for each in self._tables if each.startswith(prefix)}
        for id in objects:
            storage.create_table(self._ids.of(id) if self._ids else id)
        storage.flush()
        schema = workspace.database_schema
        for table in OWN:
            self._copy(self._shard, schema, table, f"own/{table}")
        for id, entry in objects.items():
            self._copy(self._shard, schema, table_name(self._ids.of(id) if self._ids else id), entry)
        with connections[self._shard].cursor() as cursor:
            for table in ("history", "record_count"):
                name = f'"{schema}".{table}'
                cursor.execute(f"SELECT setval('{name}_id', (SELECT max(id) FROM {name}) + 1, false)")  # noqa: S608

    def _indexes(self, workspace: Workspace) -> None:
        storage = Storage(workspace)
        for field in FieldMetadata.objects.filter(workspace=workspace):
            create_automatic_indexes(storage, field)
        ready = IndexMetadata.objects.filter(workspace=workspace, state=IndexState.READY)
        for index in ready.prefetch_related("index_fields__field"):
            if index.is_made_by_user:
                parts = sorted(index.index_fields.all(), key=lambda each: each.order)
                columns = [(schema_rows.field_schema(each.field), each.sub_field_name) for each in parts]
                storage.create_index(index.id, index.index_type, columns)
        for id in ObjectMetadata.objects.filter(workspace=workspace).values_list("id", flat=True):
            storage.analyze(id)
        storage.flush()

    def _copy(self, alias: str, schema: str, table: str, name: str) -> None:
        """The rows of an entry into a table. Raises InvalidInput for columns that there are no more."""
        told = self._tables[name]
        there = columns_of(connections[alias], schema, table)
        unknown = [each for each in told["columns"] if each not in there]
        if unknown:
            raise _refused(f"has {table}.{', '.join(unknown)}, which this release does not know")
        with connections[alias].cursor() as cursor, self._file.open(name) as entry:
            rows = Rows(entry, self._ids)
            columns = ", ".join(map(quoted, told["columns"]))
            text = f"COPY {quoted(schema, table)} ({columns}) FROM STDIN"
            cursor.cursor.copy_expert(text, rows)
            if rows.rows != told["rows"]:
                raise BadZipFile(name)
