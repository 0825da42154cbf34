"""What a replica must have before it may answer a read: every write of the workspace that was answered before.

After the commit of whatever writes to a workspace's tables, and before it is answered, the place in its database's
stream of changes is noted in the shared one; for all processes and machines, and all callers of the workspace. The
statement that confirms a caller reads the note with it, so nothing of it is remembered between requests. A note also
says which version of the data model it is sure to have: where that is older than the one that a read was planned with,
or where there is none (notes are in an unlogged table, which a crash empties), the reader makes one and the primary
answers.

Without a replica no note is made or read.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from config.errors import ApiError
from config.http.confirming import run_confirming, waiting
from config.http.counting import note_late_read
from config.principal import WorkspaceRef
from config.server.replicas import PLACE, replica_of
from config.server.sqlstate import FAULTS
from config.server.statements import is_read, run
from core.query.scope import Scope
from core.sql.fragment import Sql
from metadata.models import Workspace, schema_name

logger = logging.getLogger(__name__)

_SCHEMA = re.compile(r"\bws_[0-9a-z_]+")
_FIND = "SELECT place, shard, schema_version FROM public.core_written WHERE schema_name = %s"
_LATER = "CASE WHEN w.shard = excluded.shard THEN greatest(w.{0}, excluded.{0}) ELSE excluded.{0} END"


def _note(place: str) -> str:
    """Notes of two writers at once may come in another order than the places that they were told."""
    columns = ", ".join(f"{name} = {_LATER.format(name)}" for name in ("place", "schema_version"))
    return (
        "INSERT INTO public.core_written AS w (schema_name, shard, schema_version, place)"
        f" VALUES (%s, %s, %s::int, {place})"
        f" ON CONFLICT (schema_name) DO UPDATE SET {columns}, shard = excluded.shard"
    )


_NOTE, _NOTE_OF_ANOTHER = _note(PLACE), _note("%s::bigint")
_WHERE = f"SELECT {PLACE}"


# Writing ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Written:
    """What happens at the commit of a transaction that wrote to a workspace."""

    schema: str
    using: str

    def __call__(self) -> None:
        if connections[DEFAULT_DB_ALIAS].in_atomic_block:  # of which nobody would see the note, and all wait for it
            transaction.on_commit(self, using=DEFAULT_DB_ALIAS)
            return
        for is_last in (False, True):
            try:
                note(self.schema, self.using)
                return
            except (*FAULTS, ApiError) as fault:  # the write is done: it is answered as what it is
                if is_last:
                    logger.warning("reads may miss a write for a while, which could not be noted: %s", type(fault))


def note_writes(text: str, using: str) -> None:
    """Called after each statement over workspaces' tables; does nothing for those that read."""
    if replica_of(using) is None or is_read(text):
        return
    for schema in set(_SCHEMA.findall(text)):
        written, waiting_for_commit = _Written(schema, using), connections[using].run_on_commit
        # What is in the list will run at the commit, unless a savepoint around this statement too is taken back.
        if not any(each[1] == written for each in waiting_for_commit):
            transaction.on_commit(written, using=using)


def note_again(workspace: WorkspaceRef) -> None:
    """For the answer of a write that is given once more: whoever wrote may have died before it was noted."""
    if replica_of(workspace.shard) is not None:
        _Written(schema_name(workspace.id), workspace.shard)()


def note(schema: str, using: str, schema_version: int = 0) -> None:
    """Note that a replica needs all that is committed by now to answer reads of the workspace with that schema."""
    given = (schema, using, schema_version)
    shared = connections[DEFAULT_DB_ALIAS]
    if using == DEFAULT_DB_ALIAS:
        run(shared, _NOTE, given)
    else:
        run(shared, _NOTE_OF_ANOTHER, (*given, run(connections[using], _WHERE, ())[0][0]))


def workspace_purged(workspace: Workspace) -> None:
    """Remove the note of a workspace that is gone."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("DELETE FROM public.core_written WHERE schema_name = %s", [workspace.database_schema])


# Reading ---------------------------------------------------------------------------------------------


def late_rows(scope: Scope, sql: Sql, *, prepare: bool) -> list[tuple[object, ...]] | None:
    """The rows of a read by the replica, its caller confirmed. None: the primary has to be asked.

    Raises CallerChanged, and what the primary refuses a statement with.
    """
    using = scope.principal.workspace.shard
    replica, now = replica_of(using), waiting()
    if replica is None or now is None or not now.may_be_late or connections[using].in_atomic_block:
        return None
    rows = None
    if not replica.is_resting():
        if now.since is None:
            now.since = _since(scope, using)
        if now.since is not None:
            rows = replica.rows(sql.text, sql.params, prepare=prepare, since=now.since)
    now.may_be_late = rows is not None  # the rest of a request reads nothing older than what it read before
    note_late_read(using, by="primary" if rows is None else "replica")
    return rows


def _since(scope: Scope, using: str) -> int | None:
    schema = scope.schema
    rows: Sequence[tuple[Any, ...]] = run_confirming(DEFAULT_DB_ALIAS, _FIND, (schema.schema_name,))
    if rows:
        [(place, shard, version)] = rows
        if shard == using and version >= schema.version:
            return int(place)
    with suppress(*FAULTS, ApiError):  # who cannot make one now is answered all the same
        note(schema.schema_name, using, schema.version)
    return None
