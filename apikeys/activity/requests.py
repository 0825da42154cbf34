"""The log of requests: written off their path, read by `reading.py`.

`note` is what settings.REQUEST_LOG names: `config.http.observability` calls it for every answer, and it puts one tuple
into a buffer. One thread of the process copies what is there to PostgreSQL, each FLUSH_S seconds while there is
anything, over its own connection. A buffer that is full drops entries and counts them; the count becomes an entry
itself and a line in the server's log. `end` writes what is left when the process ends.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.http import HttpRequest

from apikeys.activity import facts
from config.errors import ApiError
from config.http.client_address import client_address
from config.principal import Principal
from config.server.outage import Outage
from config.time_ids import time_ordered_hex
from metadata.cache import kept_schema
from metadata.schema import WorkspaceSchema

FLUSH_S = 0.5
BATCH = 2_000  # rows of one COPY
IDLE_S = 60.0  # without a request the connection is given back
_COPY = (
    "COPY apikeys_requestlog (id, workspace_id, is_key, caller_id, caller_name, api, method, path, operation,"
    " object_name, status, outcome, error_code, error_message, error_hint, duration_ms, address, headers, given_id)"
    " FROM STDIN"
)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_UNSAFE_METHODS = frozenset(("POST", "PUT", "PATCH", "DELETE"))

Row = tuple[str, str]  # the workspace's id in 32 hex digits, and a line of COPY's text format

logger = logging.getLogger(__name__)


class Buffer:
    """Rows that wait to be written, at most `size` of them; of further ones only the count is kept, by workspace.

    One thread takes, any may put: a deque's ends are safe without a lock.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.rows: deque[Row] = deque()
        self.dropped: Counter[str] = Counter()
        self._lock = threading.Lock()

    def put(self, row: Row) -> None:
        if len(self.rows) < self.size:
            self.rows.append(row)
        else:
            with self._lock:
                self.dropped[row[0]] += 1

    def take(self) -> list[Row]:
        """The oldest rows, at most BATCH; after the last of them an entry for each workspace that lost some."""
        rows = self.rows
        taken = [rows.popleft() for _ in range(min(len(rows), BATCH))]
        if not rows and self.dropped:
            with self._lock:
                dropped, self.dropped = self.dropped, Counter()
            logger.warning("the request log could not keep up: %s entries were dropped", sum(dropped.values()))
            taken += [_dropped_row(workspace_id, count) for workspace_id, count in dropped.items()]
        return taken

    def put_back(self, rows: Sequence[Row]) -> None:
        """What could not be written; no more than there is room for."""
        room = self.size - len(self.rows)
        for row in rows[max(0, room) :]:
            with self._lock:
                self.dropped[row[0]] += 1
        self.rows.extendleft(reversed(rows[: max(0, room)]))

    def __bool__(self) -> bool:
        return bool(self.rows or self.dropped)


class Writer(threading.Thread):
    """Writes a buffer until it is told to stop."""

    def __init__(self, buffer: Buffer) -> None:
        super().__init__(name="request log", daemon=True)
        self.buffer = buffer
        self.is_wanted = threading.Event()
        self.is_ending = threading.Event()
        self._outage = Outage(logger)

    def run(self) -> None:
        while not self.is_ending.is_set():
            if not self.is_wanted.wait(IDLE_S):
                connections.close_all()
                continue
            pause_s = FLUSH_S
            while not self.is_ending.wait(pause_s):
                self.is_wanted.clear()
                pause_s = self.flush() or FLUSH_S
                if not self.buffer:
                    break
        self.flush()
        connections.close_all()

    def flush(self) -> float:
        """Write all that waits. When the database cannot be reached, the seconds to wait for it; else 0."""
        while rows := self.buffer.take():
            try:
                self._write(rows)
            except (OperationalError, InterfaceError) as fault:
                connections[DEFAULT_DB_ALIAS].close()
                self.buffer.put_back(rows)
                return self._outage.met(fault)
            except Exception:  # rows that cannot be written, or are already: they must not stand before others for ever
                logger.exception("entries of the request log were lost")
            else:
                self._outage.over()
        return 0.0

    def _write(self, rows: list[Row]) -> None:
        try:
            write(rows)
        except (OperationalError, InterfaceError):  # a connection that broke while nobody used it
            connections[DEFAULT_DB_ALIAS].close()
            write(rows)


def write(rows: Iterable[Row]) -> None:
    """Copy rows into the log, over this thread's connection, as one statement that commits at once."""
    lines = BytesIO("".join([line for _, line in rows]).encode("utf-8", "replace"))
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.copy_expert(_COPY, lines)


# What is written --------------------------------------------------------------------------------------


class _Log:
    """This process's buffer and writer, made when the first request is answered: a fork has its own."""

    buffer: Buffer | None = None
    writer: Writer | None = None
    pid = 0
    lock = threading.Lock()


def note(request: HttpRequest, status: int, duration_ms: float, own_id: str) -> None:
    """Log an answered request, if it is one of a workspace's callers. `own_id` are 32 hex digits made for it."""
    if not settings.REQUEST_LOG_DAYS:
        return
    row = row_of(request, status, duration_ms, own_id)
    if row is not None:
        put(row)


def put(row: Row) -> None:
    buffer = _Log.buffer
    if buffer is None or _Log.pid != os.getpid():
        buffer = _begin()
    buffer.put(row)
    writer = _Log.writer
    if writer is not None and not writer.is_wanted.is_set():
        writer.is_wanted.set()


