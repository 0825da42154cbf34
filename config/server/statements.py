"""Runs one statement on a driver's cursor: opened again where that is safe, prepared, and patient with locks.

The busiest paths (key check, records) go through here and not through Django's cursors, which cost more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import nullcontext
from time import perf_counter
from typing import Any

import django.db
import psycopg2
from django.conf import settings
from django.db import transaction
from psycopg2 import errorcodes

from config.errors import Unavailable
from config.http import deadline
from config.http.counting import note_statement
from config.server import locks
from config.server.prepared import is_outdated, prepared_on
from config.server.sqlstate import UNREACHABLE, is_connection_lost, lock_timeout, machine_error

_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|LOCK|MERGE|SET|CREATE|ALTER|DROP)\b")

Rows = list[tuple[Any, ...]]


def is_read(text: str) -> bool:
    """Whether a statement changes nothing for sure: it may be sent again when nobody knows what became of it."""
    return not _WRITES.search(text)


def run(wrapper: Any, text: str, params: Sequence[Any], *, prepare: bool = True, is_patient: bool = True) -> Rows:
    """The rows of a statement on a Django connection. `prepare=False` for texts that will hardly come again.

    Outside a transaction a read is sent again when its connection broke, or its prepared plan was outdated, and (if
    `is_patient`) waits for locks as `config.server.locks` says. Raises Unavailable, LockTimeout, and psycopg2.Error
    for what the statement is refused for.
    """
    request = deadline.current()
    if request is not None and request.is_near():
        return _run_in_time(wrapper, text, params, prepare, request)
    try:
        return _sent(wrapper, text, params, prepare)
    except psycopg2.Error as fault:
        if wrapper.in_atomic_block:
            if is_connection_lost(fault):
                raise Unavailable(UNREACHABLE) from fault
            raise
        if is_connection_lost(fault):
            wrapper.close()
            if not is_read(text):  # it may have been done
                raise Unavailable(UNREACHABLE) from fault
        elif fault.pgcode == errorcodes.LOCK_NOT_AVAILABLE and is_patient:
            return locks.wait_in_a_seat(
                wrapper.alias, text, lambda: _waiting(wrapper, text, params, prepare), lock_timeout()
            )
        elif not is_outdated(fault):
            raise
    try:
        return _sent(wrapper, text, params, prepare)
    except psycopg2.Error as fault:
        if is_connection_lost(fault):
            wrapper.close()
            raise Unavailable(UNREACHABLE) from fault
        raise


def run_once(wrapper: Any, text: str, params: Sequence[Any], *, prepare: bool = True) -> Rows:
    """As `run`, but never sent again. Raises Unavailable where there is no connection, and psycopg2.Error."""
    return _sent(wrapper, text, params, prepare)


def _sent(wrapper: Any, text: str, params: Sequence[Any], prepare: bool) -> Rows:
    try:
        wrapper.ensure_connection()
    except django.db.Error as fault:
        raise Unavailable(UNREACHABLE) from fault
    if wrapper.force_debug_cursor:  # somebody wants Django's log of queries
        wrapper.queries_log.append({"sql": text, "time": ""})
    started = perf_counter()
    try:
        with wrapper.connection.cursor() as cursor:
            if prepare and settings.PREPARED_STATEMENTS:
                prepared_on(wrapper).execute(cursor, text, params)
            else:
                cursor.execute(text, params)
            return cursor.fetchall() if cursor.description is not None else []
    finally:
        note_statement(perf_counter() - started)


def _run_in_time(wrapper: Any, text: str, params: Sequence[Any], prepare: bool, request: deadline.Deadline) -> Rows:
    """With what is left of the request's time, which costs statements: only who is late pays for them."""
    left_ms = min(settings.STATEMENT_TIMEOUT_MS or math.inf, math.ceil(request.left_s() * 1000) + 1)
    with nullcontext() if wrapper.in_atomic_block else transaction.atomic(using=wrapper.alias):
        _waiting(wrapper, f"SET LOCAL statement_timeout = {left_ms}", (), False)
        try:
            return _sent(wrapper, text, params, prepare)
        except psycopg2.Error as fault:
            if is_connection_lost(fault):
                raise Unavailable(UNREACHABLE) from fault
            raise


def _waiting(wrapper: Any, text: str, params: Sequence[Any], prepare: bool) -> Rows:
    """Once more, inside the transaction that has the longer wait."""
    try:
        return _sent(wrapper, text, params, prepare)
    except psycopg2.Error as fault:
        error = machine_error(fault)
        if error is not None:
            raise error from fault
        raise
