"""The steps of a move, and what becomes of one that was cut off."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction

from config.errors import Conflict, InvalidInput, LockTimeout
from config.server.own_connection import Driver, own_connection, quoted, rows_of
from config.server.shards import is_citus
from config.server.sqlstate import FAULTS
from metadata.models import Workspace
from metadata.services.moving import fence
from metadata.services.moving.citus import move_to_node
from metadata.services.moving.rows import Copying, snapshot
from metadata.services.moving.rows import transaction as own_transaction
from metadata.services.moving.tables import (
    POSITIONS,
    create_indexes,
    create_schema,
    drop_indexes,
    same_tables,
    tables_of,
)
from metadata.storage import Storage

logger = logging.getLogger(__name__)

Say = Callable[[str], None]
MOST_ROUNDS = 8
SETTLING_S = 3.0  # in which `moves_settle` lets writes go on
PAUSE_S = 1.0  # in which writes that waited behind a try to hold them go on
SHORT_ROUND_S = 1.0  # after one as short writes can be held for the next
_MOVE_CLASS = 0x466F6D6F  # of the advisory locks of those who move
_OTHERS = "moved"  # under which positions of other apps' rows are noted


def workspace_move(*, workspace_id: UUID, to: str, keep_s: float | None = None, say: Say = logger.info) -> None:
    """Move the workspace's records to the database of that alias, or to a node (`host:port`) of the Citus it is on.

    The old place is kept until nobody has read it for `keep_s` (REQUEST_DEADLINE_S). A move that was cut off is gone on
    with; one to elsewhere is undone first, so moving to where a workspace is only undoes. Raises InvalidInput,
    Conflict when it is being moved, LockTimeout, and what a database refuses: then all is as before.
    """
    with own_connection(DEFAULT_DB_ALIAS, lock_timeout_ms=settings.METADATA_LOCK_TIMEOUT_MS) as shared:
        deadline_s = time.monotonic() + SETTLING_S
        while not _is_ours(shared, workspace_id):
            if time.monotonic() > deadline_s:
                raise Conflict("The workspace is being moved")
            time.sleep(0.1)
        workspace = Workspace.objects.get(id=workspace_id)
        if is_citus(workspace.shard) and to not in settings.DATABASES:
            move_to_node(workspace, to, say)
            return
        if to not in settings.DATABASES:
            known = ", ".join(settings.DATABASES)
            raise InvalidInput([f"There is no database {to}; there are {known}"])
        if is_citus(workspace.shard) or is_citus(to):
            raise InvalidInput(["Of databases that are Citus a workspace moves between nodes: host:port"])
        keep = settings.REQUEST_DEADLINE_S if keep_s is None else keep_s
        _end_earlier(shared, workspace, to, keep, say)
        if workspace.shard == to:
            say(f"The workspace is in {to}")
            return
        _begin(workspace, to)
        try:
            _move(shared, workspace, to, say)
        except (Exception, KeyboardInterrupt):
            if not _is_switched(workspace_id, to):
                _undo(workspace, to, say)
                raise
            logger.exception("The workspace was moved, then something failed")
        workspace.refresh_from_db()
        _finish(shared, workspace, keep, say)


def moves_settle() -> int:
    """See to moves whose process is gone: writes go on where they were held, and what follows a switch is done; how
    many there were. One that was not switched is left to be gone on with, unless it was undone."""
    settled = 0
    for workspace in Workspace.objects.filter(move__isnull=False):
        with own_connection(DEFAULT_DB_ALIAS) as shared:
            if not _is_ours(shared, workspace.id):
                continue
            workspace.refresh_from_db()
            if workspace.move is None:
                continue
            if workspace.shard == workspace.move["to"]:
                _finish(shared, workspace, settings.REQUEST_DEADLINE_S, logger.info)
            else:
                _let_go_on(workspace)
                if workspace.move.get("isUndone"):
                    _undo(workspace, workspace.move["to"], logger.info)
            settled += 1
    return settled


def _is_ours(shared: Driver, workspace_id: UUID) -> bool:
    """Whether nobody else moves the workspace; holds until the connection ends."""
    key = int(workspace_id.hex[-7:], 16)
    return rows_of(shared, "SELECT pg_try_advisory_lock(%s, %s)", [_MOVE_CLASS, key]) == [(True,)]


def _others() -> list[ModuleType]:
    """The parts of other apps, each with functions `hold`, `release`, `bring`, `switch`, `settle` and `forget`."""
    return [import_module(path) for path in settings.WORKSPACE_MOVES]


def _begin(workspace: Workspace, to: str) -> None:
    workspace.move = {"from": workspace.shard, "to": to}
    workspace.save(update_fields=["move"])


def _is_switched(workspace_id: UUID, to: str) -> bool:
    """Asked when a move failed: its connection may have been lost just when it switched. Raises when nobody knows."""
    return Workspace.objects.values_list("shard", flat=True).get(id=workspace_id) == to


# Before the switch -----------------------------------------------------------------------------------


def _move(shared: Driver, workspace: Workspace, to: str, say: Say) -> None:
    copy = Workspace.objects.get(id=workspace.id)
    copy.shard = to  # in memory alone: what makes tables by it makes those of the copy
    schema = workspace.database_schema
    with own_connection(workspace.shard, lock_timeout_ms=1_000) as source, own_connection(to) as target:
        create_schema(target, copy)
        copying = Copying(source, target, schema)
        before_s = math.inf
        for number in range(MOST_ROUNDS):
            started = time.monotonic()
            version = Workspace.objects.values_list("schema_version", flat=True).get(id=workspace.id)
            count = _round(copying, source, target, copy)
            took_s = time.monotonic() - started
            say(f"Round {number + 1}: {count} rows in {took_s:.1f} s")
            if number and (took_s < SHORT_ROUND_S or took_s > before_s * 0.8):
                break
            before_s = took_s
        copy.schema_version = version
        with _no_index_being_built(workspace):
            _switch(shared, copying, source, target, copy, say)


def _round(copying: Copying, source: Driver, target: Driver, copy: Workspace) -> int:
    """Make the copy's tables, indexes and rows those that there are; how many rows were written."""
    schema = copy.database_schema
    tables = same_tables(source, target, copy)
    drop_indexes(source, target, schema)  # first: they may not allow what the records are now
    count = sum(copying.load(table) for table in tables.values())
    count += _follow(copying, source, target, copy, is_last=False)
    create_indexes(source, target, schema)
    return count


