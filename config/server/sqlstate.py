"""What it means to a client when the machine refuses: SQLSTATE and errno → an error of `config.errors`.

Only faults of the machine and of the moment stand here (connections, locks, time, space), which any statement
of any app can meet. What is wrong with the data is for whoever sent the statement.

Classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

import errno

import django.db
import psycopg2
from django.conf import settings
from psycopg2 import errorcodes

from config.errors import ApiError, Conflict, LockTimeout, QueryTimeout, StorageFull, Unavailable, WorkspaceMoving
from config.http import deadline

WRITES_HELD = "FG001"  # raised by the tables of a workspace that is being moved: metadata/services/moving/fence.py
UNREACHABLE = "The database cannot be reached"
_COLLIDED = frozenset((errorcodes.DEADLOCK_DETECTED, errorcodes.SERIALIZATION_FAILURE))
FAULTS = (psycopg2.Error, django.db.Error)  # whatever the database or its driver says no with
_UNANSWERED = (  # the faults of a driver to which the server said nothing
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    django.db.OperationalError,
    django.db.InterfaceError,
)
_NO_SPACE = frozenset((errno.ENOSPC, errno.EDQUOT))


def code_of(fault: BaseException) -> str | None:
    """The SQLSTATE of the driver's fault, or of the one inside Django's; None when the server said nothing."""
    driver = fault if isinstance(fault, psycopg2.Error) else fault.__cause__
    return getattr(driver, "pgcode", None)


def is_connection_lost(fault: BaseException) -> bool:
    """Whether the server hung up, was not there, or is going: 08…, 57P…, or no word of it at all."""
    code = code_of(fault)
    if code is None:
        return isinstance(fault, _UNANSWERED) or type(fault) in (psycopg2.DatabaseError, django.db.DatabaseError)
    return code.startswith(("08", "57P"))


def machine_error(fault: BaseException) -> ApiError | None:
    """The error a client is told of; None when the fault is none of the machine's."""
    if isinstance(fault, OSError):
        return _storage_full() if fault.errno in _NO_SPACE else None
    if not isinstance(fault, FAULTS):
        return None
    if is_connection_lost(fault):
        return Unavailable(UNREACHABLE)
    code = code_of(fault)
    if code == errorcodes.LOCK_NOT_AVAILABLE:
        return lock_timeout()
    if code == errorcodes.QUERY_CANCELED:
        request = deadline.current()
        if request is not None and not request.left_s():
            return request.exceeded()
        return QueryTimeout(
            f"The query took longer than {settings.STATEMENT_TIMEOUT_MS} ms",
            hint="Narrow the filter, ask for an index on the field, or read fewer records.",
        )
    if code == WRITES_HELD:
        return WorkspaceMoving(
            "The workspace is being moved to another database; nothing was written", hint="Send the request again."
        )
    if code in _COLLIDED:
        return Conflict("The same is being changed by other requests", hint="Try again.")
    if code == errorcodes.DISK_FULL:
        return _storage_full()
    if code is not None and code.startswith("53"):
        return Unavailable("The database has no room for this request at the moment")
    return None


def is_passing(fault: BaseException) -> bool:
    """Whether a worker that met this fault should simply try again later."""
    error = fault if isinstance(fault, ApiError) else machine_error(fault)
    return error is not None and (error.status >= 500 or isinstance(error, Conflict))


def lock_timeout() -> LockTimeout:
    return LockTimeout("What this request needs is being changed by another request", hint="Send the request again.")


def _storage_full() -> StorageFull:
    return StorageFull("No space is left on the server's disk", hint="Free or add disk space, then try again.")