def _begin() -> Buffer:
    with _Log.lock:
        if _Log.buffer is None or _Log.pid != os.getpid():
            _Log.buffer, _Log.pid = Buffer(settings.REQUEST_LOG_BUFFER), os.getpid()
            _Log.writer = Writer(_Log.buffer) if settings.REQUEST_LOG_THREAD else None
            if _Log.writer is not None:
                _Log.writer.start()
                atexit.register(end)
        return _Log.buffer


def flush() -> None:
    """Write what waits now, over the connection of whoever asks."""
    if _Log.buffer is not None:
        Writer(_Log.buffer).flush()


def end(timeout_s: float = 5.0) -> None:
    """Have the writer write what is left, and end: called when a process of the web server ends."""
    writer = _Log.writer
    if writer is not None and _Log.pid == os.getpid() and writer.is_alive():
        writer.is_ending.set()
        writer.is_wanted.set()
        writer.join(timeout_s)
        if not writer.is_alive():
            _Log.buffer = _Log.writer = None


def row_of(request: HttpRequest, status: int, duration_ms: float, own_id: str) -> Row | None:
    """The entry of a request; None for one of nobody, and for pages that somebody only looks at.

    On the way of every request: what comes again is kept by `facts`, and nothing is escaped that cannot need it.
    """
    noted = vars(request)
    principal: Principal | None = noted.get("principal")
    if principal is None and "refused_token" not in noted:  # refused before it was certain who asks
        principal = noted.get("presumed_caller")
    if principal is not None:
        workspace_id, caller_id, caller_name = principal.workspace.id, principal.api_key_id, principal.name
        is_key = caller_id is not None
        if caller_id is None:
            caller_id = principal.user_id
    elif "refused_token" in noted:
        workspace_id, is_key, caller_id, caller_name = noted["refused_token"]
    else:
        return None
    meta = request.META
    api, path = facts.api_and_path(request.path, meta.get("QUERY_STRING", ""))
    method = request.method or ""
    if api is None or (api == "pages" and method not in _UNSAFE_METHODS):
        return None
    fault: ApiError | None = noted.get("fault")
    outcome = status // 100
    told = _UNTOLD
    if fault is not None:
        outcome = max(outcome, fault.status // 100)
        told = _told(request, fault, principal, api)
    workspace = f"{workspace_id.int:032x}"
    operation, given = noted.get("operation"), noted["request_id"]
    return workspace, (
        f"{own_id}\t{workspace}\t{'t' if is_key else 'f'}\t"
        f"{facts.NOTHING if caller_id is None else f'{caller_id.int:032x}'}\t{facts.escaped_name(caller_name)}\t{api}\t"
        f"{method if method in _METHODS else facts.escaped(method[:20])}\t{path}\t"
        f"{facts.NOTHING if operation is None else facts.escaped(operation)}\t"
        f"{noted.get('object_name') or facts.NOTHING}\t{status}\t{outcome}\t{told}\t{duration_ms:.2f}\t"
        f"{client_address(request)}\t{facts.headers_of(meta)}\t"
        f"{facts.NOTHING if given == own_id else facts.escaped(facts.secretless(given))}\n"
    )


_UNTOLD = "\t".join([facts.NOTHING] * 3)  # no code, no message, no hint


def line_of(values: Iterable[object]) -> str:
    """A line of values, one for each column of the log."""
    return "\t".join([facts.escaped(None if each is None else str(each)) for each in values]) + "\n"


def _code_of(fault: ApiError, api: str) -> str:
    """As the answer has it."""
    return (fault.sub_code or fault.graphql_code) if api.endswith("graphql") else fault.code


def _told(request: Any, fault: ApiError, principal: Principal | None, api: str) -> str:
    """The code of an error, and what the caller was told, without what they sent: three columns."""
    names: frozenset[str] = frozenset()
    if principal is not None:
        names = _names(principal.workspace_id, principal.workspace.schema_version)
    body = getattr(request, "_body", b"")
    sent = facts.sent_by(request.META.get("QUERY_STRING", ""), body if isinstance(body, bytes) else b"")
    message = facts.masked(fault.message, names, sent)
    hint = None if fault.hint is None else facts.masked(fault.hint, names, sent)
    return "\t".join(map(facts.escaped, (_code_of(fault, api), message, hint)))


def _names(workspace_id: UUID, version: int) -> frozenset[str]:
    """What objects and fields are called, as far as the data model was read by this process."""
    schema = kept_schema(workspace_id, version)
    if schema is None:
        return frozenset()
    found = _known.get(schema)
    if found is None:
        found = _known[schema] = _names_of(schema)
    return found


_known: WeakKeyDictionary[WorkspaceSchema, frozenset[str]] = WeakKeyDictionary()


def _names_of(schema: WorkspaceSchema) -> frozenset[str]:
    names = {name for each in schema.objects for name in (each.singular, each.plural)}
    for each in schema.objects:
        names.update(each.by_name, each.by_join_name)
        names.update(part for field in each.fields for part in field.type.subfields)
    return frozenset(names)


def _dropped_row(workspace_id: str, count: int) -> Row:
    noun = "request was" if count == 1 else "requests were"
    text = f"{count:,} {noun} not logged: there were more than the log could take in"
    whose = (time_ordered_hex(), workspace_id, "f", None, "")
    return workspace_id, line_of([*whose, "log", "", text, None, None, 0, 0, None, None, None, "0", "", "{}", None])