def _follow(copying: Copying, source: Driver, target: Driver, copy: Workspace, *, is_last: bool) -> int:
    schema = copy.database_schema
    with snapshot(source) as oldest, own_transaction(target):
        count = copying.follow(list(tables_of(source, schema).values()), oldest)
        since = copying.position(_OTHERS)
        for part in _others():
            part.bring(source, target, copy.id, schema, since, is_last)
        copying.note({_OTHERS: oldest})
    return count


def _switch(shared: Driver, copying: Copying, source: Driver, target: Driver, copy: Workspace, say: Say) -> None:
    """Once no write is under way. Raises LockTimeout when one is for very long."""
    schema, id = copy.database_schema, str(copy.id)

    def besides() -> None:
        for part in _others():
            part.hold(source, copy.id, schema)

    for _ in range(fence.TRIES):
        with own_transaction(shared):
            # Changes of the data model wait here, and are made in the new place.
            row = "SELECT schema_version FROM metadata_workspace WHERE id = %s FOR NO KEY UPDATE"
            [(version,)] = rows_of(shared, row, [id])
            since = fence.hold(source, schema, besides)
            if since is not None:
                if version != copy.schema_version:
                    _round(copying, source, target, copy)
                count = _follow(copying, source, target, copy, is_last=True)
                _number_on(source, target, schema)
                rows_of(shared, "UPDATE metadata_workspace SET shard = %s WHERE id = %s", [copy.shard, id])
                for part in _others():
                    part.switch(shared, schema)
                shared.commit()
                say(f"Writes were held for {time.monotonic() - since:.2f} s, {count} rows")
                return
        time.sleep(PAUSE_S)
    raise LockTimeout("Some write takes too long to wait for", hint="Try again later.")


def _number_on(source: Driver, target: Driver, schema: str) -> None:
    """Let the copy's sequences go on where those of the old place are."""
    for name in ("history_id", "record_count_id"):
        [(last, is_called)] = rows_of(source, f"SELECT last_value, is_called FROM {quoted(schema, name)}")  # noqa: S608
        rows_of(target, "SELECT setval(%s, %s, %s)", [quoted(schema, name), last, is_called])


