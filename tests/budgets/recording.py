"""Every statement that goes over a database connection, whoever sends it.

Records are read with the driver's own cursors, which Django's query log does not see; so what is
watched is the driver: every cursor of the connection is one that notes what it executes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection
from psycopg2.extensions import cursor as DriverCursor

_TRANSACTION = re.compile(
    r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PREPARE(?!.*;\s*EXECUTE)|DEALLOCATE(?!.*;))\b", re.S
)


class Statement(NamedTuple):
    """A statement as the driver was given it."""

    text: str
    params: tuple[Any, ...]


@contextmanager
def recording() -> Iterator[list[Statement]]:
    """The statements of the block, without what only frames them: transactions, savepoints, PREPARE.

    A PREPARE sent together with its EXECUTE counts once. What one request in many does, by the time or by chance, is
    left out: what the rate limits borrow (tests/security/test_rate_limits.py counts those), the fold of kept totals,
    the end of old idempotency keys.
    """
    seen: list[Statement] = []

    class Noting(DriverCursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            text = query.decode() if isinstance(query, bytes) else str(query)
            if not _TRANSACTION.match(text) and "apikeys_lease(" not in text:
                seen.append(Statement(text, tuple(vars or ())))
            super().execute(query, vars)

        def executemany(self, query: Any, vars_list: Any) -> None:
            raise AssertionError("executemany sends a statement for each of its parameters")

    connection.ensure_connection()
    driver = connection.connection
    before = driver.cursor_factory
    driver.cursor_factory = Noting
    try:
        yield seen
    finally:
        driver.cursor_factory = before
