"""Keeps the embedded PostgreSQL alive while `manage.py up` runs: one that died is started again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from config.server.embedded_postgres import EmbeddedPostgres
from config.server.postgres_binaries import EmbeddedPostgresError

LOOK_EVERY_S = 0.25
FIRST_PAUSE_S, LAST_PAUSE_S = 0.5, 30.0  # between attempts that fail
STEADY_S = 60.0  # a server that ran this long is started again at once
TIDY_EVERY_S = 600.0  # its old logs


class BackOff:
    """How long to wait before an attempt: nothing for the first, then twice as long as before, to a most."""

    def __init__(self) -> None:
        self._pause_s, self._steady_at = 0.0, 0.0

    def pause_s(self, now: float) -> float:
        """Before the next attempt. A server that ran for STEADY_S since the last begins anew."""
        if now > self._steady_at:
            self._pause_s = 0.0
        return self._pause_s

    def tried(self, now: float) -> None:
        self._pause_s = min(max(FIRST_PAUSE_S, self._pause_s * 2), LAST_PAUSE_S)
        self._steady_at = now + STEADY_S


class PostgresGuard:
    """`with PostgresGuard(server, say): …` around the time the server is used. `say` gets lines for people.

    Meanwhile the APIs answer 503 and `/readyz` is not ready; whoever has a connection opens a new one by itself.
    """

    def __init__(self, server: EmbeddedPostgres, say: Callable[[str], object]) -> None:
        self._server = server
        self._say = say
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postgres-guard", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        back_off, tidy_at = BackOff(), 0.0
        while not self._over.wait(LOOK_EVERY_S):
            now = time.monotonic()
            if self._server.pid is not None:
                if now > tidy_at:
                    tidy_at = now + TIDY_EVERY_S
                    self._server.remove_old_logs()
                continue
            pause_s = back_off.pause_s(now)
            self._say(f"The database server ended; starting it again{f' in {pause_s:.1f} s' if pause_s else ''}.")
            if self._over.wait(pause_s):
                return
            try:
                self._server.start()
            except (EmbeddedPostgresError, OSError) as error:
                self._say(f"The database server did not start: {error}")
            else:
                self._say(f"The database server is back after {time.monotonic() - now:.1f} s.")
            back_off.tried(time.monotonic())
