"""Writing a workspace into a file, as it was at one moment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from config import audit
from config.server.own_connection import Driver, own_connection, quoted, rows_of
from metadata.fieldtypes.datetime import moment_text
from metadata.models import Workspace, table_name
from metadata.services.backup.layout import (
    FORMAT,
    MANIFEST,
    OWN,
    VERSION,
    WORKSPACE,
    columns_of,
    last_migrations,
    parts,
)
from metadata.services.parts import Part

_COMPRESSION = 1  # of zlib: 6 makes a tenth less and takes three times as long


def workspace_write(workspace: Workspace, path: Path) -> int:
    """Write all of the workspace into a new file; gives how many rows. Raises OSError, and leaves no half a file."""
    with path.open("xb") as file:
        try:
            os.fchmod(file.fileno(), 0o600)
            with _snapshot(workspace) as (shared, own):
                rows = _write(file, workspace, shared, own)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    name = workspace.display_name or workspace.subdomain
    audit.note(workspace.id, "workspace.exported", subject_id=workspace.id, name=name)
    return rows


@contextmanager
def _snapshot(workspace: Workspace) -> Iterator[tuple[Any, Any]]:
    """Connections to the shared and to the workspace's own database. The data model waits until both have seen it,
    so that tables and data model belong together; records are written meanwhile."""
    with ExitStack() as stack:
        shared = stack.enter_context(own_connection(DEFAULT_DB_ALIAS))
        is_one = workspace.shard == DEFAULT_DB_ALIAS
        own = shared if is_one else stack.enter_context(own_connection(workspace.shard))
        with own_connection(DEFAULT_DB_ALIAS, lock_timeout_ms=settings.METADATA_LOCK_TIMEOUT_MS) as holder:
            holder.autocommit = False
            rows_of(holder, "SELECT 1 FROM metadata_workspace WHERE id = %s FOR NO KEY UPDATE", [str(workspace.id)])
            for each in (shared,) if is_one else (shared, own):
                each.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
                rows_of(each, "SELECT 1")
        yield shared, own


class _Counting:
    """What COPY writes to: an entry of the archive, its rows counted."""

    def __init__(self, entry: IO[bytes]) -> None:
        self._entry = entry
        self.rows = 0

    def write(self, data: bytes | str) -> int:
        piece = data.encode() if isinstance(data, str) else data
        self.rows += piece.count(b"\n")  # one inside a value is written as \n
        return self._entry.write(piece)


class _Archive:
    def __init__(self, zip_file: ZipFile) -> None:
        self._zip = zip_file
        self._at = timezone.now().timetuple()[:6]
        self.tables: dict[str, dict[str, Any]] = {}

    def add(self, name: str, driver: Driver, columns: list[str], query: str) -> None:
        with self._zip.open(self.entry(name), "w", force_zip64=True) as entry, driver.cursor() as cursor:
            counting = _Counting(entry)
            cursor.copy_expert(f"COPY ({query}) TO STDOUT", counting)
        self.tables[name] = {"columns": columns, "rows": counting.rows}

    def entry(self, name: str) -> ZipInfo:
        entry = ZipInfo(name, self._at)
        entry.compress_type = ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        return entry


def _write(file: IO[bytes], workspace: Workspace, shared: Driver, own: Driver) -> int:
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION) as zip_file:
        archive = _Archive(zip_file)
        for part in (WORKSPACE, *parts()):
            columns = columns_of(shared, "public", part.table)
            archive.add(f"shared/{part.table}", shared, columns, _shared_query(part, columns, workspace))
        schema = workspace.database_schema
        tables = {f"own/{name}": name for name in OWN}
        for (id,) in rows_of(
            shared, "SELECT id FROM metadata_objectmetadata WHERE workspace_id = %s ORDER BY id", [str(workspace.id)]
        ):
            tables[f"records/{id}"] = table_name(id)
        for name, table in tables.items():
            columns = columns_of(own, schema, table)
            query = f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(schema, table)}"  # noqa: S608
            archive.add(name, own, columns, query)
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "release": ".".join(map(str, settings.VERSION)),
            "migrations": last_migrations(),
            "workspace": {"id": str(workspace.id), "name": workspace.display_name},
            "exportedAt": moment_text(timezone.now()),
            "tables": archive.tables,
        }
        zip_file.writestr(archive.entry(MANIFEST), orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return sum(table["rows"] for table in archive.tables.values())


def _shared_query(part: Part, columns: list[str], workspace: Workspace) -> str:
    written = (
        f"({part.written[name]}) AS {quoted(name)}" if name in part.written else quoted("t", name) for name in columns
    )
    where = part.where.replace("%(workspace)s", f"'{workspace.id}'::uuid")
    return f"SELECT {', '.join(written)} FROM {quoted('public', part.table)} t WHERE {where}"  # noqa: S608
