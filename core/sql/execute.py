"""Runs SQL: the one place that reaches the database for records, and what its refusals mean.

How a statement is sent (prepared, on a connection that stands) is `config.server.statements`' matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NoReturn

import psycopg2
from django.db import connections
from psycopg2 import errorcodes

from config.errors import InvalidValue, StaleSchema, TooComplex
from config.http.bounds import MAX
from config.http.confirming import Check, confirm, run_confirming, run_if_confirmed
from config.server.shards import is_citus
from config.server.sqlstate import machine_error
from config.server.statements import run
from core.query.scope import Scope
from core.sql.apart import Write, run_apart
from core.sql.bounded import is_too_long
from core.sql.fragment import Sql, raw
from core.sql.lateness import late_rows, note_writes

_UNIQUE_INDEX = re.compile(r"\bu_[0-9a-f]{32}(?=\b|_)")


class UniqueViolation(Exception):
    """A unique index refused a row; `constraint` is the index's name.

    `about` is the object and the inputs of related records, when it was one of theirs.
    """

    about: tuple[Any, Any] | None = None

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class SerializationTrouble(Exception):
    """A deadlock or serialization failure: the transaction may be tried again."""


def fetch(sql: Sql, using: str, *, prepare: bool = True, late: Scope | None = None) -> list[tuple[Any, ...]]:
    """Run one statement and give its rows. `prepare=False` for texts that will hardly come again. `late`: for whom it
    reads what may be late, so that a replica may answer."""
    if late is not None and (rows := _late(late, sql, prepare=prepare)) is not None:
        return rows
    confirm()
    if isinstance(sql, Write) and is_citus(using):
        return run_apart(sql, lambda each: fetch_ahead(each, using, prepare=prepare))
    rows = fetch_ahead(sql, using, prepare=prepare)
    note_writes(sql.text, using)
    return rows


def _late(scope: Scope, sql: Sql, *, prepare: bool = True) -> list[tuple[Any, ...]] | None:
    try:
        return late_rows(scope, sql, prepare=prepare)
    except psycopg2.Error as fault:
        _translate(fault)


def fetch_ahead(sql: Sql, using: str, *, prepare: bool = True) -> list[tuple[Any, ...]]:
    """The rows of a read on which a `write_alone` will be built, that confirms the caller after it."""
    try:
        return run(connections[using], sql.text, sql.params, prepare=prepare)
    except psycopg2.Error as fault:
        _translate(fault)


def write_alone(compile_under: Callable[[Sql], Sql], using: str) -> list[tuple[object, ...]]:
    """The rows of a write that is one statement, made from the condition under which it writes: that the caller is
    who they were. None: nothing was written. Raises LockTimeout after the first wait for a lock."""

    sent = ""

    def write(check: Check | None) -> tuple[str, Sequence[object]]:
        nonlocal sent
        condition = raw("true")
        if check is not None:
            condition = Sql(_is_same(check.text), (check.expected, *check.params))
        sql = compile_under(condition)
        sent = sql.text
        return sql.text, sql.params

    try:
        rows = run_if_confirmed(using, write)
    except psycopg2.Error as fault:
        _translate(fault)
    if rows:
        note_writes(sent, using)
    return rows


@lru_cache(maxsize=8)
def _is_same(check: str) -> str:
    """Whether a check gives the text that is the first parameter; the one text each time, for what is kept by it."""
    return f"(SELECT checked = %s FROM ({check}) caller)"


def fetch_confirming(sql: Sql, using: str, *, late: Scope | None = None) -> tuple[Any, ...] | None:
    """The row of a read that has one at most, sent with the check of the caller where that is still to be done, or to
    a replica as `fetch` does."""
    if late is not None and (found := _late(late, sql)) is not None:
        return found[0] if found else None
    if is_citus(using):  # which would send it to all workers
        confirm()
    try:
        rows = run_confirming(using, sql.text, sql.params)
    except psycopg2.Error as fault:
        _translate(fault)
    return rows[0] if rows else None


def fetch_one(sql: Sql, using: str, *, prepare: bool = True) -> tuple[Any, ...]:
    return fetch(sql, using, prepare=prepare)[0]


def _translate(fault: psycopg2.Error) -> NoReturn:
    """SQLSTATE → our error; anything not listed is a fault of ours and goes up as it is."""
    code = fault.pgcode
    if is_too_long(fault):
        raise TooComplex(
            f"The answer, or what is read for it, has more than {MAX.answer_bytes} bytes",
            hint="Ask for fewer records or fewer fields, or do it in several requests.",
        ) from fault
    if code == errorcodes.UNIQUE_VIOLATION:
        raise UniqueViolation(_violated(fault)) from fault
    if code in (errorcodes.UNDEFINED_TABLE, errorcodes.INVALID_SCHEMA_NAME):
        raise StaleSchema(
            "The data model was changed while the request ran; nothing was written", hint="Send the request again."
        ) from fault
    if code == errorcodes.PROGRAM_LIMIT_EXCEEDED:  # of an index: answers end before they are as long
        hint = "Unique and indexed values have at most 2,700 bytes."
        raise InvalidValue("A value is too long for the index of its field", hint=hint) from fault
    if code is not None and code[:2] == "22":
        raise InvalidValue("A value is out of the range that can be stored or compared") from fault
    if code in (errorcodes.DEADLOCK_DETECTED, errorcodes.SERIALIZATION_FAILURE):
        raise SerializationTrouble from fault
    error = machine_error(fault)
    if error is not None:
        raise error from fault
    raise fault


def _violated(fault: psycopg2.Error) -> str:
    """The name of the index that refused a row. A worker of Citus names none, but says in its message
    what the index is called there: with the shard's number behind it."""
    name = fault.diag.constraint_name or ""
    found = _UNIQUE_INDEX.search(name or fault.diag.message_primary or "")
    return found[0] if found else name


def fetch_texts(sql: Sql, using: str, *, late: Scope | None = None) -> Sequence[str]:
    """The first column of every row."""
    return [row[0] for row in fetch(sql, using, late=late)]
