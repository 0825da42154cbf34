"""The database backend that settings.DATABASES names.

A persistent connection outlives requests, and the server may be gone and back between two of them. So before a
statement that begins something (any statement outside a transaction, the first one inside) the socket is asked
whether the other side has hung up; then nothing was sent yet, nothing can be half done, and a new connection
takes the old one's place without anybody noticing. It costs one poll(2) a request, 2 to 4 µs. When a connection is lost
later, a read outside a transaction is sent once more; all else is an error: whoever sent the statement must know
that it may or may not have happened.
"""

from __future__ import annotations

import select
import time
from typing import Any

import django.db
import psycopg2
from django.db.backends.postgresql import base
from django.db.backends.signals import connection_created
from django.db.backends.utils import CursorWrapper
from psycopg2.extensions import STATUS_READY

from config.server.session import warn_about_session
from config.server.sqlstate import is_connection_lost
from config.server.statements import is_read

LOOK_EVERY_S = 0.001  # the statements of one request need one look
REFUSED_FOR_S = 0.1
_refused: dict[tuple[str, ...], tuple[float, str]] = {}  # by address: until when, and what was said

# Linux tells a hang-up from waiting bytes; elsewhere only POLLHUP is asked for, which needs no mask.
_HUNG_UP = getattr(select, "POLLRDHUP", 0)


class ReopeningCursor(CursorWrapper):
    """A cursor of Django's that sends a read again when its connection broke."""

    def _execute(self, sql: object, params: object, *ignored: object) -> object:
        try:
            return super()._execute(sql, params, *ignored)  # type: ignore[misc]  # not in the stubs
        except django.db.Error as fault:
            if self.db.in_atomic_block or not is_connection_lost(fault) or not is_read(str(sql)):
                raise
        self.db.close()
        self.db.ensure_connection()
        self.cursor = self.db.create_cursor()
        return super()._execute(sql, params, *ignored)  # type: ignore[misc]


class DatabaseWrapper(base.DatabaseWrapper):
    _looked_at: Any = None  # the driver's connection that _poll is about
    _poll: Any = None
    _look_again_at = 0.0

    def ensure_connection(self) -> None:
        if self.connection is not None and self._is_lost_unused():
            self._reopen()
        super().ensure_connection()

    def get_autocommit(self) -> bool:
        """Asked around every request, so it neither looks at the socket nor connects again."""
        if self.connection is None:
            self.ensure_connection()
        return bool(self.autocommit)

    def get_new_connection(self, conn_params: dict[str, Any]) -> object:
        """A server that starts or is full is not asked again by every request meanwhile: each costs it a process."""
        where = tuple(str(conn_params.get(name)) for name in ("host", "port", "dbname"))
        refused_until, said = _refused.get(where, (0.0, ""))
        if time.monotonic() < refused_until:
            raise psycopg2.OperationalError(said)
        try:
            return super().get_new_connection(conn_params)
        except psycopg2.OperationalError as fault:
            _refused[where] = (time.monotonic() + REFUSED_FOR_S, str(fault))
            raise

    def make_cursor(self, cursor: object) -> CursorWrapper:
        return ReopeningCursor(cursor, self)

    def init_connection_state(self) -> None:
        super().init_connection_state()
        warn_about_session(self)

    def _is_lost_unused(self) -> bool:
        """Whether the server has hung up on a connection that is not inside a transaction of the server's."""
        driver = self.connection
        if driver.closed:
            return not self.in_atomic_block
        if driver.status != STATUS_READY:
            return False
        now = time.monotonic()
        if self._looked_at is driver and now < self._look_again_at:
            return False
        if self._looked_at is not driver:
            self._looked_at, self._poll = driver, select.poll()
            self._poll.register(driver.fileno(), _HUNG_UP)
        if self._poll.poll(0):
            return True
        self._look_again_at = now + LOOK_EVERY_S
        return False

    def _reopen(self) -> None:
        if not self.in_atomic_block:
            self.close()
            return
        # Django is inside `atomic`, of which the server does not know yet.
        with self.wrap_database_errors:
            self.connection.close()
            self.connection = self.get_new_connection(self.get_connection_params())
            self.connection.autocommit = True
            self.init_connection_state()
            self.connection.autocommit = False
        connection_created.send(sender=self.__class__, connection=self)
