"""Runs SQL: the one place that reaches the database for records, and what its refusals mean.

Statements are prepared on the server once per connection (`PREPARE` / `EXECUTE`, the least recently
used dropped), since parsing and planning cost more than most of them take to run.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NoReturn

import psycopg2
from django.conf import settings
from django.db import InterfaceError, connections
from psycopg2 import errorcodes

from config.errors import Conflict, InvalidValue, QueryTimeout, Unavailable
from core.sql.fragment import Sql

_PLACEHOLDER = re.compile(r"%s|%%")


class UniqueViolation(Exception):
    """A unique index refused a row; `constraint` is the index's name.

    `about` is the object and the inputs of related records, when it was one of theirs.
    """

    about: tuple[Any, Any] | None = None

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class StaleSchema(Conflict):
    """A table that the snapshot knows is gone: an object was deleted while the request ran."""


class SerializationTrouble(Exception):
    """A deadlock or serialization failure: the transaction may be tried again."""


class _Prepared:
    """The statements prepared on one server connection."""

    __slots__ = ("connection", "names", "serial")

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.names: OrderedDict[str, str] = OrderedDict()
        self.serial = 0


def fetch(sql: Sql, using: str, *, prepare: bool = True) -> list[tuple[Any, ...]]:
    """Run one statement and give its rows. `prepare=False` for texts that will hardly come again."""
    wrapper = connections[using]
    for attempt in (0, 1):
        if wrapper.connection is None:
            try:
                wrapper.ensure_connection()
            except Exception as fault:
                raise Unavailable("The database cannot be reached") from fault
        try:
            with wrapper.connection.cursor() as cursor:
                if prepare and settings.PREPARED_STATEMENTS:
                    _execute_prepared(cursor, wrapper, sql)
                else:
                    cursor.execute(sql.text, sql.params)
                return cursor.fetchall() if cursor.description is not None else []
        except (psycopg2.OperationalError, psycopg2.InterfaceError, InterfaceError) as fault:
            if wrapper.connection is not None and not wrapper.connection.closed:
                _translate(fault)
            lost_in_transaction = wrapper.in_atomic_block
            if not lost_in_transaction:
                wrapper.close()
            if attempt or lost_in_transaction:
                raise Unavailable("The database cannot be reached") from fault
        except psycopg2.Error as fault:
            _translate(fault)
    raise AssertionError("unreachable")


def fetch_one(sql: Sql, using: str, *, prepare: bool = True) -> tuple[Any, ...]:
    return fetch(sql, using, prepare=prepare)[0]


def _execute_prepared(cursor: Any, wrapper: Any, sql: Sql) -> None:
    known: _Prepared | None = getattr(wrapper, "fourgate_prepared", None)  # Django has one wrapper per thread
    if known is None or known.connection is not wrapper.connection:
        known = wrapper.fourgate_prepared = _Prepared(wrapper.connection)
    name = known.names.get(sql.text)
    arguments = "(" + ",".join(["%s"] * len(sql.params)) + ")" if sql.params else ""
    if name is not None:
        known.names.move_to_end(sql.text)
        cursor.execute(f"EXECUTE {name}{arguments}", sql.params)
        return
    known.serial += 1
    name = f"fourgate_{known.serial}"
    opening = ""
    if len(known.names) >= settings.PREPARED_STATEMENTS_PER_CONNECTION:
        _, oldest = known.names.popitem(last=False)
        opening = f"DEALLOCATE {oldest};"
    cursor.execute(f"{opening}PREPARE {name} AS {_numbered(sql.text)};EXECUTE {name}{arguments}", sql.params)
    known.names[sql.text] = name


def _numbered(text: str) -> str:
    """`%s` as `$1`, `$2` …; `%%` stays for the driver to halve."""
    number = 0

    def replace(found: re.Match[str]) -> str:
        nonlocal number
        if found.group() == "%%":
            return "%%"
        number += 1
        return f"${number}"

    return _PLACEHOLDER.sub(replace, text)


def _translate(fault: psycopg2.Error) -> NoReturn:
    """SQLSTATE → our error; anything not listed is a fault of ours and goes up as it is."""
    code = fault.pgcode
    if code == errorcodes.UNIQUE_VIOLATION:
        raise UniqueViolation(fault.diag.constraint_name or "") from fault
    if code in (errorcodes.UNDEFINED_TABLE, errorcodes.INVALID_SCHEMA_NAME):
        raise StaleSchema(
            "The data model was changed while the request ran; nothing was written", hint="Send the request again."
        ) from fault
    if code == errorcodes.PROGRAM_LIMIT_EXCEEDED:
        hint = "Unique and indexed values have at most 2,700 bytes."
        raise InvalidValue("A value is too long for the index of its field", hint=hint) from fault
    if code is not None and code[:2] == "22":
        raise InvalidValue("A value is out of the range that can be stored or compared") from fault
    if code in (errorcodes.DEADLOCK_DETECTED, errorcodes.SERIALIZATION_FAILURE):
        raise SerializationTrouble from fault
    if code == errorcodes.QUERY_CANCELED:
        raise QueryTimeout(
            f"The query took longer than {settings.STATEMENT_TIMEOUT_MS} ms",
            hint="Narrow the filter, ask for an index on the field, or read fewer records.",
        ) from fault
    if code == errorcodes.LOCK_NOT_AVAILABLE:
        raise Conflict("The record is being changed by another request") from fault
    if code is not None and code[:2] in ("08", "53", "57"):
        raise Unavailable("The database cannot be reached") from fault
    raise fault


def fetch_texts(sql: Sql, using: str) -> Sequence[str]:
    """The first column of every row."""
    return [row[0] for row in fetch(sql, using)]
