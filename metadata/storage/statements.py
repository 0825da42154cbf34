"""Statements over one workspace's tables: put together, gathered, sent one after the other, and begun again where they
need patience for a lock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connections
from psycopg2 import errorcodes, sql

from config.server.locks import seat_or_refusal
from config.server.sqlstate import code_of
from metadata.models import Workspace, table_name

BUILD_CLASS = 0x466F7562  # of the advisory locks of those who build indexes
_CANCEL_BUILD = (
    "SELECT pg_cancel_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = "
    f"{BUILD_CLASS} AND objid = {{key}} AND granted AND pid <> pg_backend_pid() "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Statements:
    """What one workspace's database is told, inside the caller's transaction. DDL is gathered, and sent by `flush`."""

    def __init__(self, workspace: Workspace) -> None:
        self._schema = workspace.database_schema
        self._connection = connections[workspace.shard]
        self._pending: list[sql.Composable] = []

    def flush(self) -> None:
        """Run what was gathered. An index being built in the workspace meanwhile gives way and is built later."""
        if self._pending:
            self._pending.insert(0, self._compose(_CANCEL_BUILD, key=self._build_key))
            self._send_pending()

    def _send_pending(self) -> None:
        statements, self._pending = self._pending, []
        self._execute(*statements)

    def _compose(self, text: str, **names: sql.Composable) -> sql.Composable:
        return sql.SQL(text).format(schema=sql.Identifier(self._schema), **names)

    def _add(self, text: str, **names: sql.Composable) -> None:
        self._pending.append(self._compose(text, **names))

    def _execute(self, *statements: sql.Composable) -> None:
        """Run statements. Inside a transaction those that need patience for a lock are begun again with the wait of
        a change of the data model, by who finds a seat (`config.server.locks`)."""
        with self._connection.cursor() as cursor:
            texts = [statement.as_string(cursor.cursor) for statement in statements]
            if not self._connection.in_atomic_block:
                for text in texts:
                    send(cursor, text)
                return
            try:
                for text in ("SAVEPOINT storage", *texts, "RELEASE SAVEPOINT storage"):
                    send(cursor, text)
            except OperationalError as fault:
                if code_of(fault) != errorcodes.LOCK_NOT_AVAILABLE:
                    raise
                with seat_or_refusal():
                    longer = f"SET LOCAL lock_timeout = {settings.METADATA_LOCK_TIMEOUT_MS}"
                    for text in ("ROLLBACK TO SAVEPOINT storage", longer, *texts, "SET LOCAL lock_timeout TO DEFAULT"):
                        send(cursor, text)
                    send(cursor, "RELEASE SAVEPOINT storage")

    def _fetch(self, statement: sql.Composable) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            send(cursor, statement.as_string(cursor.cursor))
            return list(cursor.fetchall())

    @property
    def _build_key(self) -> sql.Literal:
        return sql.Literal(int(self._schema[-7:], 16))


def send(cursor: Any, text: str) -> None:
    """One statement: of several in one call a Citus coordinator runs none."""
    cursor.execute(text)


def table_of(object_id: UUID) -> sql.Identifier:
    return sql.Identifier(table_name(object_id))


def unaliased(text: str) -> str:
    """A type's expression without the row's alias; run without parameters, so `%%` is a plain percent sign."""
    return text.replace("{r}.", "").replace("%%", "%")


def expressions_of(texts: Iterable[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL(f"({unaliased(text)})") for text in texts)
