"""A connection beside those of Django: for work that takes long, or that has a transaction beside another one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Protocol, Self

from django.db import connections


class Driver(Protocol):
    """A connection of the driver, which has no types of its own; `with` it a transaction (psycopg2's documentation)."""

    autocommit: bool

    @property
    def closed(self) -> int: ...
    def cursor(self, name: str | None = None) -> AbstractContextManager[Any]: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def close(self) -> None: ...
    def set_session(self, *, isolation_level: str, readonly: bool, autocommit: bool) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@contextmanager
def own_connection(alias: str, *, lock_timeout_ms: int = 2_000) -> Iterator[Driver]:
    """One of the driver's, in autocommit and without a limit of time, closed at the end. Raises psycopg2.Error."""
    wrapper: Any = connections.create_connection(alias)
    driver: Driver = wrapper.get_new_connection(wrapper.get_connection_params())
    try:
        driver.autocommit = True
        with driver.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(f"SET lock_timeout = {int(lock_timeout_ms)}")
            cursor.execute("SET timezone = 'UTC'")
        yield driver
    finally:
        driver.close()


def quoted(*names: str) -> str:
    """A name as SQL has it, of several the path: `"ws_1"."history"`."""
    return ".".join('"' + each.replace('"', '""') + '"' for each in names)


def rows_of(driver: Driver, text: object, params: object = None) -> list[tuple[Any, ...]]:
    """Send one statement on a connection of one's own."""
    with driver.cursor() as cursor:
        cursor.execute(text, params)
        return list(cursor.fetchall()) if cursor.description is not None else []


def since_condition(transaction: int, row: str = "") -> str:
    """SQL that is true of rows that a transaction of that number or a later one wrote; also of some that are older than
    2^31 others, since numbers come round. `row` is the table's alias with its dot."""
    return f"(({row}xmin::text::bigint - {transaction % 2**32}) & 4294967295) < 2147483648"