@contextmanager
def _no_index_being_built(workspace: Workspace) -> Iterator[None]:
    """What is being built in the old place is waited for; what waits is built in the new one."""
    storage = Storage(workspace)
    while True:
        with storage.building() as is_ours:
            if is_ours:
                yield
                return
        time.sleep(1)


# After it --------------------------------------------------------------------------------------------


def _finish(shared: Driver, workspace: Workspace, keep_s: float, say: Say) -> None:
    """What follows the switch. May be cut off anywhere, and begun again."""
    assert workspace.move is not None
    old, schema = workspace.move["from"], workspace.database_schema
    with own_connection(old) as source, own_connection(workspace.shard) as target:
        rows_of(target, f"DROP TABLE IF EXISTS {quoted(schema, POSITIONS)}")
        if rows_of(source, "SELECT to_regnamespace(%s) IS NOT NULL", [quoted(schema)]) == [(True,)]:
            for part in _others():
                while not part.settle(source, target, workspace.id, schema):
                    time.sleep(0.2)
            _wait_for_readers(source, schema, keep_s)
            for part in _others():
                while not part.settle(source, target, workspace.id, schema):
                    time.sleep(0.2)
            before = Workspace.objects.get(id=workspace.id)
            before.shard = old
            _drop(before)
        for part in _others():
            part.forget(source, workspace.id)
    Workspace.objects.filter(id=workspace.id).update(move=None)
    say(f"The workspace is in {workspace.shard}")


def _wait_for_readers(source: Driver, schema: str, keep_s: float) -> None:
    """Until nobody has read the old place for so long, as PostgreSQL counts; at most as long as an export may take."""
    text = (
        "SELECT coalesce(sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0)), 0) FROM pg_stat_user_tables"
        " WHERE schemaname = %s AND relname NOT LIKE 'parked%%'"
    )
    ends = time.monotonic() + max(keep_s, settings.LONG_WORK_DEADLINE_S)
    seen, since = rows_of(source, text, [schema]), time.monotonic()
    while time.monotonic() < min(since + keep_s, ends):
        time.sleep(min(keep_s, 0.5))
        now = rows_of(source, text, [schema])
        if now != seen:
            seen, since = now, time.monotonic()


def _drop(workspace: Workspace) -> None:
    """The workspace's schema where its `shard` says."""
    storage = Storage(workspace)
    with transaction.atomic(using=workspace.shard):
        storage.drop_schema()
        storage.flush()


# What was cut off, or fails --------------------------------------------------------------------------


def _end_earlier(shared: Driver, workspace: Workspace, to: str, keep_s: float, say: Say) -> None:
    """Finish, undo, or make ready to be gone on with, what an earlier move left."""
    move = workspace.move
    if move is None:
        return
    if workspace.shard == move["to"]:
        _finish(shared, workspace, keep_s, say)
    else:
        _let_go_on(workspace)
        if move["to"] != to or move.get("isUndone"):
            _undo(workspace, move["to"], say)
        else:
            say("Going on with a move that was cut off")
    workspace.refresh_from_db()


def _let_go_on(workspace: Workspace) -> None:
    """Writes, where the workspace is."""
    schema = workspace.database_schema
    with own_connection(workspace.shard, lock_timeout_ms=1_000) as source:

        def besides() -> None:
            for part in _others():
                part.release(source, workspace.id, schema)

        fence.release(source, schema, besides)


def _undo(workspace: Workspace, to: str, say: Say) -> None:
    """All as before the move: writes first. What cannot be reached now, `maintain` removes later."""
    move = {"from": workspace.shard, "to": to, "isUndone": True}
    Workspace.objects.filter(id=workspace.id).update(move=move)
    _let_go_on(workspace)
    copy = Workspace.objects.get(id=workspace.id)
    copy.shard = to
    try:
        _drop(copy)
        with own_connection(to) as target:
            for part in _others():
                part.forget(target, workspace.id)
    except FAULTS:
        say(f"The copy in {to} could not be removed yet")
        return
    Workspace.objects.filter(id=workspace.id).update(move=None)
    say(f"The workspace is in {workspace.shard}; the copy in {to} is removed")
