"""Holding the writes of a workspace in one database: for seconds before it is switched over, and for good after.

Every table gets a trigger that refuses whatever would write, with a code that is answered 503 `WORKSPACE_MOVING`. Being
in the tables it holds for every process and job, also for those that have not heard of the move. Only tables that are
moved have one, for as long: no write pays for it otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from config.server.own_connection import Driver, quoted, rows_of
from config.server.sqlstate import WRITES_HELD, code_of
from metadata.services.moving.rows import transaction
from metadata.services.moving.tables import tables_of

_FUNCTION = "writes_held"
_NOT_AVAILABLE = ("55P03", "40P01")  # lock_not_available, deadlock_detected
VACUUM_WAIT_MS = 10_000
WRITERS_WAIT_MS = 1_000
TRIES = 60  # of who waits for writers that are long at it


def hold(source: Driver, schema: str, besides: Callable[[], None]) -> float | None:
    """Hold all writes, once those that have begun are over, and do `besides` in the same transaction. Since when they
    wait, on the clock of `time.monotonic`.

    None when some take longer than WRITERS_WAIT_MS: as long all others wait behind us.
    """
    try:
        with transaction(source):
            since = _hold(source, schema)
            besides()
    except Exception as fault:
        if code_of(fault) not in _NOT_AVAILABLE:
            raise
        return None
    return since


def _hold(source: Driver, schema: str) -> float:
    tables = tables_of(source, schema).values()
    paths = ", ".join(each.path for each in tables)
    # An autovacuum gives way to who waits for a second; meanwhile this holds up nobody who writes.
    rows_of(source, f"SET LOCAL lock_timeout = {VACUUM_WAIT_MS}")
    rows_of(source, f"LOCK TABLE {paths} IN SHARE UPDATE EXCLUSIVE MODE")
    rows_of(source, f"SET LOCAL lock_timeout = {WRITERS_WAIT_MS}")
    since = time.monotonic()
    rows_of(source, f"LOCK TABLE {paths} IN SHARE ROW EXCLUSIVE MODE")
    function = quoted(schema, _FUNCTION)
    rows_of(
        source,
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$BEGIN RAISE EXCEPTION 'the workspace is moved' USING ERRCODE = '{WRITES_HELD}'; END$$",
    )
    trigger = f"CREATE TRIGGER {_FUNCTION} BEFORE INSERT OR UPDATE OR DELETE ON {{}}"
    trigger += f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    rows_of(source, ";".join(trigger.format(each.path) for each in tables))
    return since


def is_held(source: Driver, schema: str) -> bool:
    [(answer,)] = rows_of(source, "SELECT to_regproc(%s) IS NOT NULL", [quoted(schema, _FUNCTION)])
    return bool(answer)


def release(source: Driver, schema: str, besides: Callable[[], None]) -> None:
    """Let writes go on where they are held."""
    for left in reversed(range(TRIES)):
        try:
            with transaction(source):
                if is_held(source, schema):
                    rows_of(source, f"DROP FUNCTION {quoted(schema, _FUNCTION)}() CASCADE")
                    besides()
            return
        except Exception as fault:
            if code_of(fault) not in _NOT_AVAILABLE or not left:
                raise
